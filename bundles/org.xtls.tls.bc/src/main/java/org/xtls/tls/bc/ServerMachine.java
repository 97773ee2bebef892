package org.xtls.tls.bc;

import java.io.IOException;
import org.bouncycastle.tls.ClientHello;
import org.bouncycastle.tls.HandshakeMessageInput;
import org.bouncycastle.tls.ServerHello;
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
    public PeerAlerts alerts() {
        return alerts;
    }

    @Override
    public void warn(short alert) throws IOException {
        raiseAlertWarning(alert, "ended here");
    }

    @Override
    public void raise(short alert) throws IOException {
        handleException(alert, "ended here", null);
    }

    @Override
    public void drop() throws IOException {
        handleFailure();
    }

    @Override
    public void skipInput() {
        inputBuffers.skip(inputBuffers.available());
    }

    @Override
    protected void handleAlertMessage(short level, short code) throws IOException {
        alerted(code);
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
