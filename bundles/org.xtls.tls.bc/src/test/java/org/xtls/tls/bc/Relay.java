package org.xtls.tls.bc;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Predicate;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsSession;

/** Carries the bytes of one session over a socket. */
final class Relay implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 30_000;

    final TlsSession session;
    private final Socket socket;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private int flights;

    Relay(TlsSession session, Socket socket) throws IOException, TlsException {
        this.session = session;
        this.socket = socket;
        socket.setSoTimeout(PATIENCE_MILLIS);
        session.begin();
    }

    static Relay to(int port, TlsSession session) throws IOException, TlsException {
        return new Relay(session, new Socket(InetAddress.getLoopbackAddress(), port));
    }

    /** Sends what is ready and receives until the condition holds; fails when the stream ends before. */
    void until(Predicate<TlsSession> condition) throws IOException, TlsException {
        send();
        byte[] buffer = new byte[16_384];
        while (!condition.test(session)) {
            int length = socket.getInputStream().read(buffer);
            if (length < 0) {
                throw new EOFException("the stream ended; the session is " + session.state());
            }
            try {
                session.receive(Arrays.copyOf(buffer, length));
            } finally {
                received.writeBytes(session.takePlaintext());
                send();
            }
        }
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
