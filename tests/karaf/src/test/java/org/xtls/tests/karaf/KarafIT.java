package org.xtls.tests.karaf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.server.loopback.LoopbackServer;

/** Romeo lives in a Karaf, Juliet in the distribution's container; the server is in this process. */
@Timeout(400)
class KarafIT {
    private static final String ROMEO = "romeo@montague.net/orchard";
    private static final String JULIET = "juliet@capulet.com/balcony";

    private final List<String> seen = new CopyOnWriteArrayList<>();

    @Test
    void the_features_are_installed_a_stanza_goes_each_way_and_sigterm_closes_the_tunnel(
            @TempDir Path folder, TestReporter reporter) throws Exception {
        Path jdk = Jdk17.home();
        reporter.publishEntry(
                "karaf",
                "runs on " + jdk + ", the tests on " + Runtime.version()
                        + "; its script passes -Djava.security.manager=allow, with which no JVM from 24 on starts");
        try (LoopbackServer server = LoopbackServer.builder()
                        .user("romeo@montague.net", "rose")
                        .user("juliet@capulet.com", "nurse")
                        .wiretap((direction, client, stanza) -> seen.add(direction + " " + client + " " + stanza.xml()))
                        .start();
                Karaf romeo = Karaf.start(Files.createDirectory(folder.resolve("karaf")), jdk);
                Juliet juliet = Juliet.enters(folder.resolve("juliet"))) {
            juliet.hears(connect("juliet@capulet.com", "nurse", "balcony", server));
            juliet.hears("password romeo@montague.net 'the mask of night'");
            // Without -r Karaf would move its ssh to the newer Bouncy Castle at once, and cut off the client that asks.
            romeo.tell(
                    "feature:repo-add " + Karaf.featuresFile(),
                    "feature:install -r xtls-x509 xtls-openpgp xtls-srp xtls-shell");
            assertEverythingIsThere(romeo);

            juliet.says("connected as " + JULIET);
            String opened = romeo.tell(
                    "xtls:" + connect("romeo@montague.net", "rose", "orchard", server),
                    "xtls:password juliet@capulet.com 'the mask of night'",
                    "xtls:open " + JULIET,
                    "xtls:send " + JULIET + " 'but soft'");
            assertTrue(opened.contains("verified (password)"), opened);
            assertTrue(opened.lines().anyMatch("acknowledged by the peer"::equals), opened);
            juliet.hears("receive --timeout 60");
            juliet.says("<message"); // he is in it
            juliet.hears("send " + ROMEO + " 'by yonder blessed moon'");
            juliet.says("acknowledged by the peer");
            String received = romeo.tell("xtls:receive --timeout 60", "xtls:tunnels");
            assertTrue(received.contains("by yonder blessed moon") && received.contains("TLSv1.3"), received);

            // Where Karaf's "clean" and an update of a bundle do not reach.
            for (String kept : List.of("trust", "srp")) {
                assertTrue(Files.isDirectory(romeo.base().resolve("xtls").resolve(kept)), kept);
            }

            romeo.terminate();
            assertTrue(
                    sent(ROMEO, "<close ") && sent(JULIET, "<closed ") && sent(ROMEO, "unavailable"), seen::toString);
            assertFalse(
                    Files.readString(romeo.base().resolve("data/log/karaf.log")).contains("| ERROR |"), romeo::log);
            assertEquals(0, juliet.leaves());
        }
        assertTrue(seen.stream().anyMatch(stanza -> stanza.contains("urn:xmpp:tmp:xtls")));
        assertFalse(seen.stream().anyMatch(stanza -> stanza.contains("moon") || stanza.contains("soft")));
    }

    /** Bouncy Castle 1.83 is Karaf's own, 1.84 ours; of Gogo there is Karaf's alone. */
    private static void assertEverythingIsThere(Karaf romeo) throws Exception {
        String bundles = romeo.tell("bundle:list -t 0 -s");
        for (String name : List.of("api", "tunnel", "tls.bc", "transport.smack", "connection.smack", "trust.file")) {
            assertTrue(
                    bundles.lines().anyMatch(line -> line.contains("Active") && line.contains("org.xtls." + name)),
                    bundles);
        }
        for (String version : List.of("1.83", "1.84")) {
            assertTrue(bundles.lines().anyMatch(line -> line.contains(version) && line.contains("bcprov")), bundles);
        }
        String gogos = romeo.tell("package:exports -p org.apache.felix.service.command");
        assertEquals(
                1,
                gogos.lines()
                        .filter(line -> line.contains("org.apache.felix.service.command"))
                        .count(),
                gogos);
        String methods = romeo.tell("xtls:methods");
        for (String method : List.of("x509 ", "openpgp ", "srp-psk ")) {
            assertTrue(methods.lines().anyMatch(line -> line.startsWith(method)), methods);
        }
        String help = romeo.tell("xtls:help");
        assertTrue(help.contains("Commands of the container: *:help"), help);
    }

    private boolean sent(String from, String what) {
        return seen.stream().anyMatch(stanza -> stanza.startsWith("FROM_CLIENT " + from) && stanza.contains(what));
    }

    private static String connect(String account, String password, String resource, LoopbackServer server) {
        return "connect " + account + " --password " + password + " --resource " + resource
                + " --host 127.0.0.1 --port " + server.port() + " --server-tls disabled";
    }
}
