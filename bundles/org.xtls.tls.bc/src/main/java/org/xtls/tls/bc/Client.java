package org.xtls.tls.bc;

import java.io.IOException;
import java.util.Hashtable;
import org.bouncycastle.tls.AbstractTlsClient;
import org.bouncycastle.tls.AlertLevel;
import org.jspecify.annotations.Nullable;

/** What every client does, whatever it presents. */
@SuppressWarnings({"rawtypes", "JdkObsolete"}) // Bouncy Castle's TLS API speaks raw Hashtable
abstract sealed class Client extends AbstractTlsClient permits Tls13Client, Tls12SrpClient {
    final HandshakeListener listener;

    Client(HandshakeCrypto crypto, HandshakeListener listener) {
        super(crypto);
        this.listener = listener;
    }

    /** The server of TLS 1.3 asks for a certificate or key of this side's, with these extensions. */
    void askedForCertificate(Hashtable extensions) throws IOException {}

    /** The server of TLS 1.3 does not ask; it would leave this side unauthenticated. */
    void notAskedForCertificate() throws IOException {}

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
