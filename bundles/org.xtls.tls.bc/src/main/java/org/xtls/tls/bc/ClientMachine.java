package org.xtls.tls.bc;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import org.bouncycastle.tls.HandshakeType;
import org.bouncycastle.tls.TlsClientProtocol;
import org.bouncycastle.tls.TlsProtocol;
import org.bouncycastle.tls.TlsUtils;
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

    /** Bouncy Castle drops the extensions that it does not know from what it hands on. */
    @Override
    protected void receive13CertificateRequest(ByteArrayInputStream message, boolean afterHandshake)
            throws IOException {
        byte[] content = message.readAllBytes();
        super.receive13CertificateRequest(new ByteArrayInputStream(content), afterHandshake);
        ByteArrayInputStream again = new ByteArrayInputStream(content);
        TlsUtils.readOpaque8(again);
        client.askedForCertificate(
                readExtensionsData13(HandshakeType.certificate_request, TlsUtils.readOpaque16(again)));
    }

    @Override
    protected void skip13CertificateRequest() throws IOException {
        client.notAskedForCertificate();
        super.skip13CertificateRequest();
    }

    /** In TLS 1.3 it would serve the middleboxes that the compatibility mode is for. */
    @Override
    protected void sendChangeCipherSpecMessage() throws IOException {
        if (!TlsUtils.isTLSv13(getContext())) {
            super.sendChangeCipherSpecMessage();
        }
    }
}
