package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;
import static org.xtls.tests.Waiting.refused;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.xtls.server.loopback.Element;
import org.xtls.server.loopback.Interceptor;
import org.xtls.server.loopback.LoopbackServer;
import org.xtls.server.loopback.Stanza;
import org.xtls.server.loopback.Verdict;
import org.xtls.server.loopback.Wiretap;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.container.Contents;
import org.xtls.tests.stage.End;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Refusal;
import org.xtls.tests.stage.Talk;

/** The server in the middle does its worst; after each story the same containers open a good tunnel through it. */
class HostileServerTest {
    private static final String XTLS = "urn:xmpp:tmp:xtls";
    private static final String OFFERS = "urn:xmpp:tmp:c2ctls";
    private static final String PUBKEY = "urn:xmpp:tmp:pubkey";
    private static final String OURS = "urn:x-xtls:1";
    private static final String DISCO = "http://jabber.org/protocol/disco#info";
    private static final String SECRET = "a-rose-by-any-other-name";

    @RegisterExtension
    static final Theatre THEATRE = new Theatre(Contents.srp());

    private static final List<String> SEEN = new CopyOnWriteArrayList<>();
    private static LoopbackServer server;

    @BeforeAll
    static void startServer() throws IOException {
        LoopbackServer.Builder builder = LoopbackServer.builder();
        for (String user : Theatre.users()) {
            builder.user(user);
        }
        Wiretap tap = (direction, client, stanza) -> SEEN.add(stanza.xml());
        server = builder.wiretap(tap).start();
    }

    @AfterAll
    static void it_never_saw_what_they_said() {
        server.close();
        assertTrue(SEEN.size() > 100, "the tap is deaf: it saw " + SEEN.size() + " stanzas");
        assertFalse(SEEN.stream().anyMatch(stanza -> stanza.contains(SECRET)));
    }

    @AfterEach
    void an_honest_server_gets_them_a_good_tunnel_again() {
        server.interceptor(Interceptor.NONE);
        try (Scene good = scene().trusting()) {
            assertEquals("PEER", now(good.romeo().opensTo(good.juliet()).send(chat("still there"))));
            good.juliet().tunnel();
            assertTrue(good.juliet().hears().contains("still there"));
        }
    }

    @Test
    void it_answers_our_iqs_itself_and_drops_their_content_and_no_send_is_ever_acknowledged() {
        THEATRE.romeo().actor().configure("org.xtls.tunnel", Map.of("answerMillis", 1000L));
        try (Scene scene = scene().trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            scene.juliet().tunnel();
            server.interceptor((stanza, loopback) -> isRequest(stanza, "data") && from(scene.romeo(), stanza)
                    ? Verdict.answer(stanza.result())
                    : Verdict.pass());
            List<CompletableFuture<String>> sent = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                sent.add(out.send(chat("number " + i)));
            }
            // Nobody closes: every question of the link was answered in time, and only the peer's count does not move.
            End end = now(out.closed());
            assertEquals("TIMEOUT", end.code(), end.toString());
            assertEquals("BETWEEN", end.fault());
            sent.forEach(send -> assertEquals("TIMEOUT", refused(send).code()));
            assertEquals(
                    List.of(),
                    scene.juliet().unheard().stream()
                            .filter(event -> event.kind() == Event.Kind.RECEIVED)
                            .toList());
        } finally {
            THEATRE.romeo().actor().configure("org.xtls.tunnel", Map.of("answerMillis", 60_000L));
        }
    }

    @Test
    void it_drops_what_romeo_says_but_not_his_close_and_that_is_called_truncated() {
        try (Scene scene = scene().trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            server.interceptor((stanza, loopback) -> isRequest(stanza, "data") && from(scene.romeo(), stanza)
                    ? Verdict.answer(stanza.result())
                    : Verdict.pass());
            out.close();
            assertEquals("TRUNCATED", now(back.closed()).code());
        }
    }

    @Test
    void it_forges_a_close_and_that_is_called_truncated() {
        try (Scene scene = scene().trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            scene.juliet().tunnel();
            server.inject(
                    scene.romeo().jid(),
                    "<iq type='set' id='forged' from='" + scene.juliet().jid() + "' to='"
                            + scene.romeo().jid() + "'><close xmlns='" + XTLS + "'/></iq>");
            assertEquals("TRUNCATED", now(out.closed()).code());
        }
    }

    @Test
    void it_turns_a_bit_of_the_ciphertext() {
        try (Scene scene = scene().trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            server.interceptor((stanza, loopback) -> isRequest(stanza, "data") && from(scene.romeo(), stanza)
                    ? Verdict.replace(stanza.edit(XTLS, "data", HostileServerTest::withOneBitTurned))
                    : Verdict.pass());
            CompletableFuture<String> sent = out.send(chat("what's in a name?"));
            assertEquals("TLS", now(back.closed()).code());
            assertEquals("TLS", refused(sent).code());
            End end = now(out.closed());
            assertEquals("TLS", end.code(), end.toString());
            assertTrue(end.message().contains("bad_record_mac"), end.toString());
        }
    }

    @Test
    void it_puts_garbage_into_a_tunnel_that_is_up() {
        try (Scene scene = scene().trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            scene.juliet().tunnel();
            server.inject(
                    scene.romeo().jid(),
                    "<iq type='set' id='forged' from='" + scene.juliet().jid() + "' to='"
                            + scene.romeo().jid() + "'><data xmlns='" + XTLS + "'>#no Base64#</data></iq>");
            assertEquals("PROTOCOL", now(out.closed()).code());
        }
    }

    @Test
    void it_replays_ciphertext() {
        try (Scene scene = scene().trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            AtomicInteger once = new AtomicInteger();
            server.interceptor((stanza, loopback) -> {
                if (isRequest(stanza, "data") && from(scene.romeo(), stanza) && once.getAndIncrement() == 0) {
                    loopback.inject(scene.juliet().jid(), stanza);
                }
                return Verdict.pass();
            });
            out.send(chat("said once"));
            assertEquals("TLS", now(back.closed()).code());
            // What was replayed may have been the chat or an acknowledgement before it: never is anything heard twice.
            Event event = scene.juliet().nextOfAnyKind();
            if (event.kind() == Event.Kind.RECEIVED) {
                assertTrue(event.stanza().contains("said once"));
                event = scene.juliet().nextOfAnyKind();
            }
            assertEquals(Event.Kind.CLOSED, event.kind(), event.toString());
            assertEquals(List.of(), scene.juliet().unheard());
        }
    }

    @Test
    void it_adds_to_romeos_offer_and_both_sides_say_so_before_a_stanza_is_delivered() {
        tampersWith("start", offer -> offer.with(Element.of("urn:example:backdoor", "backdoor")));
    }

    @Test
    void it_adds_to_juliets_offer_and_both_sides_say_so_before_a_stanza_is_delivered() {
        tampersWith("proceed", offer -> offer.with(Element.of("urn:example:backdoor", "backdoor")));
    }

    @Test
    void it_strips_romeos_promise_to_confirm_and_both_sides_say_so() {
        tampersWith("start", offer -> offer.without("urn:x-xtls:1", "confirm"));
    }

    @Test
    void it_strips_juliets_promise_to_confirm_and_both_sides_say_so() {
        tampersWith("proceed", offer -> offer.without("urn:x-xtls:1", "confirm"));
    }

    @Test
    void it_strips_romeos_offer_altogether_and_both_sides_say_so() {
        try (Scene scene = scene().trusting()) {
            server.interceptor((stanza, loopback) -> stanza.find(XTLS, "start").isPresent()
                    ? Verdict.replace(stanza.without(OFFERS, "offer"))
                    : Verdict.pass());
            assertNoTunnel(scene, "OFFER_TAMPERED", "OFFER_TAMPERED");
        }
    }

    @Test
    void it_strips_everything_but_insecure_and_those_who_know_each_other_get_no_unverified_tunnel() {
        THEATRE.romeo().actor().policy("first-use", "accept");
        THEATRE.juliet().actor().policy("first-use", "accept");
        try (Scene scene = scene().trusting()) {
            server.interceptor(editingOffers(
                    Set.of("start", "proceed"), offer -> offer.withContent(List.of(Element.of(OFFERS, "insecure")))));
            assertNoTunnel(scene, "REFUSED", "NO_COMMON_METHOD");
        } finally {
            THEATRE.romeo().actor().policy("first-use", "ask");
            THEATRE.juliet().actor().policy("first-use", "ask");
        }
    }

    @Test
    void it_strips_insecure_from_romeos_offer_and_both_sides_say_so() {
        withFirstUse("accept", scene -> {
            server.interceptor(editingOffers(Set.of("start"), offer -> offer.without(OFFERS, "insecure")));
            assertNoTunnel(scene, "OFFER_TAMPERED", "OFFER_TAMPERED");
        });
    }

    @Test
    void it_strips_insecure_from_juliets_answer_and_nothing_is_left_that_romeo_could_go_on_with() {
        withFirstUse("accept", scene -> {
            server.interceptor(editingOffers(Set.of("proceed"), offer -> offer.without(OFFERS, "insecure")));
            assertNoTunnel(scene, "NO_COMMON_METHOD", "CLOSED_BY_PEER");
        });
    }

    @Test
    void it_swaps_the_keyinfo_of_romeos_offer_and_juliet_takes_up_nothing_with_a_stranger_to_her() {
        try (Scene scene = scene().trusting()) {
            server.interceptor(editingOffers(Set.of("start"), offer -> swapped(offer, 64)));
            assertNoTunnel(scene, "REFUSED", "KEY_CHANGED");
        }
    }

    @Test
    void it_swaps_the_keyinfo_for_look_up_by_plain_peers_and_both_sides_say_so() {
        tampersWith("start", offer -> swapped(offer, 40));
    }

    @Test
    void it_swaps_the_keyinfo_of_juliets_answer_and_both_sides_say_so() {
        tampersWith("proceed", offer -> swapped(swapped(offer, 64), 40));
    }

    @Test
    void it_swaps_the_keyinfo_for_one_of_its_own_between_strangers_and_both_sides_say_so() {
        withFirstUse("accept", scene -> {
            server.interceptor(editingOffers(Set.of("start"), offer -> swapped(swapped(offer, 64), 40)));
            assertNoTunnel(scene, "OFFER_TAMPERED", "OFFER_TAMPERED");
        });
    }

    @Test
    void it_deletes_the_password_from_romeos_offer_and_both_sides_say_so() {
        withAPassword(scene -> {
            server.interceptor(editingOffers(Set.of("start"), offer -> offer.without(OURS, "srp")));
            assertNoTunnel(scene, "OFFER_TAMPERED", "OFFER_TAMPERED");
        });
    }

    @Test
    void it_deletes_the_certificates_from_romeos_offer_so_that_the_password_is_left_and_both_sides_say_so() {
        withAPassword(scene -> {
            server.interceptor(editingOffers(Set.of("start"), offer -> offer.without(PUBKEY, "keyinfo")));
            assertNoTunnel(scene, "OFFER_TAMPERED", "OFFER_TAMPERED");
        });
    }

    @Test
    void it_deletes_the_only_method_from_juliets_answer_and_romeo_closes_at_once() {
        try (Scene scene = scene().trusting()) {
            server.interceptor(editingOffers(Set.of("proceed"), offer -> offer.withContent(List.of())));
            assertNoTunnel(scene, "NO_COMMON_METHOD", "CLOSED_BY_PEER");
        }
    }

    @Test
    void it_replays_the_offer_that_romeo_made_as_a_stranger_and_both_sides_say_so() {
        replays("start");
    }

    @Test
    void it_replays_the_answer_that_juliet_gave_a_stranger_and_both_sides_say_so() {
        replays("proceed");
    }

    @Test
    void it_drops_the_disco_feature_and_they_get_no_less_of_a_tunnel() {
        try (Scene scene = scene().trusting()) {
            CompletableFuture<Boolean> dropped = new CompletableFuture<>();
            server.interceptor((stanza, loopback) -> {
                Optional<Element> query = stanza.isType("result") ? stanza.child(DISCO, "query") : Optional.empty();
                if (query.isEmpty()) {
                    return Verdict.pass();
                }
                List<Element> left = query.get().children().stream()
                        .filter(child -> !child.attribute("var").equals(Optional.of(XTLS)))
                        .toList();
                if (from(scene.juliet(), stanza)) {
                    dropped.complete(left.size() < query.get().children().size());
                }
                return Verdict.replace(stanza.edit(DISCO, "query", all -> all.withContent(left)));
            });
            server.inject(
                    scene.juliet().jid(),
                    "<iq type='get' id='what' from='" + scene.romeo().jid() + "' to='"
                            + scene.juliet().jid() + "'><query xmlns='" + DISCO + "'/></iq>");
            assertTrue(now(dropped), "there was no feature to drop");
            // Whoever looked there first could be led to talk without a tunnel: the start itself is the question.
            Talk out = scene.romeo().opensTo(scene.juliet());
            assertEquals("VERIFIED", out.security().trust());
            assertTrue(out.security().offersConfirmed());
            assertEquals("PEER", now(out.send(chat("all the same"))));
            scene.juliet().tunnel();
            assertTrue(scene.juliet().hears().contains("all the same"));
        }
    }

    @Test
    void it_says_that_juliet_speaks_no_xtls_and_romeo_is_told_so_and_says_nothing() {
        try (Scene scene = scene().trusting()) {
            server.interceptor((stanza, loopback) -> isRequest(stanza, "start")
                    ? Verdict.answer(stanza.error("cancel", "service-unavailable"))
                    : Verdict.pass());
            Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
            assertEquals("NOT_SUPPORTED", refusal.code(), refusal.toString());
            assertEquals(List.of(), scene.romeo().talks());
            assertEquals(List.of(), scene.juliet().unheard());
        }
    }

    @Test
    void it_leads_the_tunnel_to_another_of_juliets_resources() {
        try (Scene scene = scene().trusting();
                Session garden =
                        THEATRE.juliet().enter(server.port(), scene.juliet().account(), "garden")) {
            String romeo = scene.romeo().jid();
            String balcony = scene.juliet().jid();
            server.interceptor((stanza, loopback) -> {
                if (stanza.to().equals(Optional.of(balcony)) && from(scene.romeo(), stanza)) {
                    return Verdict.reroute(garden.jid(), stanza.withTo(garden.jid()));
                }
                if (stanza.to().equals(Optional.of(romeo)) && stanza.from().equals(Optional.of(garden.jid()))) {
                    return Verdict.reroute(romeo, stanza.withFrom(balcony));
                }
                return Verdict.pass();
            });
            Refusal refusal = refused(scene.romeo().opening(balcony));
            assertEquals("REROUTED", refusal.code(), refusal.toString());
            assertEquals("BETWEEN", refusal.fault());
            Event hers = lastOf(garden);
            assertEquals("REROUTED", hers.code(), hers.toString());
            assertEquals(List.of(), scene.romeo().talks());
            assertEquals(List.of(), garden.talks());
        }
    }

    @Test
    void it_answers_the_start_itself_and_gets_no_further() {
        THEATRE.romeo().actor().configure("org.xtls.tunnel", Map.of("answerMillis", 1000L, "negotiationMillis", 2000L));
        try (Scene scene = scene().trusting()) {
            server.interceptor((stanza, loopback) -> {
                if (isRequest(stanza, "start")) {
                    return Verdict.answer(stanza.result(Element.of(XTLS, "proceed")));
                }
                return isRequest(stanza, "data") ? Verdict.answer(stanza.result()) : Verdict.pass();
            });
            Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
            assertEquals("TIMEOUT", refusal.code(), refusal.toString());
            assertEquals(List.of(), scene.juliet().unheard());
        } finally {
            THEATRE.romeo()
                    .actor()
                    .configure("org.xtls.tunnel", Map.of("answerMillis", 60_000L, "negotiationMillis", 300_000L));
        }
    }

    @Test
    void both_start_at_once_and_the_one_whose_address_sorts_first_wins() {
        try (Scene scene = scene().trusting()) {
            List<Stanza> held = new ArrayList<>();
            List<Stanza> conflicts = new CopyOnWriteArrayList<>();
            server.interceptor((stanza, loopback) -> {
                if (stanza.find(Stanza.ERRORS, "conflict").isPresent()) {
                    conflicts.add(stanza);
                }
                if (!isRequest(stanza, "start")) {
                    return Verdict.pass();
                }
                synchronized (held) {
                    held.add(stanza);
                    if (held.size() == 2) {
                        // Neither has seen the other's start when sending its own.
                        held.forEach(start -> loopback.inject(start.to().orElseThrow(), start));
                    }
                }
                return Verdict.drop();
            });
            CompletableFuture<Talk> his = scene.romeo().opening(scene.juliet().jid());
            CompletableFuture<Talk> hers = scene.juliet().opening(scene.romeo().jid());
            assertEquals("PEER", now(now(his).send(chat("one"))));
            assertEquals("PEER", now(now(hers).send(chat("two"))));
            assertEquals(1, scene.romeo().talks().size());
            assertEquals(1, scene.juliet().talks().size());
            assertEquals(1, conflicts.size());
            // "juliet…" sorts before "romeo…": her start goes on, and she answers his.
            assertEquals(Optional.of(scene.juliet().jid()), conflicts.get(0).from());
        }
    }

    /** What went over the wire when they had just met, and pinned nothing, takes the place of what they say now. */
    private void replays(String step) {
        withFirstUse("accept", scene -> {
            CompletableFuture<Element> old = new CompletableFuture<>();
            server.interceptor((stanza, loopback) -> {
                if (stanza.find(XTLS, step).isPresent()) {
                    stanza.find(OFFERS, "offer").ifPresent(old::complete);
                }
                return Verdict.pass();
            });
            Talk first = scene.romeo().opensTo(scene.juliet());
            assertEquals("UNVERIFIED", first.security().trust());
            now(first.close());
            assertTrue(now(old).child(OFFERS, "insecure").isPresent());
            for (Session session : List.of(scene.romeo(), scene.juliet())) {
                session.next(Event.Kind.OPENED);
                session.next(Event.Kind.CLOSED);
            }
            scene.trusting();
            server.interceptor(editingOffers(Set.of(step), offer -> now(old)));
            assertNoTunnel(scene, "OFFER_TAMPERED", "OFFER_TAMPERED");
        });
    }

    /** Two who have never met, under a policy. */
    private void withFirstUse(String policy, Consumer<Scene> story) {
        THEATRE.romeo().actor().policy("first-use", policy);
        THEATRE.juliet().actor().policy("first-use", policy);
        try (Scene scene = scene()) {
            story.accept(scene);
        } finally {
            THEATRE.romeo().actor().policy("first-use", "ask");
            THEATRE.juliet().actor().policy("first-use", "ask");
        }
    }

    /** Two who have pinned each other's certificates, and share a password besides. */
    private void withAPassword(Consumer<Scene> story) {
        try (Scene scene = scene().trusting()) {
            THEATRE.romeo()
                    .actor()
                    .password(scene.romeo().account(), scene.juliet().account(), "wherefore", "BOTH");
            THEATRE.juliet()
                    .actor()
                    .password(scene.juliet().account(), scene.romeo().account(), "wherefore", "BOTH");
            story.accept(scene);
        }
    }

    /** Another certificate's name in the place of each of this length. */
    private static Element swapped(Element offer, int digits) {
        return offer.withContent(offer.children().stream()
                .map(thing -> thing.edit(
                        PUBKEY,
                        "name",
                        name -> name.text().strip().length() == digits ? name.withText("ab".repeat(digits / 2)) : name))
                .toList());
    }

    private void tampersWith(String step, UnaryOperator<Element> edit) {
        try (Scene scene = scene().trusting()) {
            server.interceptor(editingOffers(Set.of(step), edit));
            assertNoTunnel(scene, "OFFER_TAMPERED", "OFFER_TAMPERED");
        }
    }

    /**
     * Both are told, each by its code, and not a stanza has come out at either end. Where the server hid that the
     * peer confirms, a tunnel may seem to be up; what is sent through it then is not delivered.
     */
    private void assertNoTunnel(Scene scene, String romeos, String juliets) {
        CompletableFuture<Talk> opening = scene.romeo().opening(scene.juliet().jid());
        opening.thenAccept(talk -> talk.send(chat("too early")));
        Event hers = scene.juliet().nextOfAnyKind();
        if (hers.kind() == Event.Kind.OPENED) {
            scene.juliet().talks().forEach(talk -> talk.send(chat("too early")));
            hers = scene.juliet().next(Event.Kind.CLOSED);
        }
        Event his = scene.romeo().nextOfAnyKind();
        if (his.kind() == Event.Kind.OPENED) {
            his = scene.romeo().next(Event.Kind.CLOSED);
        }
        assertEquals(romeos, his.code(), his.toString());
        assertEquals(juliets, hers.code(), hers.toString());
        assertEquals(List.of(), scene.romeo().unheard());
        assertEquals(List.of(), scene.juliet().unheard());
        assertEquals(List.of(), scene.romeo().talks());
        assertEquals(List.of(), scene.juliet().talks());
    }

    private static Event lastOf(Session session) {
        Event event = session.nextOfAnyKind();
        return event.kind() == Event.Kind.OPENED ? session.next(Event.Kind.CLOSED) : event;
    }

    private static Interceptor editingOffers(Set<String> steps, UnaryOperator<Element> edit) {
        return (stanza, loopback) ->
                steps.stream().anyMatch(step -> stanza.find(XTLS, step).isPresent())
                        ? Verdict.replace(stanza.edit(OFFERS, "offer", edit))
                        : Verdict.pass();
    }

    private static boolean isRequest(Stanza stanza, String payload) {
        return stanza.isType("set") && stanza.child(XTLS, payload).isPresent();
    }

    private static boolean from(Session session, Stanza stanza) {
        return stanza.from().equals(Optional.of(session.jid()));
    }

    /** In the middle of the first record's body: its header stays as it is. */
    private static Element withOneBitTurned(Element data) {
        byte[] records = Base64.getDecoder().decode(data.text());
        records[10] ^= 1;
        return data.withText(Base64.getEncoder().encodeToString(records));
    }

    private Scene scene() {
        return THEATRE.scene(server.port());
    }

    private static String chat(String text) {
        return "<message type='chat'><body>" + SECRET + " " + text + "</body></message>";
    }
}
