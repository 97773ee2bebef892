package org.xtls.auth.x509;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.bc.BcPEMDecryptorProvider;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8DecryptorProviderBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.bouncycastle.pkcs.PKCSException;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.XtlsException;
import org.xtls.embedded.files.OwnerOnly;

/**
 * A certificate chain and its private key in PEM.
 *
 * @param certificate where the chain is
 * @param key where the key is, possibly the same
 */
@SuppressWarnings("ArrayRecordComponent") // wiped, never compared
record PemFiles(PathPattern certificate, PathPattern key, char[] configured) implements KeyFormat {
    private static final int MOST_BYTES = 1 << 20;

    @Override
    public List<Path> files(BareJid account) {
        return List.of(certificate.of(account), key.of(account));
    }

    @Override
    public String alias(BareJid account) {
        return "";
    }

    @Override
    public Identity read(List<Path> files, String name, char @Nullable [] secret)
            throws IOException, XtlsException, WrongSecret {
        Path chainFile = files.get(0);
        Path keyFile = files.get(1);
        List<X509Certificate> chain = chain(chainFile);
        PrivateKey privateKey = privateKey(keyFile, secret);
        String origin = UnusableKey.file(keyFile);
        if (!keyFile.equals(chainFile)) {
            origin += " with the certificate " + chainFile;
        }
        try {
            return new Identity(origin, chain, privateKey);
        } catch (XtlsException e) {
            boolean first = belongs(privateKey, chain.get(0));
            for (int i = 1; i < chain.size() && !first; i++) {
                if (belongs(privateKey, chain.get(i))) {
                    throw UnusableKey.because(
                            UnusableKey.file(chainFile),
                            "has the key's own certificate at place " + (i + 1) + " of " + chain.size(),
                            "Put it first, and after each certificate the one of its issuer.");
                }
            }
            throw e;
        }
    }

    private static boolean belongs(PrivateKey key, X509Certificate certificate) {
        try {
            new Identity("", List.of(certificate), key);
            return true;
        } catch (XtlsException e) {
            return false;
        }
    }

    private static List<X509Certificate> chain(Path file) throws IOException, XtlsException {
        String origin = UnusableKey.file(file);
        List<X509Certificate> chain = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Object object : objects(file)) {
                if (object instanceof X509CertificateHolder holder) {
                    chain.add((X509Certificate)
                            factory.generateCertificate(new ByteArrayInputStream(holder.getEncoded())));
                }
            }
        } catch (CertificateException e) {
            throw UnusableKey.because(origin, "holds a certificate that cannot be read");
        }
        if (chain.isEmpty()) {
            throw UnusableKey.because(
                    origin,
                    "holds no certificate in PEM",
                    "It should have a part that begins with -----BEGIN CERTIFICATE-----.");
        }
        return chain;
    }

    private static PrivateKey privateKey(Path file, char @Nullable [] secret)
            throws IOException, XtlsException, WrongSecret {
        String origin = UnusableKey.file(file);
        List<Object> keys = objects(file).stream()
                .filter(object -> object instanceof PrivateKeyInfo
                        || object instanceof PEMKeyPair
                        || object instanceof PKCS8EncryptedPrivateKeyInfo
                        || object instanceof PEMEncryptedKeyPair)
                .toList();
        if (keys.size() != 1) {
            throw UnusableKey.because(
                    origin,
                    keys.isEmpty() ? "holds no private key in PEM" : "holds " + keys.size() + " private keys",
                    "It should have one part that begins with -----BEGIN PRIVATE KEY----- or the like.");
        }
        Object found = keys.get(0);
        if (found instanceof PrivateKeyInfo || found instanceof PEMKeyPair) {
            OwnerOnly.requireClosedToWorld(file);
        } else if (secret == null) {
            throw new WrongSecret();
        }
        return privateKey(decrypted(found, secret == null ? new char[0] : secret, origin), origin);
    }

    private static PrivateKeyInfo decrypted(Object found, char[] secret, String origin)
            throws XtlsException, WrongSecret {
        if (found instanceof PrivateKeyInfo plain) {
            return plain;
        }
        if (found instanceof PEMKeyPair plain) {
            return plain.getPrivateKeyInfo();
        }
        try {
            if (found instanceof PKCS8EncryptedPrivateKeyInfo encrypted) {
                return encrypted.decryptPrivateKeyInfo(new JceOpenSSLPKCS8DecryptorProviderBuilder()
                        .setProvider(new BouncyCastleProvider())
                        .build(secret));
            }
            return ((PEMEncryptedKeyPair) found)
                    .decryptKeyPair(new BcPEMDecryptorProvider(secret))
                    .getPrivateKeyInfo();
        } catch (OperatorCreationException e) {
            throw UnusableKey.because(origin, "is encrypted in a way that is not known here: " + e.getMessage());
        } catch (PKCSException | IOException | RuntimeException e) {
            // What a wrong passphrase makes of a key is no ASN.1.
            throw new WrongSecret();
        }
    }

    private static PrivateKey privateKey(PrivateKeyInfo info, String origin) throws XtlsException {
        ASN1ObjectIdentifier algorithm = info.getPrivateKeyAlgorithm().getAlgorithm();
        String name;
        if (algorithm.equals(EdECObjectIdentifiers.id_Ed25519)) {
            name = "Ed25519";
        } else if (algorithm.equals(EdECObjectIdentifiers.id_Ed448)) {
            name = "Ed448";
        } else if (algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
            name = "EC";
        } else if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)) {
            name = "RSA";
        } else {
            throw UnusableKey.because(origin, "holds a key that is none of Ed25519, Ed448, ECDSA and RSA");
        }
        try {
            // Without the public key that some put beside it: not every Java reads that (RFC 5958 §2).
            PrivateKeyInfo bare = new PrivateKeyInfo(info.getPrivateKeyAlgorithm(), info.parsePrivateKey());
            return KeyFactory.getInstance(name).generatePrivate(new PKCS8EncodedKeySpec(bare.getEncoded()));
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            throw UnusableKey.because(origin, "holds a key that cannot be read: " + e.getMessage());
        }
    }

    private static List<Object> objects(Path file) throws IOException, XtlsException {
        if (Files.size(file) > MOST_BYTES) {
            throw UnusableKey.because(UnusableKey.file(file), "has more than 1 MiB");
        }
        List<Object> objects = new ArrayList<>();
        byte[] text = Files.readAllBytes(file);
        try (PEMParser parser =
                new PEMParser(new InputStreamReader(new ByteArrayInputStream(text), StandardCharsets.ISO_8859_1))) {
            for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
                objects.add(object);
            }
        } catch (IOException | RuntimeException e) {
            throw UnusableKey.because(UnusableKey.file(file), "is damaged: a part of it is no PEM");
        } finally {
            // The parser keeps lines of it for a while all the same.
            Arrays.fill(text, (byte) 0);
        }
        return objects;
    }

    /** A passphrase is never shown. */
    @Override
    public String toString() {
        return "PemFiles[" + certificate.text() + ", " + key.text() + "]";
    }
}
