package org.xtls.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xtls.FullJid;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.SecretQuestion;
import org.xtls.trust.TrustAnswer;
import org.xtls.trust.TrustQuestion;

@Timeout(30)
class QuestionsTest {
    private final Verona verona = new Verona();
    private final Gogo gogo = new Gogo().with(verona);

    @AfterEach
    void leave() {
        gogo.close();
    }

    @Test
    void a_human_answers_by_number() throws Exception {
        CompletableFuture<TrustAnswer> first = ask();
        CompletableFuture<TrustAnswer> second = ask("nurse@capulet.com/kitchen");
        CompletableFuture<TrustAnswer> third = ask("tybalt@capulet.com/street");

        gogo.run("answer 2 no");
        gogo.run("answer 1 verified");
        gogo.run("answer 3 yes");

        assertEquals(TrustAnswer.VERIFIED, first.get());
        assertEquals(TrustAnswer.REJECT, second.get());
        assertEquals(TrustAnswer.FIRST_USE, third.get());
        assertEquals("There is no question 1.", gogo.failing("answer 1 no"));
        ask();
        assertTrue(gogo.failing("answer 4 perhaps").startsWith("'perhaps' is no answer; usage: answer N"));
        assertTrue(gogo.failing("answer 4").startsWith("yes, no or verified is missing; usage: answer N"));
    }

    @Test
    void a_question_shows_the_key_and_what_is_missing() {
        gogo.questions.ask(new TrustQuestion(
                Verona.ROMEO,
                Verona.JULIET,
                Verona.JULIETS_KEY,
                new KnownPeer(
                        Verona.JULIET.bare(),
                        List.of(new KnownKey(Verona.ROMEOS_KEY, KeyState.VERIFIED, Instant.EPOCH, "pinned")),
                        true,
                        Set.of("x509")),
                "it is trusted by another key."));

        String asked = gogo.asked.get(0);
        assertTrue(asked.contains("juliet@capulet.com/balcony proves to hold a key"), asked);
        assertTrue(asked.contains(Verona.JULIETS_KEY.grouped()), asked);
        assertTrue(asked.contains("verified before, and not proved now: x509 " + Verona.ROMEOS_KEY.grouped()), asked);
        assertTrue(asked.contains("Beware: it is trusted by another key."), asked);
        assertTrue(asked.contains("a server in between could be at both ends"), asked);
    }

    @Test
    void a_question_that_is_withdrawn_disappears() {
        ask().cancel(false);

        assertEquals("Question 1 is not asked any more.", gogo.asked.get(1));
        assertEquals("There is no question 1.", gogo.failing("answer 1 yes"));
    }

    @Test
    void an_open_does_not_hold_up_the_question_that_it_raised() {
        verona.whenOpening = this::ask;

        assertEquals(
                "A question comes first: answer it, then open again.", gogo.failing("open juliet@capulet.com/balcony"));
    }

    @Test
    void strangers_cannot_flood_the_terminal() throws Exception {
        for (int i = 0; i < 20; i++) {
            assertFalse(ask("guest" + i + "@capulet.com/mask").isDone());
        }
        assertEquals(TrustAnswer.REJECT, ask().get());
        assertEquals(20, gogo.asked.size());
    }

    @Test
    void strangers_cannot_crowd_out_the_question_that_a_command_waits_for() {
        for (int i = 0; i < 20; i++) {
            ask("guest" + i + "@capulet.com/mask");
        }
        CompletableFuture<Void> awaited = gogo.questions.about(Verona.JULIET);
        assertFalse(ask().isDone());
        assertTrue(awaited.isDone());
    }

    @Test
    void an_account_has_one_question_at_a_time_however_many_resources_it_has() throws Exception {
        assertFalse(ask().isDone());
        assertEquals(TrustAnswer.REJECT, ask("juliet@capulet.com/elsewhere").get());
        gogo.run("answer 1 no");
        assertFalse(ask("juliet@capulet.com/elsewhere").isDone());
    }

    @Test
    void a_long_resource_is_cut_off() {
        ask("juliet@capulet.com/" + "x".repeat(1_000));
        assertTrue(gogo.asked.get(0).lines().allMatch(line -> line.length() < 150), gogo.asked.get(0));
    }

    @Test
    void what_is_not_answered_when_the_shell_goes_is_no() throws Exception {
        CompletableFuture<TrustAnswer> answer = ask();
        gogo.questions.deactivate();
        assertEquals(TrustAnswer.REJECT, answer.get());
    }

    @Test
    void a_question_carries_a_code_to_scan() throws Exception {
        ask();
        String uri = new TrustUri(Verona.JULIET.bare(), List.of(Verona.JULIETS_KEY)).toString();
        assertEquals("xmpp:juliet@capulet.com?xtls-trust;x509=" + Verona.JULIETS_KEY.fingerprint(), uri);
        assertTrue(gogo.asked.get(0).contains(QrCode.of(uri)), gogo.asked.get(0));
    }

    @Test
    void a_secret_is_given_where_it_cannot_be_read_unseen() throws Exception {
        CompletableFuture<Optional<char[]>> secret = askForPassword();
        assertTrue(gogo.asked.get(0).contains("the password that romeo@montague.net shares with juliet@capulet.com"));
        assertTrue(gogo.asked.get(0).contains("It was wrong."), gogo.asked.get(0));

        assertTrue(gogo.failing("answer 1").startsWith("There is no terminal here"));
        assertTrue(gogo.failing("answer 1 yes").startsWith("'yes' is no answer to a question for a secret"));
        assertTrue(gogo.failing("answer 1 --password ''").startsWith("A secret has 1 to"));
        gogo.run("answer 1 --password 'it was the nightingale'");

        assertEquals("it was the nightingale", new String(secret.get().orElseThrow()));
    }

    @Test
    void a_secret_need_not_be_told() throws Exception {
        CompletableFuture<Optional<char[]>> secret = askForPassword();
        gogo.run("answer 1 no");
        assertEquals(Optional.empty(), secret.get());
    }

    @Test
    void a_command_that_waits_for_a_peer_learns_of_the_question_for_its_password() {
        CompletableFuture<Void> asked = gogo.questions.about(Verona.JULIET);
        CompletableFuture<Void> another = gogo.questions.about(Verona.ROMEO);
        var unused = askForPassword();
        assertTrue(asked.isDone());
        assertFalse(another.isDone());
    }

    @Test
    void what_is_typed_into_the_real_reader_is_neither_shown_nor_kept() throws Exception {
        try (Keyboard keyboard = new Keyboard("secret: ", Keyboard.INTERRUPT, "romeo, romeo\r")) {
            gogo.put(".reader", keyboard.reader);
            CompletableFuture<Optional<char[]>> secret = askForPassword();

            assertEquals("Nothing was given; the question is still open.", gogo.failing("answer 1"));
            gogo.run("answer 1");

            assertEquals("romeo, romeo", new String(secret.get().orElseThrow()));
            assertTrue(keyboard.shown().contains("secret: "));
            assertFalse(keyboard.shown().contains("romeo"));
            assertTrue(keyboard.reader.getHistory().isEmpty());
        }
    }

    private CompletableFuture<Optional<char[]>> askForPassword() {
        return gogo.questions
                .ask(new SecretQuestion(
                        SecretQuestion.Kind.PASSWORD,
                        Verona.ROMEO.bare(),
                        Optional.of(Verona.JULIET.bare()),
                        "a tunnel",
                        "It was wrong."))
                .toCompletableFuture();
    }

    private CompletableFuture<TrustAnswer> ask() {
        return ask(Verona.JULIET.toString());
    }

    private CompletableFuture<TrustAnswer> ask(String who) {
        FullJid peer = FullJid.parse(who);
        return gogo.questions
                .ask(new TrustQuestion(Verona.ROMEO, peer, Verona.JULIETS_KEY, KnownPeer.stranger(peer.bare()), ""))
                .toCompletableFuture();
    }
}
