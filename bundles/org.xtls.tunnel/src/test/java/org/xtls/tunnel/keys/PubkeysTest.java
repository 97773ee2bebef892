package org.xtls.tunnel.keys;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.Stanza;
import org.xtls.auth.KeyTransfer.HandedKey;
import org.xtls.xml.Element;
import org.xtls.xml.XmlException;

/** Keys on the wire, strictly. */
class PubkeysTest {
    private static final String NAME = "<name>abcd</name>";
    private static final String PROOF = "<proof xmlns='urn:x-xtls:1'>AAEC</proof>";

    @Test
    void what_is_written_is_read_again_without_the_proof() {
        Element keyinfo = keyinfo(NAME);
        Stanza answer = Pubkeys.answer("a1", List.of(new HandedKey(keyinfo, new byte[] {0, 1, 2})));
        assertTrue(Pubkeys.isAnswer(answer));
        assertEquals("a1", Pubkeys.id(answer));
        List<Pubkeys.Received> keys = Pubkeys.keysIn(Stanza.parse(answer.toXml()));
        assertEquals(1, keys.size());
        assertTrue(keys.get(0).keyinfo().sameAs(keyinfo));
        assertArrayEquals(new byte[] {0, 1, 2}, keys.get(0).proof().orElseThrow());
    }

    @Test
    void a_request_is_the_one_of_the_xep() {
        Stanza request = Pubkeys.request("q1");
        assertEquals(
                Stanza.parse("<iq type='get' id='q1'><pubkeys xmlns='urn:xmpp:tmp:pubkey'/></iq>"),
                Stanza.parse(request.toXml()));
        assertTrue(Pubkeys.isRequest(request) && Pubkeys.isSound(request));
    }

    @Test
    void white_space_between_elements_means_nothing() {
        List<Pubkeys.Received> keys = keysIn("\n <keyinfo>\n " + NAME + "\n " + PROOF + "\n </keyinfo>\n ");
        assertTrue(keys.get(0).keyinfo().sameAs(keyinfo(NAME)));
        assertArrayEquals(new byte[] {0, 1, 2}, keys.get(0).proof().orElseThrow());
        assertTrue(Pubkeys.isSound(
                Stanza.parse("<iq type='get' id='q'>\n<pubkeys xmlns='urn:xmpp:tmp:pubkey'> </pubkeys>\n</iq>")));
    }

    @Test
    void a_key_without_proof_is_read_as_such() {
        assertTrue(keysIn("<keyinfo>" + NAME + "</keyinfo>").get(0).proof().isEmpty());
        String foreign = "<keyinfo>" + NAME + "<proof xmlns='urn:example'>AAEC</proof></keyinfo>";
        assertTrue(keysIn(foreign).get(0).proof().isEmpty());
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @ValueSource(
            strings = {
                "<keyinfo>" + PROOF + NAME + "</keyinfo>",
                "<keyinfo>" + NAME + PROOF + PROOF + "</keyinfo>",
                "<keyinfo>" + NAME + PROOF + "text</keyinfo>",
                "<keyinfo><proof xmlns='urn:x-xtls:1'/></keyinfo>",
                "<keyinfo><proof xmlns='urn:x-xtls:1'>AAE</proof></keyinfo>",
                "<keyinfo><proof xmlns='urn:x-xtls:1'>AAF=</proof></keyinfo>",
                "<keyinfo><proof xmlns='urn:x-xtls:1'>AA EC</proof></keyinfo>",
                "<keyinfo><proof xmlns='urn:x-xtls:1'>????</proof></keyinfo>",
                "<keyinfo><proof xmlns='urn:x-xtls:1' key='1'>AAEC</proof></keyinfo>",
                "<keyinfo><proof xmlns='urn:x-xtls:1'>AAEC<more/></proof></keyinfo>",
                "<keyinfo xmlns='urn:example'/>",
                "<key/>",
                "text",
                "<keyinfo/>text",
            })
    void what_breaks_a_rule_spoils_the_whole_answer(String content) {
        assertThrows(IllegalArgumentException.class, () -> keysIn(content));
    }

    @Test
    void a_proof_is_as_long_as_the_longest_key_makes_it_and_no_longer() {
        assertEquals(
                Pubkeys.MOST_PROOF_BYTES,
                keysIn(withProof(Pubkeys.MOST_PROOF_BYTES)).get(0).proof().orElseThrow().length);
        assertThrows(IllegalArgumentException.class, () -> keysIn(withProof(Pubkeys.MOST_PROOF_BYTES + 3)));
    }

    private static String withProof(int bytes) {
        return "<keyinfo><proof xmlns='urn:x-xtls:1'>" + Base64.getEncoder().encodeToString(new byte[bytes])
                + "</proof></keyinfo>";
    }

    @Test
    void sixteen_keys_are_read_and_not_one_more() {
        assertEquals(16, keysIn("<keyinfo/>".repeat(16)).size());
        assertThrows(IllegalArgumentException.class, () -> keysIn("<keyinfo/>".repeat(17)));
        assertEquals(0, keysIn("").size());
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @ValueSource(
            strings = {
                "<pubkeys xmlns='urn:xmpp:tmp:pubkey' jid='benvolio@montague.net'/>",
                "<pubkeys xmlns='urn:xmpp:tmp:pubkey'/><pubkeys xmlns='urn:xmpp:tmp:pubkey'/>",
                "<pubkeys xmlns='urn:xmpp:tmp:pubkey'/><other xmlns='urn:example'/>",
                "<other xmlns='urn:example'/>",
                "",
            })
    void an_answer_holds_the_senders_keys_and_nothing_else(String content) {
        Stanza answer = Stanza.parse("<iq type='result' id='a'>" + content + "</iq>");
        assertThrows(IllegalArgumentException.class, () -> Pubkeys.keysIn(answer));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @ValueSource(
            strings = {
                "<pubkeys xmlns='urn:xmpp:tmp:pubkey' jid='benvolio@montague.net'/>",
                "<pubkeys xmlns='urn:xmpp:tmp:pubkey'><fprint>abcd</fprint></pubkeys>",
                "<pubkeys xmlns='urn:xmpp:tmp:pubkey'>text</pubkeys>",
                "<pubkeys xmlns='urn:xmpp:tmp:pubkey'/><pubkeys xmlns='urn:xmpp:tmp:pubkey'/>",
            })
    void a_request_that_asks_for_something_else_is_not_sound(String content) {
        Stanza request = Stanza.parse("<iq type='get' id='q'>" + content + "</iq>");
        assertTrue(Pubkeys.isRequest(request));
        assertFalse(Pubkeys.isSound(request));
    }

    @Test
    void other_stanzas_are_not_ours() {
        for (String xml : List.of(
                "<iq type='set' id='q'><pubkeys xmlns='urn:xmpp:tmp:pubkey'/></iq>",
                "<iq type='get' id='q'><pubkeys xmlns='urn:example'/></iq>",
                "<message><pubkeys xmlns='urn:xmpp:tmp:pubkey'/></message>")) {
            assertFalse(Pubkeys.isRequest(Stanza.parse(xml)), xml);
            assertFalse(Pubkeys.isAnswer(Stanza.parse(xml)), xml);
        }
    }

    private static List<Pubkeys.Received> keysIn(String content) {
        return Pubkeys.keysIn(Stanza.parse(
                "<iq type='result' id='a'><pubkeys xmlns='urn:xmpp:tmp:pubkey'>" + content + "</pubkeys></iq>"));
    }

    private static Element keyinfo(String content) {
        try {
            return Element.parse("<keyinfo xmlns='urn:xmpp:tmp:pubkey'>" + content + "</keyinfo>");
        } catch (XmlException e) {
            throw new AssertionError(e);
        }
    }
}
