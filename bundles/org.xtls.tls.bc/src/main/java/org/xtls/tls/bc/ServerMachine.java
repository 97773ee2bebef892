package org.xtls.tls.bc;

import java.io.IOException;
import java.util.Optional;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.ClientHello;
import org.bouncycastle.tls.HandshakeMessageInput;
import org.bouncycastle.tls.ServerHello;
import org.bouncycastle.tls.TlsFatalAlertReceived;
import org.bouncycastle.tls.TlsProtocol;
import org.bouncycastle.tls.TlsServerProtocol;
import org.jspecify.annotations.Nullable;

/** The server's machine. */
final class ServerMachine extends TlsServerProtocol implements Machine {
    private final Server server;
    private final PeerAlerts alerts = new PeerAlerts();

    ServerMachine(Server server) {
        this.server = server;
    }

    @Override
    public TlsProtocol protocol() {
        return this;
    }

    @Override
    public void begin() throws IOException {
        accept(server);
    }

    @Override
    public void writeCloseNotify() throws IOException {
        raiseAlertWarning(AlertDescription.close_notify, "closed");
    }

    @Override
    public void fail(short alert) throws IOException {
        if (alert == AlertDescription.user_canceled) {
            raiseAlertWarning(alert, "given up");
            writeCloseNotify();
            handleFailure();
        } else {
            handleException(alert, "failed", null);
        }
    }

    @Override
    public boolean peerClosed() {
        return alerts.closed();
    }

    @Override
    protected void handleAlertMessage(short level, short code) throws IOException {
        Optional<TlsFatalAlertReceived> end = alerts.received((short) (code & 0xFF), isConnected());
        if (end.isPresent()) {
            handleFailure();
            throw end.get();
        }
        if (alerts.closed()) {
            inputBuffers.skip(inputBuffers.available());
        }
    }

    @Override
    protected void handleException(short alert, String message, @Nullable Throwable cause) throws IOException {
        super.handleException(Machine.alertFor(alert, cause), message, cause);
    }

    @Override
    protected ServerHello generate13ServerHello(ClientHello hello, HandshakeMessageInput message, boolean afterRetry)
            throws IOException {
        if (hello.getExtensions() != null) {
            server.check(hello.getExtensions());
        }
        return super.generate13ServerHello(hello, message, afterRetry);
    }
}
