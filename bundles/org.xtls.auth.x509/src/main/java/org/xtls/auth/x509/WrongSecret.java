package org.xtls.auth.x509;

/**
 * A passphrase, password or PIN does not open what it was tried on.
 *
 * @serial exclude
 */
final class WrongSecret extends Exception {
    private static final long serialVersionUID = 1L;

    WrongSecret() {
        super("wrong passphrase, password or PIN", null, false, false);
    }
}
