package org.xtls.tests.karaf;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A Karaf as it is downloaded, with a folder of its own for configuration and data. It listens on 127.0.0.1 for its own
 * client and on nothing else, and gets bundles from its own system folder and the build's repository, never from the network.
 */
final class Karaf implements AutoCloseable {
    private static final Path INSTALLATION = Path.of(System.getProperty("karaf.installation"));
    private static final Path FEATURES = Path.of(System.getProperty("karaf.features"));
    private static final long PATIENCE_SECONDS = 120;

    private final Path base;
    private final Path jdk;
    private final String password = UUID.randomUUID().toString();
    private final int port;
    private final Process process;

    private Karaf(Path base, Path jdk) throws IOException {
        this.base = base;
        this.jdk = jdk;
        this.port = freePort();
        configure();
        // With "exec" the script becomes the JVM: one process, one id.
        ProcessBuilder builder = program("karaf", "server");
        builder.environment().put("KARAF_EXEC", "exec");
        builder.redirectErrorStream(true);
        builder.redirectOutput(base.resolve("console").toFile());
        process = builder.start();
        process.getOutputStream().close();
    }

    /** Starts one whose state lives in {@code base}; {@link #tell} waits until it listens. */
    static Karaf start(Path base, Path jdk) throws IOException {
        return new Karaf(base, jdk);
    }

    /** The features file that the build made. */
    static String featuresFile() {
        return FEATURES.resolve("feature")
                .resolve("feature.xml")
                .toAbsolutePath()
                .normalize()
                .toUri()
                .toString();
    }

    /** Runs commands through {@code bin/client}, and returns what they printed; the first that fails ends them. */
    String tell(String... commands) throws IOException, InterruptedException {
        Path in = Files.writeString(base.resolve("commands"), String.join("\n", commands) + "\n");
        Path out = base.resolve("told");
        ProcessBuilder builder = program(
                "client",
                "-b",
                "-h",
                "127.0.0.1",
                "-a",
                "" + port,
                "-u",
                "karaf",
                "-p",
                password,
                "-r",
                "90",
                "-d",
                "1");
        builder.redirectInput(in.toFile());
        builder.redirectErrorStream(true);
        builder.redirectOutput(out.toFile());
        Process client = builder.start();
        try {
            if (!client.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                fail("no answer to " + List.of(commands) + "\n" + Files.readString(out) + log());
            }
        } finally {
            client.descendants().forEach(ProcessHandle::destroyForcibly);
            client.destroyForcibly();
        }
        String told = Files.readString(out);
        assertTrue(client.exitValue() == 0 && !told.contains("\u001b[31m"), () -> told + log());
        return told;
    }

    /** Where it keeps what it knows. */
    Path base() {
        return base;
    }

    /** Sends it SIGTERM and waits for its end. */
    void terminate() throws InterruptedException {
        process.destroy();
        assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), () -> "Karaf does not stop\n" + log());
    }

    /** The end of its log. */
    String log() {
        StringBuilder end = new StringBuilder();
        for (Path file : List.of(base.resolve("console"), base.resolve("data/log/karaf.log"))) {
            try {
                List<String> lines = Files.readAllLines(file);
                lines.subList(Math.max(0, lines.size() - 60), lines.size())
                        .forEach(line -> end.append(line).append('\n'));
            } catch (IOException e) {
                end.append(file).append(": ").append(e).append('\n');
            }
        }
        return end.toString();
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    private ProcessBuilder program(String name, String... arguments) {
        List<String> command = new ArrayList<>(
                List.of(INSTALLATION.resolve("bin").resolve(name).toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(key -> key.startsWith("KARAF_") || key.equals("JAVA_OPTS"));
        environment.put("JAVA_HOME", jdk.toString());
        environment.put("KARAF_BASE", base.toString());
        // For programs that live for seconds; and the client's history and known hosts go with the test's folder.
        environment.put("EXTRA_JAVA_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Duser.home=" + base);
        return builder;
    }

    private void configure() throws IOException {
        Path etc = Files.createDirectories(base.resolve("etc"));
        try (Stream<Path> files = Files.list(INSTALLATION.resolve("etc"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, etc.resolve(file.getFileName()));
            }
        }
        append(etc.resolve("custom.properties"), "karaf.shutdown.port = -1");
        append(
                etc.resolve("users.properties"),
                "karaf = " + password + ",_g_:admingroup",
                "_g_\\:admingroup = group,admin,manager,viewer,systembundles,ssh");
        append(etc.resolve("org.apache.karaf.shell.cfg"), "sshHost = 127.0.0.1", "sshPort = " + port);
        // Remote management would listen on ports that are the same for every Karaf.
        Path boot = etc.resolve("org.apache.karaf.features.cfg");
        String features = Files.readString(boot);
        String without = features.replaceAll("(?m)^ *management/[^,]*, \\\\\\R", "");
        assertTrue(!without.equals(features), features);
        Files.writeString(boot, without);
        append(
                etc.resolve("org.ops4j.pax.url.mvn.cfg"),
                "org.ops4j.pax.url.mvn.settings = " + base.resolve("no-settings"),
                "org.ops4j.pax.url.mvn.localRepository = " + base.resolve("repository"),
                "org.ops4j.pax.url.mvn.repositories =",
                "org.ops4j.pax.url.mvn.defaultRepositories = "
                        + INSTALLATION.resolve("system").toUri() + "@id=system@snapshots, "
                        + FEATURES.resolve("repository")
                                .toAbsolutePath()
                                .normalize()
                                .toUri()
                        + "@id=xtls@snapshots");
    }

    /** Of two lines with one key the later counts. */
    private static void append(Path file, String... lines) throws IOException {
        Files.writeString(file, "\n" + String.join("\n", lines) + "\n", UTF_8, StandardOpenOption.APPEND);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
