package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;
import static org.xtls.tests.Waiting.refused;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.peer.KeyPair;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Known;
import org.xtls.tests.stage.Refusal;
import org.xtls.tests.stage.Talk;

/**
 * What humans are asked when two meet for the first time, and when one of them comes back with another key, through a
 * real Prosody.
 */
class FirstUseTest {
    private static final String OWN = "org.xtls.auth.x509";

    @RegisterExtension
    static final Theatre THEATRE = new Theatre();

    @TempDir
    static Path files;

    private static ProsodyServer server;

    private final List<String> askedRomeo = new CopyOnWriteArrayList<>();
    private final List<String> askedJuliet = new CopyOnWriteArrayList<>();
    private Scene scene;
    private Runnable his = () -> {};
    private Runnable hers = () -> {};

    @BeforeAll
    static void startServer() {
        server = ProsodyServer.start(Theatre.users());
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
    void leave() {
        his.run();
        hers.run();
        scene.close();
        Map<String, Object> nothing = new HashMap<>();
        nothing.put("keystore", null);
        nothing.put(".keystore.password", null);
        THEATRE.juliet().actor().configure(OWN, nothing);
    }

    @Test
    void yes_makes_an_unverified_tunnel_and_the_next_one_needs_no_question() {
        answer("FIRST_USE", "FIRST_USE");
        Talk out = scene.romeo().opensTo(scene.juliet());
        Talk back = scene.juliet().tunnel();
        for (Talk talk : List.of(out, back)) {
            assertEquals("UNVERIFIED", talk.security().trust());
        }
        assertEquals(List.of(""), askedRomeo, "nothing speaks against a first contact");
        assertEquals(List.of(""), askedJuliet);
        assertEquals("PEER", now(out.send(chat("Thou knowest the mask of night is on my face"))));
        assertEquals(List.of("FIRST_USE"), states(scene.juliet()));
        now(out.close());
        scene.juliet().next(Event.Kind.RECEIVED);
        scene.juliet().next(Event.Kind.CLOSED);

        assertEquals(
                "UNVERIFIED", scene.romeo().opensTo(scene.juliet()).security().trust());
        scene.juliet().tunnel();
        assertEquals(1, askedRomeo.size());
        assertEquals(1, askedJuliet.size());
    }

    @Test
    void verified_makes_a_verified_tunnel_and_pins_the_key() {
        answer("VERIFIED", "VERIFIED");
        Talk out = scene.romeo().opensTo(scene.juliet());
        assertEquals("VERIFIED", out.security().trust());
        assertEquals("VERIFIED", scene.juliet().tunnel().security().trust());
        assertEquals(List.of("VERIFIED"), states(scene.juliet()));
        assertEquals(scene.juliet().fingerprint(), known(scene.juliet()).get(0).fingerprint());
    }

    @Test
    void no_makes_no_tunnel_and_nothing_is_remembered() {
        answer("REJECT", "VERIFIED");
        Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
        assertEquals("UNTRUSTED", refusal.code(), refusal.toString());
        assertEquals(List.of(), scene.romeo().talks());
        assertEquals(List.of(), known(scene.juliet()));
    }

    @Test
    void who_was_known_by_another_key_is_asked_about_with_a_warning_and_no_is_a_key_change() {
        meets("FIRST_USE");
        String old = known(scene.juliet()).get(0).fingerprint();
        julietComesBackWithAnotherKey();
        answer("REJECT", "VERIFIED");
        Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
        assertEquals("KEY_CHANGED", refusal.code(), refusal.toString());
        assertEquals("BETWEEN", refusal.fault());
        assertEquals(
                "x509 " + scene.juliet().fingerprint(),
                scene.romeo().next(Event.Kind.KEY_CHANGED).message());
        assertEquals("KEY_CHANGED", scene.romeo().next(Event.Kind.FAILED).code());
        assertWarned(askedRomeo.get(0), "This peer used another key before", old);
        assertEquals(List.of("FIRST_USE"), states(scene.juliet()), "nothing is remembered");
    }

    @Test
    void a_pinned_peer_with_another_key_is_refused_where_nobody_can_be_asked() {
        scene.trusting();
        now(scene.romeo().opensTo(scene.juliet()).close());
        settled();
        julietComesBackWithAnotherKey();
        THEATRE.romeo().actor().policy("first-use", "accept");
        try {
            Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
            assertEquals("KEY_CHANGED", refusal.code(), refusal.toString());
            assertEquals("BETWEEN", refusal.fault());
            assertEquals(
                    "x509 " + scene.juliet().fingerprint(),
                    scene.romeo().next(Event.Kind.KEY_CHANGED).message());
            assertEquals("KEY_CHANGED", scene.romeo().next(Event.Kind.FAILED).code());
            assertEquals(List.of(), scene.romeo().talks());
            assertEquals(List.of("VERIFIED"), states(scene.juliet()), "and the pin stays");
        } finally {
            THEATRE.romeo().actor().policy("first-use", "ask");
        }
    }

    @Test
    void yes_to_a_pinned_peers_other_key_is_for_this_once_and_the_question_comes_again() {
        scene.trusting();
        now(scene.romeo().opensTo(scene.juliet()).close());
        settled();
        String pinned = known(scene.juliet()).get(0).fingerprint();
        julietComesBackWithAnotherKey();
        answer("FIRST_USE", "VERIFIED");
        for (int time = 1; time <= 2; time++) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            assertEquals("UNVERIFIED", out.security().trust());
            scene.romeo().next(Event.Kind.KEY_CHANGED);
            now(out.close());
            settled();
            assertEquals(time, askedRomeo.size());
            assertWarned(askedRomeo.get(time - 1), "Another key is trusted for this peer", pinned);
        }
    }

    @Test
    void verified_to_a_pinned_peers_other_key_pins_it_and_the_next_tunnel_needs_no_question() {
        scene.trusting();
        now(scene.romeo().opensTo(scene.juliet()).close());
        settled();
        julietComesBackWithAnotherKey();
        answer("VERIFIED", "REJECT");
        Talk out = scene.romeo().opensTo(scene.juliet());
        assertEquals("VERIFIED", out.security().trust());
        scene.romeo().next(Event.Kind.KEY_CHANGED);
        now(out.close());
        settled();
        assertEquals(
                "VERIFIED", scene.romeo().opensTo(scene.juliet()).security().trust());
        assertEquals(1, askedRomeo.size());
        assertEquals(List.of(), askedJuliet, "his key has not changed");
        assertEquals(List.of("VERIFIED", "VERIFIED"), states(scene.juliet()));
    }

    @Test
    void the_most_specific_rule_decides_who_may_be_met_unverified() {
        for (Player player : List.of(THEATRE.romeo(), THEATRE.juliet())) {
            player.actor().policy("first-use", "accept");
        }
        try {
            THEATRE.romeo().actor().rules("*: allow unverified", "capulet.com: require verified");
            Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
            assertEquals("UNTRUSTED", refusal.code(), refusal.toString());
            assertEquals(List.of(), scene.romeo().talks());
            THEATRE.romeo()
                    .actor()
                    .rules(
                            "*: require verified",
                            "capulet.com: require verified",
                            scene.juliet().account() + ": allow unverified");
            assertEquals(
                    "UNVERIFIED",
                    scene.romeo().opensTo(scene.juliet()).security().trust());
        } finally {
            THEATRE.romeo().actor().rules();
            for (Player player : List.of(THEATRE.romeo(), THEATRE.juliet())) {
                player.actor().policy("first-use", "ask");
            }
        }
    }

    /** They meet for the first time, under these answers, and part. */
    private void meets(String answer) {
        answer(answer, answer);
        now(scene.romeo().opensTo(scene.juliet()).close());
        settled();
        his.run();
        hers.run();
        askedRomeo.clear();
        askedJuliet.clear();
    }

    /** Both have heard of a tunnel's beginning and end. */
    private void settled() {
        for (Session session : List.of(scene.romeo(), scene.juliet())) {
            session.next(Event.Kind.OPENED);
            session.next(Event.Kind.CLOSED);
        }
    }

    private void answer(String romeos, String juliets) {
        his = THEATRE.romeo().actor().prompt(romeos, askedRomeo::add);
        hers = THEATRE.juliet().actor().prompt(juliets, askedJuliet::add);
    }

    private void julietComesBackWithAnotherKey() {
        String before = scene.juliet().fingerprint();
        String account = scene.juliet().account();
        KeyPair other = KeyPair.make(files, account, "subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:" + account);
        THEATRE.juliet()
                .actor()
                .configure(OWN, Map.of("keystore", other.pkcs12("sesame").toString(), ".keystore.password", "sesame"));
        assertNotEquals(before, scene.juliet().fingerprint());
    }

    private static void assertWarned(String concern, String how, String fingerprint) {
        assertTrue(concern.startsWith(how), concern);
        String grouped = String.join(" ", fingerprint.toUpperCase().split("(?<=\\G.{4})"));
        assertTrue(concern.contains(grouped), concern + " has no " + grouped);
    }

    private static List<Known> known(Session of) {
        return THEATRE.romeo().actor().known(of.account());
    }

    private static List<String> states(Session of) {
        return known(of).stream().map(Known::state).toList();
    }

    private static String chat(String text) {
        return "<message type='chat'><body>" + text + "</body></message>";
    }
}
