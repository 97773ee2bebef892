package org.example.pskfile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.server.loopback.LoopbackServer;

/** The bundle is put into the watched folders of two running containers, used, and taken away. */
@Timeout(600)
class HotDeployIT {
    private static final String ROMEO = "romeo@montague.net";
    private static final String JULIET = "juliet@capulet.com";
    private static final String KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0".repeat(2);
    private static final Path JAR = Path.of(System.getProperty("example.jar"));

    @TempDir
    Path folder;

    @Test
    void dropped_into_two_running_containers_it_makes_a_tunnel_and_is_gone_with_its_jar() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        Path romeos = folder.resolve("romeo");
        Path juliets = folder.resolve("juliet");
        try (LoopbackServer server = LoopbackServer.builder()
                        .user(ROMEO, "rose")
                        .user(JULIET, "nurse")
                        .wiretap((direction, client, stanza) -> seen.add(stanza.xml()))
                        .start();
                Program romeo = Program.container(romeos);
                Program juliet = Program.container(juliets)) {
            romeo.tell(connect(ROMEO, "rose", "orchard", server));
            juliet.tell(connect(JULIET, "nurse", "balcony", server));
            assertFalse(romeo.tell("methods").contains("psk-file"));

            deploy(romeos, JULIET);
            deploy(juliets, ROMEO);
            String methods = romeo.tellUntil("methods", told -> told.contains("psk-file"));
            assertTrue(methods.contains("org.example.pskfile"), methods);
            juliet.tellUntil("methods", told -> told.contains("psk-file"));
            romeo.tellUntil("policy", told -> told.contains("require psk-file"));
            juliet.tellUntil("policy", told -> told.contains("require psk-file"));

            String opened = romeo.tell("open " + JULIET + "/balcony");
            assertTrue(opened.contains("verified (pre-shared key)") && opened.contains("method  psk-file\n"), opened);
            assertEquals(
                    "acknowledged by the peer\n", romeo.tell("send " + JULIET + "/balcony 'by yonder blessed moon'"));
            String received = juliet.tell("receive --timeout 60");
            assertTrue(received.startsWith(ROMEO + "/orchard verified\n") && received.contains("moon"), received);
            romeo.tell("close " + JULIET + "/balcony");

            Files.delete(deployed(romeos));
            Files.delete(deployed(juliets));
            romeo.tellUntil("methods", told -> !told.contains("psk-file"));
            juliet.tellUntil("methods", told -> !told.contains("psk-file"));
            String refused = romeo.tellLast("open " + JULIET + "/balcony");
            assertTrue(refused.contains("psk-file"), refused);
            juliet.leave();
        }
        assertTrue(seen.stream().anyMatch(stanza -> stanza.contains("urn:example:psk-file:1")));
        assertFalse(seen.stream().anyMatch(stanza -> stanza.contains("moon") || stanza.contains(KEY)));
    }

    private static void deploy(Path home, String peer) throws Exception {
        Path keys = Files.createDirectory(home.resolve("psk"));
        Path key = Files.writeString(keys.resolve(peer + ".psk"), KEY + "\n");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(home.resolve("deploy/org.example.pskfile.cfg"), "directory = " + keys + "\n");
        Files.writeString(home.resolve("deploy/org.xtls.policy.cfg"), "rules = " + peer + ": require psk-file\n");
        Files.copy(JAR, deployed(home));
    }

    private static Path deployed(Path home) {
        return home.resolve("deploy").resolve(JAR.getFileName());
    }

    private static String connect(String account, String password, String resource, LoopbackServer server) {
        return "connect " + account + " --password " + password + " --resource " + resource
                + " --host 127.0.0.1 --port " + server.port() + " --server-tls disabled";
    }
}
