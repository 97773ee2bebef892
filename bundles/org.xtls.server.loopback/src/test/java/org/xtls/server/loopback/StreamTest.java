package org.xtls.server.loopback;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamTest {

    private static final int LIMIT = 2048;

    private LoopbackServer server;

    @BeforeEach
    void start() throws IOException {
        server = LoopbackServer.builder()
                .user("romeo@localhost", RawClient.PASSWORD)
                .stanzaLimit(LIMIT)
                .start();
    }

    @AfterEach
    void end() {
        server.kill();
    }

    @Test
    void a_stanza_may_have_exactly_as_many_bytes_as_the_limit_says() throws IOException {
        try (RawClient client = bound()) {
            client.send(message(LIMIT));
            assertEquals("big", client.stanza().id().orElseThrow());
            client.send(message(LIMIT) + message(LIMIT));
            assertEquals("big", client.stanza().id().orElseThrow());
            assertEquals("big", client.stanza().id().orElseThrow());
            client.send(message(LIMIT + 1));
            assertEquals("policy-violation", client.streamError());
        }
    }

    @Test
    void a_stanza_that_never_ends_is_cut_off() throws IOException {
        try (RawClient client = bound()) {
            client.send("<message><body>" + "x".repeat(LIMIT));
            assertEquals("policy-violation", client.streamError());
        }
    }

    @Test
    void a_name_that_never_ends_is_cut_off() throws IOException {
        try (RawClient client = bound()) {
            client.send("<" + "x".repeat(LIMIT));
            assertEquals("policy-violation", client.streamError());
        }
    }

    @Test
    void nesting_has_a_limit() throws IOException {
        try (RawClient client = bound()) {
            client.send("<message to='romeo@localhost/orchard'>" + "<x>".repeat(63) + "</x>".repeat(63) + "</message>");
            assertTrue(client.stanza().child(Stanza.NAMESPACE, "x").isPresent());
            client.send("<message>" + "<x>".repeat(64));
            assertEquals("policy-violation", client.streamError());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<message></presence>",
                "<message to=romeo/>",
                "<message to='a' to='b'/>",
                "<message><p:x/></message>",
                "<message>&#0;</message>",
                "<message a='<'/>",
                "<>",
                "</message>"
            })
    void broken_xml_ends_the_stream(String broken) throws IOException {
        try (RawClient client = bound()) {
            client.send(broken);
            assertEquals("not-well-formed", client.streamError());
        }
    }

    @Test
    void bytes_that_are_no_utf_8_end_the_stream() throws IOException {
        try (RawClient client = bound()) {
            client.send(new byte[] {'<', 'm', '>', (byte) 0xC3, '(', '<', '/', 'm', '>'});
            assertEquals("not-well-formed", client.streamError());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<!-- hush -->",
                "<message><!-- hush --></message>",
                "<?php x?>",
                "<message><?php x?></message>",
                "<message>&xxe;</message>"
            })
    void what_xmpp_forbids_of_xml_ends_the_stream(String forbidden) throws IOException {
        try (RawClient client = bound()) {
            client.send(forbidden);
            assertTrue(Set.of("restricted-xml", "not-well-formed").contains(client.streamError()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"<!DOCTYPE stream>", "<!DOCTYPE stream SYSTEM 'file:///etc/passwd'>"})
    void a_dtd_before_the_stream_is_refused(String dtd) throws IOException {
        try (RawClient client = RawClient.connect(server)) {
            client.send("<?xml version='1.0'?>" + dtd + "<stream:stream");
            assertEquals("restricted-xml", client.streamError());
        }
    }

    @Test
    void a_dtd_that_declares_entities_is_not_even_read() throws IOException {
        try (RawClient client = RawClient.connect(server)) {
            client.send("<!DOCTYPE stream [<!ENTITY lol 'lol'><!ENTITY lols '&lol;&lol;'>]><stream:stream");
            assertEquals("not-well-formed", client.streamError());
        }
    }

    @Test
    void a_dtd_inside_the_stream_is_refused() throws IOException {
        try (RawClient client = bound()) {
            client.send("<!DOCTYPE message><message/>");
            assertEquals("not-well-formed", client.streamError());
        }
    }

    @Test
    void an_encoding_other_than_utf_8_is_refused() throws IOException {
        try (RawClient client = RawClient.connect(server)) {
            client.send("<?xml version='1.0' encoding='ISO-8859-1'?><stream:stream");
            assertEquals("unsupported-encoding", client.streamError());
        }
    }

    @Test
    void text_between_stanzas_is_refused() throws IOException {
        try (RawClient client = bound()) {
            client.send("hello<message/>");
            assertEquals("bad-format", client.streamError());
        }
    }

    @Test
    void stanzas_of_another_namespace_and_elements_that_are_none_have_names() throws IOException {
        try (RawClient client = bound()) {
            client.send("<message xmlns='jabber:server'/>");
            assertEquals("invalid-namespace", client.streamError());
        }
        try (RawClient client = bound()) {
            client.send("<query/>");
            assertEquals("unsupported-stanza-type", client.streamError());
        }
    }

    @Test
    void any_amount_of_keep_alives_is_ignored() throws IOException {
        try (RawClient client = bound()) {
            for (int i = 0; i < LIMIT; i++) {
                client.send(" \n");
            }
            client.awaitNothingElse();
        }
    }

    @Test
    void a_stanza_may_come_byte_by_byte() throws IOException {
        try (RawClient client = bound()) {
            for (byte b : "<message to='romeo@localhost/orchard'><body>ü&amp;<![CDATA[<]]></body></message> "
                    .getBytes(UTF_8)) {
                client.send(new byte[] {b});
            }
            assertEquals(
                    "ü&<",
                    client.stanza()
                            .child(Stanza.NAMESPACE, "body")
                            .orElseThrow()
                            .text());
        }
    }

    @Test
    void a_client_that_closes_its_stream_sees_the_server_close_its_own() throws IOException {
        try (RawClient client = bound()) {
            client.send("<message to='romeo@localhost/orchard' id='last'/></stream:stream>");
            assertEquals("last", client.stanza().id().orElseThrow());
            client.awaitEnd();
        }
    }

    private RawClient bound() throws IOException {
        return RawClient.bound(server, "romeo@localhost/orchard");
    }

    private static String message(int bytes) {
        String start = "<message to='romeo@localhost/orchard' id='big'><body>";
        String end = "</body></message>";
        return start + "x".repeat(bytes - start.length() - end.length()) + end;
    }
}
