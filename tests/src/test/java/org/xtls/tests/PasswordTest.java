package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;
import static org.xtls.tests.Waiting.refused;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.container.Contents;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Refusal;
import org.xtls.tests.stage.Secured;
import org.xtls.tests.stage.Talk;
import org.xtls.tests.wire.Relay;

/** Two who share nothing but a spoken word, through a real Prosody. */
class PasswordTest {
    private static final String SRP = "org.xtls.auth.srp";
    private static final String PASSWORD = "a rose by any other name";
    private static final String WRONG = "a weed by any other name";

    @RegisterExtension
    static final Theatre THEATRE = new Theatre(Contents.srp());

    private static ProsodyServer server;
    private static Relay wire;

    @BeforeAll
    static void open() {
        server = ProsodyServer.start(Theatre.users());
        wire = new Relay(server.port());
    }

    @AfterAll
    static void no_password_was_ever_sent_or_logged() throws IOException {
        wire.close();
        server.close();
        String log = Files.readString(Path.of("target", "tests.log"));
        for (String secret : List.of(PASSWORD, WRONG)) {
            assertAll(
                    () -> assertFalse(wire.seen().stream().anyMatch(direction -> direction.contains(secret)), "sent"),
                    () -> assertFalse(log.contains(secret), "logged"));
        }
    }

    @AfterEach
    void settle() {
        for (Player player : List.of(THEATRE.romeo(), THEATRE.juliet())) {
            configure(player, Map.of());
            player.actor().rules();
            player.actor().policy("first-use", "ask");
        }
    }

    @Test
    void a_code_once_and_certificates_ever_after() {
        try (Scene scene = THEATRE.scene(wire.port())) {
            pair(THEATRE.romeo(), scene.romeo(), THEATRE.juliet(), scene.juliet());
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            for (Talk talk : List.of(out, back)) {
                Secured security = talk.security();
                assertEquals("srp-psk", security.method());
                assertEquals("TLSv1.3", security.tls());
                assertEquals("X25519MLKEM768", security.group());
                assertEquals("VERIFIED", security.trust());
                assertTrue(security.offersConfirmed());
            }
            assertEquals("PEER", now(out.send(chat("What's in a name?"))));
            assertTrue(scene.juliet().hears().contains("name?"));
            assertEquals(
                    scene.juliet().fingerprint(),
                    THEATRE.romeo().actor().awaitKnown(scene.juliet().account(), "x509", "VERIFIED"));
            assertEquals(
                    scene.romeo().fingerprint(),
                    THEATRE.juliet().actor().awaitKnown(scene.romeo().account(), "x509", "VERIFIED"));
            assertTrue(now(out.close()).orderly());
            scene.juliet().next(Event.Kind.CLOSED);
            assertEquals(List.of(), secrets(THEATRE.romeo(), scene.romeo(), scene.juliet()), "a code is for once");
            assertEquals(List.of(), secrets(THEATRE.juliet(), scene.juliet(), scene.romeo()), "a code is for once");

            Talk again = scene.juliet().opensTo(scene.romeo());
            assertEquals("x509", again.security().method());
            assertEquals("VERIFIED", again.security().trust());
            assertEquals("PEER", now(again.send(chat("That which we call a rose"))));
        }
    }

    @Test
    void who_entered_the_code_may_begin_as_well_as_who_made_it() {
        try (Scene scene = THEATRE.scene(wire.port())) {
            pair(THEATRE.romeo(), scene.romeo(), THEATRE.juliet(), scene.juliet());
            Talk hers = scene.juliet().opensTo(scene.romeo());
            assertEquals("srp-psk", hers.security().method());
            assertEquals("VERIFIED", scene.romeo().tunnel().security().trust());
            assertEquals("PEER", now(hers.send(chat("Romeo, doff thy name"))));
        }
    }

    @Test
    void a_code_with_a_wrong_digit_fails_on_both_sides_and_costs_each_one_try() {
        try (Scene scene = THEATRE.scene(wire.port())) {
            String code = THEATRE.romeo()
                    .actor()
                    .pair(scene.romeo().account(), scene.juliet().account());
            char last = code.charAt(code.length() - 1);
            String wrong = code.substring(0, code.length() - 1) + (char) ('0' + (last - '0' + 1) % 10);
            now(THEATRE.juliet()
                    .actor()
                    .enterCode(scene.juliet().account(), scene.romeo().account(), wrong));
            Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
            assertEquals("UNTRUSTED", refusal.code(), refusal.toString());
            assertTrue(refusal.getMessage().contains("differ"), refusal.toString());
            scene.juliet().next(Event.Kind.FAILED);
            assertEquals(List.of("PAIRING_CODE 2"), secrets(THEATRE.romeo(), scene.romeo(), scene.juliet()));
            assertEquals(List.of("PAIRING_CODE 2"), secrets(THEATRE.juliet(), scene.juliet(), scene.romeo()));
            assertNoTunnels(scene);

            now(THEATRE.juliet()
                    .actor()
                    .enterCode(scene.juliet().account(), scene.romeo().account(), code));
            assertEquals(
                    "srp-psk", scene.romeo().opensTo(scene.juliet()).security().method());
        }
    }

    @Test
    void a_lasting_password_in_both_roles() {
        onlyPasswords();
        try (Scene scene = THEATRE.scene(wire.port())) {
            share(scene, PASSWORD, PASSWORD);
            Talk his = scene.romeo().opensTo(scene.juliet());
            assertEquals("srp-psk", his.security().method());
            assertEquals("VERIFIED", scene.juliet().tunnel().security().trust());
            assertEquals("PEER", now(his.send(chat("and for that name"))));
            assertTrue(scene.juliet().hears().contains("that name"));
            assertTrue(now(his.close()).orderly());
            scene.juliet().next(Event.Kind.CLOSED);
            scene.romeo().next(Event.Kind.OPENED);
            scene.romeo().next(Event.Kind.CLOSED);

            Talk hers = scene.juliet().opensTo(scene.romeo());
            assertEquals("srp-psk", hers.security().method());
            assertEquals("VERIFIED", scene.romeo().tunnel().security().trust());
            assertEquals("PEER", now(hers.send(chat("which is no part of thee"))));
        }
    }

    @Test
    void a_password_kept_as_a_verifier_answers_and_does_not_begin() {
        onlyPasswords();
        try (Scene scene = THEATRE.scene(wire.port())) {
            THEATRE.romeo()
                    .actor()
                    .password(scene.romeo().account(), scene.juliet().account(), PASSWORD, "ANSWER");
            THEATRE.juliet()
                    .actor()
                    .password(scene.juliet().account(), scene.romeo().account(), PASSWORD, "BOTH");
            refused(scene.romeo().opening(scene.juliet().jid()));
            assertNoTunnels(scene);
            while (!scene.juliet().unheard().isEmpty()) {
                scene.juliet().next(Event.Kind.FAILED);
            }
            assertEquals(
                    "VERIFIED", scene.juliet().opensTo(scene.romeo()).security().trust());
        }
    }

    @Test
    void composed_and_decomposed_letters_are_one_password() {
        onlyPasswords();
        try (Scene scene = THEATRE.scene(wire.port())) {
            share(scene, "am\u00e9lie \ud83c\udf39", "ame\u0301lie\u00a0\ud83c\udf39");
            assertEquals(
                    "VERIFIED", scene.romeo().opensTo(scene.juliet()).security().trust());
        }
    }

    @Test
    void wrong_once_and_then_right() {
        onlyPasswords();
        try (Scene scene = THEATRE.scene(wire.port())) {
            share(scene, WRONG, PASSWORD);
            Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
            assertEquals("UNTRUSTED", refusal.code(), refusal.toString());
            assertTrue(refusal.getMessage().contains("differ"), refusal.toString());
            assertNoTunnels(scene);
            assertEquals(List.of("PASSWORD 4"), secrets(THEATRE.romeo(), scene.romeo(), scene.juliet()));
            assertEquals(List.of("PASSWORD 4"), secrets(THEATRE.juliet(), scene.juliet(), scene.romeo()));

            THEATRE.romeo()
                    .actor()
                    .password(scene.romeo().account(), scene.juliet().account(), PASSWORD, "BOTH");
            Talk out = scene.romeo().opensTo(scene.juliet());
            assertEquals("VERIFIED", out.security().trust());
            // Success gives back its own guess; the wrong one stays counted where nobody has set a password since.
            assertEquals(List.of("PASSWORD 5"), secrets(THEATRE.romeo(), scene.romeo(), scene.juliet()));
            assertEquals(List.of("PASSWORD 4"), secrets(THEATRE.juliet(), scene.juliet(), scene.romeo()));
        }
    }

    @Test
    void locked_and_unlocked_and_nobody_else_is() {
        onlyPasswords();
        configure(THEATRE.juliet(), Map.of("guesses", 1));
        try (Scene scene = THEATRE.scene(wire.port());
                Scene others = THEATRE.scene(wire.port())) {
            share(scene, WRONG, PASSWORD);
            share(others, PASSWORD, PASSWORD);
            refused(scene.romeo().opening(scene.juliet().jid()));
            scene.juliet().next(Event.Kind.FAILED);
            assertEquals(List.of("PASSWORD 0"), secrets(THEATRE.juliet(), scene.juliet(), scene.romeo()));
            Refusal locked = refused(scene.juliet().opening(scene.romeo().jid()));
            assertTrue(locked.getMessage().contains("locked"), locked.toString());
            assertEquals(
                    "VERIFIED",
                    others.romeo().opensTo(others.juliet()).security().trust());

            THEATRE.romeo()
                    .actor()
                    .password(scene.romeo().account(), scene.juliet().account(), PASSWORD, "BOTH");
            refused(scene.romeo().opening(scene.juliet().jid()));
            assertNoTunnels(scene);
            assertTrue(THEATRE.juliet().actor().unlock(scene.romeo().account()));
            assertEquals(
                    "VERIFIED", scene.romeo().opensTo(scene.juliet()).security().trust());
        }
    }

    @Test
    void who_has_no_password_is_asked_for_it_when_a_peer_offers_one() {
        try (Scene scene = THEATRE.scene(wire.port())) {
            THEATRE.romeo()
                    .actor()
                    .password(scene.romeo().account(), scene.juliet().account(), PASSWORD, "BOTH");
            Runnable leave = THEATRE.juliet().actor().secret(PASSWORD);
            try {
                Talk out = scene.romeo().opensTo(scene.juliet());
                assertEquals("srp-psk", out.security().method());
                assertEquals("VERIFIED", scene.juliet().tunnel().security().trust());
            } finally {
                leave.run();
            }
        }
    }

    @Test
    void an_unverified_tunnel_is_verified_later_on_both_sides() {
        for (Player player : List.of(THEATRE.romeo(), THEATRE.juliet())) {
            player.actor().policy("first-use", "accept");
        }
        try (Scene scene = THEATRE.scene(wire.port())) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            assertEquals("UNVERIFIED", out.security().trust());
            share(scene, PASSWORD, PASSWORD);
            assertEquals("VERIFIED", now(THEATRE.romeo().actor().verify(out)));
            THEATRE.romeo().actor().awaitTrust(out.local(), out.peer(), "VERIFIED");
            THEATRE.juliet().actor().awaitTrust(back.local(), back.peer(), "VERIFIED");
            assertEquals("VERIFIED", out.security().trust());
            assertEquals("VERIFIED", back.security().trust());
            assertEquals(
                    scene.romeo().fingerprint(),
                    THEATRE.juliet().actor().awaitKnown(scene.romeo().account(), "x509", "VERIFIED"));
        }
    }

    @Test
    void a_wrong_word_verifies_nothing_later() {
        for (Player player : List.of(THEATRE.romeo(), THEATRE.juliet())) {
            player.actor().policy("first-use", "accept");
        }
        try (Scene scene = THEATRE.scene(wire.port())) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            share(scene, PASSWORD, WRONG);
            Refusal refusal = refused(THEATRE.romeo().actor().verify(out));
            assertFalse(refusal.getMessage().isEmpty());
            assertEquals("UNVERIFIED", out.security().trust());
            assertEquals("UNVERIFIED", back.security().trust());
            assertEquals(List.of("PASSWORD 4"), secrets(THEATRE.juliet(), scene.juliet(), scene.romeo()));
        }
    }

    @Test
    void the_legacy_method_is_off_and_where_it_is_on_it_is_TLS_1_2() {
        rules("require srp");
        try (Scene scene = THEATRE.scene(wire.port())) {
            share(scene, PASSWORD, PASSWORD);
            refused(scene.romeo().opening(scene.juliet().jid()));
            assertNoTunnels(scene);
            for (Player player : List.of(THEATRE.romeo(), THEATRE.juliet())) {
                configure(player, Map.of("rfc5054", true));
            }
            while (!scene.juliet().unheard().isEmpty()) {
                scene.juliet().next(Event.Kind.FAILED);
            }
            Talk out = scene.romeo().opensTo(scene.juliet());
            assertEquals("srp", out.security().method());
            assertEquals("TLSv1.2", out.security().tls());
            assertEquals("PEER", now(out.send(chat("old fashioned"))));
        }
    }

    @Test
    void the_bundle_stops_while_the_user_is_asked_and_nothing_weaker_takes_its_place() {
        try (Scene scene = THEATRE.scene(wire.port())) {
            THEATRE.romeo()
                    .actor()
                    .password(scene.romeo().account(), scene.juliet().account(), PASSWORD, "BOTH");
            CompletableFuture<String> asked = new CompletableFuture<>();
            Runnable leave = THEATRE.juliet().actor().silence(asked::complete);
            CompletableFuture<Talk> opening;
            try {
                opening = scene.romeo().opening(scene.juliet().jid());
                assertTrue(now(asked).contains(scene.romeo().account()), asked.join());
                THEATRE.juliet().actor().stop(SRP);
                Refusal refusal = refused(opening);
                // What is left is a certificate that proves nothing of the password that Romeo holds.
                assertEquals("UNTRUSTED", refusal.code(), refusal.toString());
                assertTrue(refusal.getMessage().contains("a password (srp-psk)"), refusal.toString());
                assertNoTunnels(scene);
            } finally {
                leave.run();
                THEATRE.juliet().actor().start(SRP);
            }
            THEATRE.juliet()
                    .actor()
                    .password(scene.juliet().account(), scene.romeo().account(), PASSWORD, "BOTH");
            scene.juliet().next(Event.Kind.FAILED);
            assertEquals(
                    "VERIFIED", scene.romeo().opensTo(scene.juliet()).security().trust());
        }
    }

    private static void pair(Player maker, Session makers, Player other, Session others) {
        String code = maker.actor().pair(makers.account(), others.account());
        now(other.actor().enterCode(others.account(), makers.account(), code));
    }

    private static void share(Scene scene, String his, String hers) {
        THEATRE.romeo().actor().password(scene.romeo().account(), scene.juliet().account(), his, "BOTH");
        THEATRE.juliet()
                .actor()
                .password(scene.juliet().account(), scene.romeo().account(), hers, "BOTH");
    }

    private static List<String> secrets(Player player, Session own, Session peer) {
        return player.actor().secrets(own.account(), peer.account());
    }

    private static void onlyPasswords() {
        rules("require srp-psk");
    }

    private static void rules(String rule) {
        for (Player player : List.of(THEATRE.romeo(), THEATRE.juliet())) {
            player.actor().rules("*: " + rule);
        }
    }

    private static void configure(Player player, Map<String, Object> values) {
        Map<String, Object> all = new HashMap<>();
        all.put("guesses", null);
        all.put("rfc5054", null);
        all.putAll(values);
        player.actor().configure(SRP, all);
    }

    private static void assertNoTunnels(Scene scene) {
        assertEquals(List.of(), scene.romeo().talks());
        assertEquals(List.of(), scene.juliet().talks());
    }

    private static String chat(String text) {
        return "<message type='chat'><body>" + text + "</body></message>";
    }
}
