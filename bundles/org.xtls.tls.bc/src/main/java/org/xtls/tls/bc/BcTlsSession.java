package org.xtls.tls.bc;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.SecurityParameters;
import org.bouncycastle.tls.SessionParameters;
import org.bouncycastle.tls.TlsContext;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsFatalAlertReceived;
import org.bouncycastle.tls.TlsProtocol;
import org.bouncycastle.tls.crypto.TlsSecret;
import org.jspecify.annotations.Nullable;
import org.xtls.tls.Alert;
import org.xtls.tls.Handshake;
import org.xtls.tls.Proof;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession;

/** A session over one of Bouncy Castle's protocol machines. */
final class BcTlsSession implements TlsSession, HandshakeListener {
    private static final int LONGEST_EXPORT = 255;

    private final HandshakeCrypto crypto;
    private final LocalCredential credential;
    private final Machine machine;

    private State state = State.HANDSHAKING;
    private boolean begun;
    private boolean readable = true;
    private @Nullable Proof presented;
    private @Nullable Handshake handshake;
    private @Nullable Exporter exporter;
    private @Nullable SecurityParameters negotiated;
    private @Nullable Short raised;

    BcTlsSession(TlsRole role, LocalCredential credential, Parameters parameters, HandshakeCrypto crypto) {
        this.crypto = crypto;
        this.credential = credential;
        this.machine =
                role == TlsRole.CLIENT ? new ClientMachine(client(parameters)) : new ServerMachine(server(parameters));
    }

    private Client client(Parameters parameters) {
        return credential instanceof LocalCredential.SrpPassword password
                ? new Tls12SrpClient(password, crypto, this)
                : new Tls13Client(credential, parameters, crypto, this);
    }

    private Server server(Parameters parameters) {
        return credential instanceof LocalCredential.SrpVerifier verifier
                ? new Tls12SrpServer(verifier, crypto, this)
                : new Tls13Server(credential, parameters, crypto, this);
    }

    @Override
    public void begin() throws TlsException {
        if (begun || state == State.ENDED) {
            throw new IllegalStateException("a session begins once");
        }
        begun = true;
        attempt(machine::begin);
    }

    @Override
    public void receive(byte[] bytes) throws TlsException {
        if (!begun) {
            throw new IllegalStateException("the session has not begun");
        }
        if (readable && !machine.peerClosed()) {
            attempt(() -> machine.protocol().offerInput(bytes));
        }
    }

    @Override
    public void write(byte[] plaintext) throws TlsException {
        if (state != State.ESTABLISHED) {
            throw new IllegalStateException("the session is " + state);
        }
        attempt(() -> machine.protocol().writeApplicationData(plaintext, 0, plaintext.length));
    }

    @Override
    public List<byte[]> takeRecords() {
        TlsProtocol protocol = machine.protocol();
        List<byte[]> records = new ArrayList<>();
        for (int size = protocol.previewOutputRecord(); size > 0; size = protocol.previewOutputRecord()) {
            byte[] record = new byte[size];
            protocol.readOutput(record, 0, size);
            records.add(record);
        }
        return records;
    }

    @Override
    public byte[] takePlaintext() {
        byte[] plaintext = new byte[machine.protocol().getAvailableInputBytes()];
        machine.protocol().readInput(plaintext, 0, plaintext.length);
        return plaintext;
    }

    @Override
    public State state() {
        return state;
    }

    @Override
    public boolean peerClosed() {
        return machine.peerClosed();
    }

    @Override
    public Handshake handshake() {
        if (handshake == null) {
            throw new IllegalStateException("the handshake is not complete");
        }
        return handshake;
    }

    @Override
    public byte[] export(String label, byte[] context, int length) {
        if (exporter == null || !readable) {
            throw new IllegalStateException("the session is " + state);
        }
        if (length < 1 || length > LONGEST_EXPORT) {
            throw new IllegalArgumentException("1 to " + LONGEST_EXPORT + " bytes can be exported, not " + length);
        }
        return exporter.export(label, context, length);
    }

    @Override
    public void closeNotify() {
        if (state == State.ESTABLISHED) {
            state = State.ENDED;
            quietly(machine::writeCloseNotify);
        } else if (state == State.HANDSHAKING) {
            end();
            if (begun) {
                quietly(machine.protocol()::close);
            }
        }
    }

    @Override
    public void abort(Alert alert) {
        if (alert == Alert.CLOSE_NOTIFY) {
            throw new IllegalArgumentException("close_notify is no failure; call closeNotify");
        }
        if (state == State.ENDED) {
            return;
        }
        end();
        if (begun) {
            quietly(() -> machine.fail((short) alert.code()));
        }
    }

    @Override
    public void destroy() {
        end();
        takePlaintext();
        credential.wipe();
        if (exporter != null) {
            exporter.wipe();
        }
        if (negotiated != null) {
            wipe(negotiated.getTrafficSecretClient());
            wipe(negotiated.getTrafficSecretServer());
        }
    }

    @Override
    public void presented(Proof proof) {
        presented = proof;
    }

    @Override
    public void established(TlsContext context) throws TlsFatalAlert {
        SecurityParameters parameters = context.getSecurityParametersConnection();
        handshake = credential.completed(parameters, presented);
        exporter = Exporter.of(parameters, crypto);
        negotiated = parameters;
        state = State.ESTABLISHED;
        credential.release();
        forgetMasterSecret(context);
    }

    /** Bouncy Castle keeps a copy to resume with. It would undo what key updates are for. */
    private static void forgetMasterSecret(TlsContext context) {
        SessionParameters resumption = context.getSession().exportSessionParameters();
        if (resumption != null) {
            resumption.clear();
        }
    }

    @Override
    public void raised(short alert) {
        raised = alert;
    }

    private void attempt(Step step) throws TlsException {
        try {
            step.run();
        } catch (IOException | RuntimeException e) {
            throw failed(e);
        }
    }

    private TlsException failed(Throwable cause) {
        end();
        if (cause instanceof TlsFatalAlertReceived received) {
            short code = received.getAlertDescription();
            return new TlsException(
                    Alert.of(code).orElse(Alert.INTERNAL_ERROR),
                    true,
                    "the peer ended the session: " + AlertDescription.getText(code),
                    cause);
        }
        short code = raised == null ? AlertDescription.internal_error : raised;
        if (raised == null) {
            quietly(() -> machine.fail(code));
        }
        return new TlsException(
                Alert.of(code).orElse(Alert.INTERNAL_ERROR),
                false,
                cause instanceof Refusal refusal
                        ? refusal.reason()
                        : "the session had to be ended: " + text(code, cause),
                cause);
    }

    private static String text(short code, Throwable cause) {
        String alert = AlertDescription.getText(code);
        String detail = Objects.toString(cause.getMessage(), "");
        if (detail.startsWith(alert)) {
            return detail;
        }
        return alert + "; " + (cause.getCause() == null ? cause : cause.getCause());
    }

    private void end() {
        state = State.ENDED;
        readable = false;
        credential.release();
    }

    private static void quietly(Step step) {
        try {
            step.run();
        } catch (IOException | RuntimeException e) {
            // The session ends either way; at worst the peer gets no alert.
        }
    }

    private static void wipe(@Nullable TlsSecret secret) {
        if (secret != null) {
            secret.destroy();
        }
    }

    private interface Step {
        void run() throws IOException;
    }
}
