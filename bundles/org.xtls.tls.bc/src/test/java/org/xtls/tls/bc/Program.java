package org.xtls.tls.bc;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Another TLS stack's command as a peer: what it is told, and all that it said. */
final class Program implements AutoCloseable {
    private static final String LISTENING = "0A";
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);
    private static final long LAST_WORDS = TimeUnit.SECONDS.toNanos(2);

    private final String name;
    private final Process process;
    private final Thread listener;
    private final StringBuilder said = new StringBuilder();
    private int heard;
    private boolean silent;

    private Program(List<String> command) throws IOException {
        name = command.get(0);
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        listener = new Thread(this::listen, name);
        listener.setDaemon(true);
        listener.start();
    }

    static Program openSsl(String program, Iterable<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("openssl", program));
        arguments.forEach(command::add);
        return new Program(command);
    }

    static Program run(List<String> command) throws IOException {
        return new Program(command);
    }

    /** Writes a key and its certificate where {@code -key} and {@code -cert} find them. */
    static List<String> identity(Path directory, KeyPair pair, X509Certificate certificate) throws Exception {
        Path key = directory.resolve("key.pem");
        Path cert = directory.resolve("cert.pem");
        Files.writeString(key, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
        Files.writeString(cert, pem("CERTIFICATE", certificate.getEncoded()));
        return List.of("-key", key.toString(), "-cert", cert.toString());
    }

    static String pem(String what, byte[] content) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return "-----BEGIN " + what + "-----\n" + body + "\n-----END " + what + "-----\n";
    }

    /**
     * Waits until the pattern is said, after what was waited for before, and returns its first group; no longer than
     * the program lives.
     */
    String await(String pattern) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE;
        Pattern wanted = Pattern.compile(pattern);
        synchronized (said) {
            while (true) {
                Matcher matcher = wanted.matcher(said);
                if (matcher.find(heard)) {
                    heard = matcher.end();
                    return matcher.groupCount() == 0 ? matcher.group() : matcher.group(1);
                }
                long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                if (silent || left <= 0) {
                    break;
                }
                said.wait(left);
            }
        }
        throw new AssertionError("never heard " + pattern + ": " + lastWords());
    }

    void tell(String line) throws IOException {
        try {
            OutputStream input = process.getOutputStream();
            input.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
            input.flush();
        } catch (IOException e) {
            throw new IOException("not heard: " + line + "; " + lastWords(), e);
        }
    }

    /** Called once when the program ends, or at once if it has. */
    void whenEnded(Runnable action) {
        process.onExit().thenRun(action);
    }

    /** How the program ended, if it did or is about to, and all that it said: for a failure. */
    String lastWords() {
        boolean ended;
        try {
            ended = process.waitFor(LAST_WORDS, TimeUnit.NANOSECONDS);
            listener.join(TimeUnit.NANOSECONDS.toMillis(ended ? LAST_WORDS : 1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            ended = !process.isAlive();
        }
        return name + (ended ? " ended with " + process.exitValue() : " still runs") + " and said:\n" + this;
    }

    /** The port that the operating system gave to a server that asked for any, and does not say what it got. */
    int port() throws IOException {
        Set<String> own = sockets();
        for (String line : Files.readAllLines(Path.of("/proc/net/tcp"))) {
            String[] fields = line.trim().split("\\s+");
            if (fields[3].equals(LISTENING) && own.contains("socket:[" + fields[9] + "]")) {
                return Integer.parseInt(fields[1].substring(fields[1].indexOf(':') + 1), 16);
            }
        }
        throw new AssertionError("nobody listens: " + lastWords());
    }

    private Set<String> sockets() throws IOException {
        Set<String> sockets = new HashSet<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                if (Files.isSymbolicLink(descriptor)) {
                    sockets.add(Files.readSymbolicLink(descriptor).toString());
                }
            }
        }
        return sockets;
    }

    int exitCode() throws InterruptedException {
        if (!process.waitFor(PATIENCE, TimeUnit.NANOSECONDS)) {
            throw new AssertionError("no end: " + lastWords());
        }
        return process.exitValue();
    }

    @Override
    public String toString() {
        synchronized (said) {
            return said.toString();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    private void listen() {
        byte[] buffer = new byte[8192];
        try (InputStream output = process.getInputStream()) {
            for (int length = output.read(buffer); length >= 0; length = output.read(buffer)) {
                synchronized (said) {
                    said.append(new String(buffer, 0, length, StandardCharsets.ISO_8859_1));
                    said.notifyAll();
                }
            }
        } catch (IOException e) {
            synchronized (said) {
                said.append(e);
            }
        } finally {
            synchronized (said) {
                silent = true;
                said.notifyAll();
            }
        }
    }
}
