package org.xtls.tunnel.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.xtls.BareJid;
import org.xtls.Failure.Code;
import org.xtls.FullJid;
import org.xtls.Trust;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Role;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policy;
import org.xtls.trust.TrustAnswer;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustStore;
import org.xtls.tunnel.protocol.FirstUse;
import org.xtls.tunnel.protocol.Question;
import org.xtls.tunnel.protocol.Question.Reply;

/** What becomes known while a decision is pending counts. */
class DecisionsTest {
    private static final FullJid ROMEO = FullJid.parse("romeo@montague.net/orchard");
    private static final FullJid JULIET = FullJid.parse("juliet@capulet.com/balcony");
    private static final BareJid HER = JULIET.bare();
    private static final KeyName KEY = new KeyName("x509", "ab".repeat(32));
    private static final KeyName OTHER = new KeyName("x509", "cd".repeat(32));

    private final MemoryTrust trust = new MemoryTrust();
    private final CompletableFuture<TrustAnswer> human = new CompletableFuture<>();
    private Policy policy = Policy.DEFAULT;
    private List<String> bindings = List.of();
    private final Decisions decisions = new Decisions(new Memory(() -> trust), () -> question -> human, peer -> policy);

    @Test
    void a_yes_after_a_distrust_is_no_yes() {
        CompletableFuture<Reply> reply = decide(KEY);
        trust.put(HER, KEY, KeyState.DISTRUSTED, "the user's word");
        human.complete(TrustAnswer.FIRST_USE);
        assertEquals(Code.UNTRUSTED, failed(reply));
        assertEquals(KeyState.DISTRUSTED, trust.of(HER).keys().get(0).state());
    }

    @Test
    void a_yes_to_a_strangers_key_is_no_yes_beside_a_pin_that_has_come_since() {
        CompletableFuture<Reply> reply = decide(KEY);
        trust.put(HER, OTHER, KeyState.VERIFIED, "pinned");
        human.complete(TrustAnswer.FIRST_USE);
        assertEquals(Code.KEY_CHANGED, failed(reply));
        assertTrue(trust.of(HER).key(KEY).isEmpty());
    }

    @Test
    void a_policy_that_has_become_strict_since_holds() {
        CompletableFuture<Reply> reply = decide(KEY);
        policy = policy.with(Policy.Key.FIRST_USE, "reject");
        human.complete(TrustAnswer.FIRST_USE);
        assertEquals(Code.UNTRUSTED, failed(reply));
    }

    @Test
    void the_users_word_pins_the_key_that_was_shown() {
        CompletableFuture<Reply> reply = decide(KEY);
        human.complete(TrustAnswer.VERIFIED);
        assertEquals(
                Trust.VERIFIED,
                assertInstanceOf(Question.Decided.class, reply.join()).trust());
        assertEquals(KeyState.VERIFIED, trust.of(HER).key(KEY).orElseThrow().state());
    }

    @Test
    void a_key_that_was_pinned_while_the_human_thought_is_verified_whatever_the_human_says_then() {
        CompletableFuture<Reply> reply = decide(KEY);
        trust.put(HER, KEY, KeyState.VERIFIED, "pinned elsewhere");
        human.complete(TrustAnswer.FIRST_USE);
        assertEquals(new Question.Decided(Trust.VERIFIED, "pinned elsewhere"), reply.join());
    }

    @Test
    void what_a_method_holds_keeps_a_yes_from_being_remembered() {
        bindings = List.of("a password (srp-psk)");
        CompletableFuture<Reply> reply = decide(KEY);
        human.complete(TrustAnswer.FIRST_USE);
        assertEquals(
                Trust.UNVERIFIED,
                assertInstanceOf(Question.Decided.class, reply.join()).trust());
        assertEquals(List.of(), trust.of(HER).keys());
    }

    @Test
    void a_policy_that_has_come_to_require_verified_tunnels_makes_it_another_question() {
        CompletableFuture<Reply> reply = decide(KEY);
        policy = new Policy(Policy.FirstUse.ASK, false, true, Set.of(), Set.of(), List.of(), true, true);
        human.complete(TrustAnswer.FIRST_USE);
        assertEquals(Code.UNTRUSTED, failed(reply));
    }

    @Test
    void of_two_keys_that_turn_up_at_once_only_one_is_the_first() {
        policy = policy.with(Policy.Key.FIRST_USE, "accept");
        SlowTrust slow = new SlowTrust(trust);
        Decisions both = new Decisions(new Memory(() -> slow), () -> null, peer -> policy);
        CompletableFuture<Reply> first = both.decide(asking(KEY), facts());
        CompletableFuture<Reply> second = both.decide(asking(OTHER), facts());
        slow.catchUp();
        assertInstanceOf(
                FirstUse.Accept.class,
                assertInstanceOf(Question.Considered.class, first.join()).decision());
        Question.Considered changed = assertInstanceOf(Question.Considered.class, second.join());
        assertTrue(changed.decision().isKeyChange());
        assertEquals(1, trust.of(HER).keys().size());
    }

    @Test
    void a_decision_that_failed_does_not_hold_up_the_next() {
        Decisions storeless = new Decisions(new Memory(() -> null), () -> null, peer -> policy);
        assertTrue(storeless.decide(asking(KEY), facts()).isCompletedExceptionally());
        assertTrue(storeless.decide(asking(KEY), facts()).isCompletedExceptionally());
    }

    private CompletableFuture<Reply> decide(KeyName key) {
        return decided(decisions.decide(asking(key), facts()));
    }

    private CompletableFuture<Reply> decided(CompletableFuture<Reply> considered) {
        return considered.thenCompose(reply -> reply instanceof Question.Considered said
                        && said.decision() instanceof FirstUse.Ask ask
                ? decisions.ask(new Question.AskHuman(KEY, bindings, ask, said.known()), facts(), new Engagement())
                : CompletableFuture.completedFuture(reply));
    }

    private Question.Decide asking(KeyName key) {
        return new Question.Decide(key, bindings);
    }

    private Negotiation facts() {
        return new Negotiation(ROMEO, JULIET, Role.INITIATOR, false, policy, null, null);
    }

    private static Code failed(CompletableFuture<Reply> reply) {
        return assertInstanceOf(Question.Failed.class, reply.join()).failure().code();
    }

    /** A store that answers when it is told to, in the order of the calls. */
    private static final class SlowTrust implements TrustStore {
        private final MemoryTrust fast;
        private final Deque<Runnable> waiting = new ArrayDeque<>();

        SlowTrust(MemoryTrust fast) {
            this.fast = fast;
        }

        void catchUp() {
            while (!waiting.isEmpty()) {
                waiting.remove().run();
            }
        }

        @Override
        public CompletionStage<KnownPeer> peer(BareJid peer) {
            CompletableFuture<KnownPeer> answer = new CompletableFuture<>();
            waiting.add(() -> answer.complete(fast.of(peer)));
            return answer;
        }

        @Override
        public CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence) {
            CompletableFuture<KnownPeer> answer = new CompletableFuture<>();
            waiting.add(() -> answer.complete(
                    fast.put(peer, key, state, evidence).toCompletableFuture().join()));
            return answer;
        }

        @Override
        public CompletionStage<List<KnownPeer>> peers() {
            return fast.peers();
        }

        @Override
        public CompletionStage<KnownPeer> remember(BareJid peer, String method, boolean confirmed) {
            return fast.remember(peer, method, confirmed);
        }

        @Override
        public CompletionStage<KnownPeer> vouch(BareJid peer, KeyName key, String evidence) {
            return fast.vouch(peer, key, evidence);
        }

        @Override
        public CompletionStage<Boolean> keep(BareJid peer, KeyName key, byte[] material) {
            return fast.keep(peer, key, material);
        }

        @Override
        public CompletionStage<Optional<byte[]>> material(BareJid peer, KeyName key) {
            return fast.material(peer, key);
        }

        @Override
        public CompletionStage<List<TrustChange>> history(BareJid peer) {
            return fast.history(peer);
        }
    }
}
