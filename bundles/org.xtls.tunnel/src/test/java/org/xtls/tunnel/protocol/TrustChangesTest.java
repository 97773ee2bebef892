package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xtls.BareJid;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.Trust;
import org.xtls.auth.Verdict;
import org.xtls.transport.Iq;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.Policy;

/** What the trust store learns counts for what is up and for what is under way. */
class TrustChangesTest {
    // ---- tunnels

    @Test
    void a_tunnel_whose_key_is_distrusted_ends_at_once_and_with_a_goodbye() {
        World world = World.withTunnel();
        world.romeo.learns(KeyState.DISTRUSTED);
        assertEquals(1, world.romeo.closed.size(), "without waiting for an answer that may never come");
        assertEquals(Code.UNTRUSTED, world.romeo.closure().failure().code());
        assertEquals(Fault.LOCAL, world.romeo.closure().failure().fault());
        assertTrue(world.romeo.closure().failure().message().contains("distrusted"));
        assertTrue(world.romeo.closure().failure().message().contains(Keys.NAME.grouped()));
        assertFalse(world.romeo.closure().orderly());
        world.settle();
        assertEquals(Code.CLOSED_BY_PEER, world.juliet.closure().failure().code());
        assertTrue(world.juliet.closure().orderly(), "the goodbye came inside the tunnel");
        assertTrue(world.romeo.conversation.isIdle() && world.juliet.conversation.isIdle());
    }

    @Test
    void whoever_holds_a_distrusted_key_delivers_nothing_more() {
        World world = World.withTunnel();
        world.server = (from, iq) -> from == world.romeo && iq instanceof Iq.Request ? List.of() : List.of(iq);
        world.romeo.learns(KeyState.DISTRUSTED);
        world.juliet.send("one more thing");
        world.settle();
        assertEquals(List.of(), world.romeo.delivered);
    }

    @Test
    void sends_that_wait_fail_when_the_key_is_distrusted() {
        World world = World.withTunnel();
        world.server = (from, iq) -> List.of();
        long pending = world.romeo.send("for your eyes only");
        world.romeo.learns(KeyState.DISTRUSTED);
        assertEquals(Code.UNTRUSTED, world.romeo.failedSends.get(pending).code());
    }

    @Test
    void a_tunnel_whose_key_expires_ends_where_policy_rechecks() {
        World world = World.withTunnel();
        world.romeo.learns(KeyState.EXPIRED);
        world.settle();
        assertEquals(Code.UNTRUSTED, world.romeo.closure().failure().code());
        assertTrue(world.romeo.closure().failure().message().contains("expired"));
        assertEquals(1, world.juliet.closed.size());
    }

    @Test
    void where_it_does_not_the_tunnel_stays() {
        World world = World.withTunnel();
        Policy d = Policy.DEFAULT;
        world.romeo.policy = new Policy(d.firstUse(), false, false, Set.of(), Set.of(), List.of(), true, false);
        world.romeo.learns(KeyState.EXPIRED);
        assertTrue(world.romeo.isUp());
        world.romeo.learns(KeyState.DISTRUSTED);
        assertFalse(world.romeo.isUp(), "what the user distrusts ends in any case");
    }

    @Test
    void a_tunnel_whose_key_is_verified_afterwards_is_verified_from_then_on() {
        World world = new World();
        world.romeo.takesUnverified();
        world.romeo.open();
        world.settle();
        assertEquals(Trust.UNVERIFIED, world.romeo.opened.get(0).trust());
        world.romeo.learns(KeyState.VERIFIED);
        assertEquals(1, world.romeo.changes.size());
        assertEquals(Trust.VERIFIED, world.romeo.changes.get(0).trust());
        assertEquals("pinned", world.romeo.changes.get(0).evidence());
        assertTrue(world.romeo.changes.get(0).offersConfirmed());
        assertEquals(List.of(new Action.Remember("x509", true)), world.romeo.remembered);
        world.romeo.learns(KeyState.VERIFIED);
        assertEquals(1, world.romeo.changes.size(), "once");
        assertTrue(world.romeo.isUp() && world.juliet.isUp());
    }

    @Test
    void a_verified_tunnel_is_not_told_that_it_is() {
        World world = World.withTunnel();
        int before = world.romeo.changes.size();
        world.romeo.learns(KeyState.VERIFIED);
        assertEquals(before, world.romeo.changes.size());
        assertEquals("pinned", world.romeo.opened.get(0).evidence());
    }

    @ParameterizedTest
    @EnumSource(KeyState.class)
    void what_is_learned_of_another_peer_or_another_key_is_left_alone(KeyState state) {
        World world = new World();
        world.romeo.takesUnverified();
        world.romeo.open();
        world.settle();
        world.romeo.learns(BareJid.parse("nurse@capulet.com"), Keys.NAME, state);
        world.romeo.learns(World.ROMEO.bare(), Keys.NAME, state);
        world.romeo.learns(World.JULIET.bare(), new KeyName("x509", "01".repeat(32)), state);
        world.romeo.learns(World.JULIET.bare(), new KeyName("openpgp", "cd".repeat(32)), state);
        assertTrue(world.romeo.isUp() && world.juliet.isUp());
        assertEquals(List.of(), world.romeo.changes);
    }

    @Test
    void a_tunnel_that_stands_on_no_key_falls_with_none() {
        World world = new World();
        world.romeo.verdict = proof -> new Verdict.Verified(null, "a password");
        world.romeo.open();
        world.settle();
        world.romeo.learns(KeyState.DISTRUSTED);
        assertTrue(world.romeo.isUp());
        assertEquals(null, world.romeo.opened.get(0).key());
    }

    // ---- negotiations

    @ParameterizedTest
    @EnumSource(
            value = KeyState.class,
            names = {"DISTRUSTED", "EXPIRED"})
    void a_key_that_falls_while_its_method_judges_is_not_taken_on_an_older_word(KeyState state) {
        World world = new World();
        world.romeo.pondering = question -> question instanceof Question.Verify;
        world.romeo.open();
        world.settle();
        world.romeo.learns(state);
        world.romeo.pondering = question -> false;
        world.settle();
        assertEquals(Code.UNTRUSTED, world.romeo.failure().code());
        assertEquals(Code.DISTRUSTED_BY_PEER, world.juliet.closure().failure().code());
        assertEquals(List.of(), world.romeo.opened);
    }

    @Test
    void a_key_that_fell_and_rose_again_while_its_method_judged_is_taken() {
        World world = new World();
        world.romeo.pondering = question -> question instanceof Question.Verify;
        world.romeo.open();
        world.settle();
        world.romeo.learns(KeyState.DISTRUSTED);
        world.romeo.learns(KeyState.VERIFIED);
        world.romeo.pondering = question -> false;
        world.settle();
        assertTrue(world.romeo.isUp() && world.juliet.isUp());
    }

    @ParameterizedTest
    @EnumSource(
            value = KeyState.class,
            names = {"DISTRUSTED", "EXPIRED"})
    void a_key_that_falls_while_a_human_is_asked_ends_the_question(KeyState state) {
        World world = new World();
        world.juliet.takesUnverified();
        world.juliet.pondering = question -> question instanceof Question.AskHuman;
        world.romeo.open();
        world.settle();
        world.juliet.learns(state);
        assertEquals(List.of(), world.juliet.asked, "the question disappears");
        assertEquals(Code.UNTRUSTED, world.juliet.failure().code());
        assertEquals(0, world.juliet.taken);
        world.settle();
        assertEquals(Code.DISTRUSTED_BY_PEER, world.romeo.failure().code());
    }

    @Test
    void a_key_that_is_pinned_while_a_human_is_asked_answers_the_question() {
        World world = new World();
        world.romeo.takesUnverified();
        world.romeo.pondering = question -> question instanceof Question.AskHuman;
        world.romeo.open();
        world.settle();
        Action.Ask asked = world.romeo.asked.get(0);
        world.romeo.learns(KeyState.VERIFIED);
        world.settle();
        assertEquals(Trust.VERIFIED, world.romeo.opened.get(0).trust());
        assertEquals(List.of(), world.romeo.asked);
        world.romeo.perform(world.romeo.conversation.answered(
                asked.step(), new Question.Decided(Trust.UNVERIFIED, "too late"), world.now));
        assertTrue(world.romeo.isUp());
        assertEquals(1, world.romeo.opened.size());
    }

    @Test
    void a_key_that_falls_while_the_confirmation_is_awaited_makes_no_tunnel() {
        World world = waitingForConfirmation();
        world.romeo.learns(KeyState.DISTRUSTED);
        assertEquals(Code.UNTRUSTED, world.romeo.failure().code());
        world.juliet.pondering = question -> false;
        world.settle();
        assertEquals(List.of(), world.romeo.opened);
        assertTrue(world.juliet.conversation.isIdle());
    }

    @Test
    void a_key_that_is_pinned_while_the_confirmation_is_awaited_makes_a_verified_tunnel() {
        World world = waitingForConfirmation();
        world.romeo.learns(KeyState.VERIFIED);
        world.juliet.pondering = question -> false;
        world.settle();
        assertEquals(Trust.VERIFIED, world.romeo.opened.get(0).trust());
        assertEquals(List.of(new Action.Remember("x509", true)), world.romeo.remembered);
    }

    private static World waitingForConfirmation() {
        World world = new World();
        world.romeo.takesUnverified();
        world.juliet.pondering = question -> question instanceof Question.Verify;
        world.romeo.open();
        world.settle();
        assertEquals("negotiating", world.romeo.conversation.status().state());
        assertEquals(List.of(), world.romeo.asked);
        return world;
    }

    @Test
    void a_fresh_tunnel_that_is_unverified_does_not_take_the_place_of_one_that_was_verified_meanwhile() {
        World world = new World();
        world.romeo.takesUnverified();
        world.romeo.open();
        world.settle();
        KeyName other = new KeyName("x509", "99".repeat(32));
        world.romeo.verdict = proof -> new Verdict.Unknown(other);
        world.juliet.pondering = question -> question instanceof Question.Verify;
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.settle();
        assertEquals("renewing", world.romeo.conversation.status().state());
        world.romeo.learns(KeyState.VERIFIED); // the old one's key
        world.juliet.pondering = question -> false;
        world.settle();
        assertEquals(1, world.romeo.opened.size());
        assertEquals(Code.UNTRUSTED, world.romeo.failure().code());
        assertTrue(world.romeo.conversation.isIdle() && world.juliet.conversation.isIdle());
    }

    @Test
    void a_renewal_falls_with_the_tunnel_that_it_was_to_replace() {
        World world = World.withTunnel();
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.romeo.answer(0);
        world.romeo.learns(KeyState.DISTRUSTED);
        world.settle();
        assertEquals(Code.UNTRUSTED, world.romeo.closure().failure().code());
        assertEquals(Code.UNTRUSTED, world.romeo.failure().code());
        for (World.Side side : List.of(world.romeo, world.juliet)) {
            assertTrue(side.conversation.isIdle());
            assertEquals(0, side.taken);
            assertTrue(side.unansweredIn.isEmpty());
        }
    }

    @Test
    void nothing_is_up_and_nothing_happens() {
        World world = new World();
        world.romeo.learns(KeyState.DISTRUSTED);
        world.romeo.learns(KeyState.VERIFIED);
        assertTrue(world.romeo.conversation.isIdle());
        assertEquals(List.of(), world.romeo.sent);
    }
}
