package org.xtls.tests;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Talk;

/**
 * A container in a process of its own, whose own key is on a token: SoftHSM finds its tokens by an environment variable.
 * It takes commands line by line and answers each with one.
 */
final class TokenHolder implements AutoCloseable {
    /** Before each answer, since libraries print too. */
    private static final String ANSWER = "=== ";

    private final Process process;
    private final BufferedReader output;
    private final PrintStream input;

    private TokenHolder(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
        this.input = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    }

    /** Starts one; its state lives in {@code home}. */
    static TokenHolder start(Path home, SoftToken token) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                TokenHolder.class.getName(),
                home.toString(),
                token.library().toString(),
                token.slot(),
                SoftToken.LABEL,
                SoftToken.PIN));
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment()
                    .put(SoftToken.CONFIGURATION, token.configuration().toString());
            return new TokenHolder(builder.start());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Logs in; the bound full JID. */
    String enter(int port, String account) {
        return ask("enter " + port + " " + account);
    }

    /** SHA-256 of the certificate on the token. */
    String fingerprint(String account) {
        return ask("fingerprint " + account);
    }

    /** Pins a peer's certificate. */
    String pin(String peer, String fingerprint) {
        return ask("pin " + peer + " " + fingerprint);
    }

    /** Opens a tunnel and says something in it; by what trust, and whose acknowledgement came. */
    String says(String local, String peer, String text) {
        return ask("say " + local + " " + peer + " " + text);
    }

    /** The next stanza that comes out of a tunnel. */
    String hears(String local) {
        return ask("hear " + local);
    }

    private String ask(String command) {
        input.println(command);
        try {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith(ANSWER)) {
                    return line.substring(ANSWER.length());
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        throw new AssertionError("the process ended at: " + command);
    }

    @Override
    public void close() {
        input.close();
        try {
            if (!process.waitFor(Waiting.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    /** The process. */
    public static void main(String[] arguments) throws IOException {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        try (Player player = new Player(Path.of(arguments[0]))) {
            player.actor()
                    .configure(
                            "org.xtls.auth.x509",
                            Map.of(
                                    "pkcs11.library", arguments[1],
                                    "pkcs11.slot", arguments[2],
                                    "pkcs11.alias", arguments[3],
                                    ".pkcs11.pin", arguments[4]));
            for (String line = commands.readLine(); line != null; line = commands.readLine()) {
                String[] words = line.split(" ", 4);
                answers.println(ANSWER + answer(player, words).replace("\n", " "));
            }
        } catch (RuntimeException | AssertionError e) {
            e.printStackTrace();
            System.exit(1);
        }
        // Smack's threads are no daemons.
        System.exit(0);
    }

    private static String answer(Player player, String[] words) {
        switch (words[0]) {
            case "enter":
                return player.enter(Integer.parseInt(words[1]), words[2], "balcony")
                        .jid();
            case "fingerprint":
                return player.actor().fingerprint(words[1]);
            case "pin":
                player.actor().trust(words[1], words[2]);
                return "pinned";
            case "say":
                Talk talk = Waiting.now(player.actor().open(words[1], words[2]));
                String by = Waiting.now(talk.send("<message><body>" + words[3] + "</body></message>"));
                return talk.security().trust() + " " + by;
            case "hear":
                return heard(player, words[1]);
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    private static String heard(Player player, String local) {
        Session session = new Session(player, local);
        Event event = session.nextOfAnyKind();
        while (event.kind() != Event.Kind.RECEIVED) {
            event = session.nextOfAnyKind();
        }
        return event.stanza();
    }
}
