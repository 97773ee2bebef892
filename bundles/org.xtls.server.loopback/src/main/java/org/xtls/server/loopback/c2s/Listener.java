package org.xtls.server.loopback.c2s;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.server.loopback.Interceptor;
import org.xtls.server.loopback.LoopbackServer;
import org.xtls.server.loopback.Wiretap;
import org.xtls.server.loopback.xml.StreamCondition;

/** The listening socket and all that came of it: one run of a server. Thread-safe. */
public final class Listener {

    private final Settings settings;
    private final ServerSocket socket;
    private final Router router;
    private final SecureRandom random = new SecureRandom();
    private final byte[] secret = Settings.secret(random);
    private final Set<Connection> connections = new LinkedHashSet<>();
    /** Every thread that may still run; a connection is gone a little before its threads are. */
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    private final ScheduledThreadPoolExecutor reaper;
    private final Thread acceptor;
    private long accepted;
    private boolean closing;

    private Listener(LoopbackServer server, Settings settings, ServerSocket socket, Wiretap tap, Interceptor middle) {
        this.settings = settings;
        this.socket = socket;
        router = new Router(server, settings, tap, middle);
        String name = "xtls-loopback-" + port();
        reaper = new ScheduledThreadPoolExecutor(
                1, task -> daemon(name + "-reaper", task), new ThreadPoolExecutor.DiscardPolicy());
        reaper.setRemoveOnCancelPolicy(true);
        acceptor = daemon(name + "-accept", () -> accept(name));
    }

    /**
     * Listens on 127.0.0.1.
     *
     * @throws IOException if the port is taken
     */
    public static Listener open(LoopbackServer server, Settings settings, int port, Wiretap tap, Interceptor middle)
            throws IOException {
        ServerSocket socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);
            // Nobody but this machine: passwords come without TLS.
            socket.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        Listener listener = new Listener(server, settings, socket, tap, middle);
        listener.acceptor.start();
        return listener;
    }

    /** The port. */
    public int port() {
        return socket.getLocalPort();
    }

    /** The router of this run. */
    public Router router() {
        return router;
    }

    /** Ends one client's stream; false if nobody has that full JID. */
    public boolean disconnect(Address client) {
        Optional<Connection> found = router.connection(client);
        found.ifPresent(connection -> connection.end(null));
        return found.isPresent();
    }

    /** Cuts one client's connection; false if nobody has that full JID. */
    public boolean drop(Address client) {
        Optional<Connection> found = router.connection(client);
        found.ifPresent(Connection::cut);
        return found.isPresent();
    }

    /** Ends every stream, then every thread. */
    public void close() {
        List<Connection> open = stop();
        open.forEach(connection -> connection.end(StreamCondition.SYSTEM_SHUTDOWN));
        join(open.stream().flatMap(connection -> connection.threads().stream()).toList(), Connection.CLOSING);
        finish(open);
    }

    /** Cuts every connection, then ends every thread. */
    public void kill() {
        List<Connection> open = stop();
        finish(open);
    }

    SecureRandom random() {
        return random;
    }

    byte[] secret() {
        return secret.clone();
    }

    /** What nobody can guess, short enough to be read. */
    String freshResource() {
        byte[] bytes = new byte[8];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    void after(Duration delay, Runnable task) {
        var unused = reaper.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    synchronized void gone(Connection connection) {
        connections.remove(connection);
    }

    Thread daemon(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        threads.removeIf(other -> other.getState() == Thread.State.TERMINATED);
        threads.add(thread);
        return thread;
    }

    private void accept(String name) {
        while (!socket.isClosed()) {
            try {
                Socket client = socket.accept();
                client.setTcpNoDelay(true);
                serve(client, name);
            } catch (IOException e) {
                LOG.debug("Nobody accepted: {}", e.toString());
            }
        }
    }

    private synchronized void serve(Socket client, String name) throws IOException {
        // Stops one process from taking all threads of another by connecting.
        if (closing || connections.size() >= CONNECTIONS_LIMIT) {
            client.close();
            return;
        }
        accepted++;
        Connection connection = new Connection(this, settings, client, name + "-" + accepted);
        connections.add(connection);
        connection.start();
        after(Connection.LOGIN, connection::endUnlessAuthenticated);
    }

    private List<Connection> stop() {
        router.stop();
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("Could not close", e);
        }
        synchronized (this) {
            closing = true;
            return new ArrayList<>(connections);
        }
    }

    private void finish(List<Connection> open) {
        open.forEach(Connection::cut);
        reaper.shutdownNow();
        join(threads, FINISHING);
    }

    private static void join(Collection<Thread> ending, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        try {
            for (Thread thread : ending) {
                if (thread != Thread.currentThread()) {
                    thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static final int CONNECTIONS_LIMIT = 1000;
    private static final Duration FINISHING = Duration.ofSeconds(5);
    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
}
