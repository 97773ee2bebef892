package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;
import static org.xtls.tests.Waiting.refused;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.peer.KeyPair;
import org.xtls.tests.peer.Xml;
import org.xtls.tests.peer.XmppClient;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Refusal;
import org.xtls.tests.stage.Talk;

/**
 * What goes wrong ends as the protocol's table of errors says, with one message to the user; after each story the same
 * containers open a good tunnel.
 */
class FaultTest {
    private static final String XTLS = "urn:xmpp:tmp:xtls";
    private static final String MERCUTIO = "mercutio@montague.net";
    private static final String NOBODYS_FINGERPRINT = "ab".repeat(32);

    /** A fatal handshake_failure in a TLS record of its own, as a server sends it before any key is known. */
    private static final byte[] ALERT = {21, 3, 3, 0, 2, 2, 40};

    @RegisterExtension
    static final Theatre THEATRE = new Theatre();

    @TempDir
    static Path files;

    private static ProsodyServer server;
    private Scene scene;

    @BeforeAll
    static void startServer() {
        String[] users = Arrays.copyOf(Theatre.users(), Theatre.users().length + 1);
        users[users.length - 1] = MERCUTIO + "=secret";
        server = ProsodyServer.start(users);
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void enter() {
        scene = THEATRE.scene(server.port());
    }

    @AfterEach
    void the_containers_go_on_working() {
        scene.close();
        try (Scene good = THEATRE.scene(server.port()).trusting()) {
            Talk out = good.romeo().opensTo(good.juliet());
            Talk back = good.juliet().tunnel();
            assertEquals("PEER", now(out.send(chat("still there"))));
            assertEquals("PEER", now(back.send(chat("still there too"))));
        }
    }

    @Test
    void a_wrong_pin_on_the_side_that_began() {
        scene.juliet().pins(scene.romeo());
        THEATRE.romeo().actor().trust(scene.juliet().account(), NOBODYS_FINGERPRINT);
        Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
        assertEquals("KEY_CHANGED", refusal.code(), refusal.toString());
        Event changed = scene.romeo().next(Event.Kind.KEY_CHANGED);
        assertEquals("x509 " + scene.juliet().fingerprint(), changed.message());
        assertEquals("KEY_CHANGED", onlyFailure(scene.romeo()).code());
        assertEquals("DISTRUSTED_BY_PEER", ending(scene.juliet()).code());
        assertNoTunnels();
    }

    @Test
    void a_wrong_pin_on_the_side_that_answered() {
        scene.romeo().pins(scene.juliet());
        THEATRE.juliet().actor().trust(scene.romeo().account(), NOBODYS_FINGERPRINT);
        Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
        // She recognises none of the names in his offer, and so says no before any key is proved.
        assertEquals("REFUSED", refusal.code(), refusal.toString());
        Event changed = onlyFailure(scene.juliet());
        assertEquals("KEY_CHANGED", changed.code());
        assertTrue(changed.message().contains("which it has not proved"), changed.message());
        assertNoTunnels();
    }

    @Test
    void a_distrusted_certificate_though_policy_accepts_strangers() {
        withFirstUse("accept", () -> {
            THEATRE.romeo()
                    .actor()
                    .distrust(scene.juliet().account(), scene.juliet().fingerprint());
            Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
            assertEquals("UNTRUSTED", refusal.code(), refusal.toString());
            ending(scene.juliet());
            assertNoTunnels();
        });
    }

    @Test
    void a_certificate_made_out_to_somebody_else_though_policy_accepts_strangers() {
        KeyPair mercutios =
                KeyPair.make(files, "mercutio", "subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:" + MERCUTIO);
        Map<String, Object> keyStore = new HashMap<>();
        keyStore.put("keystore", mercutios.pkcs12("sesame").toString());
        keyStore.put(".keystore.password", "sesame");
        THEATRE.juliet().actor().configure("org.xtls.auth.x509", keyStore);
        try {
            withFirstUse("accept", () -> {
                Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
                assertEquals("UNTRUSTED", refusal.code(), refusal.toString());
                assertTrue(refusal.getMessage().contains(MERCUTIO), refusal.toString());
                ending(scene.juliet());
                assertNoTunnels();
            });
        } finally {
            keyStore.replaceAll((key, value) -> null);
            THEATRE.juliet().actor().configure("org.xtls.auth.x509", keyStore);
        }
    }

    @Test
    void a_resource_that_is_not_there() {
        Refusal refusal = refused(scene.romeo().opening(scene.juliet().account() + "/tomb"));
        assertEquals("NOT_SUPPORTED", refusal.code(), refusal.toString());
    }

    @Test
    void an_account_that_is_not_there() {
        Refusal refusal = refused(scene.romeo().opening("rosaline@capulet.com/nowhere"));
        assertEquals("NOT_SUPPORTED", refusal.code(), refusal.toString());
    }

    @Test
    void a_client_that_speaks_no_xtls() {
        try (XmppClient mercutio = mercutio()) {
            Refusal refusal = refused(scene.romeo().opening(mercutio.jid()));
            assertEquals("NOT_SUPPORTED", refusal.code(), refusal.toString());
        }
    }

    @Test
    void a_peer_who_answers_that_he_will_not() {
        try (XmppClient mercutio = mercutio()) {
            mercutio.onUnanswered(
                    "<error type='cancel'><not-acceptable" + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>");
            Refusal refusal = refused(scene.romeo().opening(mercutio.jid()));
            assertEquals("REFUSED", refusal.code(), refusal.toString());
        }
    }

    @Test
    void a_first_data_with_a_method_that_was_not_offered() {
        try (XmppClient mercutio = mercutio()) {
            begin(mercutio);
            Xml answer = mercutio.request(
                    scene.romeo().jid(), "<data xmlns='" + XTLS + "' method='openpgp'>FgMBAAA=</data>");
            assertCondition("not-acceptable", "cancel", answer);
            assertEquals("NO_COMMON_METHOD", onlyFailure(scene.romeo()).code());
            assertGone(mercutio);
        }
    }

    @Test
    void a_first_data_without_a_method() {
        try (XmppClient mercutio = mercutio()) {
            begin(mercutio);
            Xml answer = mercutio.request(scene.romeo().jid(), "<data xmlns='" + XTLS + "'>FgMBAAA=</data>");
            assertCondition("not-acceptable", "cancel", answer);
            assertEquals("NO_COMMON_METHOD", onlyFailure(scene.romeo()).code());
            assertGone(mercutio);
        }
    }

    @Test
    void data_that_is_no_Base64() {
        try (XmppClient mercutio = mercutio()) {
            begin(mercutio);
            Xml answer = mercutio.request(
                    scene.romeo().jid(), "<data xmlns='" + XTLS + "' method='x509'>A plague o' both!</data>");
            assertCondition("bad-request", "modify", answer);
            assertEquals("PROTOCOL", onlyFailure(scene.romeo()).code());
            assertGone(mercutio);
        }
    }

    @Test
    void more_data_than_the_limit() {
        THEATRE.romeo().actor().configure("org.xtls.tunnel", Map.of("dataBytes", 16_645));
        try (XmppClient mercutio = mercutio()) {
            begin(mercutio);
            Xml answer = mercutio.request(
                    scene.romeo().jid(),
                    "<data xmlns='" + XTLS + "' method='x509'>"
                            + Base64.getEncoder().encodeToString(new byte[16_646]) + "</data>");
            assertCondition("policy-violation", "modify", answer);
            assertEquals("LIMIT", onlyFailure(scene.romeo()).code());
            assertGone(mercutio);
        } finally {
            THEATRE.romeo().actor().configure("org.xtls.tunnel", Map.of("dataBytes", 131_072));
        }
    }

    @Test
    void data_and_close_before_any_start() {
        try (XmppClient mercutio = mercutio()) {
            assertGone(mercutio);
            assertCondition(
                    "item-not-found", "cancel", mercutio.request(scene.romeo().jid(), "<close xmlns='" + XTLS + "'/>"));
            assertEquals(List.of(), scene.romeo().unheard());
        }
    }

    @Test
    void bytes_that_are_no_tls() {
        try (XmppClient mercutio = mercutio()) {
            BlockingQueue<Xml> requests = begin(mercutio);
            mercutio.request(scene.romeo().jid(), data("method='x509'", "Ay me!".getBytes()));
            assertEquals("TLS", onlyFailure(scene.romeo()).code());
            // Before a valid ClientHello Bouncy Castle says nothing, not even an alert; the close is the answer.
            assertTrue(next(requests).child(XTLS, "close").isPresent());
            assertGone(mercutio);
        }
    }

    @Test
    void an_alert_in_the_handshake_to_the_side_that_answered() {
        try (XmppClient mercutio = mercutio()) {
            begin(mercutio);
            mercutio.request(scene.romeo().jid(), data("method='x509'", ALERT));
            assertEquals("TLS", onlyFailure(scene.romeo()).code());
            assertGone(mercutio);
        }
    }

    @Test
    void an_alert_in_the_handshake_to_the_side_that_began() {
        try (XmppClient mercutio = mercutio()) {
            mercutio.onRequest(request -> {
                if (request.child(XTLS, "data").isPresent()) {
                    mercutio.requestLater(scene.romeo().jid(), data("", ALERT));
                }
                return Optional.of(request.child(XTLS, "start").isPresent() ? "<proceed xmlns='" + XTLS + "'/>" : "");
            });
            THEATRE.romeo().actor().trust(MERCUTIO, NOBODYS_FINGERPRINT);
            Refusal refusal = refused(scene.romeo().opening(mercutio.jid()));
            assertEquals("TLS", refusal.code(), refusal.toString());
            assertTrue(refusal.getMessage().contains("handshake_failure"), refusal.toString());
            assertEquals(refusal.code(), onlyFailure(scene.romeo()).code());
        }
    }

    @Test
    void an_error_for_a_data_of_ours_closes_the_tunnel() {
        try (XmppClient mercutio = mercutio()) {
            mercutio.onRequest(request -> request.child(XTLS, "start").map(start -> "<proceed xmlns='" + XTLS + "'/>"));
            THEATRE.romeo().actor().trust(MERCUTIO, NOBODYS_FINGERPRINT);
            Refusal refusal = refused(scene.romeo().opening(mercutio.jid()));
            assertEquals("PEER_GONE", refusal.code(), refusal.toString());
            assertEquals(refusal.code(), onlyFailure(scene.romeo()).code());
            assertGone(mercutio);
        }
    }

    @Test
    void too_many_half_open_tunnels_from_one_peer() {
        try (XmppClient first = client("a");
                XmppClient second = client("b");
                XmppClient third = client("c");
                XmppClient fourth = client("d");
                XmppClient fifth = client("e")) {
            withFirstUse("accept", () -> {
                for (XmppClient client : List.of(first, second, third, fourth)) {
                    Xml answer = client.request(scene.romeo().jid(), "<start xmlns='" + XTLS + "'/>");
                    assertTrue(answer.child(XTLS, "proceed").isPresent(), answer.toString());
                }
                assertCondition(
                        "resource-constraint",
                        "wait",
                        fifth.request(scene.romeo().jid(), "<start xmlns='" + XTLS + "'/>"));
            });
        }
    }

    /** A good start, up to {@code proceed}; returns what Romeo asks from then on. */
    private BlockingQueue<Xml> begin(XmppClient mercutio) {
        BlockingQueue<Xml> requests = new LinkedBlockingQueue<>();
        mercutio.onRequest(request -> {
            requests.add(request);
            return Optional.of(request.child(XTLS, "close").isPresent() ? "<closed xmlns='" + XTLS + "'/>" : "");
        });
        THEATRE.romeo().actor().trust(MERCUTIO, NOBODYS_FINGERPRINT);
        Xml answer = mercutio.request(scene.romeo().jid(), "<start xmlns='" + XTLS + "'/>");
        assertTrue(answer.child(XTLS, "proceed").isPresent(), answer.toString());
        return requests;
    }

    private static Xml next(BlockingQueue<Xml> requests) {
        try {
            Xml request = requests.poll(Waiting.PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (request == null) {
                throw new AssertionError("no request came");
            }
            return request;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The tunnel does not exist, or not any more. */
    private void assertGone(XmppClient mercutio) {
        assertCondition(
                "item-not-found",
                "cancel",
                mercutio.request(scene.romeo().jid(), "<data xmlns='" + XTLS + "'>FgMB</data>"));
    }

    private void assertNoTunnels() {
        assertEquals(List.of(), scene.romeo().talks());
        assertEquals(List.of(), scene.juliet().talks());
    }

    /** One message to the user, with something in it, and no second one. */
    private static Event onlyFailure(Session session) {
        Event failure = session.next(Event.Kind.FAILED);
        assertFalse(failure.message().isBlank());
        assertFalse(failure.message().contains("\n"), failure.message());
        assertEquals(List.of(), session.unheard());
        return failure;
    }

    /** How it ended for the side whose part of it was done: its tunnel was up, or was not yet. */
    private static Event ending(Session session) {
        Event event = session.nextOfAnyKind();
        return event.kind() == Event.Kind.OPENED ? session.next(Event.Kind.CLOSED) : event;
    }

    private static void assertCondition(String condition, String type, Xml answer) {
        Xml error = answer.child("jabber:client", "error")
                .orElseThrow(() -> new AssertionError("an error was due, not " + answer));
        assertTrue(
                error.child("urn:ietf:params:xml:ns:xmpp-stanzas", condition).isPresent(),
                condition + " was due, not " + error);
        assertEquals(type, error.attribute("type"), error.toString());
    }

    private static void withFirstUse(String policy, Runnable story) {
        THEATRE.romeo().actor().policy("first-use", policy);
        THEATRE.juliet().actor().policy("first-use", policy);
        try {
            story.run();
        } finally {
            THEATRE.romeo().actor().policy("first-use", "ask");
            THEATRE.juliet().actor().policy("first-use", "ask");
        }
    }

    private static String data(String attributes, byte[] records) {
        return "<data xmlns='" + XTLS + "' " + attributes + ">"
                + Base64.getEncoder().encodeToString(records) + "</data>";
    }

    private static XmppClient mercutio() {
        return client("sword");
    }

    private static XmppClient client(String resource) {
        return new XmppClient(server.port(), MERCUTIO, "secret", resource);
    }

    private static String chat(String text) {
        return "<message type='chat'><body>" + text + "</body></message>";
    }
}
