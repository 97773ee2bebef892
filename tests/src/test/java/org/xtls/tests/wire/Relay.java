package org.xtls.tests.wire;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A TCP relay in front of a server that keeps every byte that passed, both ways: what the server saw, and said. */
public final class Relay implements AutoCloseable {
    private final int target;
    private volatile boolean held;
    private final ServerSocket listening;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<ByteArrayOutputStream> recorded = new CopyOnWriteArrayList<>();

    /** Relays from a port of its own to a port on loopback. */
    public Relay(int target) {
        this.target = target;
        try {
            listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        daemon("relay-accept", this::accept);
    }

    /** Where clients connect to, on 127.0.0.1. */
    public int port() {
        return listening.getLocalPort();
    }

    /** Everything so far, one text for each direction of each connection. */
    public List<String> seen() {
        return recorded.stream()
                .map(bytes -> bytes.toString(StandardCharsets.UTF_8))
                .toList();
    }

    /** From now on nothing passes, either way, until the end. */
    public void hold() {
        held = true;
    }

    /** Resets every connection without a word and takes no more, as a network that is gone. */
    @Override
    public void close() {
        close(listening);
        for (Socket socket : sockets) {
            try {
                socket.setSoLinger(true, 0);
            } catch (IOException e) {
                // It is closed already.
            }
            close(socket);
        }
    }

    private void accept() {
        while (true) {
            try {
                Socket client = listening.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                sockets.add(client);
                sockets.add(server);
                pump(client, server);
                pump(server, client);
            } catch (IOException e) {
                return;
            }
        }
    }

    private void pump(Socket from, Socket to) {
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        recorded.add(record);
        daemon("relay-pump", () -> {
            byte[] buffer = new byte[16_384];
            try (InputStream in = from.getInputStream();
                    OutputStream out = to.getOutputStream()) {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    if (held) {
                        continue;
                    }
                    record.write(buffer, 0, n);
                    out.write(buffer, 0, n);
                }
            } catch (IOException e) {
                // One end is gone; closing the streams tells the other.
            }
        });
    }

    private static void daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void close(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
