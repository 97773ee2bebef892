package org.xtls.tls.bc;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Predicate;
import org.xtls.tls.Credential;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession;

/** Carries the bytes of one session over a socket. */
final class Relay implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 30_000;

    final TlsSession session;
    private final Socket socket;
    private final Program peer;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private int flights;

    private Relay(TlsSession session, Socket socket, Program peer) throws IOException, TlsException {
        this.session = session;
        this.socket = socket;
        this.peer = peer;
        socket.setSoTimeout(PATIENCE_MILLIS);
        session.begin();
    }

    static Relay to(Program server, int port, Credential credential) throws IOException, TlsException {
        TlsSession session = new BcTlsEngine().open(TlsRole.CLIENT, credential);
        return new Relay(session, new Socket(InetAddress.getLoopbackAddress(), port), server);
    }

    static ServerSocket listen() throws IOException {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    static Relay accept(ServerSocket port, Program client, Credential credential) throws IOException, TlsException {
        return accept(port, client, new BcTlsEngine(), credential);
    }

    static Relay accept(ServerSocket port, Program client, TlsEngine engine, Credential credential)
            throws IOException, TlsException {
        TlsSession session = engine.open(TlsRole.SERVER, credential);
        client.whenEnded(() -> close(port));
        try {
            return new Relay(session, port.accept(), client);
        } catch (IOException e) {
            throw new IOException("nobody came: " + client.lastWords(), e);
        }
    }

    private static void close(ServerSocket port) {
        try {
            port.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends what is ready and receives until the condition holds; fails when the stream ends before. */
    void until(Predicate<TlsSession> condition) throws IOException, TlsException {
        send();
        byte[] buffer = new byte[16_384];
        while (!condition.test(session)) {
            int length = read(buffer);
            try {
                session.receive(Arrays.copyOf(buffer, length));
            } finally {
                received.writeBytes(session.takePlaintext());
                send();
            }
        }
    }

    private int read(byte[] buffer) throws IOException {
        int length;
        try {
            length = socket.getInputStream().read(buffer);
        } catch (IOException e) {
            throw new IOException("nothing more came; the session is " + session.state() + "; " + peer.lastWords(), e);
        }
        if (length < 0) {
            throw new EOFException("the stream ended; the session is " + session.state() + "; " + peer.lastWords());
        }
        return length;
    }

    void untilReceived(String text) throws IOException, TlsException {
        until(session -> received.toString(StandardCharsets.US_ASCII).contains(text));
    }

    void write(String text) throws IOException, TlsException {
        session.write(text.getBytes(StandardCharsets.US_ASCII));
        send();
    }

    void closeNotify() throws IOException {
        session.closeNotify();
        send();
    }

    /** How many times something was sent until now. */
    int flights() {
        return flights;
    }

    private void send() throws IOException {
        byte[] flight = Wire.flight(session);
        if (flight.length > 0) {
            flights++;
            socket.getOutputStream().write(flight);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
