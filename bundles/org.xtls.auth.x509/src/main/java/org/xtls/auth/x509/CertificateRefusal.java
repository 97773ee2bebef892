package org.xtls.auth.x509;

import org.xtls.tls.Alert;

/**
 * Why a certificate is not taken.
 *
 * @serial exclude
 */
final class CertificateRefusal extends Exception {
    private static final long serialVersionUID = 1L;

    private final Alert alert;
    private final String what;
    private final String advice;
    private final boolean unsigned;

    /**
     * Makes one.
     *
     * @param alert what the peer is told
     * @param what what is wrong with it: the rest of a sentence that begins with the certificate
     * @param advice what to do next, a sentence, or empty
     */
    CertificateRefusal(Alert alert, String what, String advice) {
        this(alert, what, advice, false);
    }

    private CertificateRefusal(Alert alert, String what, String advice, boolean unsigned) {
        super(what, null, false, false);
        this.alert = alert;
        this.what = what;
        this.advice = advice;
        this.unsigned = unsigned;
    }

    static CertificateRefusal malformed(String what) {
        return new CertificateRefusal(Alert.BAD_CERTIFICATE, what, ANOTHER);
    }

    static CertificateRefusal unsuitable(String what) {
        return new CertificateRefusal(Alert.UNSUPPORTED_CERTIFICATE, what, ANOTHER);
    }

    /** A signature that does not fit: of several paths another one says more. */
    static CertificateRefusal unsigned(String what) {
        return new CertificateRefusal(Alert.BAD_CERTIFICATE, what, ANOTHER, true);
    }

    boolean isUnsigned() {
        return unsigned;
    }

    Alert alert() {
        return alert;
    }

    String what() {
        return what;
    }

    String advice() {
        return advice;
    }

    /** The same of a certificate further up, said of the one that was presented. */
    CertificateRefusal of(String certificate) {
        return new CertificateRefusal(alert, "cannot be relied on: " + certificate + " " + what, advice, unsigned);
    }

    private static final String ANOTHER = "The peer needs another certificate.";
}
