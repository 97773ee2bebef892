package org.xtls.server.loopback;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.xtls.server.loopback.component.TraceFile;

/** The server as a program; {@code --help} tells how. */
public final class Main {

    /**
     * Runs a server until SIGTERM, or until the end of the input if asked to.
     *
     * @param arguments see {@code --help}; wrong ones end the program with status 2, a port that is taken with status 1
     * @throws InterruptedException if the thread is interrupted while the server runs
     */
    public static void main(String... arguments) throws InterruptedException {
        Options options;
        try {
            options = Options.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.println("Try --help.");
            System.exit(2);
            return;
        }
        if (options.help) {
            System.out.print(HELP);
            return;
        }
        try {
            run(options);
        } catch (IOException e) {
            System.err.println("Cannot run: " + e);
            System.exit(1);
        }
    }

    private static void run(Options options) throws IOException, InterruptedException {
        TraceFile trace = options.trace == null ? null : TraceFile.open(options.trace);
        if (trace != null) {
            options.server.wiretap(trace);
        }
        LoopbackServer server = options.server.start();
        Thread goodbye = new Thread(server::close, "xtls-loopback-goodbye");
        Runtime.getRuntime().addShutdownHook(goodbye);
        System.out.println("listening on 127.0.0.1:" + server.port());
        if (!options.untilEof) {
            new CountDownLatch(1).await();
        }
        while (System.in.read() >= 0) {}
        Runtime.getRuntime().removeShutdownHook(goodbye);
        server.close();
        if (trace != null) {
            trace.close();
        }
    }

    private static final class Options {

        final LoopbackServer.Builder server = LoopbackServer.builder();

        @Nullable
        Path trace;

        boolean untilEof;
        boolean help;

        static Options parse(String... arguments) {
            Options options = new Options();
            Deque<String> left = new ArrayDeque<>(Arrays.asList(arguments));
            while (!left.isEmpty()) {
                String option = left.remove();
                try {
                    options.take(option, left);
                } catch (NoSuchElementException e) {
                    throw new IllegalArgumentException(option + " needs a value", e);
                } catch (NumberFormatException e) {
                    throw new IllegalArgumentException(option + " needs a number", e);
                }
            }
            return options;
        }

        private void take(String option, Deque<String> left) {
            switch (option) {
                case "--help" -> help = true;
                case "--port" -> server.port(Integer.parseInt(left.remove()));
                case "--domain" -> server.domain(left.remove());
                case "--user" -> server.user(left.remove());
                case "--trace" -> trace = Path.of(left.remove());
                case "--until-eof" -> untilEof = true;
                default -> throw new IllegalArgumentException("Unknown: " + option);
            }
        }
    }

    private static final String HELP = """
            An XMPP server on 127.0.0.1, without TLS, for demonstrations and tests.

              --port NUMBER         listen on that port; without it, on a free one
              --user JID=PASSWORD   give that bare JID an account and host its domain; as often as you like.
                                    Other users of this machine can read it: no real passwords.
              --domain NAME         host that domain too; as often as you like
              --trace FILE          append each routed stanza to that file, one on a line
              --until-eof           end when standard input does
              --help                say this

            Prints "listening on 127.0.0.1:PORT" when clients can connect. Ends on SIGTERM.
            """;

    private Main() {}
}
