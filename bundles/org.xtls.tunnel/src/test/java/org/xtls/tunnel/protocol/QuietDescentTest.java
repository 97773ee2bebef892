package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Trust;
import org.xtls.tls.Credential;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policy;

/** No tunnel is weaker than what is held of the peer and what policy wants of it, unless somebody says so. */
class QuietDescentTest {
    private static final KeyName OTHER = new KeyName("x509", "01".repeat(32));
    private static final Policy ACCEPT = Policy.DEFAULT.with(Policy.FirstUse.ACCEPT);
    private static final Policy VERIFIED_ONLY =
            new Policy(Policy.FirstUse.ACCEPT, false, true, Set.of(), Set.of(), List.of(), true, true);

    @Test
    void what_methods_hold_of_the_peer_reaches_the_decision_on_either_side() {
        World world = new World();
        for (World.Side side : List.of(world.romeo, world.juliet)) {
            side.policy = ACCEPT;
            side.takesUnverified();
            side.bindings = List.of("a password (srp-psk)");
            side.pondering = question -> question instanceof Question.AskHuman;
        }
        world.romeo.open();
        world.settle();
        for (World.Side side : List.of(world.romeo, world.juliet)) {
            Question.AskHuman asked =
                    assertInstanceOf(Question.AskHuman.class, side.asked.get(0).question());
            assertEquals(side.bindings, asked.bindings());
            assertTrue(
                    asked.asked().concern().contains("a password (srp-psk)"),
                    asked.asked().concern());
        }
    }

    @Test
    void a_key_change_is_told_before_a_human_is_asked_and_whatever_is_decided() {
        World world = new World();
        world.romeo.takesUnverified();
        world.romeo.known = knowing(OTHER, KeyState.VERIFIED);
        world.romeo.open();
        world.settle(); // the world sees to the order
        assertEquals(List.of(new Action.KeyChanged(Keys.NAME, world.romeo.known)), world.romeo.keyChanges);
        assertTrue(world.romeo.isUp(), "somebody said yes");
    }

    @Test
    void a_key_change_that_policy_rejects_outright_is_told_too() {
        World world = new World();
        world.romeo.takesUnverified();
        world.romeo.policy = Policy.DEFAULT.with(Policy.FirstUse.REJECT);
        world.romeo.known = knowing(OTHER, KeyState.FIRST_USE);
        world.romeo.open();
        world.settle();
        assertEquals(1, world.romeo.keyChanges.size());
        assertEquals(Code.KEY_CHANGED, world.romeo.failure().code());
        assertEquals(Code.DISTRUSTED_BY_PEER, world.juliet.failure().code());
    }

    @Test
    void a_key_that_somebody_else_vouches_for_beside_a_pin_is_told() {
        World world = new World();
        world.romeo.known = knowing(OTHER, KeyState.VERIFIED);
        world.romeo.open();
        world.settle();
        assertEquals(1, world.romeo.keyChanges.size());
        assertTrue(world.romeo.isUp());
    }

    @Test
    void a_first_contact_and_a_known_key_are_no_change() {
        World world = new World();
        world.romeo.takesUnverified();
        world.juliet.known = new KnownPeer(
                World.ROMEO.bare(),
                List.of(new KnownKey(Keys.NAME, KeyState.VERIFIED, Instant.EPOCH, "pinned")),
                true,
                Set.of("x509"));
        world.romeo.open();
        world.settle();
        assertTrue(world.romeo.isUp() && world.juliet.isUp());
        assertEquals(List.of(), world.romeo.keyChanges);
        assertEquals(List.of(), world.juliet.keyChanges);
    }

    @Test
    void where_policy_requires_verified_tunnels_no_other_comes_up_whoever_says_yes() {
        World world = new World();
        world.romeo.takesUnverified();
        world.romeo.policy = VERIFIED_ONLY;
        world.romeo.open();
        world.settle();
        Failure failure = world.romeo.failure();
        assertEquals(Code.UNTRUSTED, failure.code());
        assertTrue(
                failure.message()
                        .contains("the policy for juliet@capulet.com (require verified) forbids unverified tunnels"),
                failure.message());
        assertEquals(Code.DISTRUSTED_BY_PEER, world.juliet.failure().code());
        world.romeo.decision = new Question.Decided(Trust.VERIFIED, "the user's word");
        world.romeo.open();
        world.settle();
        assertEquals(Trust.VERIFIED, world.romeo.opened.get(0).trust());
    }

    @Test
    void a_policy_that_has_become_strict_while_a_human_was_asked_holds() {
        World world = new World();
        world.romeo.takesUnverified();
        world.romeo.pondering = question -> question instanceof Question.AskHuman;
        world.romeo.open();
        world.settle();
        world.romeo.policy = VERIFIED_ONLY;
        world.romeo.pondering = question -> false;
        world.settle();
        assertEquals(Code.UNTRUSTED, world.romeo.failure().code());
    }

    // ---- pre-shared keys

    @Test
    void a_tunnel_by_a_pre_shared_key_is_confirmed_whatever_was_announced() {
        World world = new World();
        RawPeer peer = new RawPeer(world, world.romeo, Keys.psk());
        world.romeo.credential = Keys::psk;
        world.romeo.open();
        peer.settle();
        assertEquals("negotiating", world.romeo.conversation.status().state(), "it waits for the confirmation");
        peer.says("<message><body>let me in</body></message>");
        assertEquals(Code.UNCONFIRMED, world.romeo.failure().code());
        assertTrue(
                world.romeo.failure().message().contains("which x509 demands"),
                world.romeo.failure().message());
        assertEquals(List.of(), world.romeo.delivered);
    }

    @Test
    void a_pre_shared_key_that_comes_when_its_negotiation_has_ended_is_wiped() {
        World world = new World();
        Credential.ExternalPsk late = psk();
        world.romeo.pondering = question -> question instanceof Question.Present;
        world.romeo.open();
        world.settle();
        long step = world.romeo.asked.get(0).step();
        world.romeo.perform(world.romeo.conversation.lost("the cable"));
        world.romeo.perform(world.romeo.conversation.answered(step, new Question.Presented(late), world.now));
        assertArrayEquals(new byte[32], late.key());
    }

    @Test
    void a_pre_shared_key_that_no_engine_takes_is_wiped() {
        World world = new World();
        Credential.ExternalPsk unused = psk();
        world.romeo.pondering = question -> question instanceof Question.Present;
        world.romeo.open();
        world.settle();
        long step = world.romeo.asked.get(0).step();
        world.romeo.engine = null;
        world.romeo.perform(world.romeo.conversation.answered(step, new Question.Presented(unused), world.now));
        assertEquals(Code.SERVICE_GONE, world.romeo.failure().code());
        assertArrayEquals(new byte[32], unused.key());
    }

    @Test
    void a_pre_shared_key_that_the_engine_refuses_is_wiped() {
        World world = new World();
        Credential.ExternalPsk refused = psk();
        world.romeo.pondering = question -> question instanceof Question.Present;
        world.romeo.open();
        world.settle();
        long step = world.romeo.asked.get(0).step();
        world.romeo.engine = (role, credential) -> {
            throw new IllegalStateException("not this one");
        };
        world.romeo.perform(world.romeo.conversation.answered(step, new Question.Presented(refused), world.now));
        assertEquals(Code.LOCAL, world.romeo.failure().code());
        assertArrayEquals(new byte[32], refused.key());
    }

    private static Credential.ExternalPsk psk() {
        byte[] key = new byte[32];
        java.util.Arrays.fill(key, (byte) 7);
        return new Credential.ExternalPsk(new byte[] {1}, key);
    }

    private static KnownPeer knowing(KeyName key, KeyState state) {
        return new KnownPeer(
                World.JULIET.bare(), List.of(new KnownKey(key, state, Instant.EPOCH, "test")), false, Set.of());
    }

    // ---- export

    @Test
    void both_sides_of_a_tunnel_export_the_same_and_other_tunnels_something_else() {
        World world = World.withTunnel();
        byte[] here = world.romeo
                .conversation
                .export(world.romeo.current(), "EXPORTER-test", 32)
                .orElseThrow();
        byte[] there = world.juliet
                .conversation
                .export(world.juliet.current(), "EXPORTER-test", 32)
                .orElseThrow();
        assertArrayEquals(here, there);
        World another = World.withTunnel();
        assertTrue(!java.util.Arrays.equals(
                here,
                another.romeo
                        .conversation
                        .export(another.romeo.current(), "EXPORTER-test", 32)
                        .orElseThrow()));
    }

    @Test
    void a_tunnel_that_closes_or_has_ended_exports_nothing() {
        World world = World.withTunnel();
        long number = world.romeo.current();
        assertTrue(
                world.romeo.conversation.export(number + 1, "EXPORTER-test", 32).isEmpty());
        world.romeo.close();
        assertTrue(world.romeo.conversation.export(number, "EXPORTER-test", 32).isEmpty());
        world.settle();
        assertTrue(world.romeo.conversation.export(number, "EXPORTER-test", 32).isEmpty());
    }
}
