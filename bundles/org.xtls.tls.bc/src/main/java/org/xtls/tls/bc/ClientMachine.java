package org.xtls.tls.bc;

import java.io.IOException;
import java.util.Optional;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.TlsClientProtocol;
import org.bouncycastle.tls.TlsFatalAlertReceived;
import org.bouncycastle.tls.TlsProtocol;
import org.jspecify.annotations.Nullable;

/** The client's machine. */
final class ClientMachine extends TlsClientProtocol implements Machine {
    private final Client client;
    private final PeerAlerts alerts = new PeerAlerts();

    ClientMachine(Client client) {
        this.client = client;
    }

    @Override
    public TlsProtocol protocol() {
        return this;
    }

    @Override
    public void begin() throws IOException {
        connect(client);
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

    /** A server that does not ask would leave this side unauthenticated. */
    @Override
    protected void skip13CertificateRequest() throws IOException {
        if (client.mustBeAsked()) {
            throw new Refusal(AlertDescription.handshake_failure, "the peer did not ask for a certificate");
        }
        super.skip13CertificateRequest();
    }

    /** It would serve the middleboxes that the compatibility mode is for. */
    @Override
    protected void sendChangeCipherSpecMessage() {}
}
