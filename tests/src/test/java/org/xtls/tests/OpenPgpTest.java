package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;
import static org.xtls.tests.Waiting.refused;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.container.Contents;
import org.xtls.tests.gnupg.Backstage;
import org.xtls.tests.gnupg.GnuPgHome;
import org.xtls.tests.gnupg.HeapSearch;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Known;
import org.xtls.tests.stage.Refusal;
import org.xtls.tests.stage.Secured;
import org.xtls.tests.stage.Talk;
import org.xtls.tests.wire.Relay;

/** Two people with keys of the real GnuPG, through a real Prosody. */
class OpenPgpTest {
    private static final String PID = "org.xtls.auth.openpgp";
    private static final String ONLY_OPENPGP = "*: require openpgp";
    private static final String ONLY_KNOWN = "*: require openpgp, first-use reject";

    @RegisterExtension
    static final Theatre THEATRE = new Theatre(Contents.openPgp());

    private static ProsodyServer server;

    @TempDir
    Path folder;

    private final List<GnuPgHome> homes = new ArrayList<>();

    @BeforeAll
    static void open() {
        server = ProsodyServer.start(Theatre.users());
    }

    @AfterAll
    static void shut() {
        server.close();
    }

    @BeforeEach
    void onlyOpenPgp() {
        rules(ONLY_OPENPGP);
    }

    @AfterEach
    void leave() {
        for (Player player : players()) {
            Map<String, Object> nothing = new HashMap<>();
            for (String attribute : List.of(
                    "key",
                    ".passphrase",
                    "agent",
                    "fingerprint",
                    "gnupg.home",
                    "gpg",
                    "keyring",
                    "introducers",
                    "recheck")) {
                nothing.put(attribute, null);
            }
            player.actor().configure(PID, nothing);
            player.actor().rules();
        }
        homes.forEach(GnuPgHome::close);
    }

    /** What people have. */
    enum Kind {
        DEFAULT("default", "default", "ed25519"),
        ED25519("ed25519", "sign,cert", "ed25519"),
        RSA_3072("rsa3072", "sign,cert", "rsa3072"),
        /** GnuPG 2.2 takes the bare name for ECDH. */
        NIST_P256("nistp256/ecdsa", "sign,cert", "nistp256/ecdsa");

        final String primary;
        final String usage;
        final String authentication;

        Kind(String primary, String usage, String authentication) {
            this.primary = primary;
            this.usage = usage;
            this.authentication = authentication;
        }
    }

    @ParameterizedTest
    @EnumSource
    void an_exported_key_serves_both_who_begin_and_who_are_asked(Kind kind) throws IOException {
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = romeo(scene, kind).withExport();
            Person juliet = juliet(scene, kind).withExport();
            acquaint(romeo, juliet);
            talk(romeo, juliet);
            talk(juliet, romeo);
            if (kind == Kind.ED25519) {
                // The counterpart of the search below: what an export lets in is found.
                assertTrue(HeapSearch.holds(dump(), romeo.home.ed25519Secret()), "the search is blind");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_key_in_gpg_agent_serves_both_and_its_secret_stays_there(Kind kind) throws IOException {
        rules(ONLY_KNOWN);
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = romeo(scene, kind).withAgent();
            Person juliet = juliet(scene, kind).withAgent();
            romeo.hasKeyRing(juliet);
            juliet.hasKeyRing(romeo);
            acquaint(romeo, juliet);
            talk(romeo, juliet);
            talk(juliet, romeo);
            for (Person person : List.of(romeo, juliet)) {
                List<String> calls = person.home.calls();
                assertTrue(calls.stream().anyMatch(call -> call.contains("--export")), calls.toString());
                assertFalse(calls.stream().anyMatch(call -> call.contains("secret")), calls.toString());
            }
            if (kind == Kind.ED25519) {
                Path dump = dump();
                assertFalse(HeapSearch.holds(dump, romeo.home.ed25519Secret()), "Romeo's secret is in the container");
                assertFalse(HeapSearch.holds(dump, juliet.home.ed25519Secret()), "Juliet's secret is in the container");
            }
        }
    }

    @Test
    void with_the_agent_gone_the_failure_says_how_to_start_it_and_then_it_works() {
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = romeo(scene, Kind.NIST_P256).withAgent();
            Person juliet = juliet(scene, Kind.NIST_P256).withExport();
            acquaint(romeo, juliet);
            romeo.home.killAgent();
            Refusal refusal = refused(romeo.opening(juliet));
            assertTrue(refusal.getMessage().contains("'gpgconf --launch gpg-agent' starts it"), refusal.toString());
            assertEquals(List.of(), scene.romeo().talks());
            romeo.home.launchAgent();
            assertEquals("VERIFIED", romeo.opensTo(juliet).security().trust());
        }
    }

    @Test
    void whom_an_introducer_vouches_for_needs_no_pin() {
        rules(ONLY_KNOWN);
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = romeo(scene, Kind.ED25519).withExport();
            Person juliet = named(
                    scene.juliet(), THEATRE.juliet(), "xmpp:" + scene.juliet().account());
            juliet.withExport();
            juliet.hasKeyRing(romeo);
            juliet.pins(romeo);
            Friar friar = new Friar();
            // Her User ID is his word only: nobody has certified it.
            romeo.configure(Map.of(
                    "keyring",
                    new String[] {file("ring.pgp", friar.certificate(), juliet.certificate())},
                    "introducers",
                    new String[] {friar.fingerprint}));
            Refusal refusal = refused(romeo.opening(juliet));
            assertEquals(List.of(), scene.romeo().talks(), refusal.toString());

            friar.certifies(juliet);
            write(folder.resolve("ring.pgp"), friar.certificate(), friar.home.export(juliet.fingerprint));
            Talk out = romeo.opensTo(juliet);
            Secured security = out.security();
            assertEquals("openpgp", security.method());
            assertEquals("VERIFIED", security.trust(), security.evidence());
            assertEquals("certified by " + friar.fingerprint, security.evidence());
            assertEquals("PEER", now(out.send(chat("For this alliance may so happy prove"))));
        }
    }

    @Test
    void the_name_alone_is_nothing_nor_is_the_word_of_somebody_whom_romeo_does_not_trust() {
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = romeo(scene, Kind.ED25519).withExport();
            Person juliet = named(
                    scene.juliet(), THEATRE.juliet(), "xmpp:" + scene.juliet().account());
            juliet.withExport();
            juliet.pins(romeo);
            Friar friar = new Friar();
            friar.certifies(juliet);
            romeo.configure(Map.of(
                    "keyring",
                    new String[] {file("ring.pgp", friar.certificate(), friar.home.export(juliet.fingerprint))}));
            rules(ONLY_KNOWN);
            Refusal refusal = refused(romeo.opening(juliet));
            assertEquals(List.of(), scene.romeo().talks(), refusal.toString());
            assertEquals(List.of(), romeo.player.actor().known(juliet.account()));

            rules(ONLY_OPENPGP);
            Runnable human = romeo.player.actor().prompt("FIRST_USE");
            try {
                assertEquals("UNVERIFIED", romeo.opensTo(juliet).security().trust());
            } finally {
                human.run();
            }
        }
    }

    @Test
    void two_who_never_met_show_each_other_their_certificates_and_people_decide() {
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = romeo(scene, Kind.ED25519).withExport();
            Person juliet = juliet(scene, Kind.RSA_3072).withExport();
            try (Backstage.Human his = romeo.backstage().trustHuman();
                    Backstage.Human hers = juliet.backstage().trustHuman()) {
                CompletableFuture<Talk> opening = romeo.opening(juliet);
                Backstage.Asked question = his.next();
                assertTrue(question.question().contains(juliet.fingerprint), question.question());
                question.decides("VERIFIED");
                question = hers.next();
                assertTrue(question.question().contains(romeo.fingerprint), question.question());
                question.decides("VERIFIED");
                Talk out = now(opening);
                assertEquals("openpgp", out.security().method());
                assertEquals("VERIFIED", out.security().trust());
                assertEquals(juliet.fingerprint, out.security().fingerprint());
                assertEquals("VERIFIED", scene.juliet().tunnel().security().trust());
                now(out.close());
            }
            assertEquals(juliet.fingerprint, romeo.player.actor().awaitKnown(juliet.account(), "openpgp", "VERIFIED"));
            assertEquals(romeo.fingerprint, juliet.player.actor().awaitKnown(romeo.account(), "openpgp", "VERIFIED"));
            // From now on without people, and without certificates in the offers.
            rules(ONLY_KNOWN);
            assertEquals("pinned", romeo.opensTo(juliet).security().evidence());
        }
    }

    @Test
    void a_person_who_says_no_gets_no_tunnel_and_nothing_is_remembered() {
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = romeo(scene, Kind.ED25519).withExport();
            Person juliet = juliet(scene, Kind.ED25519).withExport();
            juliet.pins(romeo);
            Runnable human = romeo.player.actor().prompt("REJECT");
            try {
                Refusal refusal = refused(romeo.opening(juliet));
                assertEquals("UNTRUSTED", refusal.code(), refusal.toString());
            } finally {
                human.run();
            }
            assertEquals(List.of(), romeo.player.actor().known(juliet.account()));
        }
    }

    @Test
    void a_key_without_an_authentication_key_is_not_offered_and_the_failure_tells_the_command_that_helps() {
        try (Relay wire = new Relay(server.port());
                Scene scene = THEATRE.scene(wire.port()).trusting()) {
            Person juliet = juliet(scene, Kind.ED25519).withExport();
            String certificate = scene.romeo().fingerprint();
            Person romeo = new Person(scene.romeo(), THEATRE.romeo());
            romeo.fingerprint = romeo.home.generate("Romeo <romeo@montague.net>", "default", "default", "");
            romeo.exports("");
            acquaint(romeo, juliet);

            Refusal refusal = refused(romeo.opening(juliet));
            assertEquals("NO_COMMON_METHOD", refusal.code(), refusal.toString());
            assertEquals("LOCAL", refusal.fault(), refusal.toString());
            String command = "gpg --quick-add-key " + romeo.fingerprint + " ed25519 auth 2y";
            assertTrue(refusal.getMessage().contains(command), refusal.toString());

            rules("*: bootstrap no");
            Talk out = romeo.opensTo(juliet);
            assertEquals("x509", out.security().method());
            now(out.close());
            assertTrue(wire.seen().stream().anyMatch(said -> said.contains(certificate)), "the tap is deaf");
            assertFalse(wire.seen().stream().anyMatch(said -> said.contains(romeo.fingerprint)), "it was offered");

            rules(ONLY_OPENPGP);
            romeo.home.runs(command);
            romeo.exports("");
            assertEquals("openpgp", romeo.opensTo(juliet).security().method());
        }
    }

    @Test
    void a_passphrase_is_asked_for_once_and_a_wrong_one_again() {
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = locked(scene.romeo(), THEATRE.romeo());
            Person juliet = juliet(scene, Kind.ED25519).withExport();
            acquaint(romeo, juliet);
            try (Backstage.Human human = romeo.backstage().secretHuman()) {
                CompletableFuture<Talk> opening = romeo.opening(juliet);
                Backstage.Asked question = human.next();
                assertTrue(question.question().contains("PASSPHRASE"), question.question());
                assertTrue(question.question().contains(romeo.account()), question.question());
                question.tells("a rose");
                question = human.next();
                assertTrue(question.question().contains("does not open"), question.question());
                question.tells(PASSPHRASE);
                talkThrough(romeo, juliet, now(opening));
                talk(juliet, romeo);
                assertEquals(0, human.more());
            }
        }
    }

    @Test
    void whoever_cannot_open_the_key_gets_a_clear_failure_on_either_side() {
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = locked(scene.romeo(), THEATRE.romeo());
            Person juliet = juliet(scene, Kind.ED25519).withExport();
            acquaint(romeo, juliet);

            Refusal nobody = refused(romeo.opening(juliet));
            assertTrue(nobody.getMessage().contains("nobody to ask"), nobody.toString());
            assertEquals("LOCAL", nobody.fault());
            Runnable human = romeo.player.actor().secret("by any other name");
            try {
                Refusal wrong = refused(romeo.opening(juliet));
                assertTrue(wrong.getMessage().contains("the passphrase was wrong 3 times"), wrong.toString());
                assertEquals("LOCAL", wrong.fault());
                // Hers would join his while that is under way.
                for (Session session : List.of(scene.romeo(), scene.juliet())) {
                    session.next(Event.Kind.FAILED);
                    session.next(Event.Kind.FAILED);
                }

                // Asked, not asking: who opens is told, and he sees why.
                refused(juliet.opening(romeo));
                Event failed = scene.romeo().next(Event.Kind.FAILED);
                assertTrue(failed.message().contains("the passphrase was wrong 3 times"), failed.toString());
            } finally {
                human.run();
            }
            romeo.configure(Map.of(".passphrase", "as sweet"));
            Refusal configured = refused(romeo.opening(juliet));
            assertTrue(configured.getMessage().contains("configured passphrase"), configured.toString());
            romeo.configure(Map.of(".passphrase", PASSPHRASE));
            assertEquals("VERIFIED", romeo.opensTo(juliet).security().trust());
        }
    }

    @Test
    void a_key_that_is_revoked_while_a_tunnel_stands_makes_no_other_and_the_tunnel_ends() {
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = romeo(scene, Kind.ED25519).withExport();
            Person juliet = juliet(scene, Kind.ED25519).withExport();
            romeo.hasKeyRing(juliet);
            acquaint(romeo, juliet);
            Talk out = romeo.opensTo(juliet);
            assertEquals("VERIFIED", out.security().trust());

            juliet.home.revoke(juliet.fingerprint, 1);
            romeo.hasKeyRing(juliet);
            try (Session elsewhere = THEATRE.juliet().enter(server.port(), juliet.account(), "tomb")) {
                // She does not know, or it is not she.
                Refusal refusal = refused(scene.romeo().opening(elsewhere.jid()));
                assertTrue(
                        refusal.getMessage().contains(juliet.fingerprint)
                                && refusal.getMessage().contains("was revoked by its owner (compromised"),
                        refusal.toString());
            }
            assertEquals(
                    "UNTRUSTED", now(out.closed()).code(), now(out.closed()).toString());
            assertEquals(
                    juliet.fingerprint, romeo.player.actor().awaitKnown(juliet.account(), "openpgp", "DISTRUSTED"));
        }
    }

    @Test
    void a_key_that_its_owner_gave_up_ends_the_tunnel_when_the_key_ring_says_so() {
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = romeo(scene, Kind.ED25519).withExport();
            Person juliet = juliet(scene, Kind.ED25519).withExport();
            romeo.hasKeyRing(juliet);
            acquaint(romeo, juliet);
            Talk out = romeo.opensTo(juliet);
            juliet.home.revoke(juliet.fingerprint, 3);
            Path other = folder.resolve("newer.pgp");
            write(other, juliet.certificate());
            romeo.configure(Map.of("keyring", new String[] {other.toString()}));
            now(out.closed());
            assertEquals(juliet.fingerprint, romeo.player.actor().awaitKnown(juliet.account(), "openpgp", "EXPIRED"));
            Refusal refusal = refused(romeo.opening(juliet));
            assertTrue(refusal.getMessage().contains("was revoked by its owner (retired"), refusal.toString());
        }
    }

    @Test
    void without_recheck_a_tunnel_outlives_the_key_that_its_owner_gave_up() {
        rules("*: require openpgp, recheck no");
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = romeo(scene, Kind.ED25519).withExport();
            Person juliet = juliet(scene, Kind.ED25519).withExport();
            romeo.hasKeyRing(juliet);
            acquaint(romeo, juliet);
            Talk out = romeo.opensTo(juliet);
            juliet.home.revoke(juliet.fingerprint, 3);
            romeo.hasKeyRing(juliet);
            try (Session elsewhere = THEATRE.juliet().enter(server.port(), juliet.account(), "tomb")) {
                Refusal refusal = refused(scene.romeo().opening(elsewhere.jid()));
                assertTrue(refusal.getMessage().contains("was revoked by its owner (retired"), refusal.toString());
            }
            romeo.player.actor().awaitKnown(juliet.account(), "openpgp", "EXPIRED");
            assertEquals("PEER", now(out.send(chat("O true apothecary"))));
        }
    }

    @Test
    void stopped_while_a_passphrase_is_awaited_the_method_takes_the_negotiation_along_and_comes_back() {
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = locked(scene.romeo(), THEATRE.romeo());
            Person juliet = juliet(scene, Kind.ED25519).withExport();
            acquaint(romeo, juliet);
            try (Backstage.Human human = romeo.backstage().secretHuman()) {
                CompletableFuture<Talk> opening = romeo.opening(juliet);
                human.next();
                Refusal refusal = withoutTheMethod(romeo, opening);
                assertTrue(
                        refusal.getMessage().contains("the authentication method openpgp went away"),
                        refusal.toString());

                opening = romeo.opening(juliet);
                human.next().tells(PASSPHRASE);
                assertEquals("PEER", now(now(opening).send(chat("again"))));
            }
        }
    }

    @Test
    void stopped_on_the_side_that_is_asked_while_its_passphrase_is_awaited() {
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = romeo(scene, Kind.ED25519).withExport();
            Person juliet = locked(scene.juliet(), THEATRE.juliet());
            acquaint(romeo, juliet);
            try (Backstage.Human human = juliet.backstage().secretHuman()) {
                CompletableFuture<Talk> opening = romeo.opening(juliet);
                human.next();
                withoutTheMethod(juliet, opening);
                Event failed = scene.juliet().next(Event.Kind.FAILED);
                assertTrue(failed.message().contains("the authentication method openpgp went away"), failed.toString());

                opening = romeo.opening(juliet);
                human.next().tells(PASSPHRASE);
                assertEquals("PEER", now(now(opening).send(chat("again"))));
            }
        }
    }

    @Test
    void stopped_while_a_person_ponders_a_key_the_negotiation_is_the_persons_to_end() {
        try (Scene scene = THEATRE.scene(server.port())) {
            Person romeo = romeo(scene, Kind.ED25519).withExport();
            Person juliet = juliet(scene, Kind.ED25519).withExport();
            juliet.pins(romeo);
            try (Backstage.Human human = romeo.backstage().trustHuman()) {
                CompletableFuture<Talk> opening = romeo.opening(juliet);
                Backstage.Asked question = human.next();
                romeo.player.actor().stop(PID);
                try {
                    // The method has said all it has to say: the key is proved, and the rest is the person's.
                    question.decides("VERIFIED");
                    assertEquals("VERIFIED", now(opening).security().trust());
                    assertEquals("PEER", now(now(opening).send(chat("TLS has its keys"))));
                    now(now(opening).close());
                    Refusal refusal = refused(romeo.opening(juliet));
                    assertTrue(refusal.getMessage().contains("openpgp"), refusal.toString());
                } finally {
                    romeo.player.actor().start(PID);
                }
                assertEquals("PEER", now(romeo.opensTo(juliet).send(chat("again"))));
            }
        }
    }

    @Test
    void one_tunnel_verified_by_certificates_makes_the_next_by_openpgp() {
        rules("*: prefer x509");
        try (Scene scene = THEATRE.scene(server.port()).trusting()) {
            Person romeo = romeo(scene, Kind.RSA_3072).withExport();
            Person juliet = juliet(scene, Kind.NIST_P256).withAgent();
            Talk out = romeo.opensTo(juliet);
            assertEquals("x509", out.security().method());
            assertEquals(juliet.fingerprint, romeo.player.actor().awaitKnown(juliet.account(), "openpgp", "VERIFIED"));
            assertEquals(romeo.fingerprint, juliet.player.actor().awaitKnown(romeo.account(), "openpgp", "VERIFIED"));
            Known known = romeo.player.actor().known(juliet.account()).stream()
                    .filter(key -> key.method().equals("openpgp"))
                    .findFirst()
                    .orElseThrow();
            assertTrue(known.evidence().startsWith("handed over in a tunnel verified by x509"), known.toString());
            now(out.close());

            // What was handed over is all there is: no certificate in an offer or a key ring.
            rules(ONLY_KNOWN);
            Talk next = romeo.opensTo(juliet);
            assertEquals("openpgp", next.security().method());
            assertEquals("pinned", next.security().evidence());
            assertEquals("PEER", now(next.send(chat("Parting is such sweet sorrow"))));
        }
    }

    /** Stops the method where it waits, and says how the negotiation ended; it is there again afterwards. */
    private static Refusal withoutTheMethod(Person person, CompletableFuture<Talk> opening) {
        person.player.actor().stop(PID);
        try {
            return refused(opening);
        } finally {
            person.player.actor().start(PID);
        }
    }

    private void talk(Person first, Person second) {
        talkThrough(first, second, first.opensTo(second));
    }

    private static void talkThrough(Person first, Person second, Talk out) {
        Talk back = second.session.tunnel();
        for (Talk talk : List.of(out, back)) {
            Secured security = talk.security();
            assertEquals("openpgp", security.method());
            assertEquals("TLSv1.3", security.tls());
            assertEquals("VERIFIED", security.trust(), security.evidence());
            assertEquals("pinned", security.evidence());
        }
        assertEquals(second.fingerprint, out.security().fingerprint());
        assertEquals(first.fingerprint, back.security().fingerprint());
        assertEquals("PEER", now(out.send(chat("Good night, good night!"))));
        assertTrue(second.session.hears().contains("Good night"));
        first.session.next(Event.Kind.OPENED);
        assertEquals("PEER", now(back.send(chat("Sleep dwell upon thine eyes"))));
        assertTrue(first.session.hears().contains("Sleep dwell"));
        assertTrue(out.security().offersConfirmed() && back.security().offersConfirmed());
        now(out.close());
        first.session.next(Event.Kind.CLOSED);
        second.session.next(Event.Kind.CLOSED);
    }

    private Path dump() throws IOException {
        return HeapSearch.dump(folder.resolve("heap.hprof"));
    }

    private static void rules(String line) {
        for (Player player : players()) {
            player.actor().rules(line);
        }
    }

    private static List<Player> players() {
        return List.of(THEATRE.romeo(), THEATRE.juliet());
    }

    private static String chat(String text) {
        return "<message type='chat'><body>" + text + "</body></message>";
    }

    private String file(String name, byte[]... certificates) {
        Path file = folder.resolve(name);
        write(file, certificates);
        return file.toString();
    }

    /** In one step, as careful people replace a file. */
    private void write(Path file, byte[]... certificates) {
        try {
            Path made = Files.createTempFile(folder, "made", null);
            for (byte[] certificate : certificates) {
                Files.write(made, certificate, StandardOpenOption.APPEND);
            }
            Files.move(made, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private GnuPgHome home() {
        GnuPgHome home = new GnuPgHome();
        homes.add(home);
        return home;
    }

    private Person romeo(Scene scene, Kind kind) {
        return person(scene.romeo(), THEATRE.romeo(), kind);
    }

    private Person juliet(Scene scene, Kind kind) {
        return person(scene.juliet(), THEATRE.juliet(), kind);
    }

    /** Each has the other's key from a meeting in person. */
    private static void acquaint(Person romeo, Person juliet) {
        romeo.pins(juliet);
        juliet.pins(romeo);
    }

    private Person person(Session session, Player player, Kind kind) {
        Person person = new Person(session, player);
        person.fingerprint = person.home.generate("Somebody <somebody@verona.it>", kind.primary, kind.usage, "");
        person.home.addAuthenticationKey(person.fingerprint, kind.authentication, "");
        return person;
    }

    private Person named(Session session, Player player, String userId) {
        Person person = new Person(session, player);
        person.fingerprint = person.home.generate(userId, "ed25519", "sign,cert", "");
        person.home.addAuthenticationKey(person.fingerprint, "ed25519", "");
        return person;
    }

    /** With an export that has a passphrase. */
    private Person locked(Session session, Player player) {
        Person person = new Person(session, player);
        person.fingerprint = person.home.generate("Somebody <somebody@verona.it>", "ed25519", "sign,cert", PASSPHRASE);
        person.home.addAuthenticationKey(person.fingerprint, "ed25519", PASSPHRASE);
        person.exports(PASSPHRASE);
        return person;
    }

    private static final String PASSPHRASE = "but soft, what light";

    /** One side with a key in a GnuPG home of its own. */
    private final class Person {
        final Session session;
        final Player player;
        final GnuPgHome home = home();
        String fingerprint;

        Person(Session session, Player player) {
            this.session = session;
            this.player = player;
        }

        String account() {
            return session.account();
        }

        byte[] certificate() {
            return home.export(fingerprint);
        }

        Person withExport() {
            exports("");
            assertEquals(List.of(fingerprint), player.actor().fingerprints(account(), "openpgp"));
            return this;
        }

        void exports(String passphrase) {
            Path file = folder.resolve(fingerprint + ".asc");
            configure(Map.of(
                    "key", home.exportSecret(fingerprint, passphrase, file).toString()));
        }

        Person withAgent() {
            configure(Map.of(
                    "agent",
                    true,
                    "fingerprint",
                    fingerprint,
                    "gnupg.home",
                    home.directory().toString(),
                    "gpg",
                    home.notingGpg().toString()));
            assertEquals(List.of(fingerprint), player.actor().fingerprints(account(), "openpgp"));
            return this;
        }

        void configure(Map<String, Object> values) {
            player.actor().configure(PID, values);
        }

        void hasKeyRing(Person other) {
            configure(Map.of("keyring", new String[] {file("ring-" + fingerprint + ".pgp", other.certificate())}));
        }

        void pins(Person other) {
            backstage().pins(other.account(), other.fingerprint);
        }

        Backstage backstage() {
            return new Backstage(player.container().bundle("org.xtls.tests.driver"));
        }

        CompletableFuture<Talk> opening(Person other) {
            return session.opening(other.session.jid());
        }

        Talk opensTo(Person other) {
            return session.opensTo(other.session);
        }
    }

    /** Whom some trust to look at people's passports. */
    private final class Friar {
        final GnuPgHome home = home();
        final String fingerprint = home.generate("Laurence <laurence@verona.it>", "ed25519", "sign,cert", "");

        byte[] certificate() {
            return home.export(fingerprint);
        }

        void certifies(Person person) {
            home.take(person.certificate());
            home.certify(person.fingerprint);
        }
    }
}
