package org.xtls.server.loopback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BindTest {

    private LoopbackServer server;

    @BeforeEach
    void start() throws IOException {
        server = LoopbackServer.builder()
                .user("romeo@localhost", RawClient.PASSWORD)
                .start();
    }

    @AfterEach
    void end() {
        server.kill();
    }

    @Test
    void a_client_gets_the_resource_that_it_asks_for() throws IOException {
        try (RawClient client = authenticated()) {
            assertEquals("romeo@localhost/orchard", client.bind("orchard"));
            assertEquals(Set.of("romeo@localhost/orchard"), server.clients());
        }
    }

    @Test
    void the_server_makes_a_resource_for_who_asks_for_none() throws IOException {
        try (RawClient one = authenticated();
                RawClient other = authenticated()) {
            assertTrue(one.bind("").startsWith("romeo@localhost/"));
            assertNotEquals(one.jid(), other.bind(""));
        }
    }

    @Test
    void a_resource_no_jid_can_have_is_refused_and_another_one_granted() throws IOException {
        try (RawClient client = authenticated()) {
            client.send("<iq type='set' id='b'><bind xmlns='" + RawClient.BIND + "'><resource>" + "x".repeat(1024)
                    + "</resource></bind></iq>");
            assertEquals("bad-request", client.stanzaError());
            assertEquals("romeo@localhost/orchard", client.bind("orchard"));
        }
    }

    @Test
    void whoever_binds_a_resource_again_takes_it_over() throws IOException {
        try (RawClient old = RawClient.available(server, "romeo@localhost/orchard");
                RawClient witness = RawClient.available(server, "romeo@localhost/window")) {
            assertEquals("romeo@localhost/orchard", witness.stanza().from().orElseThrow());
            assertEquals("romeo@localhost/window", old.stanza().from().orElseThrow());
            try (RawClient fresh = RawClient.available(server, "romeo@localhost/orchard")) {
                assertEquals("conflict", old.streamError());
                Stanza gone = witness.stanza();
                assertTrue(gone.isType("unavailable"));
                assertEquals("romeo@localhost/orchard", gone.from().orElseThrow());
                assertTrue(witness.stanza().type().isEmpty());
                witness.send("<message to='romeo@localhost/orchard' id='m'/>");
                assertEquals("romeo@localhost/window", fresh.stanza().from().orElseThrow());
                assertEquals("m", fresh.stanza().id().orElseThrow());
            }
        }
    }

    @Test
    void a_stanza_before_binding_ends_the_stream() throws IOException {
        try (RawClient client = authenticated()) {
            client.send("<presence/>");
            assertEquals("not-authorized", client.streamError());
        }
    }

    @Test
    void a_second_binding_is_refused() throws IOException {
        try (RawClient client = RawClient.bound(server, "romeo@localhost/orchard")) {
            client.send("<iq type='set' id='b'><bind xmlns='" + RawClient.BIND + "'/></iq>");
            assertEquals("service-unavailable", client.stanzaError());
        }
    }

    @Test
    void a_legacy_session_is_granted() throws IOException {
        try (RawClient client = RawClient.bound(server, "romeo@localhost/orchard")) {
            client.send("<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>");
            assertTrue(client.stanza().isType("result"));
        }
    }

    private RawClient authenticated() throws IOException {
        RawClient client = RawClient.open(server, "localhost");
        client.login("romeo", RawClient.PASSWORD);
        return client;
    }
}
