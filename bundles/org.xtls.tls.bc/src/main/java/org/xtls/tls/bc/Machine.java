package org.xtls.tls.bc;

import java.io.IOException;
import java.util.Optional;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsFatalAlertReceived;
import org.bouncycastle.tls.TlsProtocol;
import org.jspecify.annotations.Nullable;

/**
 * One of Bouncy Castle's two protocol machines, with the closing of TLS 1.3: each direction ends by itself (RFC 8446
 * §6.1), where Bouncy Castle ends both at once. What the two have in common stands here, since neither can extend
 * anything else; below it, what Bouncy Castle lets only them do.
 */
sealed interface Machine permits ClientMachine, ServerMachine {
    /** The machine's public methods. */
    TlsProtocol protocol();

    void begin() throws IOException;

    /** Ends the writing direction only. */
    default void writeCloseNotify() throws IOException {
        warn(AlertDescription.close_notify);
    }

    /** Ends everything. */
    default void fail(short alert) throws IOException {
        if (alert == AlertDescription.user_canceled) {
            warn(alert);
            writeCloseNotify();
            drop();
        } else {
            raise(alert);
        }
    }

    /** Whether the peer's writing direction has ended. */
    default boolean peerClosed() {
        return alerts().closed();
    }

    /** An alert has come. */
    default void alerted(short code) throws IOException {
        Optional<TlsFatalAlertReceived> end =
                alerts().received((short) (code & 0xFF), protocol().isConnected());
        if (end.isPresent()) {
            drop();
            throw end.get();
        }
        if (peerClosed()) {
            skipInput();
        }
    }

    /** Bouncy Castle says internal_error of whatever breaks its parsers; it is the peer's bytes that do. */
    static short alertFor(short alert, @Nullable Throwable cause) {
        boolean unexplained = cause != null && !(cause instanceof TlsFatalAlert);
        return alert == AlertDescription.internal_error && unexplained ? AlertDescription.decode_error : alert;
    }

    /** The peer's alerts until now. */
    PeerAlerts alerts();

    /** Sends an alert of the level warning. */
    void warn(short alert) throws IOException;

    /** Sends a fatal alert and ends. */
    void raise(short alert) throws IOException;

    /** Ends without a word. */
    void drop() throws IOException;

    /** Ignores what has come and is not yet a record. */
    void skipInput();
}
