package org.xtls.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The distribution's program, run as its users run it. */
final class Xtls implements AutoCloseable {
    static final Path INSTALLATION = Path.of(System.getProperty("xtls.installation"));

    private static final String END = "== end of answer ==";
    private static final long PATIENCE_SECONDS = 90;

    private final Process process;
    private final OutputStream in;
    private final BlockingQueue<String> out = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> err = new LinkedBlockingQueue<>();
    private final Thread outReader;
    private final Thread errReader;

    private Xtls(ProcessBuilder builder) throws IOException {
        process = builder.start();
        in = process.getOutputStream();
        outReader = reader(process.getInputStream(), out);
        errReader = reader(process.getErrorStream(), err);
    }

    static Xtls start(String... arguments) throws IOException {
        return start(INSTALLATION.resolve("bin").resolve("xtls"), arguments);
    }

    static Xtls start(Path program, String... arguments) throws IOException {
        return new Xtls(builder(program, arguments));
    }

    static ProcessBuilder builder(Path program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        // For programs that live for seconds: less compiling, no threads of a collector.
        builder.environment().put("XTLS_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
        builder.environment().remove("XTLS_HOME");
        return builder;
    }

    static Xtls start(ProcessBuilder builder) throws IOException {
        return new Xtls(builder);
    }

    /** A container that takes its commands from {@link #tell}. */
    static Xtls listening(Path home) throws IOException {
        return start("--home", home.toString(), "run", "-");
    }

    /** Gives a command and returns what it printed. */
    String tell(String command) throws IOException, InterruptedException {
        in.write((command + "\nmark = \"" + END + "\"\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
        StringBuilder told = new StringBuilder();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (System.nanoTime() < end) {
            String line = out.poll(100, TimeUnit.MILLISECONDS);
            if (END.equals(line)) {
                return told.toString();
            }
            if (line != null) {
                told.append(line).append('\n');
            } else if (!process.isAlive() && out.isEmpty()) {
                break;
            }
        }
        return fail("no answer to: " + command + "\n" + told + errors());
    }

    /** One line of output that has come without the input having ended. */
    String line() throws InterruptedException {
        String line = out.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertNotNull(line, "no output came");
        return line;
    }

    void type(String line) throws IOException {
        in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
    }

    void endInput() throws IOException {
        in.close();
    }

    void terminate() {
        process.destroy();
    }

    long pid() {
        return process.pid();
    }

    int status() throws InterruptedException {
        assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it does not end");
        outReader.join();
        errReader.join();
        return process.exitValue();
    }

    /** Ends the input and expects a good end without a word of complaint. */
    void leave() throws IOException, InterruptedException {
        endInput();
        assertEquals(0, status(), this::errors);
        assertEquals("", errors());
    }

    String output() {
        return lines(out);
    }

    String errors() {
        return lines(err);
    }

    @Override
    public void close() throws Exception {
        process.destroyForcibly();
        process.waitFor();
    }

    private static String lines(BlockingQueue<String> queue) {
        return queue.isEmpty() ? "" : String.join("\n", queue) + "\n";
    }

    private static Thread reader(InputStream stream, BlockingQueue<String> lines) {
        Thread thread = new Thread(() -> {
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    lines.add(line);
                }
            } catch (IOException e) {
                if (!"Stream closed".equals(e.getMessage())) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        thread.start();
        return thread;
    }
}
