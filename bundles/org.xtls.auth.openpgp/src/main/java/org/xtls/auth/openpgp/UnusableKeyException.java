package org.xtls.auth.openpgp;

/** A key that cannot sign a handshake. */
final class UnusableKeyException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Flaw flaw;

    UnusableKeyException(Flaw flaw, String detail) {
        super(detail);
        this.flaw = flaw;
    }

    Flaw flaw() {
        return flaw;
    }
}
