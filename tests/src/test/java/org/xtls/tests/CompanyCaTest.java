package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;
import static org.xtls.tests.Waiting.refused;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.pki.CertificateAuthority;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Refusal;
import org.xtls.tests.stage.Talk;

/** Montague and Capulet certify their people, through a real Prosody; nobody is at hand to be asked. */
class CompanyCaTest {
    private static final String OWN = "org.xtls.auth.x509";
    private static final String PEERS = "org.xtls.auth.x509.trust";

    @RegisterExtension
    static final Theatre THEATRE = new Theatre();

    @TempDir
    static Path folder;

    private static ProsodyServer server;
    private static CertificateAuthority montague;
    private static CertificateAuthority capulet;

    @BeforeAll
    static void open() throws IOException {
        server = ProsodyServer.start(Theatre.users());
        montague = CertificateAuthority.found(folder.resolve("montague"), "House of Montague");
        capulet = CertificateAuthority.found(folder.resolve("capulet"), "House of Capulet");
    }

    @AfterAll
    static void shut() {
        server.close();
    }

    @AfterEach
    void leave() {
        for (Player player : List.of(THEATRE.romeo(), THEATRE.juliet())) {
            player.actor().configure(OWN, nothing("keystore"));
            player.actor().configure(PEERS, nothing("anchors", "crls", "revocation"));
        }
    }

    @Test
    void two_who_never_met_are_verified_by_their_houses_without_a_question() {
        try (Scene scene = certified()) {
            trusting(scene, "capulet.com=" + capulet.certificate(), "montague.net=" + montague.certificate());
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            assertEquals("VERIFIED", out.security().trust(), out.security().evidence());
            assertEquals("VERIFIED", back.security().trust(), back.security().evidence());
            assertTrue(
                    out.security().evidence().contains("House of Capulet"),
                    out.security().evidence());
            assertEquals("PEER", now(out.send("<message><body>Is the day so young?</body></message>")));
            assertTrue(scene.juliet().hears().contains("so young"));
            // What a CA vouches for is not pinned: a pin would outlive its revocation.
            assertEquals(List.of(), THEATRE.romeo().actor().known(scene.juliet().account()));
        }
    }

    @Test
    void a_new_certificate_of_the_same_house_is_no_key_change_and_needs_no_question() {
        try (Scene scene = certified()) {
            trusting(scene, "capulet.com=" + capulet.certificate(), "montague.net=" + montague.certificate());
            Talk first = scene.romeo().opensTo(scene.juliet());
            now(first.close());
            certify(THEATRE.juliet(), capulet, scene.juliet());
            Talk second = scene.romeo().opensTo(scene.juliet());
            assertNotEquals(first.security().fingerprint(), second.security().fingerprint());
            assertEquals(
                    "VERIFIED", second.security().trust(), second.security().evidence());
            assertEquals(
                    List.of(),
                    scene.romeo().unheard().stream()
                            .filter(event -> event.kind() == Event.Kind.KEY_CHANGED)
                            .toList());
        }
    }

    @Test
    void a_certificate_of_the_house_beside_a_pin_is_taken_and_the_user_told_that_the_key_has_changed() {
        try (Scene scene = certified()) {
            scene.trusting();
            trusting(scene, "capulet.com=" + capulet.certificate(), "montague.net=" + montague.certificate());
            certify(THEATRE.juliet(), capulet, scene.juliet());
            Talk out = scene.romeo().opensTo(scene.juliet());
            assertEquals("VERIFIED", out.security().trust(), out.security().evidence());
            assertEquals(
                    "x509 " + scene.juliet().fingerprint(),
                    scene.romeo().next(Event.Kind.KEY_CHANGED).message());
        }
    }

    @Test
    void a_house_speaks_for_its_own_domain_and_no_other() {
        try (Scene scene = certified()) {
            trusting(scene, "verona.it=" + capulet.certificate(), "montague.net=" + montague.certificate());
            Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
            assertTrue(
                    List.of("UNTRUSTED", "REFUSED", "NO_COMMON_METHOD").contains(refusal.code()), refusal.toString());
            assertEquals(List.of(), scene.romeo().talks());
            // Her end may have been up until his alert came: who answers is through first in her own eyes.
            if (scene.juliet().nextOfAnyKind().kind() == Event.Kind.OPENED) {
                scene.juliet().next(Event.Kind.CLOSED);
            }
            assertEquals(List.of(), scene.juliet().talks());
        }
    }

    @Test
    void whom_a_house_should_vouch_for_does_not_get_in_by_first_use() {
        try (Scene scene = THEATRE.scene(server.port())) {
            // Juliet has a certificate of her own making, and her house is known to certify its people.
            THEATRE.romeo().actor().configure(PEERS, anchors("capulet.com=" + capulet.certificate()));
            THEATRE.romeo().actor().policy("first-use", "accept");
            THEATRE.juliet().actor().policy("first-use", "accept");
            Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
            assertEquals(List.of(), scene.romeo().talks(), refusal.toString());
        } finally {
            THEATRE.romeo().actor().policy("first-use", "ask");
            THEATRE.juliet().actor().policy("first-use", "ask");
        }
    }

    @Test
    void a_certificate_that_its_house_has_taken_back_is_refused_and_says_so() {
        try (Scene scene = certified()) {
            trusting(scene, "capulet.com=" + capulet.certificate(), "montague.net=" + montague.certificate());
            capulet.revoke(scene.juliet().account());
            Map<String, Object> values = new HashMap<>(anchors("capulet.com=" + capulet.certificate()));
            values.put("crls", new String[] {capulet.list().toString()});
            THEATRE.romeo().actor().configure(PEERS, values);
            Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
            assertEquals("UNTRUSTED", refusal.code(), refusal.toString());
            assertTrue(refusal.toString().contains("revoked"), refusal.toString());
        }
    }

    @Test
    void where_revocation_must_be_known_a_house_without_a_list_is_not_enough() {
        try (Scene scene = certified()) {
            trusting(scene, "capulet.com=" + capulet.certificate(), "montague.net=" + montague.certificate());
            Map<String, Object> values = new HashMap<>(anchors("capulet.com=" + capulet.certificate()));
            values.put("revocation", "hard");
            THEATRE.romeo().actor().configure(PEERS, values);
            assertEquals(
                    "UNTRUSTED",
                    refused(scene.romeo().opening(scene.juliet().jid())).code());
            values.put("crls", new String[] {capulet.list().toString()});
            THEATRE.romeo().actor().configure(PEERS, values);
            assertEquals(
                    "VERIFIED", scene.romeo().opensTo(scene.juliet()).security().trust());
        }
    }

    @Test
    void a_pin_is_enough_where_the_house_is_not_known() {
        try (Scene scene = certified()) {
            scene.trusting();
            Talk out = scene.romeo().opensTo(scene.juliet());
            assertEquals("VERIFIED", out.security().trust());
            assertEquals("pinned", out.security().evidence());
            scene.juliet().next(Event.Kind.OPENED);
        }
    }

    @Test
    void another_ones_valid_certificate_is_refused_for_juliet() {
        try (Scene scene = THEATRE.scene(server.port())) {
            certify(THEATRE.romeo(), montague, scene.romeo());
            THEATRE.juliet()
                    .actor()
                    .configure(
                            OWN,
                            Map.of(
                                    "keystore",
                                    capulet.issue("tybalt@capulet.com").toString()));
            trusting(scene, "capulet.com=" + capulet.certificate(), "montague.net=" + montague.certificate());
            Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
            assertEquals("UNTRUSTED", refusal.code(), refusal.toString());
            assertTrue(refusal.toString().contains("tybalt@capulet.com"), refusal.toString());
        }
    }

    /** Both logged in, each with a certificate of their house. */
    private static Scene certified() {
        Scene scene = THEATRE.scene(server.port());
        certify(THEATRE.romeo(), montague, scene.romeo());
        certify(THEATRE.juliet(), capulet, scene.juliet());
        return scene;
    }

    private static void certify(Player player, CertificateAuthority house, Session session) {
        player.actor()
                .configure(
                        OWN, Map.of("keystore", house.issue(session.account()).toString()));
        String expected = player.actor().fingerprint(session.account());
        assertEquals(64, expected.length());
    }

    private static void trusting(Scene scene, String romeos, String juliets) {
        THEATRE.romeo().actor().configure(PEERS, anchors(romeos));
        THEATRE.juliet().actor().configure(PEERS, anchors(juliets));
    }

    private static Map<String, Object> anchors(String line) {
        return Map.of("anchors", new String[] {line});
    }

    private static Map<String, Object> nothing(String... attributes) {
        Map<String, Object> values = new HashMap<>();
        for (String attribute : attributes) {
            values.put(attribute, null);
        }
        return values;
    }
}
