package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.Acknowledgement;
import org.xtls.Failure.Code;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.auth.Verdict;
import org.xtls.transport.Iq;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/** Attacks that were thought up against this machine, each with what it comes to. */
class AttacksTest {
    @ParameterizedTest
    @ValueSource(strings = {"<message/>a&#0;", "<message/>\n]]>", " &#0;", "<message><body>&#xD800;</body></message>"})
    void malformed_text_that_the_parser_finds_late_closes_the_tunnel(String xml) {
        World world = new World();
        RawPeer peer = RawPeer.asInitiator(world);
        assertTrue(world.romeo.isUp());
        peer.says(xml);
        assertEquals(Code.PROTOCOL, world.romeo.closure().failure().code());
    }

    @Test
    void malformed_text_that_was_held_ends_the_negotiation_and_gives_back_its_place() {
        World world = new World();
        world.romeo.pondering = question -> question instanceof Question.Verify;
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        peer.start("x509");
        peer.settle();
        peer.write("<message/>a&#0;");
        peer.settle();
        world.romeo.pondering = question -> false;
        peer.settle();
        assertEquals(0, world.romeo.taken);
        assertEquals("", world.romeo.conversation.status().state());
        assertEquals(Code.PROTOCOL, world.romeo.failure().code());
    }

    @Test
    void records_of_a_frozen_tunnel_do_not_follow_the_responders_proceed() {
        World world = withSmallWindows();
        world.juliet.send(Stanza.chat("y".repeat(200_000))); // two IQs are out, the rest waits for the window
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.romeo.answer(0);
        world.juliet.take();
        world.settle();
        assertTrue(world.romeo.isUp() && world.juliet.isUp(), () -> "" + world.romeo.failures + world.juliet.failures);
        assertEquals(2, world.romeo.opened.size());
    }

    @Test
    void records_of_a_frozen_tunnel_do_not_follow_the_initiators_first_data() {
        World world = withSmallWindows();
        world.romeo.send(Stanza.chat("y".repeat(300_000)));
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.settle();
        assertTrue(world.romeo.isUp() && world.juliet.isUp(), () -> "" + world.romeo.failures + world.juliet.failures);
        assertEquals(2, world.romeo.opened.size());
    }

    @Test
    void a_tunnel_that_closes_for_lack_of_answers_does_not_ring_all_the_time() {
        World world = World.withTunnel();
        world.server = (from, iq) -> List.of();
        world.romeo.send("hello");
        world.pass(world.romeo.settings.answerMillis());
        assertEquals("closing", world.romeo.conversation.status().state());
        assertTrue(world.romeo.conversation.deadline() > world.now);
    }

    @Test
    void a_renewal_does_not_turn_the_peers_word_into_the_servers() {
        World world = new World();
        for (World.Side side : List.of(world.romeo, world.juliet)) {
            side.verdict = proof -> new Verdict.Unknown(new KeyName("x509", "ef".repeat(32)));
            side.decision = new Question.Decided(Trust.UNVERIFIED, "first use");
        }
        world.romeo.open();
        world.settle();
        assertEquals(Acknowledgement.PEER, world.romeo.opened.get(0).acknowledgement());
        world.server = (from, iq) -> {
            if (iq instanceof Iq.Request request && request.payload().name().equals("start")) {
                return List.of(new Iq.Request(iq.peer(), iq.id(), true, withoutConfirm(request.payload())));
            }
            if (iq instanceof Iq.Result result
                    && result.payload() != null
                    && result.payload().name().equals("proceed")) {
                return List.of(new Iq.Result(iq.peer(), iq.id(), withoutConfirm(result.payload())));
            }
            boolean fresh = from.opened.size() > 1;
            if (fresh
                    && iq instanceof Iq.Request request
                    && request.payload().name().equals("data")) {
                from.inbox.add(new Iq.Result(from.other, iq.id(), null));
                return List.of();
            }
            return List.of(iq);
        };
        world.romeo.perform(world.romeo.conversation.renew(world.now));
        world.romeo.answer(0);
        long token = world.romeo.send("queued where the peer gives its word");
        world.settle();
        world.pass(world.romeo.settings.negotiationMillis());
        world.settle();
        assertTrue(world.romeo.failedSends.containsKey(token), () -> "" + world.romeo.acknowledged);
    }

    private static World withSmallWindows() {
        World world = new World();
        Settings d = Settings.DEFAULT;
        for (World.Side side : List.of(world.romeo, world.juliet)) {
            side.settings = new Settings(
                    2,
                    d.iqBytes(),
                    d.dataBytes(),
                    d.stanzaBytes(),
                    d.queueBytes(),
                    d.negotiationMillis(),
                    d.answerMillis());
        }
        world.romeo.open();
        world.settle();
        assertTrue(world.romeo.isUp() && world.juliet.isUp());
        return world;
    }

    private static Element withoutConfirm(Element holder) {
        Element stripped = Element.of(holder.namespace(), holder.name());
        for (Element child : holder.children().toList()) {
            if (!child.name().equals("confirm")) {
                stripped = stripped.with(child.name().equals("offer") ? withoutConfirm(child) : child);
            }
        }
        return stripped;
    }
}
