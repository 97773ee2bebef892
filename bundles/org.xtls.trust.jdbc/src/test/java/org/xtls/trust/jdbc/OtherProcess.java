package org.xtls.trust.jdbc;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;

/** A second JVM with an embedded database, that puts key after key into it and prints the number of each that is kept. */
final class OtherProcess implements AutoCloseable {
    static final BareJid PEER = BareJid.parse("juliet@capulet.lit");

    private final Process process;
    private final BufferedReader output;

    private OtherProcess(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
    }

    static OtherProcess writing(String url, int first) throws IOException {
        return new OtherProcess(new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        OtherProcess.class.getName(),
                        url,
                        Integer.toString(first))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start());
    }

    public static void main(String[] arguments) throws Exception {
        try (JdbcTrustStore store = new JdbcTrustStore(H2TrustStoreTest.dataSource(arguments[0]))) {
            for (int i = Integer.parseInt(arguments[1]); ; i++) {
                store.put(PEER, key(i), KeyState.VERIFIED, "number " + i)
                        .toCompletableFuture()
                        .get(Stages.PATIENCE_SECONDS, TimeUnit.SECONDS);
                System.out.println(i);
                System.out.flush();
            }
        }
    }

    static KeyName key(int number) {
        return new KeyName("x509", "%064x".formatted(number));
    }

    /** The next line, or "" at the end. */
    String line() throws IOException {
        String line = output.readLine();
        return line == null ? "" : line;
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            throw new AssertionError("process " + process.pid() + " does not die");
        }
    }
}
