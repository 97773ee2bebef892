package org.xtls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StanzaTest {
    private static final FullJid ROMEO = FullJid.parse("romeo@montague.net/orchard");
    private static final FullJid JULIET = FullJid.parse("juliet@capulet.com/balcony");

    @Test
    void a_chat_message_says_what_it_was_given() {
        Stanza stanza = Stanza.chat("Neither, fair saint, if <either> thee dislike & so on");

        assertEquals(Stanza.Kind.MESSAGE, stanza.kind());
        assertEquals(Optional.of("Neither, fair saint, if <either> thee dislike & so on"), stanza.body());
        assertEquals(stanza, Stanza.parse(stanza.toXml()));
    }

    @Test
    void an_element_without_namespace_is_a_clients_and_so_is_what_is_in_it() {
        Stanza bare = Stanza.parse("<message type='chat'><body>hi</body><x xmlns='urn:x'><y xmlns=''/></x></message>");

        assertEquals(Optional.of("hi"), bare.body());
        assertEquals(
                Stanza.parse("<message xmlns='jabber:client' type='chat'><body>hi</body>"
                        + "<x xmlns='urn:x'><y xmlns=''/></x></message>"),
                bare);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<a/>",
                "<message xmlns='jabber:server'/>",
                "<Message/>",
                "<iq type='get'/>",
                "<iq id='1'/>",
                "<iq id='1' type='ask'/>",
                "<message>",
                "",
                "<message/><message/>"
            })
    void what_is_no_stanza_is_refused(String xml) {
        assertThrows(IllegalArgumentException.class, () -> Stanza.parse(xml));
    }

    @ParameterizedTest
    @ValueSource(strings = {"get", "set", "result", "error"})
    void an_iq_has_an_id_and_one_of_four_types(String type) {
        assertEquals(
                Stanza.Kind.IQ, Stanza.parse("<iq id='1' type='" + type + "'/>").kind());
    }

    @Test
    void addresses_are_put_on_and_taken_off() {
        Stanza presence = Stanza.parse("<presence from='mallory@evil.example' id='7'/>");

        Stanza addressed = presence.between(ROMEO, JULIET);

        assertEquals(Optional.of(ROMEO.toString()), addressed.element().attribute("from"));
        assertEquals(Optional.of(JULIET.toString()), addressed.element().attribute("to"));
        assertEquals(Stanza.parse("<presence id='7'/>"), addressed.withoutAddresses());
        assertEquals(Stanza.Kind.PRESENCE, presence.kind());
    }

    @Test
    void only_a_message_has_a_body() {
        assertEquals(
                Optional.empty(),
                Stanza.parse("<presence><body>x</body></presence>").body());
        assertEquals(
                Optional.empty(),
                Stanza.parse("<message><body xmlns='urn:x'>x</body></message>").body());
    }

    @Test
    void a_stanza_in_a_log_shows_nothing_of_its_content() {
        String shown = Stanza.parse("<message type='chat' id='m1'><body>secret</body></message>")
                .toString();

        assertEquals("Stanza[message type=chat id=m1]", shown);
        assertFalse(shown.contains("secret"));
    }

    @Test
    void a_failure_survives_serialisation_with_its_exception() throws Exception {
        Failure failure = new Failure(Failure.Code.UNTRUSTED, Failure.Fault.PEER, "No.", "Compare fingerprints.");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(new XtlsException(failure));
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            XtlsException read = (XtlsException) in.readObject();
            assertEquals(failure, read.failure());
            assertEquals("No. Compare fingerprints.", read.getMessage());
        }
        assertTrue(
                Failure.of(Failure.Code.TLS, Failure.Fault.PEER, "No.").advice().isEmpty());
    }
}
