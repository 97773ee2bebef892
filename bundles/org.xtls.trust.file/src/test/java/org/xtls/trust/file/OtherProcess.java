package org.xtls.trust.file;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * A second JVM that opens a store, makes decision after decision in it, and prints the number of each that is confirmed;
 * when one fails, why.
 */
final class OtherProcess implements AutoCloseable {
    /** How many decisions may be under way at a time. */
    static final int AT_ONCE = 3;

    private final Process process;
    private final BufferedReader output;

    private OtherProcess(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
    }

    static OtherProcess deciding(Path directory, long seed) throws IOException {
        return deciding(directory, seed, List.of());
    }

    /**
     * Starts one.
     *
     * @param seed of its decisions
     * @param before a command that runs the command behind it
     */
    static OtherProcess deciding(Path directory, long seed, List<String> before) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-Xmx48m",
                "-cp",
                classPath(),
                OtherProcess.class.getName(),
                directory.toString(),
                Long.toString(seed)));
        return new OtherProcess(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start());
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        FileTrustStore store;
        try {
            store = new FileTrustStore(Path.of(arguments[0]));
        } catch (IOException e) {
            out.println("refused " + e.getMessage());
            return;
        }
        Random random = new Random(Long.parseLong(arguments[1]));
        Semaphore room = new Semaphore(AT_ONCE);
        AtomicBoolean failed = new AtomicBoolean();
        for (int i = 1; !failed.get(); i++) {
            room.acquire();
            int number = i;
            Decision.next(random, number).on(store).whenComplete((done, failure) -> {
                out.println(failure == null ? Integer.toString(number) : "failed " + failure.getMessage());
                failed.compareAndSet(false, failure != null);
                room.release();
            });
        }
        store.close();
    }

    long pid() {
        return process.pid();
    }

    /** The next line, or "" at the end. */
    String line() throws IOException {
        String line = output.readLine();
        return line == null ? "" : line;
    }

    /** Waits for a while, unless it ends before. */
    void runOn(long microseconds) throws InterruptedException {
        process.waitFor(microseconds, TimeUnit.MICROSECONDS);
    }

    void kill() throws InterruptedException {
        // By its handle: Process itself would close the stream with what was confirmed last.
        process.toHandle().destroyForcibly();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            throw new AssertionError("process " + pid() + " does not die");
        }
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }

    /** Only what it needs: a thousand of them are started. */
    private static String classPath() {
        return String.join(
                System.getProperty("path.separator"),
                Stream.of(OtherProcess.class, FileTrustStore.class, org.xtls.BareJid.class, org.slf4j.Logger.class)
                        .map(OtherProcess::place)
                        .distinct()
                        .toList());
    }

    private static String place(Class<?> type) {
        return Path.of(java.net.URI.create(
                        type.getProtectionDomain().getCodeSource().getLocation().toString()))
                .toString();
    }
}
