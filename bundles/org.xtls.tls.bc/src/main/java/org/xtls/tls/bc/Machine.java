package org.xtls.tls.bc;

import java.io.IOException;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsProtocol;
import org.jspecify.annotations.Nullable;

/**
 * One of Bouncy Castle's two protocol machines, with the closing of TLS 1.3: each direction ends by itself (RFC 8446
 * §6.1), where Bouncy Castle ends both at once.
 */
sealed interface Machine permits ClientMachine, ServerMachine {
    /** The machine's public methods. */
    TlsProtocol protocol();

    void begin() throws IOException;

    /** Ends the writing direction only. */
    void writeCloseNotify() throws IOException;

    /** Ends everything. */
    void fail(short alert) throws IOException;

    /** Whether the peer's writing direction has ended. */
    boolean peerClosed();

    /** Bouncy Castle says internal_error of whatever breaks its parsers; it is the peer's bytes that do. */
    static short alertFor(short alert, @Nullable Throwable cause) {
        boolean unexplained = cause != null && !(cause instanceof TlsFatalAlert);
        return alert == AlertDescription.internal_error && unexplained ? AlertDescription.decode_error : alert;
    }
}
