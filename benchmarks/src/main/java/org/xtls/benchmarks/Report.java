package org.xtls.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs every benchmark once in each of several rounds and prints ratios, each taken within a round: what slows the
 * machine down for minutes slows both sides of a ratio down.
 */
public final class Report {
    private static final String AES = "TLS_AES_128_GCM_SHA256";
    private static final String CHACHA = "TLS_CHACHA20_POLY1305_SHA256";

    private Report() {}

    /**
     * Runs and prints.
     *
     * @param arguments the number of rounds, the file for JMH's own output, and the command line to be printed
     */
    public static void main(String[] arguments) throws RunnerException, IOException {
        int rounds = Integer.parseInt(arguments[0]);
        String log = arguments[1];
        List<Map<Case, Double>> scores = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            System.err.println("round " + round + " of " + rounds);
            scores.add(round(log + "." + round));
        }
        System.out.println("`" + arguments[2] + "`, rounds: " + rounds + "  ");
        System.out.println(machine());
        System.out.println();
        System.out.println("| What | Measured | Against | Ratio | Lowest to highest |");
        System.out.println("|---|---|---|---|---|");
        for (Row row : rows()) {
            System.out.println(row.format(scores));
        }
    }

    private static Map<Case, Double> round(String log) throws RunnerException {
        Options options = new OptionsBuilder()
                .include("^org\\.xtls\\.benchmarks\\.")
                .addProfiler(CpuTime.class)
                .shouldFailOnError(true)
                .shouldDoGC(true)
                .output(log)
                .build();
        Map<Case, Double> scores = new HashMap<>();
        Collection<RunResult> results = new Runner(options).run();
        for (RunResult result : results) {
            scores.put(
                    Case.of(result.getParams()),
                    Objects.requireNonNull(result.getSecondaryResults().get(CpuTime.RESULT))
                            .getScore());
        }
        return scores;
    }

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (String suite : List.of(AES, CHACHA)) {
            for (int bytes : new int[] {300, 16_000}) {
                String what = String.format(Locale.ROOT, "records of %,d bytes, %s", bytes, suite);
                Case ours = record(Records.Engine.XTLS, suite, bytes);
                rows.add(new Row(
                        what,
                        "Bouncy Castle alone",
                        record(Records.Engine.BOUNCY_CASTLE, suite, bytes),
                        "org.xtls.tls.bc",
                        ours));
                rows.add(new Row(
                        what, "JDK SSLEngine", record(Records.Engine.JDK, suite, bytes), "org.xtls.tls.bc", ours));
            }
        }
        Case shipped = handshake(Handshakes.Kind.XTLS_X25519MLKEM768);
        Case x25519 = handshake(Handshakes.Kind.XTLS_X25519);
        Case jdk = handshake(Handshakes.Kind.JDK_X25519);
        rows.add(new Row(
                "handshakes", "org.xtls.tls.bc, X25519 only", x25519, "org.xtls.tls.bc, X25519MLKEM768", shipped));
        rows.add(new Row("handshakes", "JDK SSLEngine, X25519 only", jdk, "org.xtls.tls.bc, X25519MLKEM768", shipped));
        rows.add(new Row("handshakes", "JDK SSLEngine, X25519 only", jdk, "org.xtls.tls.bc, X25519 only", x25519));
        Case bare = record(Records.Engine.XTLS, AES, 300);
        rows.add(new Row(
                "stanzas of 300 bytes", "a tunnel, 64 at once", stanza("manyAtOnce"), "a bare record for each", bare));
        rows.add(new Row(
                "stanzas of 300 bytes", "a tunnel, one by one", stanza("oneByOne"), "a bare record for each", bare));
        return rows;
    }

    private static Case record(Records.Engine engine, String suite, int bytes) {
        return new Case(
                "Records.sealAndOpen",
                Map.of("engine", engine.name(), "suite", suite, "bytes", Integer.toString(bytes)));
    }

    private static Case handshake(Handshakes.Kind kind) {
        return new Case("Handshakes.handshake", Map.of("kind", kind.name()));
    }

    private static Case stanza(String how) {
        return new Case("Stanzas." + how, Map.of());
    }

    private static String machine() throws IOException {
        return System.getProperty("java.vendor") + " " + System.getProperty("java.runtime.version") + ", "
                + System.getProperty("os.name") + " " + System.getProperty("os.arch") + ", "
                + Runtime.getRuntime().availableProcessors() + " processors, " + processor();
    }

    private static String processor() throws IOException {
        Path description = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(description)) {
            return "make unknown";
        }
        return Files.readAllLines(description).stream()
                .filter(line -> line.startsWith("model name"))
                .findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .orElse("make unknown");
    }

    /** One benchmark with its parameters. */
    private record Case(String benchmark, Map<String, String> parameters) {
        static Case of(BenchmarkParams params) {
            Map<String, String> parameters = new HashMap<>();
            params.getParamsKeys().forEach(key -> parameters.put(key, params.getParam(key)));
            return new Case(
                    params.getBenchmark()
                            .substring(Report.class.getPackageName().length() + 1),
                    parameters);
        }
    }

    private record Row(String what, String measured, Case measuredCase, String against, Case againstCase) {
        String format(List<Map<Case, Double>> rounds) {
            double[] ratios = rounds.stream()
                    .mapToDouble(scores -> score(scores, measuredCase) / score(scores, againstCase))
                    .sorted()
                    .toArray();
            int middle = ratios.length / 2;
            double median = ratios.length % 2 == 1 ? ratios[middle] : (ratios[middle - 1] + ratios[middle]) / 2;
            return String.format(
                    Locale.ROOT,
                    "| %s | %s | %s | %.2g | %.2g to %.2g |",
                    what,
                    measured,
                    against,
                    median,
                    ratios[0],
                    ratios[ratios.length - 1]);
        }

        private static double score(Map<Case, Double> scores, Case of) {
            return Objects.requireNonNull(scores.get(of), () -> "nothing was measured for " + of);
        }
    }
}
