package org.xtls.auth.openpgp;

import java.io.IOException;

/** Bytes that are not to be taken for a certificate. */
final class BadCertificateException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Flaw flaw;

    BadCertificateException(Flaw flaw, String detail) {
        super(flaw.phrase() + (detail.isEmpty() ? "" : " (" + detail + ")"));
        this.flaw = flaw;
    }

    Flaw flaw() {
        return flaw;
    }
}
