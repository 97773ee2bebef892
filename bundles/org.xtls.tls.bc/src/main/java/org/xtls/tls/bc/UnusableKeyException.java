package org.xtls.tls.bc;

import java.security.GeneralSecurityException;

/** A public key that no handshake can use. */
final class UnusableKeyException extends GeneralSecurityException {
    private static final long serialVersionUID = 1L;

    UnusableKeyException(String message) {
        super(message);
    }

    UnusableKeyException(String message, Throwable cause) {
        super(message, cause);
    }
}
