package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.x509.Stages.await;
import static org.xtls.auth.x509.Stages.failure;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.auth.x509.IdentityDirectory.Rotation;
import org.xtls.trust.KeyName;
import org.xtls.trust.SecretPrompt;
import org.xtls.trust.SecretQuestion;

/** Keys at rest are encrypted where the user gives a passphrase, and humans are asked for it. */
class PassphraseTest {
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.lit");
    private static final BareJid NURSE = BareJid.parse("nurse@capulet.lit");
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
    private static final char[] NONE = {};

    @TempDir
    Path home;

    private final MovingClock clock = new MovingClock(NOW);

    @Test
    void a_key_made_under_a_passphrase_is_encrypted_as_others_read_it() throws Exception {
        KeyName name = made("o happy dagger", "");
        assertThrows(WrongSecret.class, () -> KeyFile.read(file(), NONE, ""));
        assertEquals(
                name, KeyFile.read(file(), "o happy dagger".toCharArray(), "").name());
        OpenSsl openSsl = new OpenSsl(home);
        openSsl.run("pkcs12", "-in", file().toString(), "-passin", "pass:o happy dagger", "-nodes", "-out", "all.pem");
        String info =
                openSsl.run("pkcs12", "-in", file().toString(), "-passin", "pass:o happy dagger", "-info", "-noout");
        assertTrue(info.contains("PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256"), info);
        assertTrue(info.contains("MAC: sha256, Iteration 1200000"), info);
        String text = openSsl.run("x509", "-in", "all.pem", "-noout", "-fingerprint", "-sha256");
        assertTrue(text.replace(":", "").toLowerCase().contains(name.fingerprint()), text);
        openSsl.run("pkey", "-in", "all.pem", "-noout", "-check");
    }

    @Test
    void a_key_without_passphrase_is_encrypted_once_one_is_configured() throws Exception {
        KeyName name = made("", "");
        assertEquals(name, made("wherefore", ""));
        assertThrows(WrongSecret.class, () -> KeyFile.read(file(), NONE, ""));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
        assertEquals(1, files());
        byte[] once = Files.readAllBytes(file());
        assertEquals(name, made("wherefore", ""));
        assertArrayEquals(once, Files.readAllBytes(file()), "it is written once");
    }

    @Test
    void a_changed_passphrase_takes_the_former_ones_place_while_it_is_known() throws Exception {
        KeyName name = made("wherefore", "");
        assertEquals(name, made("art thou", "wherefore"));
        assertThrows(WrongSecret.class, () -> KeyFile.read(file(), "wherefore".toCharArray(), ""));
        assertEquals(name, KeyFile.read(file(), "art thou".toCharArray(), "").name());
    }

    @Test
    void a_passphrase_that_was_changed_while_nothing_ran_is_asked_for_and_replaced() throws Exception {
        KeyName name = made("wherefore", "");
        Friar friar = new Friar("wherefore");
        try (Identities identities = asking(directory("art thou", ""), friar)) {
            assertEquals(List.of(name), await(identities.keys(ROMEO)));
        }
        assertEquals(
                "The configured passphrase does not open it; if it was changed, give the former one.",
                friar.asked.get(0).before());
        assertEquals(name, KeyFile.read(file(), "art thou".toCharArray(), "").name());
    }

    @Test
    void whoever_takes_the_passphrase_out_of_the_configuration_is_asked_for_it() throws Exception {
        KeyName name = made("wherefore", "");
        Friar friar = new Friar("wherefore");
        try (Identities identities = asking(directory("", ""), friar)) {
            assertEquals(List.of(name), await(identities.keys(ROMEO)));
            assertEquals(List.of(name), await(identities.keys(ROMEO)));
        }
        assertEquals(
                List.of(new SecretQuestion(
                        SecretQuestion.Kind.PASSPHRASE, ROMEO, Optional.empty(), "key file " + file(), "")),
                friar.asked);
        assertArrayEquals(new char["wherefore".length()], friar.said.get(0), "wiped with the component");
        assertThrows(WrongSecret.class, () -> KeyFile.read(file(), NONE, ""));
    }

    @Test
    void a_wrong_answer_is_asked_again_three_times_in_all() throws Exception {
        made("wherefore", "");
        Friar friar = new Friar("one", "two", "three", "wherefore");
        try (Identities identities = asking(directory("", ""), friar)) {
            Failure failure = failure(identities.keys(ROMEO));
            assertEquals(Failure.Code.LOCAL, failure.code());
            assertTrue(failure.message().contains(file() + " cannot be opened with this passphrase"), failure.text());
            assertEquals(3, friar.asked.size());
            assertEquals("", friar.asked.get(0).before());
            assertEquals("That passphrase does not open it.", friar.asked.get(2).before());
        }
    }

    @Test
    void without_anybody_to_ask_an_encrypted_key_says_what_to_do() throws Exception {
        made("wherefore", "");
        try (Identities identities = new Identities(home, clock, directory("", ""))) {
            Failure failure = failure(identities.keys(ROMEO));
            assertTrue(failure.message().contains(file() + " is encrypted, and its passphrase is not known"));
            assertEquals(
                    "Set .passphrase of org.xtls.auth.x509, or answer when you are asked for it.", failure.advice());
        }
        try (Identities identities = new Identities(home, clock, directory("rosaline", ""))) {
            Failure failure = failure(identities.keys(ROMEO));
            assertTrue(failure.message().contains("cannot be opened with this passphrase"), failure.text());
            assertFalse(failure.text().contains("rosaline"), failure.text());
        }
        assertEquals(1, files());
    }

    @Test
    void a_question_turned_away_does_not_come_back_with_each_start_of_a_peers() throws Exception {
        made("wherefore", "");
        Friar friar = new Friar();
        try (Identities identities = asking(directory("", ""), friar)) {
            failure(identities.of(ROMEO));
            failure(identities.of(ROMEO));
            assertEquals(1, friar.asked.size());
            failure(identities.keys(ROMEO));
            assertEquals(2, friar.asked.size(), "the user's own wish");
            clock.forward(Duration.ofMinutes(1));
            failure(identities.of(ROMEO));
            assertEquals(3, friar.asked.size());
        }
    }

    @Test
    void many_negotiations_wait_for_one_question_and_other_accounts_do_not() throws Exception {
        KeyName name = made("wherefore", "");
        AtomicInteger questions = new AtomicInteger();
        CompletableFuture<Optional<char[]>> human = new CompletableFuture<>();
        CompletableFuture<Boolean> asked = new CompletableFuture<>();
        try (Identities identities = new Identities(home, clock, directory("", ""))) {
            identities.bindPrompt(question -> {
                questions.incrementAndGet();
                asked.complete(true);
                return human;
            });
            List<CompletionStage<Identity>> waiting =
                    Stream.generate(() -> identities.of(ROMEO)).limit(5).toList();
            await(asked);
            await(identities.keys(NURSE));
            assertTrue(waiting.stream()
                    .noneMatch(stage -> stage.toCompletableFuture().isDone()));
            human.complete(Optional.of("wherefore".toCharArray()));
            for (CompletionStage<Identity> stage : waiting) {
                assertEquals(name, await(stage).name());
            }
            assertEquals(1, questions.get());
        }
    }

    @Test
    void a_question_disappears_with_the_component_and_with_its_prompt() throws Exception {
        made("wherefore", "");
        for (boolean stop : new boolean[] {true, false}) {
            CompletableFuture<Optional<char[]>> human = new CompletableFuture<>();
            CompletableFuture<Boolean> asked = new CompletableFuture<>();
            SecretPrompt prompt = question -> {
                asked.complete(true);
                return human;
            };
            Identities identities = new Identities(home, clock, directory("", ""));
            identities.bindPrompt(prompt);
            CompletionStage<List<KeyName>> keys = identities.keys(ROMEO);
            await(asked);
            if (stop) {
                identities.close();
            } else {
                identities.unbindPrompt(prompt);
            }
            assertTrue(failure(keys).message().contains("its passphrase is not known"));
            assertTrue(human.isCancelled());
            identities.close();
        }
    }

    @Test
    void a_prompt_that_fails_is_no_answer() throws Exception {
        made("wherefore", "");
        try (Identities identities = new Identities(home, clock, directory("", ""))) {
            identities.bindPrompt(question -> {
                throw new IllegalStateException("no terminal");
            });
            assertTrue(failure(identities.keys(ROMEO)).message().contains("its passphrase is not known"));
            identities.bindPrompt(question -> CompletableFuture.failedStage(new IllegalStateException("hung up")));
            assertTrue(failure(identities.keys(ROMEO)).message().contains("its passphrase is not known"));
        }
    }

    @Test
    void the_next_key_is_encrypted_as_the_current_one_was_opened() throws Exception {
        made("wherefore", "");
        clock.forward(Duration.ofDays(700));
        Friar friar = new Friar("wherefore");
        try (Identities identities = asking(directory("", ""), friar)) {
            assertEquals(2, await(identities.keys(ROMEO)).size());
        }
        Path next = home.resolve("romeo@montague.lit+2.p12");
        assertThrows(WrongSecret.class, () -> KeyFile.read(next, NONE, ""));
        KeyFile.read(next, "wherefore".toCharArray(), "");
        assertEquals(1, friar.asked.size(), "one answer opens both");
    }

    @Test
    void expired_keys_do_not_lie_open_beside_the_encrypted_ones() throws Exception {
        made("", "");
        clock.forward(Duration.ofDays(800));
        made("", "");
        clock.forward(Duration.ofDays(800));
        made("wherefore", "");
        for (String name : List.of("", "+2", "+3")) {
            Path file = home.resolve("romeo@montague.lit" + name + ".p12");
            assertThrows(WrongSecret.class, () -> KeyFile.read(file, NONE, ""), file.toString());
        }
    }

    @Test
    void a_crash_while_a_file_is_encrypted_leaves_it_as_it_was() throws Exception {
        KeyName name = made("", "");
        // What is left of a process that was killed before the rename: half a file beside the whole one.
        Files.write(home.resolve("4711.new"), new byte[200]);
        assertEquals(name, made("", ""));
        assertEquals(name, made("wherefore", ""));
    }

    private KeyName made(String passphrase, String former) throws Exception {
        try (IdentityDirectory directory = directory(passphrase, former)) {
            return directory.identities(ROMEO).get(0).name();
        }
    }

    private IdentityDirectory directory(String passphrase, String former) {
        return new IdentityDirectory(home, clock, Rotation.DEFAULT, passphrase, former);
    }

    private Identities asking(IdentitySource source, Friar friar) {
        Identities identities = new Identities(home, clock, source);
        identities.bindPrompt(friar);
        return identities;
    }

    private Path file() {
        return home.resolve("romeo@montague.lit.p12");
    }

    private long files() throws Exception {
        try (Stream<Path> entries = Files.list(home)) {
            return entries.count();
        }
    }
}
