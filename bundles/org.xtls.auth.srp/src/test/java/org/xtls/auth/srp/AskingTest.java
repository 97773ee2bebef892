package org.xtls.auth.srp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.srp.Side.JULIET;
import static org.xtls.auth.srp.Side.ROMEO;
import static org.xtls.auth.srp.Stages.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.BareJid;
import org.xtls.FullJid;
import org.xtls.auth.Answer;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.SecretPrompt;
import org.xtls.trust.SecretQuestion;

class AskingTest {
    @TempDir
    Path home;

    final TestClock clock = new TestClock();
    final MemoryTrust trust = new MemoryTrust();
    final Human human = new Human();
    Side romeo;
    Side juliet;

    @BeforeEach
    void open() {
        romeo = side(ROMEO, Settings.Ask.ANSWER);
        juliet = side(JULIET, Settings.Ask.ANSWER);
        juliet.secrets.bindPrompt(human);
        juliet.secrets.bindTrustStore(trust);
        romeo.shares("wherefore", JULIET);
    }

    @AfterEach
    void close() {
        romeo.close();
        juliet.close();
    }

    @Test
    void when_a_peer_offers_the_user_is_asked_before_proceed_and_what_he_says_is_not_kept() throws Exception {
        char[] typed = "wherefore".toCharArray();
        human.says(typed);
        Attempt attempt = new Attempt(romeo, juliet);
        assertTrue(attempt.agree());
        assertTrue(attempt.shakeHands().verified());
        SecretQuestion asked = human.questions.get(0);
        assertEquals(SecretQuestion.Kind.PASSWORD, asked.kind());
        assertEquals(JULIET.bare(), asked.account());
        assertEquals(Optional.of(ROMEO.bare()), asked.peer());
        assertArrayEquals(new char[typed.length], typed, "wiped");
        assertTrue(await(juliet.secrets.list()).isEmpty());
    }

    @Test
    void a_wrong_word_at_the_prompt_costs_a_guess_of_that_peer_too() throws Exception {
        for (int i = 0; i < 5; i++) {
            romeo.secrets.unlock(JULIET.bare());
            human.says("guess".toCharArray());
            Attempt attempt = new Attempt(romeo, juliet);
            assertTrue(attempt.agree());
            assertFalse(attempt.shakeHands().verified());
        }
        await(romeo.secrets.unlock(JULIET.bare()));
        int asked = human.questions.size();
        assertFalse(new Attempt(romeo, juliet).agree());
        assertEquals(asked, human.questions.size(), "locked: nobody is asked either");
        assertTrue(await(juliet.secrets.unlock(ROMEO.bare())));
    }

    @Test
    void what_cannot_be_a_password_is_asked_again_with_the_reason() {
        human.says("a\nb".toCharArray());
        human.says("wherefore".toCharArray());
        assertTrue(new Attempt(romeo, juliet).agree());
        assertTrue(
                human.questions.get(1).before().contains("may hold"),
                human.questions.get(1).before());
    }

    @Test
    void a_no_is_a_no_for_some_minutes() {
        assertFalse(new Attempt(romeo, juliet).agree());
        assertFalse(new Attempt(romeo, juliet).agree());
        assertEquals(1, human.questions.size());
        clock.pass(Duration.ofMinutes(5));
        human.says("wherefore".toCharArray());
        assertTrue(new Attempt(romeo, juliet).agree());
    }

    @Test
    void a_peer_with_a_verified_key_makes_no_question() {
        await(trust.put(ROMEO.bare(), new KeyName("x509", "ab".repeat(32)), KeyState.VERIFIED, "pinned"));
        assertFalse(new Attempt(romeo, juliet).agree());
        assertTrue(human.questions.isEmpty());
    }

    @Test
    void peers_cannot_paper_the_screen_with_questions() {
        human.thinks = true;
        List<CompletionStage<Answer>> waiting = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            FullJid peer = FullJid.parse("stranger" + i + "@montague.lit/x");
            Offer start = Side.confirming(List.of(new SrpClient(Group.BITS_3072, romeo.secrets.random())
                    .begin()
                    .toElement()));
            waiting.add(juliet.method().answer(juliet.negotiation(Role.RESPONDER, peer, null, start)));
        }
        assertFalse(await(waiting.get(4)).possible());
        assertEquals(3, human.questions.size());
        waiting.forEach(stage -> stage.toCompletableFuture().cancel(false));
        assertEquals(3, human.cancelled(), "the questions disappear");
    }

    @Test
    void questions_of_strangers_do_not_stand_in_the_way_of_the_users_own() {
        human.thinks = true;
        Asking asking = juliet.secrets.asking();
        for (int i = 0; i < 3; i++) {
            var unused = asking.onOffer(between("stranger" + i));
        }
        assertEquals(Optional.empty(), await(asking.onOffer(between("stranger3"))));
        for (String peer : List.of("nurse", "benvolio", "stranger0")) {
            var unused = asking.onOwnWish(between(peer));
        }
        assertEquals(6, human.questions.size());
    }

    @Test
    void the_users_own_questions_leave_room_for_those_of_peers() {
        human.thinks = true;
        Asking asking = juliet.secrets.asking();
        for (int i = 0; i < 3; i++) {
            var unused = asking.onOwnWish(between("friend" + i));
        }
        var unused = asking.onOffer(between("stranger"));
        assertEquals(4, human.questions.size());
        assertEquals(Optional.empty(), await(asking.onOffer(between("friend0"))), "the user is being asked that");
    }

    @Test
    void when_it_stops_open_questions_disappear_and_the_next_one_finds_the_file_free() {
        human.thinks = true;
        List<CompletionStage<Answer>> waiting = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            FullJid peer = FullJid.parse("stranger" + i + "@montague.lit/x");
            Offer start = Side.confirming(List.of(new SrpClient(Group.BITS_3072, romeo.secrets.random())
                    .begin()
                    .toElement()));
            waiting.add(juliet.method().answer(juliet.negotiation(Role.RESPONDER, peer, null, start)));
        }
        human.awaitQuestions(3);
        juliet.close();
        assertEquals(3, human.cancelled());
        juliet = side(JULIET, Settings.Ask.ANSWER);
        assertEquals(List.of(), await(juliet.secrets.list()));
    }

    @Test
    void when_asking_is_off_nobody_is_asked() {
        try (Side silent = side(FullJid.parse("benvolio@montague.lit/x"), Settings.Ask.NEVER)) {
            silent.secrets.bindPrompt(human);
            silent.secrets.bindTrustStore(trust);
            romeo.shares("wherefore", silent.jid);
            assertFalse(new Attempt(romeo, silent).agree());
            assertTrue(human.questions.isEmpty());
        }
    }

    @Test
    void when_asking_is_always_on_the_initiator_offers_and_asks_only_when_the_peer_takes_it_up() throws Exception {
        FullJid nurse = FullJid.parse("nurse@capulet.lit/hall");
        Human hers = new Human();
        try (Side eager = side(nurse, Settings.Ask.ALWAYS)) {
            eager.secrets.bindPrompt(hers);
            assertFalse(new Attempt(eager, juliet).agree());
            assertTrue(hers.questions.isEmpty());
            juliet.shares("good pilgrim", nurse);
            hers.says("good pilgrim".toCharArray());
            Attempt attempt = new Attempt(eager, juliet);
            assertTrue(attempt.agree());
            assertTrue(attempt.shakeHands().verified());
        }
    }

    @Test
    void a_prompt_that_throws_or_goes_is_no_answer() {
        juliet.secrets.unbindPrompt(human);
        assertFalse(new Attempt(romeo, juliet).agree());
        juliet.secrets.bindPrompt(question -> {
            throw new IllegalStateException("broken");
        });
        assertFalse(new Attempt(romeo, juliet).agree());
    }

    private static Between between(String peer) {
        return new Between(JULIET.bare(), BareJid.parse(peer + "@montague.lit"));
    }

    private Side side(FullJid jid, Settings.Ask ask) {
        return new Side(
                jid,
                home.resolve(jid.bare().local()),
                settings -> {
                    Settings quick = Side.QUICK.apply(settings);
                    return new Settings(
                            quick.directory(),
                            quick.keyFile(),
                            ask,
                            quick.group(),
                            quick.cost(),
                            quick.guesses(),
                            quick.backoff(),
                            quick.codeDigits(),
                            quick.codeLife(),
                            false);
                },
                clock);
    }

    /** Answers in the order in which it was told to, then says no. */
    private static final class Human implements SecretPrompt {
        final List<SecretQuestion> questions = new CopyOnWriteArrayList<>();
        private final List<char[]> answers = new CopyOnWriteArrayList<>();
        private final List<CompletableFuture<?>> open = new CopyOnWriteArrayList<>();
        private final Semaphore asked = new Semaphore(0);
        volatile boolean thinks;

        void says(char[] answer) {
            answers.add(answer);
        }

        void awaitQuestions(int many) {
            try {
                assertTrue(asked.tryAcquire(many, 20, TimeUnit.SECONDS), "nobody is asked");
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        long cancelled() {
            return open.stream().filter(CompletableFuture::isCancelled).count();
        }

        @Override
        public CompletionStage<Optional<char[]>> ask(SecretQuestion question) {
            questions.add(question);
            if (thinks) {
                CompletableFuture<Optional<char[]>> stage = new CompletableFuture<>();
                open.add(stage);
                asked.release();
                return stage;
            }
            return CompletableFuture.completedStage(
                    answers.isEmpty() ? Optional.empty() : Optional.of(answers.remove(0)));
        }
    }
}
