package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.xtls.Acknowledgement;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.Trust;
import org.xtls.auth.Verdict;
import org.xtls.transport.Iq;
import org.xtls.transport.StanzaError.Condition;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/** Starts that cross, and starts beside an established tunnel. Juliet's address sorts first. */
class StartsTest {
    // ---- both at once

    @Test
    void of_two_starts_at_once_that_of_the_first_address_wins() {
        World world = bothStarted();
        world.settle();
        one(world);
        assertEquals("initiator", world.juliet.conversation.status().role());
        assertEquals("responder", world.romeo.conversation.status().role());
        AgreementTest.assertCondition(
                Condition.CONFLICT,
                world.juliet.answerTo(world.romeo.requests("start").get(0).id()));
    }

    @Test
    void it_wins_too_when_the_other_start_arrives_first() {
        World world = bothStarted();
        world.juliet.take();
        world.settle();
        one(world);
        assertEquals("initiator", world.juliet.conversation.status().role());
    }

    @Test
    void it_wins_too_when_it_arrives_after_the_conflict_is_known_to_nobody() {
        World world = bothStarted();
        world.romeo.take();
        assertEquals("responder", world.romeo.conversation.status().role());
        assertEquals(1, world.romeo.taken);
        world.settle();
        one(world);
        assertEquals(0, world.romeo.taken);
        assertEquals(List.of(), world.romeo.failures, "who waits for a tunnel gets the winner's");
        assertEquals(1, world.romeo.opened.size());
    }

    @Test
    void a_late_agreement_to_the_discarded_start_is_ignored() {
        World world = bothStarted();
        world.romeo.take();
        String discarded = world.romeo.requests("start").get(0).id();
        world.romeo.inbox.addFirst(new Iq.Result(World.JULIET, discarded, Element.of(Wire.XTLS, "proceed")));
        world.romeo.take();
        world.settle();
        one(world);
        assertEquals("responder", world.romeo.conversation.status().role());
    }

    @Test
    void a_late_agreement_to_a_start_that_ran_out_of_time_is_closed() {
        World world = new World();
        world.server = (from, iq) -> List.of();
        world.romeo.open();
        world.settle();
        world.pass(world.romeo.settings.negotiationMillis());
        assertEquals(Code.TIMEOUT, world.romeo.failure().code());
        int closes = world.romeo.requests("close").size();
        String late = world.romeo.requests("start").get(0).id();
        world.romeo.inbox.add(new Iq.Result(World.JULIET, late, Element.of(Wire.XTLS, "proceed")));
        world.romeo.take();
        assertEquals(closes + 1, world.romeo.requests("close").size());
        assertTrue(world.romeo.conversation.isIdle());
    }

    @Test
    void an_answer_with_a_foreign_id_is_ignored() {
        World world = new World();
        world.server = (from, iq) -> List.of();
        world.romeo.open();
        world.settle();
        world.romeo.inbox.add(new Iq.Result(World.JULIET, "guessed", Element.of(Wire.XTLS, "proceed")));
        world.romeo.inbox.add(World.error("guessed", World.JULIET, Condition.NOT_ACCEPTABLE));
        world.settle();
        assertEquals("negotiating", world.romeo.conversation.status().state());
    }

    @Test
    void the_methods_of_the_discarded_start_are_let_go() {
        World world = bothStarted();
        world.romeo.pondering = question -> true;
        int before = world.romeo.asked.size();
        world.romeo.take();
        assertEquals(0, before);
        assertEquals(1, world.romeo.asked.size(), "only the answer to the winner's start is asked for");
        assertInstanceOf(Question.Answers.class, world.romeo.asked.get(0).question());
    }

    // ---- beside an established tunnel

    @Test
    void a_renewed_tunnel_takes_the_old_ones_place_on_both_sides() {
        World world = World.withTunnel();
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.settle();
        one(world);
        assertEquals(2, world.romeo.opened.size());
        for (World.Side side : List.of(world.romeo, world.juliet)) {
            assertEquals(Code.REPLACED, side.closure().failure().code());
            assertTrue(side.closure().orderly());
        }
        long fresh = world.juliet.send("hello again");
        world.settle();
        assertEquals(Acknowledgement.PEER, world.juliet.acknowledged.get(fresh));
    }

    @Test
    void either_side_may_renew() {
        World world = World.withTunnel();
        world.juliet.perform(world.juliet.conversation.renew(world.now));
        world.settle();
        one(world);
        assertEquals("initiator", world.juliet.conversation.status().role());
    }

    @Test
    void both_may_renew_at_once() {
        World world = World.withTunnel();
        world.juliet.perform(world.juliet.conversation.renew(world.now));
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.juliet.answer(0);
        world.romeo.answer(0);
        world.settle();
        one(world);
        assertEquals("initiator", world.juliet.conversation.status().role());
        assertEquals(2, world.romeo.opened.size());
    }

    @Test
    void from_the_start_on_sending_is_frozen_and_the_queue_moves_to_the_fresh_tunnel() {
        World world = World.withTunnel();
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.romeo.answer(0);
        int data = world.romeo.requests("data").size();
        long queued = world.romeo.send("for the fresh one");
        assertEquals(data, world.romeo.requests("data").size());
        assertEquals(1, world.romeo.conversation.status().queued());
        world.settle();
        assertEquals(Acknowledgement.PEER, world.romeo.acknowledged.get(queued));
        assertEquals(List.of("for the fresh one"), world.juliet.bodies());
    }

    @Test
    void the_responder_freezes_when_it_has_the_start() {
        World world = World.withTunnel();
        world.juliet.pondering = question -> true;
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.settle();
        int data = world.juliet.requests("data").size();
        long queued = world.juliet.send("for the fresh one");
        assertEquals(data, world.juliet.requests("data").size());
        world.juliet.pondering = question -> false;
        world.settle();
        assertEquals(Acknowledgement.PEER, world.juliet.acknowledged.get(queued));
        assertEquals(List.of("for the fresh one"), world.romeo.bodies());
    }

    @Test
    void data_of_the_old_tunnel_that_comes_before_the_change_is_still_delivered() {
        World world = World.withTunnel();
        world.romeo.send("sent before the start");
        world.juliet.send("sent before the start arrived");
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.settle();
        assertEquals(List.of("sent before the start"), world.juliet.bodies());
        assertEquals(List.of("sent before the start arrived"), world.romeo.bodies());
        one(world);
    }

    @Test
    void what_the_old_tunnel_had_not_acknowledged_fails_as_replaced() {
        World world = World.withTunnel();
        long unknown = world.romeo.send("arrives, unacknowledged");
        world.juliet.perform(world.juliet.conversation.renew(world.now));
        world.juliet.answer(0);
        world.settle();
        assertEquals(Code.REPLACED, world.romeo.failedSends.get(unknown).code());
        assertEquals(List.of("arrives, unacknowledged"), world.juliet.bodies());
    }

    @Test
    void each_side_says_goodbye_in_the_old_tunnel_before_it_turns_to_the_fresh_one() {
        World world = World.withTunnel();
        int romeos = world.romeo.sent.size();
        int juliets = world.juliet.sent.size();
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.romeo.answer(0);
        assertEquals(List.of("data", "start"), payloads(world.romeo.sent.subList(romeos, world.romeo.sent.size())));
        while (world.juliet.asked.isEmpty()) {
            world.juliet.take();
        }
        assertEquals(List.of("data"), payloads(world.juliet.sent.subList(juliets, world.juliet.sent.size())));
        world.juliet.answer(0);
        assertEquals(
                List.of("data", "proceed"), payloads(world.juliet.sent.subList(juliets, world.juliet.sent.size())));
    }

    @Test
    void what_a_full_window_held_back_goes_out_before_that_goodbye() {
        World world = World.withTunnel();
        world.romeo.send("x".repeat(400_000));
        assertTrue(world.romeo.requests("data").size() > 10);
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.romeo.answer(0);
        world.settle();
        assertEquals(1, world.juliet.delivered.size());
        one(world);
    }

    @Test
    void a_plain_peer_hears_no_goodbye_when_its_tunnel_is_renewed() {
        World world = new World();
        RawPeer.asResponder(world);
        int data = world.romeo.requests("data").size();
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.romeo.answer(0);
        assertEquals(data, world.romeo.requests("data").size());
        assertEquals(2, world.romeo.requests("start").size());
    }

    @Test
    void keys_can_be_exported_from_a_tunnel_that_is_being_renewed() {
        World world = World.withTunnel();
        long number = world.romeo.current();
        byte[] before =
                world.romeo.conversation.export(number, "EXPORTER-test", 32).orElseThrow();
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.romeo.answer(0);
        assertArrayEquals(
                before,
                world.romeo.conversation.export(number, "EXPORTER-test", 32).orElseThrow());
    }

    @Test
    void an_unverified_tunnel_does_not_replace_a_verified_one_and_both_are_closed() {
        World world = World.withTunnel();
        world.romeo.verdict = proof -> new Verdict.Unknown(new KeyName("x509", "ef".repeat(32)));
        world.romeo.decision = new Question.Decided(Trust.UNVERIFIED, "first use");
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.romeo.answer(0);
        long pending = world.romeo.send("for a tunnel that does not come");
        world.settle();
        assertEquals(Code.UNTRUSTED, world.romeo.failure().code());
        assertEquals(Code.UNTRUSTED, world.romeo.closure().failure().code());
        assertEquals(Code.UNTRUSTED, world.romeo.failedSends.get(pending).code());
        assertFalse(world.juliet.isUp());
        assertTrue(world.romeo.conversation.isIdle() && world.juliet.conversation.isIdle());
    }

    @Test
    void a_verified_tunnel_replaces_an_unverified_one() {
        World world = new World();
        world.romeo.verdict = proof -> new Verdict.Unknown(new KeyName("x509", "ef".repeat(32)));
        world.romeo.decision = new Question.Decided(Trust.UNVERIFIED, "first use");
        world.romeo.open();
        world.settle();
        assertEquals(Trust.UNVERIFIED, world.romeo.opened.get(0).trust());
        world.romeo.verdict = world.juliet.verdict;
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.settle();
        one(world);
        assertEquals(Trust.VERIFIED, world.romeo.opened.get(1).trust());
    }

    @Test
    void a_renewal_that_the_peer_refuses_closes_both() {
        World world = World.withTunnel();
        world.juliet.likes = thing -> false;
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.romeo.answer(0);
        long queued = world.romeo.send("for the fresh one");
        world.settle();
        assertEquals(Code.REFUSED, world.romeo.failure().code());
        assertEquals(Code.REFUSED, world.romeo.failedSends.get(queued).code());
        assertEquals(1, world.romeo.closed.size());
        assertEquals(1, world.juliet.closed.size());
        assertTrue(world.romeo.conversation.isIdle() && world.juliet.conversation.isIdle());
    }

    @Test
    void a_renewal_that_fails_before_its_start_says_goodbye_to_the_old_tunnel() {
        World world = World.withTunnel();
        world.romeo.pondering = question -> true;
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.pass(world.romeo.settings.negotiationMillis());
        world.settle();
        assertEquals(Code.TIMEOUT, world.romeo.failure().code());
        assertEquals(Code.CLOSED_BY_PEER, world.juliet.closure().failure().code());
        assertTrue(world.juliet.closure().orderly(), "nothing was cut off");
    }

    @Test
    void a_renewal_that_never_ends_closes_both_in_time() {
        World world = World.withTunnel();
        world.juliet.pondering = question -> true;
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.settle();
        world.pass(400_000);
        world.settle();
        assertTrue(world.romeo.conversation.isIdle() && world.juliet.conversation.isIdle());
        assertEquals(1, world.romeo.closed.size());
        assertEquals(1, world.juliet.closed.size());
        assertTrue(world.juliet.unansweredIn.isEmpty());
    }

    @Test
    void closing_while_renewing_ends_both_tunnels() {
        World world = World.withTunnel();
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.romeo.answer(0);
        world.romeo.close();
        world.settle();
        assertEquals(Code.CLOSED, world.romeo.failure().code());
        assertEquals(1, world.romeo.closed.size());
        assertEquals(1, world.juliet.closed.size());
        assertTrue(world.romeo.conversation.isIdle() && world.juliet.conversation.isIdle());
        assertEquals(0, world.juliet.taken);
    }

    @Test
    void a_close_at_any_point_of_a_renewal_is_orderly_on_both_sides() {
        boolean renewed = false;
        for (int steps = 0; !renewed; steps++) {
            for (int seed = 0; seed < 10; seed++) {
                renewed = closedAfter(steps, seed, true) & closedAfter(steps, seed, false);
            }
        }
    }

    /** Romeo renews, and somebody closes after so many steps; true when the renewal had come to its end by then. */
    private static boolean closedAfter(int steps, int seed, boolean byRomeo) {
        Random random = new Random(seed);
        World world = new World();
        world.romeo.credential = Keys::psk; // faster
        world.juliet.credential = Keys::psk;
        world.romeo.open();
        world.settle();
        World.Side closing = byRomeo ? world.romeo : world.juliet;
        World.Side other = byRomeo ? world.juliet : world.romeo;
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        boolean more = true;
        for (int i = 0; i < steps && more; i++) {
            more = world.step(random);
        }
        closing.close();
        world.settle(random);
        String when = "after " + steps + " steps, seed " + seed + ": ";
        for (World.Side side : List.of(closing, other)) {
            assertTrue(side.closed.stream().allMatch(Closure::orderly), when + side.me + side.closed);
            assertTrue(side.unansweredIn.isEmpty() && side.conversation.isIdle(), when + side.me);
            assertTrue(
                    side.failures.stream()
                            .map(Failure::code)
                            .allMatch(EnumSet.of(Code.CLOSED, Code.CLOSED_BY_PEER)::contains),
                    when + side.me + side.failures);
        }
        assertEquals(Code.CLOSED, closing.closure().failure().code(), when);
        assertEquals(Code.CLOSED_BY_PEER, other.closure().failure().code(), when);
        assertEquals(0, world.romeo.taken + world.juliet.taken, when);
        return !more;
    }

    @Test
    void a_close_beside_a_start_that_the_peer_has_not_seen_is_a_truncation() {
        World world = World.withTunnel();
        world.server = (from, iq) -> List.of();
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.romeo.answer(0);
        forgedClose(world.romeo);
        assertEquals(Code.TRUNCATED, world.romeo.closure().failure().code());
        assertFalse(world.romeo.closure().orderly());
    }

    @Test
    void a_close_is_a_truncation_where_the_peer_may_have_spoken_in_the_fresh_tunnel_already() {
        World world = World.withTunnel();
        world.juliet.pondering = question -> question instanceof Question.Verify;
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.settle();
        forgedClose(world.romeo);
        assertEquals(Code.TRUNCATED, world.romeo.closure().failure().code());
        assertFalse(world.romeo.closure().orderly());
    }

    @Test
    void what_a_server_keeps_back_before_a_renewal_is_told_though_the_renewal_succeeds() {
        World world = World.withTunnel();
        boolean[] started = {false};
        world.server = (from, iq) -> {
            if (from == world.juliet && iq instanceof Iq.Request request) {
                started[0] |= request.payload().name().equals("start");
                return started[0] ? List.of(iq) : List.of();
            }
            return List.of(iq);
        };
        world.juliet.send("do not pay");
        world.juliet.perform(world.juliet.conversation.renew(world.now));
        world.settle();
        assertEquals(2, world.romeo.opened.size());
        assertEquals(Code.REPLACED, world.romeo.closure().failure().code());
        assertFalse(world.romeo.closure().orderly());
        assertEquals(Fault.BETWEEN, world.romeo.closure().failure().fault());
    }

    private static void forgedClose(World.Side side) {
        side.inbox.add(new Iq.Request(side.other, "forged", true, Element.of(Wire.XTLS, "close")));
        side.take();
    }

    @Test
    void a_peer_that_lost_its_state_starts_anew_and_the_old_tunnel_is_replaced() {
        World world = World.withTunnel();
        world.juliet.perform(world.juliet.conversation.lost("a crash"));
        world.juliet.open();
        world.settle();
        one(world);
        assertEquals(Code.REPLACED, world.romeo.closure().failure().code());
        world.juliet.send("back again");
        world.settle();
        assertEquals(List.of("back again"), world.romeo.bodies());
    }

    @Test
    void errors_for_the_old_tunnels_data_from_a_peer_that_lost_its_state_do_not_end_the_fresh_one() {
        World world = World.withTunnel();
        world.juliet.perform(world.juliet.conversation.lost("a crash"));
        long lost = world.romeo.send("to somebody who has forgotten");
        world.juliet.open();
        // Juliet's start arrives before the error for what Romeo had sent.
        world.juliet.answer(0);
        world.romeo.take();
        world.settle();
        one(world);
        assertTrue(world.romeo.failedSends.containsKey(lost));
    }

    @Test
    void the_second_start_is_counted_among_the_half_open_ones() {
        World world = World.withTunnel();
        world.juliet.places = 0;
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.settle();
        assertEquals(Code.BUSY, world.romeo.failure().code());
    }

    private static List<String> payloads(List<Iq> sent) {
        return sent.stream()
                .map(iq -> iq instanceof Iq.Request request
                        ? request.payload().name()
                        : iq instanceof Iq.Result result && result.payload() != null
                                ? result.payload().name()
                                : "")
                .filter(name -> !name.isEmpty())
                .toList();
    }

    private static World bothStarted() {
        World world = new World();
        world.romeo.open();
        world.juliet.open();
        world.romeo.answer(0);
        world.juliet.answer(0);
        assertEquals(1, world.romeo.inbox.size());
        assertEquals(1, world.juliet.inbox.size());
        return world;
    }

    private static void one(World world) {
        assertTrue(world.romeo.isUp() && world.juliet.isUp(), world.romeo.failures + " " + world.juliet.failures);
        assertTrue(world.romeo.unansweredIn.isEmpty() && world.juliet.unansweredIn.isEmpty());
        assertEquals(0, world.romeo.taken + world.juliet.taken);
        long token = world.romeo.send("proof");
        world.settle();
        assertEquals(Acknowledgement.PEER, world.romeo.acknowledged.get(token));
        World.Side juliet = world.juliet;
        assertEquals(
                "proof",
                juliet.delivered.remove(juliet.delivered.size() - 1).body().orElse(""));
    }
}
