package org.xtls.auth.x509;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;

/** Names of certificates and keys: a hash of the DER, in lower-case hex. */
final class Fingerprint {
    private Fingerprint() {}

    static String sha256(X509Certificate certificate) throws CertificateEncodingException {
        return sha256(certificate.getEncoded());
    }

    static String sha256(byte[] der) {
        return hash("SHA-256", der);
    }

    /** For look-up by plain peers only; nothing is ever trusted on it. */
    static String sha1(X509Certificate certificate) throws CertificateEncodingException {
        return sha1(certificate.getEncoded());
    }

    static String sha1(byte[] der) {
        return hash("SHA-1", der);
    }

    /** What a CA is called in offers: SHA-256 of its SubjectPublicKeyInfo, the same for all its certificates. */
    static String of(PublicKey key) {
        return sha256(key.getEncoded());
    }

    private static String hash(String algorithm, byte[] der) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(der));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + algorithm, e);
        }
    }
}
