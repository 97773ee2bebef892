package org.xtls.tls.bc;

import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.Vector;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.xtls.tls.SignatureScheme;

/** Which signatures are taken, and which kind of key makes which. */
@SuppressWarnings("JdkObsolete") // Bouncy Castle's TLS API speaks Vector
final class SignatureSchemes {
    private static final int SMALLEST_RSA = 2048;
    // A peer's key is worked with before anybody knows the peer: a larger one would be work for nothing.
    private static final int LARGEST_RSA = 8192;
    private static final int LARGEST_RSA_EXPONENT = 64;

    private static final List<Integer> RSA_PKCS1_WITH_SHA2 = List.of(0x0401, 0x0501, 0x0601);

    private SignatureSchemes() {}

    /** For handshakes (the extension signature_algorithms). */
    static Vector<SignatureAndHashAlgorithm> forHandshakes() {
        return algorithms(Arrays.stream(SignatureScheme.values()).map(SignatureScheme::code));
    }

    /** For what certificates are signed with (the extension signature_algorithms_cert). */
    static Vector<SignatureAndHashAlgorithm> forCertificates() {
        return algorithms(Stream.concat(
                Arrays.stream(SignatureScheme.values()).map(SignatureScheme::code), RSA_PKCS1_WITH_SHA2.stream()));
    }

    static SignatureAndHashAlgorithm algorithm(int scheme) {
        return SignatureAndHashAlgorithm.getInstance((short) (scheme >>> 8), (short) (scheme & 0xFF));
    }

    /** The first of ours that the peer takes too, or empty. */
    static Optional<SignatureScheme> select(List<SignatureScheme> own, Collection<?> peers) {
        return own.stream()
                .filter(scheme -> peers.contains(algorithm(scheme.code())))
                .findFirst();
    }

    /**
     * What a key can sign with.
     *
     * @return the schemes, at least one
     * @throws UnusableKeyException when there is none
     */
    static Set<SignatureScheme> of(SubjectPublicKeyInfo key) throws UnusableKeyException {
        ASN1ObjectIdentifier algorithm = key.getAlgorithm().getAlgorithm();
        if (algorithm.equals(EdECObjectIdentifiers.id_Ed25519)) {
            return EnumSet.of(SignatureScheme.ED25519);
        }
        if (algorithm.equals(EdECObjectIdentifiers.id_Ed448)) {
            return EnumSet.of(SignatureScheme.ED448);
        }
        if (algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
            return ofCurve(key);
        }
        if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)) {
            checkRsa(key);
            return EnumSet.of(
                    SignatureScheme.RSA_PSS_RSAE_SHA256,
                    SignatureScheme.RSA_PSS_RSAE_SHA384,
                    SignatureScheme.RSA_PSS_RSAE_SHA512);
        }
        throw new UnusableKeyException("a key of the algorithm " + algorithm + " is not taken");
    }

    private static Set<SignatureScheme> ofCurve(SubjectPublicKeyInfo key) throws UnusableKeyException {
        Object curve = key.getAlgorithm().getParameters();
        if (SECObjectIdentifiers.secp256r1.equals(curve)) {
            return EnumSet.of(SignatureScheme.ECDSA_SECP256R1_SHA256);
        }
        if (SECObjectIdentifiers.secp384r1.equals(curve)) {
            return EnumSet.of(SignatureScheme.ECDSA_SECP384R1_SHA384);
        }
        throw new UnusableKeyException("of the elliptic curves only P-256, P-384, Ed25519 and Ed448 are taken");
    }

    private static void checkRsa(SubjectPublicKeyInfo key) throws UnusableKeyException {
        BigInteger modulus;
        BigInteger exponent;
        try {
            RSAPublicKey rsa = RSAPublicKey.getInstance(key.parsePublicKey());
            modulus = rsa.getModulus();
            exponent = rsa.getPublicExponent();
        } catch (IOException | RuntimeException e) {
            throw new UnusableKeyException("an RSA key cannot be parsed", e);
        }
        if (modulus.bitLength() < SMALLEST_RSA || modulus.bitLength() > LARGEST_RSA) {
            throw new UnusableKeyException(
                    "an RSA key has " + SMALLEST_RSA + " to " + LARGEST_RSA + " bits, not " + modulus.bitLength());
        }
        if (exponent.bitLength() > LARGEST_RSA_EXPONENT || exponent.compareTo(BigInteger.TWO) <= 0) {
            throw new UnusableKeyException("an RSA key's public exponent is out of range");
        }
    }

    private static Vector<SignatureAndHashAlgorithm> algorithms(Stream<Integer> schemes) {
        return schemes.map(SignatureSchemes::algorithm).collect(Vector::new, Vector::addElement, Vector::addAll);
    }
}
