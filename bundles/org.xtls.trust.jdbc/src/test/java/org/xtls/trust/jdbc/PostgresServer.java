package org.xtls.trust.jdbc;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A real PostgreSQL from the distribution's packages, with data of its own, on a free port of the loopback interface. It
 * refuses to run as root: there the package's user "postgres" runs it.
 */
final class PostgresServer implements AutoCloseable {
    static final String ADMIN = "postgres";
    static final String PASSWORD = "wherefore art thou";

    private static final Path PROGRAMS = Path.of("/usr/lib/postgresql");
    private static final AtomicInteger NAMES = new AtomicInteger();

    private final Path directory;
    private final List<String> log = new ArrayList<>();
    private int port;
    private @Nullable Process server;

    private PostgresServer(Path directory) {
        this.directory = directory;
    }

    /** Makes a server and starts it. */
    static PostgresServer start() throws IOException, InterruptedException {
        PostgresServer made = new PostgresServer(Files.createTempDirectory("xtls-postgres"));
        Path password = Files.writeString(made.directory.resolve("password"), PASSWORD);
        own(made.directory);
        own(password);
        made.run(
                "initdb",
                "--pgdata=" + made.data(),
                "--username=" + ADMIN,
                "--auth=scram-sha-256",
                "--pwfile=" + password,
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync");
        made.restart();
        return made;
    }

    /** Starts it again on its data, at its port. */
    void restart() throws IOException, InterruptedException {
        for (int attempt = 1; attempt <= 5; attempt++) {
            if (port == 0) {
                port = freePort();
            }
            if (ready(launch())) {
                return;
            }
            // Somebody else was quicker to take it.
            port = 0;
        }
        throw new IOException("PostgreSQL does not start: " + String.join("\n", log()));
    }

    /** As a crash: every process of it at once, with what is under way. */
    void kill() throws InterruptedException {
        Process running = server;
        server = null;
        if (running == null) {
            return;
        }
        List<ProcessHandle> processes = Stream.concat(running.descendants(), Stream.of(running.toHandle()))
                .toList();
        // The postmaster first, or it would begin to recover.
        running.toHandle().destroyForcibly();
        processes.forEach(ProcessHandle::destroyForcibly);
        for (ProcessHandle process : processes) {
            try {
                process.onExit().get(20, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                throw new AssertionError("process " + process.pid() + " does not die", e);
            }
        }
    }

    int port() {
        return port;
    }

    String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    /** A new database, encoded in UTF-8. */
    String newDatabase() throws SQLException {
        String name = "d" + NAMES.incrementAndGet();
        execute(ADMIN, "create database " + name);
        return name;
    }

    /** A new schema in a database. */
    String newSchema(String database) throws SQLException {
        String name = "s" + NAMES.incrementAndGet();
        execute(database, "create schema " + name);
        return name;
    }

    void execute(String database, String sql) throws SQLException {
        try (Connection connection = dataSource(database).getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** How many are connected to a database; one whose end is under way is waited for. */
    int connections(String database) throws SQLException {
        try (Connection connection = dataSource(ADMIN).getConnection();
                Statement statement = connection.createStatement()) {
            for (int attempt = 1; ; attempt++) {
                try (ResultSet row = statement.executeQuery("select count(*), pg_sleep(0.01) from pg_stat_activity"
                        + " where datname = '" + database + "'")) {
                    row.next();
                    if (row.getInt(1) == 0 || attempt == 500) {
                        return row.getInt(1);
                    }
                }
            }
        }
    }

    PGSimpleDataSource dataSource(String database) {
        return dataSource(database, port, ADMIN, PASSWORD);
    }

    static PGSimpleDataSource dataSource(String database, int port, String user, String password) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setServerNames(new String[] {"127.0.0.1"});
        source.setPortNumbers(new int[] {port});
        source.setDatabaseName(database);
        source.setUser(user);
        source.setPassword(password);
        return source;
    }

    List<String> log() {
        synchronized (log) {
            return List.copyOf(log);
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        kill();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    private Process launch() throws IOException {
        Process launched = process(
                "postgres",
                "-D",
                data().toString(),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "port=" + port,
                "-c",
                "unix_socket_directories=");
        server = launched;
        return launched;
    }

    /** Reads the log until the server is ready, and then in the background to the end. */
    private boolean ready(Process launched) throws InterruptedException {
        CompletableFuture<Boolean> ready = new CompletableFuture<>();
        Thread reader = new Thread(() -> {
            try (BufferedReader lines = launched.errorReader(StandardCharsets.UTF_8)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    synchronized (log) {
                        log.add(line);
                    }
                    if (line.contains("database system is ready to accept connections")) {
                        ready.complete(true);
                    }
                }
            } catch (IOException e) {
                // Killed.
            } finally {
                ready.complete(false);
            }
        });
        reader.setDaemon(true);
        reader.start();
        try {
            return ready.get(Stages.PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("PostgreSQL does not get ready: " + String.join("\n", log()), e);
        }
    }

    private void run(String program, String... arguments) throws IOException, InterruptedException {
        Process process = process(program, arguments);
        String said = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(program + " failed: " + said);
        }
    }

    private Process process(String program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        if (isRoot()) {
            // It becomes the program, so that the process that was started is the one to end.
            command.addAll(List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"));
        }
        command.add(program(program).toString());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        // Its log is read here, in English.
        builder.environment().put("LC_ALL", "C");
        return builder.start();
    }

    private Path data() {
        return directory.resolve("data");
    }

    /** The newest installed. */
    private static Path program(String name) throws IOException {
        if (Files.isDirectory(PROGRAMS)) {
            try (Stream<Path> versions = Files.list(PROGRAMS)) {
                return versions.map(version -> version.resolve("bin").resolve(name))
                        .filter(Files::isExecutable)
                        .max(Comparator.comparingInt(PostgresServer::version))
                        .orElseThrow(PostgresServer::notInstalled);
            }
        }
        throw notInstalled();
    }

    private static int version(Path program) {
        String version = String.valueOf(PROGRAMS.relativize(program).getName(0));
        return version.matches("\\d{1,4}") ? Integer.parseInt(version) : 0;
    }

    private static AssertionError notInstalled() {
        return new AssertionError("these tests need a PostgreSQL server. Debian: apt-get install postgresql");
    }

    private static void own(Path path) throws IOException {
        if (isRoot()) {
            UserPrincipal postgres =
                    path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("postgres");
            Files.setOwner(path, postgres);
        }
    }

    private static boolean isRoot() throws IOException {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid", LinkOption.NOFOLLOW_LINKS)
                .equals(0);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
