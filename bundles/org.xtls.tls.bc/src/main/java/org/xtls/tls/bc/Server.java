package org.xtls.tls.bc;

import java.io.IOException;
import java.util.Hashtable;
import org.bouncycastle.tls.AbstractTlsServer;
import org.bouncycastle.tls.AlertLevel;
import org.jspecify.annotations.Nullable;

/** What every server does, whatever it presents. */
@SuppressWarnings({"rawtypes", "JdkObsolete"}) // Bouncy Castle's TLS API speaks raw Hashtable
abstract sealed class Server extends AbstractTlsServer permits Tls13Server, Tls12SrpServer {
    final HandshakeListener listener;

    Server(HandshakeCrypto crypto, HandshakeListener listener) {
        super(crypto);
        this.listener = listener;
    }

    /** Looks at the extensions of a ClientHello of TLS 1.3 before anything is answered. */
    void check(Hashtable extensions) throws IOException {}

    @Override
    public void getServerExtensionsForConnection(Hashtable extensions) {}

    @Override
    public int getMaxHandshakeMessageSize() {
        return LocalCredential.LARGEST_MESSAGE;
    }

    @Override
    public void notifyHandshakeComplete() throws IOException {
        listener.established(context);
    }

    @Override
    public void notifyAlertRaised(short level, short alert, @Nullable String message, @Nullable Throwable cause) {
        if (level == AlertLevel.fatal) {
            listener.raised(alert);
        }
    }
}
