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
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The command {@code openssl} as a peer: what it is told, and all that it said. */
final class OpenSsl implements AutoCloseable {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

    private final Process process;
    private final StringBuilder said = new StringBuilder();
    private int heard;

    private OpenSsl(List<String> command) throws IOException {
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        Thread listener = new Thread(this::listen, "openssl");
        listener.setDaemon(true);
        listener.start();
    }

    static OpenSsl run(String program, Iterable<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("openssl", program));
        arguments.forEach(command::add);
        return new OpenSsl(command);
    }

    /** Writes a key and its certificate where {@code -key} and {@code -cert} find them. */
    static List<String> identity(Path directory, KeyPair pair, X509Certificate certificate) throws Exception {
        Path key = directory.resolve("key.pem");
        Path cert = directory.resolve("cert.pem");
        Files.writeString(key, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
        Files.writeString(cert, pem("CERTIFICATE", certificate.getEncoded()));
        return List.of("-key", key.toString(), "-cert", cert.toString());
    }

    private static String pem(String what, byte[] content) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return "-----BEGIN " + what + "-----\n" + body + "\n-----END " + what + "-----\n";
    }

    /** Waits until the pattern is said, after what was waited for before, and returns its first group. */
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
                if (left <= 0) {
                    throw new AssertionError("openssl never said " + pattern + " but:\n" + said);
                }
                said.wait(left);
            }
        }
    }

    void tell(String line) throws IOException {
        OutputStream input = process.getOutputStream();
        input.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
        input.flush();
    }

    int exitCode() throws InterruptedException {
        if (!process.waitFor(PATIENCE, TimeUnit.NANOSECONDS)) {
            throw new AssertionError("openssl does not end; it said:\n" + this);
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
                said.notifyAll();
            }
        }
    }
}
