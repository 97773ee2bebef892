package org.xtls.auth.x509;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;

/** Names of certificates: a hash of the DER, in lower-case hex. */
final class Fingerprint {
    private Fingerprint() {}

    static String sha256(X509Certificate certificate) throws CertificateEncodingException {
        return hash("SHA-256", certificate);
    }

    /** For look-up by plain peers only; nothing is ever trusted on it. */
    static String sha1(X509Certificate certificate) throws CertificateEncodingException {
        return hash("SHA-1", certificate);
    }

    private static String hash(String algorithm, X509Certificate certificate) throws CertificateEncodingException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(certificate.getEncoded()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + algorithm, e);
        }
    }
}
