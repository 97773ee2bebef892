package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.xtls.tests.Waiting.now;
import static org.xtls.tests.Waiting.refused;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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
import org.xtls.tests.peer.KeyPair;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Refusal;
import org.xtls.tests.stage.Talk;

/** A certificate that is about to expire vouches, inside a tunnel, for the one that follows it; through a real Prosody. */
class KeyRenewalTest {
    private static final String OWN = "org.xtls.auth.x509";

    @RegisterExtension
    static final Theatre THEATRE = new Theatre();

    @TempDir
    static Path files;

    private static ProsodyServer server;

    @BeforeAll
    static void startServer() {
        server = ProsodyServer.start(Theatre.users());
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @AfterEach
    void settle() {
        Map<String, Object> nothing = new HashMap<>();
        nothing.put("directory", null);
        THEATRE.juliet().actor().configure(OWN, nothing);
    }

    @Test
    void the_next_key_is_known_before_it_is_presented_and_nobody_is_asked() throws IOException {
        try (Scene scene = THEATRE.scene(server.port())) {
            Renewal renewal = aboutToExpire(scene, "today");
            Talk out = scene.romeo().opensTo(scene.juliet());
            assertEquals(renewal.current, out.security().fingerprint());
            // Written down when it has been proved; the tunnel's user hears nothing of it.
            THEATRE.romeo().actor().awaitKey(scene.juliet().account(), renewal.next, "VERIFIED");
            now(out.close());

            twoDaysLater(scene, renewal, "later");
            Talk again = scene.romeo().opensTo(scene.juliet());
            assertEquals("VERIFIED", again.security().trust());
            assertEquals(renewal.next, again.security().fingerprint());
            assertEquals(
                    List.of(),
                    scene.romeo().unheard().stream()
                            .filter(event -> event.kind() == Event.Kind.KEY_CHANGED)
                            .toList());
        }
    }

    @Test
    void where_a_rule_lets_no_tunnel_vouch_for_keys_the_next_one_is_a_key_change() throws IOException {
        THEATRE.romeo().actor().rules("capulet.com: bootstrap no");
        try (Scene scene = THEATRE.scene(server.port())) {
            Renewal renewal = aboutToExpire(scene, "today, with a rule");
            now(scene.romeo().opensTo(scene.juliet()).close());
            twoDaysLater(scene, renewal, "later, with a rule");
            Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
            assertEquals("KEY_CHANGED", refusal.code(), refusal.toString());
        } finally {
            THEATRE.romeo().actor().rules();
        }
    }

    private record Renewal(Path directory, String current, String next) {}

    /** Both have pinned each other's certificates; of hers two days are left, and so the next one is there. */
    private static Renewal aboutToExpire(Scene scene, String name) throws IOException {
        String account = scene.juliet().account();
        Path directory = Files.createDirectory(files.resolve(name));
        ownersOnly(KeyPair.make(directory, account, "subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:" + account)
                .pkcs12(""));
        present(directory);
        List<String> own = THEATRE.juliet().actor().fingerprints(account, "x509");
        assertEquals(2, own.size(), own.toString());
        assertNotEquals(own.get(0), own.get(1));
        scene.trusting();
        return new Renewal(directory, own.get(0), own.get(1));
    }

    /** Her directory as it will be then, when the first key is of no use any more. */
    private static void twoDaysLater(Scene scene, Renewal renewal, String name) throws IOException {
        String account = scene.juliet().account();
        Path directory = Files.createDirectory(files.resolve(name));
        ownersOnly(Files.copy(renewal.directory.resolve(account + "+2.p12"), directory.resolve(account + ".p12")));
        present(directory);
        assertEquals(renewal.next, scene.juliet().fingerprint());
    }

    private static void present(Path directory) {
        THEATRE.juliet().actor().configure(OWN, Map.of("directory", directory.toString()));
    }

    private static void ownersOnly(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Files.setPosixFilePermissions(file.getParent(), PosixFilePermissions.fromString("rwx------"));
    }
}
