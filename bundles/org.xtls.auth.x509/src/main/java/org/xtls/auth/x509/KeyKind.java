package org.xtls.auth.x509;

import java.io.IOException;
import java.math.BigInteger;
import java.security.InvalidKeyException;
import java.security.PublicKey;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.xtls.tls.SignatureScheme;

/** The kinds of key that may sign a handshake, own and peers'. */
enum KeyKind {
    ED25519,
    ED448,
    P256,
    P384,
    RSA;

    private static final int LEAST_RSA_BITS = 2048;

    /** The preferred one first. */
    List<SignatureScheme> schemes() {
        return switch (this) {
            case ED25519 -> List.of(SignatureScheme.ED25519);
            case ED448 -> List.of(SignatureScheme.ED448);
            case P256 -> List.of(SignatureScheme.ECDSA_SECP256R1_SHA256);
            case P384 -> List.of(SignatureScheme.ECDSA_SECP384R1_SHA384);
            case RSA ->
                List.of(
                        SignatureScheme.RSA_PSS_RSAE_SHA256,
                        SignatureScheme.RSA_PSS_RSAE_SHA384,
                        SignatureScheme.RSA_PSS_RSAE_SHA512);
        };
    }

    /** The JDK takes an EdDSA signature with bytes behind it for the signature. */
    boolean mayHaveLength(byte[] signature) {
        return switch (this) {
            case ED25519 -> signature.length == 64;
            case ED448 -> signature.length == 114;
            default -> true;
        };
    }

    /** Judges by the encoding, so that it does not matter whose class holds the key. */
    static KeyKind of(PublicKey key) throws InvalidKeyException {
        try {
            SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(key.getEncoded());
            ASN1ObjectIdentifier algorithm = info.getAlgorithm().getAlgorithm();
            if (algorithm.equals(EdECObjectIdentifiers.id_Ed25519)) {
                return ED25519;
            }
            if (algorithm.equals(EdECObjectIdentifiers.id_Ed448)) {
                return ED448;
            }
            if (algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
                return onCurve(info);
            }
            if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)) {
                return strongEnough(RSAPublicKey.getInstance(info.parsePublicKey()));
            }
        } catch (IOException | RuntimeException e) {
            throw new InvalidKeyException("it cannot be read", e);
        }
        throw new InvalidKeyException(key.getAlgorithm() + " is none of Ed25519, Ed448, ECDSA and RSA");
    }

    private static KeyKind onCurve(SubjectPublicKeyInfo info) throws InvalidKeyException {
        Object curve = info.getAlgorithm().getParameters();
        if (X9ObjectIdentifiers.prime256v1.equals(curve)) {
            return P256;
        }
        if (SECObjectIdentifiers.secp384r1.equals(curve)) {
            return P384;
        }
        throw new InvalidKeyException("the curve of an ECDSA key must be P-256 or P-384");
    }

    private static KeyKind strongEnough(RSAPublicKey key) throws InvalidKeyException {
        int bits = key.getModulus().bitLength();
        if (bits < LEAST_RSA_BITS) {
            throw new InvalidKeyException("an RSA key has at least " + LEAST_RSA_BITS + " bits, not " + bits);
        }
        // With the exponent 1 anybody can sign.
        if (key.getPublicExponent().compareTo(BigInteger.valueOf(3)) < 0) {
            throw new InvalidKeyException("an RSA key has a public exponent of 3 or more");
        }
        return RSA;
    }
}
