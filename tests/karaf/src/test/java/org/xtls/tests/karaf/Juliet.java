package org.xtls.tests.karaf;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The distribution's container, which takes its commands line by line. */
final class Juliet implements AutoCloseable {
    private static final Path PROGRAM = Path.of(System.getProperty("xtls.installation"), "bin", "xtls");
    private static final long PATIENCE_SECONDS = 120;

    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final StringBuilder heard = new StringBuilder();
    private final Thread reader = new Thread(this::read, "juliet");

    private Juliet(Path home) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(PROGRAM.toString(), "--home", home.toString(), "run", "-");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("XTLS_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
        builder.redirectErrorStream(true);
        process = builder.start();
        reader.start();
    }

    static Juliet enters(Path home) throws IOException {
        return new Juliet(home);
    }

    /** Gives her a command; she has read it when she says what it prints. */
    void hears(String command) throws IOException {
        process.getOutputStream().write((command + "\n").getBytes(UTF_8));
        process.getOutputStream().flush();
    }

    /** Waits for a line that begins so. */
    void says(String beginning) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (System.nanoTime() < end) {
            String line = lines.poll(200, TimeUnit.MILLISECONDS);
            if (line != null) {
                heard.append(line).append('\n');
                if (line.startsWith(beginning)) {
                    return;
                }
            } else if (!process.isAlive() && lines.isEmpty()) {
                break;
            }
        }
        fail("Juliet did not say '" + beginning + "' but\n" + heard);
    }

    /** Tells her that there is no more to do, waits for her end, and returns the exit status. */
    int leaves() throws IOException, InterruptedException {
        process.getOutputStream().close();
        assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), () -> "Juliet stays\n" + heard);
        return process.exitValue();
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
        reader.join();
    }

    private void read() {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            if (process.isAlive()) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
