package org.xtls.auth;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;
import org.xtls.xml.XmlException;

class OfferTest {
    private static Offer offer(String content) throws XmlException {
        return new Offer(Element.parse("<offer xmlns='urn:xmpp:tmp:c2ctls'>" + content + "</offer>"));
    }

    @Test
    void children_that_nobody_knows_are_kept_and_compared() throws XmlException {
        Offer known = offer("<insecure/>");
        Offer unknown = offer("<insecure/><later xmlns='urn:example:later' a='1'><x>y</x></later>");

        assertEquals(2, unknown.things().size());
        assertEquals(
                Element.parse("<later xmlns='urn:example:later' a='1'><x>y</x></later>"),
                unknown.things().get(1));
        assertFalse(known.sameAs(unknown));
        assertTrue(unknown.sameAs(offer(" <insecure/>\n<later xmlns='urn:example:later' a='1'><x> y </x></later>")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x<insecure/>", "<insecure/>x", "<a>x<b/></a>", "<a><b><c/>x</b></a>", "<a/>\u00a0"})
    void mixed_content_is_refused_at_every_level(String content) {
        assertThrows(IllegalArgumentException.class, () -> offer(content));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "text only", " \n<a/>\t<b/>\r\n", "<a>x</a>", "<a><b>x</b> <c/></a>"})
    void elements_only_or_text_only_is_taken(String content) {
        assertDoesNotThrow(() -> offer(content));
    }

    @Test
    void an_offer_has_16384_bytes_and_not_one_more() {
        Offer largest = ofSize(16_384);

        assertEquals(16_384, largest.element().toXml().getBytes(StandardCharsets.UTF_8).length);
        assertThrows(IllegalArgumentException.class, () -> ofSize(16_385));
    }

    private static Offer ofSize(int bytes) {
        Element empty = Element.of(Offer.NAMESPACE, "offer").withText("é");
        int used = empty.toXml().getBytes(StandardCharsets.UTF_8).length;
        return new Offer(empty.withText("x".repeat(bytes - used)));
    }

    @Test
    void another_element_is_no_offer() {
        assertThrows(IllegalArgumentException.class, () -> new Offer(Element.of("urn:x", "offer")));
        assertThrows(IllegalArgumentException.class, () -> new Offer(Element.of(Offer.NAMESPACE, "bid")));
    }

    @Test
    void what_is_offered_comes_out_in_order() {
        List<Element> things = List.of(Element.of("urn:a", "b"), Element.of("urn:a", "a"));

        assertEquals(things, Offer.of(things).things());
    }

    @Test
    void a_method_that_cannot_go_on_offers_nothing() {
        assertThrows(IllegalArgumentException.class, () -> new Answer(false, List.of(Element.of("urn:a", "b")), ""));
        KeyName key = new KeyName("x509", "ab".repeat(32));
        assertThrows(IllegalArgumentException.class, () -> new Answer(true, List.of(), "", key));
        assertEquals(key, Answer.impossible(key).bound("a password").stranger());
        assertTrue(Answer.possible(List.of()).possible());
        assertFalse(Answer.IMPOSSIBLE.possible());
    }
}
