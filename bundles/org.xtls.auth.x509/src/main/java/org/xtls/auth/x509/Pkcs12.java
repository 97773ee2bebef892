package org.xtls.auth.x509;

import java.io.IOException;
import java.io.OutputStream;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.CipherOutputStream;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.asn1.DERBMPString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.EncryptionScheme;
import org.bouncycastle.asn1.pkcs.KeyDerivationFunc;
import org.bouncycastle.asn1.pkcs.PBES2Parameters;
import org.bouncycastle.asn1.pkcs.PBKDF2Params;
import org.bouncycastle.asn1.pkcs.PKCS12PBEParams;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.jcajce.io.MacOutputStream;
import org.bouncycastle.operator.GenericKey;
import org.bouncycastle.operator.MacCalculator;
import org.bouncycastle.operator.OutputEncryptor;
import org.bouncycastle.pkcs.PKCS12MacCalculatorBuilder;
import org.bouncycastle.pkcs.PKCS12PfxPduBuilder;
import org.bouncycastle.pkcs.PKCS12SafeBag;
import org.bouncycastle.pkcs.PKCS12SafeBagBuilder;
import org.bouncycastle.pkcs.PKCSException;

/**
 * Writes PKCS#12 (RFC 7292) as OpenSSL and the JDK read it: the key under PBES2 with AES-256 and HMAC-SHA-256, the whole
 * under a MAC with SHA-256. The JDK writes the same with 10,000 rounds, which cannot be changed for one key store alone.
 * The certificates are in the clear: they are no secret, and each thing encrypted is one more to try passphrases on.
 */
final class Pkcs12 {
    /** Against whoever got hold of the file and tries passphrases (OWASP's figure for PBKDF2 with HMAC-SHA-256). */
    static final int ROUNDS = 600_000;

    /** A round of the MAC's own derivation (RFC 7292 §B.2) costs half as much. */
    static final int MAC_ROUNDS = 2 * ROUNDS;

    private static final int ROUNDS_WITHOUT_PASSPHRASE = 1000;
    private static final int SALT_BYTES = 16;

    private Pkcs12() {}

    static byte[] encode(PrivateKey key, List<X509Certificate> chain, char[] password)
            throws IOException, GeneralSecurityException {
        boolean open = password.length == 0;
        try {
            DEROctetString id = new DEROctetString(random(SALT_BYTES));
            DERBMPString name = new DERBMPString("xtls");
            PKCS12SafeBag[] certificates = new PKCS12SafeBag[chain.size()];
            for (int i = 0; i < certificates.length; i++) {
                PKCS12SafeBagBuilder certificate = new PKCS12SafeBagBuilder(
                        new X509CertificateHolder(chain.get(i).getEncoded()));
                if (i == 0) {
                    certificate.addBagAttribute(PKCS12SafeBag.friendlyNameAttribute, name);
                    certificate.addBagAttribute(PKCS12SafeBag.localKeyIdAttribute, id);
                }
                certificates[i] = certificate.build();
            }
            PKCS12PfxPduBuilder file = new PKCS12PfxPduBuilder();
            file.addData(new PKCS12SafeBagBuilder(
                            PrivateKeyInfo.getInstance(key.getEncoded()),
                            encryptor(password, open ? ROUNDS_WITHOUT_PASSPHRASE : ROUNDS))
                    .addBagAttribute(PKCS12SafeBag.friendlyNameAttribute, name)
                    .addBagAttribute(PKCS12SafeBag.localKeyIdAttribute, id)
                    .build());
            for (PKCS12SafeBag certificate : certificates) {
                file.addData(certificate);
            }
            return file.build(new ShaMac(open ? ROUNDS_WITHOUT_PASSPHRASE : MAC_ROUNDS), password)
                    .getEncoded();
        } catch (PKCSException e) {
            throw new GeneralSecurityException("the file cannot be built: " + e.getMessage(), e);
        }
    }

    private static OutputEncryptor encryptor(char[] password, int rounds) throws GeneralSecurityException {
        byte[] salt = random(SALT_BYTES);
        byte[] vector = random(16);
        AlgorithmIdentifier sha256 = new AlgorithmIdentifier(PKCSObjectIdentifiers.id_hmacWithSHA256, DERNull.INSTANCE);
        PBES2Parameters scheme = new PBES2Parameters(
                new KeyDerivationFunc(PKCSObjectIdentifiers.id_PBKDF2, new PBKDF2Params(salt, rounds, 32, sha256)),
                new EncryptionScheme(NISTObjectIdentifiers.id_aes256_CBC, new DEROctetString(vector)));
        PBEKeySpec spec = new PBEKeySpec(password, salt, rounds, 256);
        byte[] derived = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                .generateSecret(spec)
                .getEncoded();
        spec.clearPassword();
        SecretKey key = new SecretKeySpec(derived, "AES");
        Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
        cipher.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(vector));
        return new OutputEncryptor() {
            @Override
            public AlgorithmIdentifier getAlgorithmIdentifier() {
                return new AlgorithmIdentifier(PKCSObjectIdentifiers.id_PBES2, scheme);
            }

            @Override
            public OutputStream getOutputStream(OutputStream out) {
                return new CipherOutputStream(out, cipher);
            }

            @Override
            public GenericKey getKey() {
                return new GenericKey(getAlgorithmIdentifier(), derived);
            }
        };
    }

    private static byte[] random(int bytes) {
        byte[] random = new byte[bytes];
        new SecureRandom().nextBytes(random);
        return random;
    }

    /**
     * The MAC of RFC 7292 by the JDK. (Bouncy Castle's takes no password for another thing than the empty one.)
     *
     * @param rounds of the derivation of its key
     */
    private record ShaMac(int rounds) implements PKCS12MacCalculatorBuilder {
        @Override
        public AlgorithmIdentifier getDigestAlgorithmIdentifier() {
            return new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256, DERNull.INSTANCE);
        }

        @Override
        public MacCalculator build(char[] password) {
            byte[] salt = random(SALT_BYTES);
            PBEKeySpec spec = new PBEKeySpec(password);
            try {
                Mac mac = Mac.getInstance("HmacPBESHA256");
                mac.init(SecretKeyFactory.getInstance("PBE").generateSecret(spec), new PBEParameterSpec(salt, rounds));
                return new MacCalculator() {
                    @Override
                    public AlgorithmIdentifier getAlgorithmIdentifier() {
                        return new AlgorithmIdentifier(
                                NISTObjectIdentifiers.id_sha256, new PKCS12PBEParams(salt, rounds));
                    }

                    @Override
                    public OutputStream getOutputStream() {
                        return new MacOutputStream(mac);
                    }

                    @Override
                    public byte[] getMac() {
                        return mac.doFinal();
                    }

                    @Override
                    public GenericKey getKey() {
                        return new GenericKey(getAlgorithmIdentifier(), new byte[0]);
                    }
                };
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every Java from 12 on has HmacPBESHA256", e);
            } finally {
                spec.clearPassword();
            }
        }
    }
}
