package org.xtls.tests.prosody;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.xtls.tests.peer.KeyPair;

/**
 * A real Prosody on 127.0.0.1: the distribution's package, a configuration and data of its own in a temporary directory,
 * a free port, one virtual host for each domain of its users, no server-to-server.
 *
 * <p>It runs in the foreground as a child of this JVM and is ended by process id. It keeps nothing.
 */
public final class ProsodyServer implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 20;
    private static final int ATTEMPTS = 3;
    private static final int LOG_LINES_KEPT = 40;

    private final Path directory;
    private final Process process;
    private final int port;
    private final Deque<String> log = new ArrayDeque<>();

    private ProsodyServer(Path directory, int port, boolean tls) throws IOException {
        this.directory = directory;
        this.port = port;
        Path configuration = directory.resolve("prosody.cfg.lua");
        Files.writeString(configuration, configuration(directory, port, tls, domains(directory)));
        ProcessBuilder builder = new ProcessBuilder("prosody", "--config", configuration.toString(), "-F");
        builder.redirectErrorStream(true);
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new AssertionError(
                    "Prosody is not installed, and these tests are nothing without it."
                            + " Install the package \"prosody\" (./check does), then run again.",
                    e);
        }
    }

    /** A server without TLS for these users, each written {@code local@domain=password}; it accepts logins on return. */
    public static ProsodyServer start(String... users) {
        return start(false, users);
    }

    /** The same with STARTTLS required, under a self-signed certificate made by {@code openssl}. */
    public static ProsodyServer startWithTls(String... users) {
        return start(true, users);
    }

    private static ProsodyServer start(boolean tls, String... users) {
        try {
            Path directory = Files.createTempDirectory("prosody");
            Map<String, String> accounts = new LinkedHashMap<>();
            for (String user : users) {
                accounts.put(user.substring(0, user.indexOf('=')), user.substring(user.indexOf('=') + 1));
            }
            for (Map.Entry<String, String> account : accounts.entrySet()) {
                writeAccount(directory, account.getKey(), account.getValue());
            }
            if (tls) {
                KeyPair.make(directory, "server");
            }
            AssertionError last = null;
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                ProsodyServer server = new ProsodyServer(directory, freePort(), tls);
                try {
                    server.awaitListening();
                    return server;
                } catch (AssertionError e) {
                    // Prosody cannot choose a port itself; somebody may have taken this one in between.
                    server.kill();
                    last = e;
                }
            }
            throw last;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The port for clients on 127.0.0.1. */
    public int port() {
        return port;
    }

    /** SHA-256 of the server's certificate, 64 hex digits, when it has TLS. */
    public String fingerprint() {
        return new KeyPair(directory.resolve("server.key"), directory.resolve("server.crt")).fingerprint();
    }

    /** Stops the process where it is: nothing is answered any more, nothing is closed. */
    public void freeze() {
        try {
            Process kill = new ProcessBuilder("kill", "-STOP", Long.toString(process.pid())).start();
            if (kill.waitFor() != 0) {
                throw new AssertionError("process " + process.pid() + " cannot be stopped");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the process at once, as a crash does, and waits for its end. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** Ends the server in good order and removes what it wrote. */
    @Override
    public void close() {
        process.destroy();
        awaitEnd();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitListening() {
        CompletableFuture<Void> listening = new CompletableFuture<>();
        Thread reader = new Thread(() -> readLog(listening), "prosody-log");
        reader.setDaemon(true);
        reader.start();
        try {
            listening.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_SECONDS * 1000);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (ExecutionException | TimeoutException | IOException e) {
            throw new AssertionError("Prosody does not listen on 127.0.0.1:" + port + ". Its log:\n" + log(), e);
        }
    }

    private void readLog(CompletableFuture<Void> listening) {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                synchronized (log) {
                    log.add(line);
                    if (log.size() > LOG_LINES_KEPT) {
                        log.remove();
                    }
                }
                if (line.contains("Activated service 'c2s' on [127.0.0.1]:" + port)) {
                    listening.complete(null);
                }
            }
            listening.completeExceptionally(new IOException("Prosody ended"));
        } catch (IOException e) {
            listening.completeExceptionally(e);
        }
    }

    private String log() {
        synchronized (log) {
            return String.join("\n", log);
        }
    }

    private void awaitEnd() {
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("Prosody (process " + process.pid() + ") does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    private static String configuration(Path directory, int port, boolean tls, List<String> domains) {
        StringBuilder hosts = new StringBuilder();
        domains.forEach(domain -> hosts.append("VirtualHost \"").append(domain).append("\"\n"));
        return """
                daemonize = false
                -- Tests may run as root in a throw-away machine; the server is on loopback and lives for seconds.
                run_as_root = true
                data_path = "%1$s/data"
                pidfile = "%1$s/prosody.pid"
                interfaces = { "127.0.0.1" }
                c2s_ports = { %2$d }
                c2s_direct_tls_ports = {}
                modules_enabled = { "roster", "saslauth", "disco"%3$s }
                modules_disabled = { "s2s", "offline"%4$s }
                authentication = "internal_plain"
                c2s_require_encryption = %5$s
                allow_unencrypted_plain_auth = true
                -- Small enough that a 200 KiB stanza in one piece would not pass.
                c2s_stanza_size_limit = 65536
                log = { { levels = { min = "info" }, to = "console" } }
                %6$s
                %7$s""".formatted(
                directory,
                port,
                tls ? ", \"tls\"" : "",
                tls ? "" : ", \"tls\"",
                tls,
                tls
                        ? "ssl = { key = \"%1$s/server.key\", certificate = \"%1$s/server.crt\" }".formatted(directory)
                        : "",
                hosts);
    }

    /** What {@code prosodyctl register} would write, without its half second for each user. */
    private static void writeAccount(Path directory, String account, String password) throws IOException {
        int at = account.indexOf('@');
        Path file = directory
                .resolve("data")
                .resolve(encoded(account.substring(at + 1)))
                .resolve("accounts")
                .resolve(encoded(account.substring(0, at)) + ".dat");
        Files.createDirectories(file.getParent());
        Files.writeString(file, "return { [\"password\"] = \"" + password + "\" };\n");
    }

    private static List<String> domains(Path directory) throws IOException {
        List<String> domains = new ArrayList<>();
        try (Stream<Path> hosts = Files.list(directory.resolve("data"))) {
            hosts.map(host -> host.getFileName().toString())
                    .filter(host -> !host.startsWith("."))
                    .map(host -> host.replace("%2e", ".").replace("%2d", "-"))
                    .sorted()
                    .forEach(domains::add);
        }
        return domains;
    }

    /** Prosody's file names: everything but letters and digits as {@code %xx}. */
    private static String encoded(String name) {
        return name.replace(".", "%2e").replace("-", "%2d");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
