package org.xtls.trust.file;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;

/** A second JVM that opens a store, puts key after key into it, and prints the number of each that is confirmed. */
final class OtherProcess implements AutoCloseable {
    static final BareJid PEER = BareJid.parse("juliet@capulet.lit");

    private final Process process;
    private final BufferedReader output;

    private OtherProcess(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
    }

    static OtherProcess writing(Path directory) throws IOException {
        return new OtherProcess(new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        OtherProcess.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start());
    }

    public static void main(String[] arguments) throws Exception {
        FileTrustStore store;
        try {
            store = new FileTrustStore(Path.of(arguments[0]));
        } catch (IOException e) {
            System.out.println("refused " + e.getMessage());
            return;
        }
        try (store) {
            for (int i = 1; i <= 100_000; i++) {
                store.put(PEER, key(i), KeyState.VERIFIED, "number " + i)
                        .toCompletableFuture()
                        .get(20, TimeUnit.SECONDS);
                System.out.println(i);
                System.out.flush();
            }
        }
    }

    static KeyName key(int number) {
        return new KeyName("x509", "%064x".formatted(number));
    }

    long pid() {
        return process.pid();
    }

    /** The next line, or "" at the end. */
    String line() throws IOException {
        String line = output.readLine();
        return line == null ? "" : line;
    }

    void kill() throws InterruptedException {
        process.destroyForcibly();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            throw new AssertionError("process " + pid() + " does not die");
        }
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
