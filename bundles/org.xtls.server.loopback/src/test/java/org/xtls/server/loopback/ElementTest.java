package org.xtls.server.loopback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import javax.xml.namespace.QName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ElementTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<message xmlns='jabber:client' to='a' xml:lang='en'><body>&lt;&amp;&apos;&quot;&gt;</body></message>",
                "<a xmlns='urn:a'><b xmlns=''/><b xmlns='urn:b'>x<c/>y</b></a>",
                "<a xmlns='urn:a' xmlns:n0='urn:x' n0:b='&#9;&#10;&#13;'>&#9;&#10;&#13;</a>"
            })
    void what_is_written_is_what_was_read(String xml) {
        assertEquals(xml, Element.parse(xml).xml());
    }

    @Test
    void prefixes_and_the_order_of_attributes_mean_nothing() {
        assertEquals(
                Element.parse("<a xmlns='urn:a' x='1' y='2'><b xmlns='urn:b'/></a>"),
                Element.parse("<p:a y='2' x='1' xmlns:p='urn:a' xmlns:q='urn:b'><q:b/></p:a>"));
    }

    @Test
    void what_declares_no_namespace_is_of_a_client() {
        assertTrue(Element.parse("<message/>").is(Stanza.NAMESPACE, "message"));
        assertThrows(IllegalArgumentException.class, () -> Stanza.parse("<query/>"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "x", "<a/>x", "<a/><b/>", "<a>", "</stream:stream>", "<a/></stream:stream>", "<!--x--><a/>"})
    void what_is_not_one_element_is_refused(String xml) {
        assertThrows(IllegalArgumentException.class, () -> Element.parse(xml));
    }

    @Test
    void markup_cannot_be_smuggled() {
        assertThrows(IllegalArgumentException.class, () -> Element.of("urn:a", "a><b"));
        assertThrows(
                IllegalArgumentException.class, () -> Element.of("urn:a", "a").withAttribute("b='' c", "d"));
        assertThrows(
                IllegalArgumentException.class, () -> Element.of("urn:a", "a").withAttribute("xmlns", "urn:b"));
        assertThrows(
                IllegalArgumentException.class, () -> Element.of("urn:a", "a").withText("\0"));
        assertThrows(
                IllegalArgumentException.class, () -> Element.of("urn:a", "a").withText("\uD800"));
        assertEquals(
                "<a xmlns='&apos;/&gt;' b='&apos;'>]]&gt;&lt;b/&gt;</a>",
                Element.of("'/>", "a")
                        .withAttribute("b", "'")
                        .withText("]]><b/>")
                        .xml());
    }

    @Test
    void children_are_found_changed_added_and_removed() {
        Element offer = Element.parse("<offer xmlns='o'><k xmlns='k'><name>1</name><name>2</name></k>t<i/></offer>");
        assertEquals("k", offer.child("k").orElseThrow().name());
        assertEquals("i", offer.child("o", "i").orElseThrow().name());
        assertEquals("1", offer.find("k", "name").orElseThrow().text());
        assertTrue(offer.child("k", "name").isEmpty());
        assertEquals(
                "<offer xmlns='o'><k xmlns='k'><name>x</name><name>x</name></k>t<i/></offer>",
                offer.edit("k", "name", name -> name.withText("x")).xml());
        assertEquals("<offer xmlns='o'>t<i/></offer>", offer.without("k", "k").xml());
        assertEquals(
                "<offer xmlns='o'>tu</offer>",
                offer.without("k", "k").without("o", "i").with(new Text("u")).xml());
        assertEquals("t", offer.text());
        assertEquals(2, offer.children().size());
        assertEquals(
                List.of(new Text("ab")),
                new Element("", "x", Map.of(new QName("y"), "z"), List.of(new Text("a"), new Text(""), new Text("b")))
                        .content());
    }
}
