package org.xtls.tls;

import org.jspecify.annotations.Nullable;

/**
 * A session that failed. It is of no use any more, but {@link TlsSession#takeRecords} still holds the alert for the
 * peer, if one is due.
 *
 * @serial exclude
 */
public final class TlsException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Alert alert;
    private final boolean fromPeer;

    /**
     * Makes one.
     *
     * @param alert the alert that was raised, here or there
     * @param fromPeer true when the peer raised it, false when this side did
     * @param message what happened, one sentence
     * @param cause the engine's own exception, if any
     */
    public TlsException(Alert alert, boolean fromPeer, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.alert = alert;
        this.fromPeer = fromPeer;
    }

    /**
     * The alert.
     *
     * @return what was raised
     */
    public Alert alert() {
        return alert;
    }

    /**
     * Who raised it.
     *
     * @return true when the peer did
     */
    public boolean fromPeer() {
        return fromPeer;
    }
}
