package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.xtls.Acknowledgement;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.auth.Verdict;
import org.xtls.tls.Alert;
import org.xtls.transport.Iq;
import org.xtls.transport.StanzaError.Condition;
import org.xtls.xml.Element;

/** How tunnels end. */
class ClosingTest {
    private static final Element CLOSE = Element.of("urn:xmpp:tmp:xtls", "close");

    @Test
    void a_close_is_a_goodbye_inside_tls_then_a_close_and_is_answered_the_same_way() {
        World world = World.withTunnel();
        int romeos = world.romeo.sent.size();
        int juliets = world.juliet.sent.size();
        world.romeo.close();
        world.settle();
        List<Iq> said = requestsAndResultsWithPayload(world.romeo.sent.subList(romeos, world.romeo.sent.size()));
        assertEquals(
                List.of("data", "close"),
                said.stream().map(ClosingTest::payload).toList());
        List<Iq> answered = requestsAndResultsWithPayload(world.juliet.sent.subList(juliets, world.juliet.sent.size()));
        assertEquals(
                List.of("data", "closed"),
                answered.stream().map(ClosingTest::payload).toList());

        assertTrue(world.romeo.closure().orderly());
        assertEquals(Code.CLOSED, world.romeo.closure().failure().code());
        assertTrue(world.juliet.closure().orderly());
        assertEquals(Code.CLOSED_BY_PEER, world.juliet.closure().failure().code());
        assertTrue(world.romeo.conversation.isIdle() && world.juliet.conversation.isIdle());
    }

    @Test
    void closes_that_cross_are_both_answered_and_both_orderly() {
        World world = World.withTunnel();
        world.romeo.close();
        world.juliet.close();
        world.settle();
        for (World.Side side : List.of(world.romeo, world.juliet)) {
            assertEquals(1, side.closed.size());
            assertTrue(side.closure().orderly());
            assertEquals(Code.CLOSED, side.closure().failure().code());
            assertTrue(side.unansweredIn.isEmpty());
            assertTrue(side.conversation.isIdle());
        }
    }

    @Test
    void what_the_peer_says_before_it_has_heard_of_the_close_is_still_delivered() {
        World world = World.withTunnel();
        world.juliet.send("on its way");
        world.romeo.close();
        world.settle();
        assertEquals(List.of("on its way"), world.romeo.bodies());
        assertTrue(world.romeo.closure().orderly());
    }

    @Test
    void sends_that_are_not_acknowledged_fail_with_the_reason() {
        World world = new World();
        RawPeer peer = RawPeer.confirming(world);
        peer.saysGoodbye = true;
        long pending = world.romeo.send("never acknowledged");
        peer.settle();
        world.romeo.close();
        long after = world.romeo.send("after the close");
        assertEquals(Code.CLOSED, world.romeo.failedSends.get(after).code());
        assertFalse(world.romeo.failedSends.containsKey(pending), "the peer may still acknowledge it");
        peer.settle();
        assertEquals(Code.CLOSED, world.romeo.failedSends.get(pending).code());
        assertTrue(world.romeo.closure().orderly());
    }

    @Test
    void a_send_is_acknowledged_even_while_closing() {
        World world = World.withTunnel();
        long last = world.romeo.send("the last word");
        long juliets = world.juliet.send("crosses the close");
        world.romeo.close();
        world.settle();
        assertEquals(List.of("the last word"), world.juliet.bodies());
        assertEquals(Acknowledgement.PEER, world.romeo.acknowledged.get(last));
        assertEquals(Code.CLOSED_BY_PEER, world.juliet.failedSends.get(juliets).code());
    }

    @Test
    void closing_twice_is_closing_once() {
        World world = World.withTunnel();
        world.romeo.close();
        world.romeo.close();
        world.settle();
        assertEquals(1, world.romeo.requests("close").size());
        assertEquals(1, world.romeo.closed.size());
    }

    @Test
    void a_close_without_goodbye_is_a_truncation_where_the_peer_confirms() {
        World world = World.withTunnel();
        long pending = world.romeo.send("never acknowledged");
        assertInstanceOf(Iq.Result.class, closeAskedOf(world.romeo));
        assertFalse(world.romeo.closure().orderly());
        assertEquals(Code.TRUNCATED, world.romeo.closure().failure().code());
        assertEquals(Code.TRUNCATED, world.romeo.failedSends.get(pending).code());
    }

    @Test
    void a_close_without_goodbye_is_a_truncation_where_the_peer_announced_that_it_would_confirm() {
        World world = new World();
        world.romeo.pondering = question -> question instanceof Question.Verify;
        world.romeo.open();
        world.settle();
        assertTrue(world.juliet.isUp());
        assertFalse(world.juliet.opened.get(0).offersConfirmed());
        closeAskedOf(world.juliet);
        assertEquals(Code.TRUNCATED, world.juliet.closure().failure().code());
    }

    @Test
    void an_answer_to_our_close_without_the_peers_goodbye_is_a_truncation_where_the_peer_confirms() {
        World world = World.withTunnel();
        world.server = (from, iq) -> {
            if (from == world.romeo && iq instanceof Iq.Request) {
                // The server answers in Juliet's name and keeps the rest back.
                from.inbox.add(new Iq.Result(
                        from.other, iq.id(), payload(iq).equals("close") ? Element.of(Wire.XTLS, "closed") : null));
            }
            return List.of();
        };
        world.juliet.send("the last word");
        world.romeo.close();
        world.settle();
        assertFalse(world.romeo.closure().orderly());
        assertEquals(Code.TRUNCATED, world.romeo.closure().failure().code());
    }

    @Test
    void a_close_that_nobody_answers_ends_in_time_and_is_not_called_orderly() {
        World world = World.withTunnel();
        world.server = (from, iq) -> List.of();
        world.romeo.close();
        world.settle();
        assertEquals("closing", world.romeo.conversation.status().state());
        world.pass(world.romeo.settings.answerMillis());
        assertEquals(Code.TRUNCATED, world.romeo.closure().failure().code());
        assertTrue(world.romeo.conversation.isIdle());
    }

    @Test
    void a_close_without_goodbye_is_a_mere_note_where_the_peer_is_a_plain_one() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        peer.request(CLOSE);
        peer.settle();
        assertTrue(world.romeo.closure().orderly());
        assertEquals(Code.CLOSED_BY_PEER, world.romeo.closure().failure().code());
        assertTrue(world.romeo.closure().failure().message().contains("without close_notify"));
    }

    @Test
    void a_plain_peers_answer_to_our_close_need_not_have_a_goodbye() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        world.romeo.close();
        peer.settle();
        assertTrue(world.romeo.closure().orderly());
        assertEquals(Code.CLOSED, world.romeo.closure().failure().code());
        assertTrue(peer.session().peerClosed());
    }

    @Test
    void a_close_during_the_negotiation_ends_it_on_both_sides() {
        World world = new World();
        world.juliet.pondering = question -> question instanceof Question.Verify;
        world.romeo.open();
        world.settle();
        assertInstanceOf(Iq.Result.class, closeAskedOf(world.juliet));
        assertEquals(Code.CLOSED_BY_PEER, world.juliet.failure().code());
        assertEquals(0, world.juliet.taken);
        world.pass(400_000);
        world.settle();
        assertTrue(world.romeo.conversation.isIdle() && world.juliet.conversation.isIdle());
        assertTrue(world.juliet.asked.isEmpty(), "nobody is asked for what has ended");
    }

    @Test
    void a_late_close_of_what_was_before_does_not_end_a_start_that_the_peer_has_not_seen() {
        World world = new World();
        world.romeo.pondering = question -> question instanceof Question.Offers;
        world.romeo.open();
        assertInstanceOf(Iq.Result.class, closeAskedOf(world.romeo));
        world.romeo.pondering = question -> false;
        world.romeo.answer(0);
        world.romeo.inbox.add(new Iq.Request(World.JULIET, "late", true, CLOSE));
        world.romeo.take();
        assertInstanceOf(Iq.Result.class, world.romeo.answerTo("late"));
        world.settle();
        assertTrue(world.romeo.isUp() && world.juliet.isUp(), world.romeo.failures.toString());
    }

    @Test
    void a_retry_right_after_the_peers_alert_is_not_ended_by_the_close_behind_it() {
        World world = new World();
        world.juliet.verdict = proof ->
                new Verdict.Refused(Alert.ACCESS_DENIED, Failure.of(Code.UNTRUSTED, Fault.LOCAL, "not known yet"));
        world.romeo.open();
        while (world.romeo.failures.isEmpty()) {
            assertTrue(world.step(new Random(7)));
        }
        assertEquals(Code.DISTRUSTED_BY_PEER, world.romeo.failure().code());
        world.juliet.verdict = world.romeo.verdict;
        world.romeo.open();
        world.settle();
        assertTrue(world.romeo.isUp() && world.juliet.isUp(), world.romeo.failures.toString());
    }

    @Test
    void an_open_while_closing_opens_when_the_close_is_done() {
        World world = World.withTunnel();
        world.romeo.close();
        world.romeo.open();
        world.settle();
        assertTrue(world.romeo.isUp() && world.juliet.isUp());
        assertEquals(2, world.romeo.opened.size());
    }

    @Test
    void a_start_that_crosses_our_close_is_refused() {
        World world = World.withTunnel();
        world.romeo.close();
        Iq answer = world.romeo.answerTo("in0");
        assertEquals(null, answer);
        world.romeo.inbox.add(new Iq.Request(World.JULIET, "in0", true, Element.of(Wire.XTLS, "start")));
        world.romeo.take();
        AgreementTest.assertCondition(Condition.NOT_ACCEPTABLE, world.romeo.answerTo("in0"));
    }

    @Test
    void a_peer_that_goes_offline_ends_the_tunnel_and_all_sends() {
        World world = World.withTunnel();
        long pending = world.romeo.send("never acknowledged");
        world.romeo.perform(world.romeo.conversation.unavailable());
        assertEquals(Code.PEER_GONE, world.romeo.failedSends.get(pending).code());
        assertEquals(Code.PEER_GONE, world.romeo.closure().failure().code());
        assertFalse(world.romeo.closure().orderly());
        assertTrue(world.romeo.conversation.isIdle());
    }

    @Test
    void a_lost_link_ends_tunnel_sends_and_negotiation() {
        World world = World.withTunnel();
        long pending = world.romeo.send("never acknowledged");
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.romeo.answer(0);
        world.romeo.perform(world.romeo.conversation.lost("the cable"));
        assertEquals(Code.LINK_LOST, world.romeo.failedSends.get(pending).code());
        assertEquals(Code.LINK_LOST, world.romeo.closure().failure().code());
        assertEquals(Code.LINK_LOST, world.romeo.failure().code());
        assertTrue(world.romeo.closure().failure().message().contains("the cable"));
        assertTrue(world.romeo.conversation.isIdle());
    }

    @Test
    void a_shut_down_says_goodbye_and_fails_what_waits_with_its_reason() {
        World world = World.withTunnel();
        long pending = world.romeo.send("never acknowledged");
        Failure gone = Failure.of(Code.SERVICE_GONE, Fault.LOCAL, "the TLS engine went away");
        world.romeo.perform(world.romeo.conversation.shutDown(gone, world.now));
        assertTrue(world.romeo.conversation.isIdle());
        assertEquals(gone, world.romeo.failedSends.get(pending));
        assertEquals(gone, world.romeo.closure().failure());
        world.settle();
        assertTrue(world.juliet.closure().orderly(), "the peer had its goodbye");
    }

    @Test
    void a_shut_down_while_the_answer_to_a_start_is_sought_refuses_the_start() {
        World world = new World();
        world.juliet.pondering = question -> true;
        world.romeo.open();
        world.settle();
        Failure gone = Failure.of(Code.SERVICE_GONE, Fault.LOCAL, "the trust store went away");
        world.juliet.perform(world.juliet.conversation.shutDown(gone, world.now));
        world.settle();
        assertEquals(Code.REFUSED, world.romeo.failure().code());
        assertEquals(0, world.juliet.taken);
        assertTrue(world.juliet.asked.isEmpty());
        assertTrue(world.juliet.unansweredIn.isEmpty());
    }

    @Test
    void a_shut_down_tells_those_who_wait_for_a_tunnel_after_the_close() {
        World world = World.withTunnel();
        world.romeo.close();
        world.romeo.open();
        world.romeo.perform(world.romeo.conversation.shutDown(
                Failure.of(Code.SERVICE_GONE, Fault.LOCAL, "the TLS engine went away"), world.now));
        assertEquals(Code.SERVICE_GONE, world.romeo.failure().code());
        assertTrue(world.romeo.conversation.isIdle());
    }

    @Test
    void an_error_for_data_ends_the_tunnel_and_says_whose_fault_it_is() {
        World world = World.withTunnel();
        world.server = (from, iq) -> {
            from.inbox.add(World.error(iq.id(), from.other, Condition.RECIPIENT_UNAVAILABLE));
            return List.of();
        };
        long pending = world.romeo.send("to nobody");
        world.settle();
        assertEquals(Code.PEER_GONE, world.romeo.failedSends.get(pending).code());
        assertFalse(world.romeo.closure().orderly());
        assertTrue(world.romeo.conversation.isIdle());
    }

    @Test
    void a_peer_that_has_forgotten_the_tunnel_ends_it() {
        World world = World.withTunnel();
        world.juliet.perform(world.juliet.conversation.lost("a crash"));
        world.romeo.send("hello?");
        world.settle();
        assertEquals(Code.PEER_GONE, world.romeo.closure().failure().code());
        assertTrue(world.romeo.conversation.isIdle());
    }

    @Test
    void a_handshake_that_the_peer_gives_up_is_called_closed_by_it() {
        World world = new World();
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        peer.givesUp = true;
        peer.start("x509");
        peer.settle();
        assertEquals(Code.CLOSED_BY_PEER, world.romeo.failure().code());
    }

    @Test
    void a_close_that_comes_back_from_where_nobody_is_says_so_and_is_not_called_orderly() {
        for (Condition condition : List.of(Condition.SERVICE_UNAVAILABLE, Condition.ITEM_NOT_FOUND)) {
            World world = World.withTunnel();
            world.juliet.perform(world.juliet.conversation.lost("a crash"));
            world.server = (from, iq) -> {
                boolean close = payload(iq).equals("close");
                from.inbox.add(
                        close ? World.error(iq.id(), from.other, condition) : new Iq.Result(from.other, iq.id(), null));
                return List.of();
            };
            world.romeo.close();
            world.settle();
            assertEquals(Code.PEER_GONE, world.romeo.closure().failure().code());
            assertFalse(world.romeo.closure().orderly());
        }
    }

    private static Iq closeAskedOf(World.Side side) {
        side.inbox.clear();
        side.inbox.add(new Iq.Request(side.other, "close", true, CLOSE));
        side.take();
        Iq answer = side.answerTo("close");
        if (answer == null) {
            throw new AssertionError("a close was not answered");
        }
        assertEquals("closed", payload(answer));
        return answer;
    }

    private static List<Iq> requestsAndResultsWithPayload(List<Iq> all) {
        return all.stream().filter(iq -> !payload(iq).isEmpty()).toList();
    }

    private static String payload(Iq iq) {
        if (iq instanceof Iq.Request request) {
            return request.payload().name();
        }
        return iq instanceof Iq.Result result && result.payload() != null
                ? result.payload().name()
                : "";
    }
}
