package org.example.rcp.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A program that takes a line and prints what comes of it: a shell, or a container of the distribution. */
final class Program implements AutoCloseable {
    static final String MARK = "== end of answer ==";
    private static final String GONE = "== end of output ==";

    private final String mark;
    private final long patienceSeconds;
    private final Process process;
    private final OutputStream in;
    private final BlockingQueue<String> out = new LinkedBlockingQueue<>();

    /**
     * @param mark the line that has it print the mark, or nothing when it does so by itself
     */
    private Program(ProcessBuilder builder, String mark, long patienceSeconds) throws IOException {
        this.mark = mark;
        this.patienceSeconds = patienceSeconds;
        process = builder.redirectErrorStream(true).start();
        in = process.getOutputStream();
        Thread reader = new Thread(this::read, "output");
        reader.setDaemon(true);
        reader.start();
    }

    static Program shell(ProcessBuilder builder, long patienceSeconds) throws IOException {
        return new Program(builder, "echo '" + MARK + "'\n", patienceSeconds);
    }

    /** One that prints the mark after every answer. */
    static Program marking(ProcessBuilder builder) throws IOException {
        return new Program(builder, "", 120);
    }

    static Program container(Path home) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("xtls.installation"), "bin", "xtls").toString(),
                "--home",
                home.toString(),
                "run",
                "-");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("XTLS_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
        builder.environment().remove("XTLS_HOME");
        return new Program(builder, "mark = \"" + MARK + "\"\n", 120);
    }

    String tell(String line) throws IOException, InterruptedException {
        say(line);
        return hear();
    }

    /** Begins what takes a while; {@link #hear} waits for what comes of it. */
    void say(String line) throws IOException {
        in.write((line + "\n" + mark).getBytes(StandardCharsets.UTF_8));
        in.flush();
    }

    String hear() throws InterruptedException {
        StringBuilder told = new StringBuilder();
        String next = out.poll(patienceSeconds, TimeUnit.SECONDS);
        while (!MARK.equals(next)) {
            if (next == null || next.equals(GONE)) {
                return fail("no answer, but\n" + told);
            }
            told.append(next).append('\n');
            next = out.poll(patienceSeconds, TimeUnit.SECONDS);
        }
        return told.toString();
    }

    /** Asks until the answer is what it should be, which takes a while where a folder is watched. */
    String tellUntil(String line, Predicate<String> wanted) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(patienceSeconds);
        String told = tell(line);
        while (!wanted.test(told)) {
            if (System.nanoTime() > end) {
                return fail(line + " does not come to: " + told);
            }
            told = tell(line);
        }
        return told;
    }

    /** A line that ends the program. */
    String tellLast(String line) throws IOException, InterruptedException {
        in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
        return hearLast();
    }

    /** All that it still prints, to its end. */
    String hearLast() throws InterruptedException {
        StringBuilder told = new StringBuilder();
        for (String next = out.poll(patienceSeconds, TimeUnit.SECONDS);
                next != null && !next.equals(GONE);
                next = out.poll(patienceSeconds, TimeUnit.SECONDS)) {
            told.append(next).append('\n');
        }
        return told.toString();
    }

    void leave() throws IOException, InterruptedException {
        in.close();
        if (!process.waitFor(patienceSeconds, TimeUnit.SECONDS)) {
            fail("it does not end");
        }
        assertEquals(0, process.exitValue(), out::toString);
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    private void read() {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                out.add(line);
            }
        } catch (IOException e) {
            // It has been ended.
        }
        out.add(GONE);
    }
}
