package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.xtls.Acknowledgement;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.FullJid;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.transport.Iq;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policy;
import org.xtls.xml.Element;

/** What each side sent and received is compared inside the tunnel. */
class OffersConfirmedTest {
    private static final Element CONFIRM = Element.of(Wire.OURS, "confirm");

    @Test
    void both_sides_know_that_nobody_edited_the_offers_and_remember_that_the_peer_confirms() {
        World world = new World();
        world.romeo.pondering = question -> question instanceof Question.Verify;
        world.romeo.open();
        world.settle();
        assertTrue(world.juliet.isUp(), "the responder is up when it has judged the peer");
        assertFalse(world.juliet.opened.get(0).offersConfirmed());
        world.romeo.pondering = question -> false;
        world.settle();
        assertTrue(world.romeo.opened.get(0).offersConfirmed(), "the initiator waits for it");
        assertTrue(world.juliet.changes.get(0).offersConfirmed());
        assertEquals(Acknowledgement.PEER, world.juliet.changes.get(0).acknowledgement());
        for (World.Side side : List.of(world.romeo, world.juliet)) {
            assertTrue(side.remembered.get(side.remembered.size() - 1).confirmed());
        }
    }

    @Test
    void an_edited_offer_in_the_start_closes_the_tunnel_before_any_stanza_is_delivered() {
        tampered(editing("start", offer -> offer.with(World.keyinfo("00".repeat(32)))));
    }

    @Test
    void an_edited_offer_in_the_answer_closes_the_tunnel_before_any_stanza_is_delivered() {
        tampered(editing("proceed", offer -> offer.with(World.keyinfo("00".repeat(32)))));
    }

    @Test
    void an_edited_name_in_an_offer_closes_the_tunnel() {
        tampered(editing(
                "start", offer -> Element.of(Offer.NAMESPACE, "offer").with(World.keyinfo("ac".repeat(32)), CONFIRM)));
    }

    @Test
    void another_order_of_an_offers_children_closes_the_tunnel() {
        tampered(editing(
                "start", offer -> Element.of(Offer.NAMESPACE, "offer").with(CONFIRM, World.keyinfo("ab".repeat(32)))));
    }

    @Test
    void a_child_that_nobody_knows_counts_when_offers_are_compared() {
        World world = editing(
                "start",
                offer -> Element.of(Offer.NAMESPACE, "offer")
                        .with(offer.children()
                                .filter(child -> !child.name().equals("future"))
                                .toList()));
        world.romeo.methods =
                Map.of("x509", List.of(World.keyinfo("ab".repeat(32)), Element.of("urn:example", "future")));
        tampered(world);
    }

    @Test
    void an_offer_taken_away_closes_the_tunnel() {
        World world = new World();
        world.server = (from, iq) ->
                iq instanceof Iq.Request request && request.payload().name().equals("start")
                        ? List.of(new Iq.Request(iq.peer(), iq.id(), true, Element.of(Wire.XTLS, "start")))
                        : List.of(iq);
        tampered(world);
    }

    @Test
    void a_stripped_announcement_in_the_start_closes_the_tunnel() {
        tampered(editing("start", OffersConfirmedTest::withoutConfirm));
    }

    @Test
    void a_stripped_announcement_in_the_answer_closes_the_tunnel() {
        World world = editing("proceed", OffersConfirmedTest::withoutConfirm);
        world.romeo.open();
        world.settle();
        // To Romeo she looks like a plain peer until her first stanza comes, which is her confirmation.
        assertEquals(Code.OFFER_TAMPERED, ended(world.romeo).code());
        assertEquals(Code.OFFER_TAMPERED, ended(world.juliet).code());
        assertEquals(List.of(), world.juliet.delivered);
    }

    @Test
    void announcements_stripped_from_both_offers_close_the_tunnel_and_no_stanza_sent_meanwhile_is_delivered() {
        World world = new World();
        world.server = (from, iq) -> List.of(edited(
                edited(iq, "start", OffersConfirmedTest::withoutConfirm),
                "proceed",
                OffersConfirmedTest::withoutConfirm));
        world.romeo.open();
        while (!world.romeo.conversation.status().state().equals("open")) {
            assertTrue(world.step(new java.util.Random(1)));
        }
        // Neither expects a confirmation, so both may write right behind their own.
        world.romeo.send("right behind");
        world.settle();
        assertEquals(List.of(), world.juliet.delivered);
        assertEquals(List.of(), world.romeo.delivered);
        assertEquals(Code.OFFER_TAMPERED, ended(world.romeo).code());
        assertEquals(Code.OFFER_TAMPERED, ended(world.juliet).code());
    }

    @Test
    void white_space_that_a_server_adds_to_an_offer_is_no_difference() {
        World world = editing(
                "start",
                offer -> Element.of(Offer.NAMESPACE, "offer")
                        .withText("\n  ")
                        .with(offer.children().toList())
                        .withText("\n"));
        world.romeo.open();
        world.settle();
        assertTrue(world.romeo.isUp() && world.juliet.isUp());
    }

    @Test
    void a_tunnel_led_to_another_resource_is_closed_as_rerouted() {
        FullJid chamber = FullJid.parse("juliet@capulet.com/chamber");
        World world = new World();
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        Offer answer = Offers.confirming(List.of(List.of(World.keyinfo("cd".repeat(32)))));
        peer.proceed = peer.proceed.with(answer.element());
        world.romeo.open();
        peer.settle();
        Offer start = Wire.offerIn(world.romeo.requests("start").get(0).payload());
        peer.says(Confirmation.of(chamber, World.ROMEO, Role.RESPONDER, answer, start)
                .asRequest("c")
                .toXml());
        assertEquals(Code.REROUTED, world.romeo.failure().code());
        assertTrue(world.romeo.failure().message().contains("juliet@capulet.com/chamber"));
        assertEquals(List.of(), world.romeo.opened);
    }

    @Test
    void a_peer_that_announced_its_confirmation_and_says_something_else_first_is_refused() {
        World world = new World();
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        peer.proceed =
                peer.proceed.with(Element.of(Offer.NAMESPACE, "offer").with(World.keyinfo("cd".repeat(32)), CONFIRM));
        world.romeo.open();
        peer.settle();
        assertFalse(world.romeo.isUp(), "open does not complete before the peer has confirmed");
        peer.says("<message xmlns='jabber:client'><body>trust me</body></message>");
        assertEquals(Code.UNCONFIRMED, world.romeo.failure().code());
        assertEquals(List.of(), world.romeo.delivered);
    }

    @Test
    void a_peer_that_announced_its_confirmation_and_never_says_anything_is_refused_in_time() {
        World world = new World();
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        peer.proceed = peer.proceed.with(Element.of(Offer.NAMESPACE, "offer").with(CONFIRM));
        world.romeo.likes = thing -> true;
        world.romeo.open();
        peer.settle();
        world.pass(world.romeo.settings.negotiationMillis());
        assertEquals(Code.UNCONFIRMED, world.romeo.failure().code());
    }

    @Test
    void a_responders_tunnel_is_closed_in_time_when_the_announced_confirmation_does_not_come() {
        World world = new World();
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        peer.start(
                "x509", new Offer(Element.of(Offer.NAMESPACE, "offer").with(World.keyinfo("cd".repeat(32)), CONFIRM)));
        peer.settle();
        assertTrue(world.romeo.isUp(), world.romeo.failures.toString());
        long waiting = world.romeo.send("not before you have confirmed");
        peer.settle();
        assertFalse(peer.allHeard().contains("not before"));
        world.pass(world.romeo.settings.negotiationMillis());
        peer.settle();
        assertEquals(Code.UNCONFIRMED, world.romeo.closure().failure().code());
        assertEquals(Code.UNCONFIRMED, world.romeo.failedSends.get(waiting).code());
    }

    @Test
    void a_peer_that_is_remembered_to_confirm_has_to() {
        World world = new World();
        world.romeo.known = new KnownPeer(World.JULIET.bare(), List.of(), true, Set.of("x509"));
        RawPeer peer = RawPeer.asResponder(world);
        peer.says("<message xmlns='jabber:client'/>");
        assertEquals(Code.UNCONFIRMED, world.romeo.failure().code());
    }

    @Test
    void where_policy_requires_it_a_plain_peer_is_refused() {
        World world = new World();
        world.romeo.policy = Policy.DEFAULT.withConfirmedOffers(true);
        RawPeer peer = RawPeer.asResponder(world);
        assertFalse(world.romeo.isUp());
        peer.says("<message xmlns='jabber:client'/>");
        assertEquals(Code.UNCONFIRMED, world.romeo.failure().code());
    }

    @Test
    void a_confirmation_that_is_not_the_first_stanza_closes_the_tunnel() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        peer.says("<message xmlns='jabber:client'><body>first</body></message>");
        peer.says("<iq xmlns='jabber:client' type='set' id='c'><confirm xmlns='urn:x-xtls:1'/></iq>");
        assertEquals(Code.PROTOCOL, world.romeo.closure().failure().code());
    }

    @Test
    void a_confirmation_without_sense_closes_the_tunnel() {
        for (String inside : List.of(
                "",
                "<sent/>",
                "<sent/><received/><received/>",
                "<sent><offer xmlns='urn:xmpp:tmp:c2ctls'>text<x/></offer></sent><received/>")) {
            World world = new World();
            RawPeer peer = RawPeer.asResponder(world);
            peer.says("<iq xmlns='jabber:client' type='set' id='c'><confirm xmlns='urn:x-xtls:1' initiator='"
                    + World.ROMEO + "' responder='" + World.JULIET + "'>" + inside + "</confirm></iq>");
            assertEquals(Code.PROTOCOL, world.romeo.closure().failure().code(), inside);
        }
    }

    @Test
    void a_confirmation_without_addresses_closes_the_tunnel() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        peer.says("<iq xmlns='jabber:client' type='set' id='c'><confirm xmlns='urn:x-xtls:1'>"
                + "<sent/><received/></confirm></iq>");
        assertEquals(Code.PROTOCOL, world.romeo.closure().failure().code());
    }

    @Test
    void an_unannounced_confirmation_is_taken_all_the_same() {
        World world = new World();
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        world.romeo.open();
        peer.settle();
        Offer start = Wire.offerIn(world.romeo.requests("start").get(0).payload());
        peer.says(Confirmation.of(World.JULIET, World.ROMEO, Role.RESPONDER, null, start)
                .asRequest("c")
                .toXml());
        assertTrue(world.romeo.changes.get(0).offersConfirmed());
        assertTrue(peer.allHeard().contains("type='result' id='c'")
                || peer.allHeard().contains("id='c'"));
    }

    @Test
    void the_confirmation_is_the_first_stanza_and_holds_both_offers_and_addresses() throws Exception {
        World world = new World();
        RawPeer peer = RawPeer.confirming(world);
        Element iq = Element.parse(peer.heard.stream()
                .filter(text -> !text.isEmpty())
                .findFirst()
                .orElseThrow()
                .replaceFirst("^<iq", "<iq xmlns='jabber:client'"));
        Element confirm = iq.child(Wire.OURS, "confirm").orElseThrow();
        assertEquals(World.ROMEO.toString(), confirm.attribute("initiator").orElseThrow());
        assertEquals(World.JULIET.toString(), confirm.attribute("responder").orElseThrow());
        Element sent = confirm.child(Wire.OURS, "sent").orElseThrow();
        assertTrue(sent.child(Offer.NAMESPACE, "offer")
                .orElseThrow()
                .sameAs(world.romeo
                        .requests("start")
                        .get(0)
                        .payload()
                        .child(Offer.NAMESPACE, "offer")
                        .orElseThrow()));
        assertTrue(confirm.child(Wire.OURS, "received")
                .orElseThrow()
                .child(Offer.NAMESPACE, "offer")
                .orElseThrow()
                .sameAs(peer.proceed.child(Offer.NAMESPACE, "offer").orElseThrow()));
    }

    private static void tampered(World world) {
        world.romeo.open();
        world.settle();
        assertEquals(Code.OFFER_TAMPERED, ended(world.romeo).code());
        assertEquals(Code.OFFER_TAMPERED, ended(world.juliet).code());
        assertTrue(ended(world.romeo).message().contains("sent:"), "the difference is told");
        assertEquals(List.of(), world.romeo.delivered);
        assertEquals(List.of(), world.juliet.delivered);
        assertTrue(world.romeo.remembered.stream().noneMatch(Action.Remember::confirmed));
        assertTrue(world.juliet.remembered.stream().noneMatch(Action.Remember::confirmed));
    }

    private static Failure ended(World.Side side) {
        return side.closed.isEmpty() ? side.failure() : side.closure().failure();
    }

    private static Element withoutConfirm(Element offer) {
        return Element.of(Offer.NAMESPACE, "offer")
                .with(offer.children()
                        .filter(child -> !child.name().equals("confirm"))
                        .toList());
    }

    private static World editing(String name, UnaryOperator<Element> edit) {
        World world = new World();
        world.server = (from, iq) -> List.of(edited(iq, name, edit));
        return world;
    }

    private static Iq edited(Iq iq, String name, UnaryOperator<Element> edit) {
        if (iq instanceof Iq.Request request && request.payload().name().equals(name)) {
            return new Iq.Request(iq.peer(), iq.id(), request.set(), inside(request.payload(), edit));
        }
        if (iq instanceof Iq.Result result
                && result.payload() != null
                && result.payload().name().equals(name)) {
            return new Iq.Result(iq.peer(), iq.id(), inside(result.payload(), edit));
        }
        return iq;
    }

    private static Element inside(Element holder, UnaryOperator<Element> edit) {
        Element offer = holder.child(Offer.NAMESPACE, "offer").orElseThrow();
        return Element.of(holder.namespace(), holder.name()).with(edit.apply(offer));
    }
}
