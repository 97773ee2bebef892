package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.tests.peer.KeyPair;
import org.xtls.tests.peer.PlainPeer;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.wire.Relay;

/** The ground the other stories stand on: two independent peers, OpenSSL at both ends, nothing of ours between. */
class PlainPeersTest {
    @Test
    void two_plain_peers_talk_through_a_real_server_that_learns_nothing(@TempDir Path files) {
        KeyPair romeosKey = KeyPair.make(files, "romeo");
        KeyPair julietsKey = KeyPair.make(files, "juliet");
        try (ProsodyServer server = ProsodyServer.start("romeo@montague.net=secret", "juliet@capulet.com=secret");
                Relay wire = new Relay(server.port());
                PlainPeer romeo = new PlainPeer(
                        wire.port(), "romeo@montague.net", "secret", "orchard", romeosKey, julietsKey.certificate());
                PlainPeer juliet = new PlainPeer(
                        wire.port(), "juliet@capulet.com", "secret", "balcony", julietsKey, romeosKey.certificate())) {
            romeo.start(juliet.jid());
            romeo.send("<message type='chat'><body>Neither, fair saint</body></message>");
            assertEquals(
                    "Neither, fair saint", juliet.receive().children().get(0).text());
            juliet.send("<message type='chat'><body>" + "How camest thou hither? ".repeat(2000) + "</body></message>");
            assertEquals(48_000, romeo.receive().children().get(0).text().length());
            assertEquals("x509", juliet.methodReceived());
            assertEquals("result", romeo.closeTunnel().attribute("type"));

            assertTrue(wire.seen().stream().anyMatch(seen -> seen.contains("urn:xmpp:tmp:xtls")), "the tap is deaf");
            assertFalse(wire.seen().stream().anyMatch(seen -> seen.contains("saint")));
        }
    }
}
