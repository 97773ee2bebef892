package org.xtls.trust.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A network between a store and its database that breaks where a test says. */
final class Relay implements AutoCloseable {
    private final int target;
    private final int port;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile Break next = Break.NEVER;
    private volatile Then then = Then.ACCEPT;
    private volatile boolean committed;
    private volatile boolean silent;
    private final CountDownLatch fallenSilent = new CountDownLatch(1);
    private final CountDownLatch broken = new CountDownLatch(1);
    private final CountDownLatch resumed = new CountDownLatch(1);
    private @Nullable ServerSocket server;
    private @Nullable Thread accepting;

    /** Where it breaks, once. */
    enum Break {
        NEVER,
        /** The server never hears of the commit. */
        BEFORE_COMMIT,
        /** The commit is done, and the client never hears of it. */
        AFTER_COMMIT,
        /** Whatever the client says next gets no answer. */
        SILENCE
    }

    /** What becomes of new connections after it has broken. */
    enum Then {
        ACCEPT,
        /** They wait until {@link #resume}. */
        HOLD,
        /** Nobody is there until {@link #open}. */
        REFUSE
    }

    Relay(int target) throws IOException {
        this.target = target;
        ServerSocket first = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        this.port = first.getLocalPort();
        accept(first);
    }

    int port() {
        return port;
    }

    /** Breaks all connections when it comes to that. */
    void breakAt(Break where, Then then) {
        this.then = then;
        this.next = where;
    }

    void awaitBreak() throws InterruptedException {
        if (!broken.await(Stages.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("it has not come to that");
        }
    }

    void resume() {
        resumed.countDown();
    }

    void awaitSilence() throws InterruptedException {
        if (!fallenSilent.await(Stages.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("nobody has said anything");
        }
    }

    void open() throws IOException {
        ServerSocket again = new ServerSocket();
        again.setReuseAddress(true);
        again.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        accept(again);
    }

    void shut() throws IOException {
        resume();
        stopAccepting();
        drop();
    }

    @Override
    public void close() throws IOException {
        shut();
    }

    private void accept(ServerSocket listening) {
        server = listening;
        accepting = start(() -> {
            while (true) {
                Socket client = listening.accept();
                if (then == Then.HOLD && broken.getCount() == 0) {
                    resumed.await();
                }
                Socket database = new Socket(InetAddress.getLoopbackAddress(), target);
                sockets.add(client);
                sockets.add(database);
                start(() -> forward(client, database, true));
                start(() -> forward(database, client, false));
            }
        });
    }

    private void forward(Socket from, Socket to, boolean fromClient) throws IOException {
        byte[] buffer = new byte[65_536];
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
            boolean commit =
                    fromClient && new String(buffer, 0, length, StandardCharsets.ISO_8859_1).contains("COMMIT");
            if (fromClient && next == Break.SILENCE) {
                next = Break.NEVER;
                silent = true;
                fallenSilent.countDown();
            }
            if (commit && next == Break.BEFORE_COMMIT || !fromClient && committed) {
                breakNow();
                return;
            }
            if (silent) {
                continue;
            }
            if (commit && next == Break.AFTER_COMMIT) {
                // The connection breaks when its answer comes: by then it is done.
                committed = true;
            }
            out.write(buffer, 0, length);
            out.flush();
        }
        to.close();
    }

    private void breakNow() throws IOException {
        next = Break.NEVER;
        committed = false;
        if (then == Then.REFUSE) {
            stopAccepting();
        }
        broken.countDown();
        drop();
    }

    /** The port is free only when nobody waits at it any more. */
    private void stopAccepting() throws IOException {
        ServerSocket open = server;
        Thread thread = accepting;
        if (open != null && thread != null) {
            open.close();
            try {
                thread.join(TimeUnit.SECONDS.toMillis(Stages.PATIENCE_SECONDS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void drop() throws IOException {
        for (Socket socket : sockets) {
            sockets.remove(socket);
            socket.close();
        }
    }

    private static Thread start(Step step) {
        Thread thread = new Thread(() -> {
            try {
                step.run();
            } catch (IOException | InterruptedException e) {
                // Broken, as it is meant to be.
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private interface Step {
        void run() throws IOException, InterruptedException;
    }
}
