package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;
import static org.xtls.tests.Waiting.refused;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.peer.KeyPair;
import org.xtls.tests.peer.PlainPeer;
import org.xtls.tests.peer.Xml;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.End;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Refusal;
import org.xtls.tests.stage.Secured;
import org.xtls.tests.stage.Talk;

/** An independent peer of XTLS 0.0.5 on OpenSSL, which knows no offers, confirmations and acknowledgements. */
class PlainPeerTest {
    private static final String TYBALT = "tybalt@capulet.com";

    @RegisterExtension
    static final Theatre THEATRE = new Theatre();

    @TempDir
    static Path files;

    private static ProsodyServer server;
    private static KeyPair tybaltsKey;

    @BeforeAll
    static void startServer() {
        String[] users = Arrays.copyOf(Theatre.users(), Theatre.users().length + 1);
        users[users.length - 1] = TYBALT + "=secret";
        server = ProsodyServer.start(users);
        tybaltsKey = KeyPair.make(files, "tybalt");
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @Test
    void a_plain_peer_that_answers_gets_a_tunnel_whose_acknowledgements_are_the_links() {
        try (Scene scene = THEATRE.scene(server.port());
                PlainPeer tybalt = new PlainPeer(server.port(), TYBALT, "secret", "sword", tybaltsKey)) {
            Session romeo = scene.romeo();
            THEATRE.romeo().actor().trust(TYBALT, tybaltsKey.fingerprint());
            Talk out = now(romeo.opening(tybalt.jid()));
            assertPlain(out.security());

            CompletableFuture<String> sent = out.send(chat("The reason that I have to love thee"));
            assertTrue(body(nextMessage(tybalt)).contains("love thee"));
            assertEquals("LINK", now(sent));
            assertEquals("x509", tybalt.methodReceived());

            tybalt.send(chat("Boy, this shall not excuse"));
            romeo.next(Event.Kind.OPENED);
            String heard = romeo.hears();
            assertTrue(heard.contains("shall not excuse") && heard.contains("from='" + tybalt.jid() + "'"), heard);
        }
    }

    @Test
    void a_plain_peer_that_begins_gets_a_tunnel_whose_acknowledgements_are_the_links() {
        try (Scene scene = THEATRE.scene(server.port());
                PlainPeer tybalt = new PlainPeer(server.port(), TYBALT, "secret", "sword", tybaltsKey)) {
            Session romeo = scene.romeo();
            THEATRE.romeo().actor().trust(TYBALT, tybaltsKey.fingerprint());
            tybalt.start(romeo.jid());
            tybalt.send(chat("Romeo, the love I bear thee"));
            Talk back = romeo.tunnel();
            assertTrue(romeo.hears().contains("the love I bear thee"));
            assertPlain(back.security());

            CompletableFuture<String> sent = back.send(chat("I do protest, I never injured thee"));
            assertTrue(body(nextMessage(tybalt)).contains("never injured thee"));
            assertEquals("LINK", now(sent));
        }
    }

    @Test
    void big_stanzas_pass_between_us_and_a_plain_peer_both_ways() {
        try (Scene scene = THEATRE.scene(server.port());
                PlainPeer tybalt = new PlainPeer(server.port(), TYBALT, "secret", "sword", tybaltsKey)) {
            Session romeo = scene.romeo();
            THEATRE.romeo().actor().trust(TYBALT, tybaltsKey.fingerprint());
            Talk out = now(romeo.opening(tybalt.jid()));
            romeo.next(Event.Kind.OPENED);
            String big = "0123456789".repeat(20_480);
            CompletableFuture<String> sent = out.send(chat(big));
            assertEquals(big, body(nextMessage(tybalt)));
            assertEquals("LINK", now(sent));
            tybalt.send(chat(big));
            assertTrue(romeo.hears().contains(big));
        }
    }

    @Test
    void openssl_verifies_our_certificate_and_we_verify_its() {
        KeyPair romeosKey = KeyPair.make(files, "romeo");
        Map<String, Object> keyStore = new HashMap<>();
        keyStore.put("keystore", romeosKey.pkcs12("sesame").toString());
        keyStore.put(".keystore.password", "sesame");
        THEATRE.romeo().actor().configure("org.xtls.auth.x509", keyStore);
        try (Scene scene = THEATRE.scene(server.port());
                PlainPeer tybalt =
                        new PlainPeer(server.port(), TYBALT, "secret", "sword", tybaltsKey, romeosKey.certificate())) {
            Session romeo = scene.romeo();
            assertEquals(romeosKey.fingerprint(), romeo.fingerprint());
            THEATRE.romeo().actor().trust(TYBALT, tybaltsKey.fingerprint());

            Talk out = now(romeo.opening(tybalt.jid()));
            out.send(chat("by the client's proof"));
            assertTrue(body(nextMessage(tybalt)).contains("by the client's proof"));
            now(out.close());

            tybalt.start(romeo.jid());
            tybalt.send(chat("by the server's proof"));
            romeo.next(Event.Kind.OPENED);
            romeo.next(Event.Kind.CLOSED);
            romeo.next(Event.Kind.OPENED);
            assertTrue(romeo.hears().contains("by the server"));
        } finally {
            keyStore.replaceAll((key, value) -> null);
            THEATRE.romeo().actor().configure("org.xtls.auth.x509", keyStore);
        }
    }

    @Test
    void a_plain_peer_that_does_not_trust_us_sends_an_alert_and_we_say_so() {
        KeyPair somebody = KeyPair.make(files, "somebody");
        try (Scene scene = THEATRE.scene(server.port());
                PlainPeer tybalt =
                        new PlainPeer(server.port(), TYBALT, "secret", "sword", tybaltsKey, somebody.certificate())) {
            Session romeo = scene.romeo();
            THEATRE.romeo().actor().trust(TYBALT, tybaltsKey.fingerprint());
            // Towards a plain peer a TLS 1.3 client is up before the server has judged it: the alert comes to either.
            CompletableFuture<String> told = romeo.opening(tybalt.jid())
                    .thenCompose(Talk::closed)
                    .handle((end, error) -> error == null
                            ? end.code()
                            : ((Refusal) (error.getCause() == null ? error : error.getCause())).code());
            assertEquals("DISTRUSTED_BY_PEER", now(told));
        }
    }

    @Test
    void a_plain_peer_with_a_certificate_that_is_not_the_pinned_one_is_told_by_an_alert() {
        KeyPair other = KeyPair.make(files, "other");
        try (Scene scene = THEATRE.scene(server.port());
                PlainPeer tybalt = new PlainPeer(server.port(), TYBALT, "secret", "sword", other)) {
            THEATRE.romeo().actor().trust(TYBALT, tybaltsKey.fingerprint());
            Refusal refusal = refused(scene.romeo().opening(tybalt.jid()));
            assertEquals("KEY_CHANGED", refusal.code());
            String said = tybalt.diagnosticsAtTheEnd();
            assertTrue(said.contains("alert"), said);
            tybalt.awaitClose();

            tybalt.start(scene.romeo().jid());
            for (int negotiation = 0; negotiation < 2; negotiation++) {
                scene.romeo().next(Event.Kind.KEY_CHANGED);
                assertEquals("KEY_CHANGED", failure(scene.romeo()));
            }
            assertTrue(tybalt.diagnosticsAtTheEnd().contains("alert"));
        }
    }

    @Test
    void a_plain_peer_closes_without_a_word_of_tls_and_that_is_only_a_note() {
        try (Scene scene = THEATRE.scene(server.port());
                PlainPeer tybalt = new PlainPeer(server.port(), TYBALT, "secret", "sword", tybaltsKey)) {
            THEATRE.romeo().actor().trust(TYBALT, tybaltsKey.fingerprint());
            Talk out = now(scene.romeo().opening(tybalt.jid()));
            now(out.send(chat("Forbid this bandying in Verona streets!")));
            Xml answer = tybalt.closeTunnel();
            assertEquals("result", answer.attribute("type"));
            assertTrue(answer.child("urn:xmpp:tmp:xtls", "closed").isPresent(), answer.toString());
            assertEquals("CLOSED_BY_PEER", now(out.closed()).code());
        }
    }

    @Test
    void we_close_towards_a_plain_peer() {
        try (Scene scene = THEATRE.scene(server.port());
                PlainPeer tybalt = new PlainPeer(server.port(), TYBALT, "secret", "sword", tybaltsKey)) {
            THEATRE.romeo().actor().trust(TYBALT, tybaltsKey.fingerprint());
            Talk out = now(scene.romeo().opening(tybalt.jid()));
            now(out.send(chat("Part, fools!")));
            assertTrue(body(nextMessage(tybalt)).contains("Part, fools!"));
            End end = now(out.close());
            assertEquals("CLOSED", end.code());
            tybalt.awaitClose();
            tybalt.diagnosticsAtTheEnd();
        }
    }

    @Test
    void a_plain_peer_that_falls_silent_leaves_no_send_acknowledged_and_none_hanging() {
        THEATRE.romeo().actor().configure("org.xtls.tunnel", Map.of("answerMillis", 1000L));
        try (Scene scene = THEATRE.scene(server.port());
                PlainPeer tybalt = new PlainPeer(server.port(), TYBALT, "secret", "sword", tybaltsKey)) {
            THEATRE.romeo().actor().trust(TYBALT, tybaltsKey.fingerprint());
            Talk out = now(scene.romeo().opening(tybalt.jid()));
            now(out.send(chat("heard")));
            tybalt.fallSilent();
            assertEquals("TIMEOUT", refused(out.send(chat("unheard"))).code());
            assertEquals("TIMEOUT", now(out.closed()).code());
        } finally {
            THEATRE.romeo().actor().configure("org.xtls.tunnel", Map.of("answerMillis", 60_000L));
        }
    }

    @Test
    void where_confirmed_offers_are_required_a_plain_peer_is_refused() {
        THEATRE.romeo().actor().policy("require-confirmed-offers", "true");
        try (Scene scene = THEATRE.scene(server.port());
                PlainPeer tybalt = new PlainPeer(server.port(), TYBALT, "secret", "sword", tybaltsKey)) {
            THEATRE.romeo().actor().trust(TYBALT, tybaltsKey.fingerprint());
            CompletableFuture<Talk> opening = scene.romeo().opening(tybalt.jid());
            tybalt.awaitStart();
            tybalt.send(chat("no confirmation, this"));
            assertEquals("UNCONFIRMED", refused(opening).code());
            assertEquals("UNCONFIRMED", failure(scene.romeo()));
            assertTrue(
                    scene.romeo().unheard().isEmpty(),
                    () -> "heard " + scene.romeo().unheard());
        } finally {
            THEATRE.romeo().actor().policy("require-confirmed-offers", "false");
        }
    }

    private static void assertPlain(Secured security) {
        assertEquals("x509", security.method());
        assertEquals("TLSv1.3", security.tls());
        assertEquals("VERIFIED", security.trust());
        assertEquals(tybaltsKey.fingerprint(), security.fingerprint());
        assertFalse(security.offersConfirmed());
        assertEquals("LINK", security.acknowledgement());
    }

    private static String failure(Session session) {
        return session.next(Event.Kind.FAILED).code();
    }

    /** What a plain peer does not understand it leaves lying: the confirmation is an iq. */
    private static Xml nextMessage(PlainPeer peer) {
        Xml stanza = peer.receive();
        while (!stanza.name().equals("message")) {
            stanza = peer.receive();
        }
        return stanza;
    }

    private static String body(Xml message) {
        return message.child("jabber:client", "body").orElseThrow().text();
    }

    private static String chat(String text) {
        return "<message type='chat'><body>" + Xml.escaped(text) + "</body></message>";
    }
}
