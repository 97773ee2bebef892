package org.xtls.server.loopback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.server.loopback.xml.StreamParser;

class LoginTest {

    private LoopbackServer server;

    @BeforeEach
    void start() throws IOException {
        server = LoopbackServer.builder()
                .user("romeo@montague.net", RawClient.PASSWORD)
                .user("juliet@capulet.com", "another")
                .start();
    }

    @AfterEach
    void end() {
        server.kill();
    }

    @Test
    void the_best_mechanism_is_offered_first_and_nothing_else_before_login() throws IOException {
        try (RawClient client = RawClient.connect(server)) {
            Element features = client.openStream("montague.net");
            assertEquals(1, features.children().size());
            assertEquals(
                    List.of("SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"),
                    features.child(RawClient.SASL).orElseThrow().children().stream()
                            .map(Element::text)
                            .toList());
        }
    }

    @Test
    void a_user_logs_in_with_plain() throws IOException {
        try (RawClient client = RawClient.open(server, "montague.net")) {
            client.send(RawClient.plain("\0romeo\0" + RawClient.PASSWORD));
            assertEquals("success", client.receive().name());
            assertTrue(client.restart().child(RawClient.BIND).isPresent());
        }
    }

    @Test
    void a_user_logs_in_with_plain_when_asked_for_the_message() throws IOException {
        try (RawClient client = RawClient.open(server, "montague.net")) {
            client.send("<auth xmlns='" + RawClient.SASL + "' mechanism='PLAIN'/>");
            assertEquals("challenge", client.receive().name());
            client.send("<response xmlns='" + RawClient.SASL + "'>"
                    + RawClient.base64("romeo@montague.net\0romeo\0" + RawClient.PASSWORD) + "</response>");
            assertEquals("success", client.receive().name());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SHA-1", "SHA-256"})
    void a_user_logs_in_with_scram_and_the_server_proves_that_it_knows_him(String hash) throws Exception {
        try (RawClient client = RawClient.open(server, "montague.net")) {
            assertEquals(
                    "success", client.scram(hash, "romeo", RawClient.PASSWORD).name());
            client.restart();
            assertEquals("romeo@montague.net/orchard", client.bind("orchard"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SHA-1", "SHA-256"})
    void a_wrong_password_fails_with_scram_and_the_right_one_is_welcome_after_it(String hash) throws Exception {
        try (RawClient client = RawClient.open(server, "montague.net")) {
            Element failure = client.scram(hash, "romeo", "wrong");
            assertTrue(failure.child(RawClient.SASL, "not-authorized").isPresent());
            assertEquals(
                    "success", client.scram(hash, "romeo", RawClient.PASSWORD).name());
        }
    }

    @Test
    void a_wrong_password_fails_with_plain() throws IOException {
        try (RawClient client = RawClient.open(server, "montague.net")) {
            client.send(RawClient.plain("\0romeo\0wrong"));
            assertTrue(client.receive().child(RawClient.SASL, "not-authorized").isPresent());
        }
    }

    @Test
    void the_password_of_one_user_is_none_for_another_nor_at_another_domain() throws IOException {
        try (RawClient client = RawClient.open(server, "capulet.com")) {
            client.send(RawClient.plain("\0romeo\0" + RawClient.PASSWORD));
            assertTrue(client.receive().child(RawClient.SASL, "not-authorized").isPresent());
            client.send(RawClient.plain("\0juliet\0" + RawClient.PASSWORD));
            assertTrue(client.receive().child(RawClient.SASL, "not-authorized").isPresent());
        }
    }

    @Test
    void a_stranger_fails_like_a_user_and_gets_the_same_salt_each_time() throws IOException {
        try (RawClient client = RawClient.open(server, "montague.net")) {
            String first = salt(client, "tybalt");
            assertEquals(first, salt(client, "tybalt"));
            assertNotEquals(first, salt(client, "paris"));
            assertEquals(first.length(), salt(client, "romeo").length());
            client.send(RawClient.plain("\0tybalt\0wrong"));
            assertTrue(client.receive().child(RawClient.SASL, "not-authorized").isPresent());
        }
    }

    @Test
    void nobody_logs_in_as_somebody_else() throws IOException {
        try (RawClient client = RawClient.open(server, "montague.net")) {
            client.send(RawClient.plain("juliet@capulet.com\0romeo\0" + RawClient.PASSWORD));
            assertTrue(client.receive().child(RawClient.SASL, "invalid-authzid").isPresent());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"p=tls-unique,,n=romeo,r=abc", "n,,m=x,n=romeo,r=abc", "n,,n=ro=meo,r=abc", "n,,n=romeo"})
    void a_first_message_that_scram_does_not_know_is_malformed(String message) throws IOException {
        try (RawClient client = RawClient.open(server, "montague.net")) {
            client.send("<auth xmlns='" + RawClient.SASL + "' mechanism='SCRAM-SHA-256'>" + RawClient.base64(message)
                    + "</auth>");
            assertTrue(
                    client.receive().child(RawClient.SASL, "malformed-request").isPresent());
        }
    }

    @Test
    void what_is_no_base64_and_what_is_no_mechanism_have_names() throws IOException {
        try (RawClient client = RawClient.open(server, "montague.net")) {
            client.send("<auth xmlns='" + RawClient.SASL + "' mechanism='PLAIN'>#</auth>");
            assertTrue(
                    client.receive().child(RawClient.SASL, "incorrect-encoding").isPresent());
            client.send("<auth xmlns='" + RawClient.SASL + "' mechanism='EXTERNAL'>=</auth>");
            assertTrue(
                    client.receive().child(RawClient.SASL, "invalid-mechanism").isPresent());
        }
    }

    @Test
    void the_third_failure_ends_the_stream() throws IOException {
        try (RawClient client = RawClient.open(server, "montague.net")) {
            for (int i = 0; i < 3; i++) {
                client.send(RawClient.plain("\0romeo\0guess" + i));
                assertEquals("failure", client.receive().name());
            }
            assertEquals("policy-violation", client.streamError());
        }
    }

    @Test
    void a_stanza_before_login_ends_the_stream() throws IOException {
        try (RawClient client = RawClient.open(server, "montague.net")) {
            client.send("<message to='juliet@capulet.com'/>");
            assertEquals("not-authorized", client.streamError());
        }
    }

    @Test
    void a_login_that_never_ends_its_message_gets_little_memory() throws IOException {
        try (RawClient client = RawClient.open(server, "montague.net")) {
            client.send("<auth xmlns='" + RawClient.SASL + "' mechanism='PLAIN'>" + "A".repeat(16 * 1024));
            assertEquals("policy-violation", client.streamError());
        }
    }

    @Test
    void a_domain_that_is_not_hosted_is_unknown() throws IOException {
        try (RawClient client = RawClient.connect(server)) {
            client.send(header("verona.it", "1.0"));
            assertEquals("host-unknown", client.streamError());
        }
    }

    @Test
    void a_login_at_one_domain_is_none_at_another() throws IOException {
        try (RawClient client = RawClient.open(server, "montague.net")) {
            client.send(RawClient.plain("\0romeo\0" + RawClient.PASSWORD));
            assertEquals("success", client.receive().name());
            client.awaitStream();
            client.send(header("capulet.com", "1.0"));
            assertEquals("host-unknown", client.streamError());
        }
    }

    @Test
    void the_old_protocol_is_not_spoken() throws IOException {
        try (RawClient client = RawClient.connect(server)) {
            client.send(header("montague.net", "0.9"));
            assertEquals("unsupported-version", client.streamError());
        }
    }

    @Test
    void a_stream_of_another_protocol_is_refused() throws IOException {
        try (RawClient client = RawClient.connect(server)) {
            client.send("<html>");
            assertEquals("invalid-namespace", client.streamError());
        }
    }

    private static String header(String domain, String version) {
        return "<stream:stream xmlns='jabber:client' xmlns:stream='" + StreamParser.STREAMS + "' to='" + domain
                + "' version='" + version + "'>";
    }

    private static String salt(RawClient client, String user) throws IOException {
        client.send("<auth xmlns='" + RawClient.SASL + "' mechanism='SCRAM-SHA-256'>"
                + RawClient.base64("n,,n=" + user + ",r=abc") + "</auth>");
        return RawClient.unbase64(client.receive().text()).split(",")[1];
    }
}
