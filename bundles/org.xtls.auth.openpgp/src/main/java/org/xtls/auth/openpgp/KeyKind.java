package org.xtls.auth.openpgp;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.util.PublicKeyFactory;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyConverter;
import org.xtls.tls.SignatureScheme;

/** The kinds of OpenPGP key that can sign a TLS 1.3 handshake. */
enum KeyKind {
    ED25519("Ed25519"),
    P256("EC"),
    P384("EC"),
    RSA("RSA");

    static final int LEAST_RSA_BITS = 2048;

    private final String jca;

    KeyKind(String jca) {
        this.jca = jca;
    }

    /** The preferred one first. */
    List<SignatureScheme> schemes() {
        return switch (this) {
            case ED25519 -> List.of(SignatureScheme.ED25519);
            case P256 -> List.of(SignatureScheme.ECDSA_SECP256R1_SHA256);
            case P384 -> List.of(SignatureScheme.ECDSA_SECP384R1_SHA384);
            case RSA ->
                List.of(
                        SignatureScheme.RSA_PSS_RSAE_SHA256,
                        SignatureScheme.RSA_PSS_RSAE_SHA384,
                        SignatureScheme.RSA_PSS_RSAE_SHA512);
        };
    }

    /** The algorithm's name with the JDK. */
    String jca() {
        return jca;
    }

    /** A key with its kind, in the one encoding that two encodings of it are compared by. */
    @SuppressWarnings("ArrayRecordComponent") // compared with Arrays.equals where it is made
    record Known(KeyKind kind, byte[] encoded) {
        PublicKey toPublicKey() throws GeneralSecurityException {
            return KeyFactory.getInstance(kind.jca).generatePublic(new X509EncodedKeySpec(encoded));
        }
    }

    /**
     * The kind of a component of a certificate.
     *
     * @throws UnusableKeyException when TLS 1.3 cannot use it, or nobody should
     */
    static Known of(PGPPublicKey key) throws UnusableKeyException {
        try {
            return of(new BcPGPKeyConverter().getPublicKey(key));
        } catch (PGPException | RuntimeException e) {
            throw new UnusableKeyException(Flaw.UNSUPPORTED_KEY, "algorithm " + key.getAlgorithm());
        }
    }

    /**
     * The kind of a key that came in a handshake.
     *
     * @throws UnusableKeyException as above
     */
    static Known of(PublicKey key) throws UnusableKeyException {
        try {
            return of(PublicKeyFactory.createKey(key.getEncoded()));
        } catch (IOException | RuntimeException e) {
            throw new UnusableKeyException(Flaw.UNSUPPORTED_KEY, key.getAlgorithm());
        }
    }

    private static Known of(AsymmetricKeyParameter key) throws UnusableKeyException {
        try {
            SubjectPublicKeyInfo info = SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(key);
            return new Known(kind(key, info), info.getEncoded("DER"));
        } catch (IOException e) {
            throw new UnusableKeyException(Flaw.UNSUPPORTED_KEY, "it cannot be encoded");
        }
    }

    private static KeyKind kind(AsymmetricKeyParameter key, SubjectPublicKeyInfo info) throws UnusableKeyException {
        ASN1ObjectIdentifier algorithm = info.getAlgorithm().getAlgorithm();
        if (key instanceof Ed25519PublicKeyParameters && EdECObjectIdentifiers.id_Ed25519.equals(algorithm)) {
            return ED25519;
        }
        if (key instanceof ECPublicKeyParameters) {
            Object curve = info.getAlgorithm().getParameters();
            if (X9ObjectIdentifiers.prime256v1.equals(curve)) {
                return P256;
            }
            if (SECObjectIdentifiers.secp384r1.equals(curve)) {
                return P384;
            }
            throw new UnusableKeyException(Flaw.UNSUPPORTED_KEY, "a curve other than P-256 and P-384");
        }
        if (key instanceof RSAKeyParameters rsa) {
            int bits = rsa.getModulus().bitLength();
            if (bits < LEAST_RSA_BITS) {
                throw new UnusableKeyException(Flaw.WEAK_KEY, "RSA with " + bits + " bits");
            }
            // With the exponent 1 anybody can sign.
            if (rsa.getExponent().compareTo(BigInteger.valueOf(3)) < 0) {
                throw new UnusableKeyException(Flaw.WEAK_KEY, "RSA with an exponent below 3");
            }
            return RSA;
        }
        throw new UnusableKeyException(Flaw.UNSUPPORTED_KEY, "none of Ed25519, ECDSA and RSA");
    }
}
