package org.xtls.xml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import javax.xml.XMLConstants;
import javax.xml.namespace.QName;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ElementTest {
    @Test
    void random_trees_are_read_back_as_they_were_written() throws XmlException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            Element tree = tree(random, 4);
            String xml = tree.toXml();
            try {
                assertEquals(tree, Element.parse(xml));
            } catch (XmlException | AssertionError e) {
                throw new AssertionError("seed " + seed + ", tree " + i + ": " + xml, e);
            }
            String inScope = "<o xmlns='" + (random.nextBoolean() ? "urn:a" : "urn:b") + "'>";
            String around = inScope + tree.toXml(inScope.substring(10, 15)) + "</o>";
            assertEquals(
                    tree, Element.parse(around).children().findFirst().orElseThrow(), "seed " + seed + ": " + around);
        }
    }

    private static Element tree(Random random, int depth) {
        Map<QName, String> attributes = new LinkedHashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            attributes.put(new QName(pick(random, NAMESPACES), pick(random, NAMES)), text(random));
        }
        List<Node> content = new ArrayList<>();
        for (int i = depth == 0 ? 0 : random.nextInt(4); i > 0; i--) {
            String text = text(random);
            content.add(random.nextBoolean() || text.isEmpty() ? tree(random, depth - 1) : new Text(text));
        }
        return new Element(new QName(pick(random, NAMESPACES), pick(random, NAMES)), attributes, content);
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(6); i > 0; i--) {
            text.append(pick(random, TEXTS));
        }
        return text.toString();
    }

    private static String pick(Random random, List<String> from) {
        return from.get(random.nextInt(from.size()));
    }

    private static final List<String> NAMESPACES =
            List.of("", "urn:a", "urn:b", "urn:'<&>\"\t\n\r", XMLConstants.XML_NS_URI);
    private static final List<String> NAMES = List.of("a", "b", "_c-d.e", "é", "lang");
    private static final List<String> TEXTS = List.of(
            "x",
            " ",
            "\t",
            "\n",
            "\r",
            "\r\n",
            "<",
            ">",
            "&",
            "'",
            "\"",
            "]]>",
            "&amp;",
            "\u0085",
            "\u2028",
            "\ud83d\ude00",
            "\ufffd",
            "<![CDATA[",
            "-->");

    @Test
    void namespaces_survive_without_their_prefixes() throws XmlException {
        Element read = Element.parse("<p:a xmlns:p='urn:a' xmlns:q='urn:b' q:x='1' x='2' xml:lang='de'>"
                + "<b xmlns='urn:b'/><q:b/><c/></p:a>");

        assertEquals("urn:a", read.namespace());
        assertEquals("", read.qname().getPrefix());
        assertEquals(Optional.of("2"), read.attribute("x"));
        assertEquals("1", read.attributes().get(new QName("urn:b", "x")));
        assertEquals("de", read.attributes().get(new QName(XMLConstants.XML_NS_URI, "lang")));
        List<Element> children = read.children().toList();
        assertEquals(children.get(0), children.get(1));
        assertTrue(children.get(2).is("", "c"));
        assertEquals(read, Element.parse(read.toXml()));
        assertTrue(read.toXml().contains(" xml:lang='de'"), read.toXml());
    }

    @Test
    void white_space_in_attributes_is_escaped_and_in_text_only_where_a_parser_would_change_it() {
        Element element = Element.of("", "a").with("b", "\t\n\r").withText("\t\n\r");

        assertEquals("<a b='&#9;&#10;&#13;'>\t\n&#13;</a>", element.toXml());
    }

    @Test
    void an_inherited_namespace_is_not_declared_again() {
        Element element = Element.of("urn:a", "a").with(Element.of("urn:a", "b"), Element.of("", "c"));

        assertEquals("<a xmlns='urn:a'><b/><c xmlns=''/></a>", element.toXml());
        assertEquals("<a><b/><c xmlns=''/></a>", element.toXml("urn:a"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "   ",
                "text",
                "<a>",
                "</a>",
                "<a></b>",
                "<a/><b/>",
                "<a/>text",
                "<a b='1' b='2'/>",
                "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
                "<p:a/>",
                "<a p:b='1'/>",
                "<a xmlns:p=''/>",
                "<a b=1/>",
                "<a b='<'/>",
                "<a>&#0;</a>",
                "<a>&#1;</a>",
                "<a>\u0001</a>",
                "<a>\uffff</a>",
                "<a>\ud800</a>",
                "<a>&#xd800;</a>",
                "<a>]]></a>",
                "<a>&nbsp;</a>",
                "<a b='&nbsp;'/>",
                "<a>&</a>",
                "<!DOCTYPE a><a/>",
                "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
                "<!DOCTYPE a [<!ENTITY e 'x'>]><a b='&e;'/>",
                "<!DOCTYPE a SYSTEM 'file:///etc/hostname'><a/>",
                "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><a>&e;</a>",
                "<!DOCTYPE a [<!ATTLIST a b CDATA 'default'>]><a/>",
                "<a><!-- comment --></a>",
                "<!-- comment --><a/>",
                "<a/><!-- comment -->",
                "<a><?pi?></a>",
                "<?pi?><a/>",
                "<?xml version='1.1'?><a>&#1;</a>",
                "<a xmlns:xmlns='urn:x'/>",
                "<a xmlns='http://www.w3.org/2000/xmlns/'/>"
            })
    void what_xmpp_forbids_is_refused(String xml) {
        XmlException refusal = assertThrows(XmlException.class, () -> Element.parse(xml));

        assertEquals(1, refusal.getMessage().lines().count(), refusal.getMessage());
    }

    @Test
    void character_references_and_the_five_entities_are_characters() throws XmlException {
        Element read = Element.parse(
                "<?xml version='1.0'?>\n<a b='&#10;&apos;'>&lt;&gt;&amp;&quot;&#x1F600;<![CDATA[<&]]></a>\n");

        assertEquals(Element.of("", "a").with("b", "\n'").withText("<>&\"\ud83d\ude00<&"), read);
    }

    @Test
    void garbage_is_refused_with_an_xml_exception_and_nothing_else() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<String> pieces = List.of(
                "<a",
                "<",
                ">",
                "/>",
                "</a>",
                " ",
                "b",
                "=",
                "'",
                "\"",
                "&",
                ";",
                "#",
                "x",
                "<!",
                "--",
                "[CDATA[",
                "]]>",
                "<?",
                "?>",
                "xml",
                " version='1.0'",
                " encoding='x'",
                "xmlns",
                ":",
                "\u0000",
                "\ud800",
                "DOCTYPE",
                "ENTITY");
        for (int i = 0; i < 3_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int j = random.nextInt(12); j >= 0; j--) {
                text.append(pick(random, pieces));
            }
            try {
                Element.parse(text.toString());
            } catch (XmlException e) {
                assertFalse(String.valueOf(e.getMessage()).isBlank());
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + text, e);
            }
        }
    }

    @Test
    void bounds_hold_to_the_last_one_allowed() throws XmlException {
        XmlLimits limits = new XmlLimits(3, 2, 5);

        ElementReader.read("<a><a><a/></a></a>", limits);
        refused("<a><a><a><a/></a></a></a>", limits);
        ElementReader.read("<a b='1' c='2'/>", limits);
        refused("<a b='1' c='2' d='3'/>", limits);
        refused("<a xmlns:b='u' xmlns:c='u' d='3'/>", limits);
        ElementReader.read("<a>x<b/>y<b/></a>", limits);
        refused("<a>x<b/>y<b/>z</a>", limits);
        ElementReader.read("<a>" + "<![CDATA[x]]>".repeat(20) + "</a>", limits);
        for (int[] bad : new int[][] {{0, 1, 1}, {1, 0, 1}, {1, 1, 0}, {XmlLimits.MAX_DEPTH + 1, 1, 1}}) {
            assertThrows(IllegalArgumentException.class, () -> new XmlLimits(bad[0], bad[1], bad[2]));
        }
    }

    private static void refused(String xml, XmlLimits limits) {
        assertThrows(XmlException.class, () -> ElementReader.read(xml, limits), xml);
    }

    @Test
    void the_deepest_tree_that_can_be_read_can_be_handled_on_a_small_stack() throws Exception {
        XmlLimits limits = new XmlLimits(XmlLimits.MAX_DEPTH, 1, 10_000);
        String xml = "<a>".repeat(XmlLimits.MAX_DEPTH) + "x" + "</a>".repeat(XmlLimits.MAX_DEPTH);
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        Runnable handling = () -> {
            try {
                Element tree = ElementReader.read(xml, limits);
                Element again = ElementReader.read(tree.toXml(), limits);
                assertEquals(tree, again);
                assertEquals(tree.hashCode(), again.hashCode());
                assertTrue(tree.sameAs(again));
                assertEquals(xml, tree.toXml());
            } catch (Throwable e) {
                failures.add(e);
            }
        };
        Thread thread = new Thread(null, handling, "small stack", 512 * 1024);
        thread.start();
        thread.join();

        assertEquals(List.of(), failures);
    }

    @Test
    void a_large_text_full_of_escapes_is_within_every_limit_of_the_parser() throws XmlException {
        Element large = Element.of("urn:a", "a").with("b", "'\n".repeat(50_000)).withText("<&>\r".repeat(250_000));

        assertEquals(large, Element.parse(large.toXml()));
    }

    @Test
    void a_reader_reads_one_element_after_the_other_from_one_stream() throws Exception {
        XMLStreamReader parser = XMLInputFactory.newDefaultFactory()
                .createXMLStreamReader(new StringReader("<stream>\n<a>1</a> <b/></stream>"));
        ElementReader reader = new ElementReader(new XmlLimits(2, 1, 2));
        List<Element> read = new ArrayList<>();
        parser.nextTag();
        while (read.size() < 2) {
            parser.next();
            reader.take(parser).ifPresent(read::add);
        }

        assertEquals(List.of(Element.parse("<a>1</a>"), Element.parse("<b/>")), read);
        assertFalse(reader.inside());
    }

    @Test
    void many_texts_side_by_side_are_one() {
        List<Text> texts = Collections.nCopies(200_000, new Text("0123456789"));

        Element element = Element.of("", "a").with(texts);

        assertEquals(List.of(new Text("0123456789".repeat(200_000))), element.content());
        assertEquals(2_000_000, element.text().length());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1a", "-a", "a b", "a:b", "a>", "a\u0000", "\u00d7", "\ud800"})
    void what_is_no_name_is_refused(String name) {
        assertThrows(IllegalArgumentException.class, () -> Element.of("", name));
        assertThrows(IllegalArgumentException.class, () -> Element.of("", "a").with(name, "x"));
    }

    @Test
    void what_could_not_be_read_back_cannot_be_built() {
        Element a = Element.of("", "a");

        assertThrows(IllegalArgumentException.class, () -> a.with("xmlns", "urn:x"));
        assertThrows(
                IllegalArgumentException.class,
                () -> a.withAttributes(Map.of(new QName(XMLConstants.XMLNS_ATTRIBUTE_NS_URI, "p"), "urn:x")));
        assertThrows(IllegalArgumentException.class, () -> Element.of(XMLConstants.XMLNS_ATTRIBUTE_NS_URI, "a"));
        assertThrows(IllegalArgumentException.class, () -> Element.of("urn:\u0001", "a"));
        assertThrows(IllegalArgumentException.class, () -> a.with("b", "\u0000"));
        assertThrows(IllegalArgumentException.class, () -> a.withText("\ud800"));
        assertThrows(IllegalArgumentException.class, () -> a.withText("\ufffe"));
        assertThrows(IllegalArgumentException.class, () -> new Text(""));
        assertThrows(UnsupportedOperationException.class, () -> a.content().add(a));
        assertThrows(UnsupportedOperationException.class, () -> a.attributes().put(new QName("x"), "y"));
    }

    @Test
    void an_element_does_not_change_with_what_it_was_made_from() {
        Map<QName, String> attributes = new LinkedHashMap<>(Map.of(new QName("a"), "1"));
        List<Node> content = new ArrayList<>(List.of(new Text("x")));
        Element element = new Element(new QName("a"), attributes, content);
        attributes.put(new QName("b"), "\u0000");
        content.clear();

        assertEquals("<a a='1'>x</a>", element.toXml());
        assertEquals("<a>x</a>", element.with("a", null).toXml());
    }

    @Test
    void the_same_is_said_whatever_the_white_space_around_text_and_the_order_of_attributes() throws XmlException {
        Element one = Element.parse("<a xmlns='u' b='1' c='2'>\n  <d> x y\t</d>\n</a>");

        assertTrue(one.sameAs(Element.parse("<p:a c='2' xmlns:p='u' b='1'><p:d>x y</p:d></p:a>")));
        assertNotEquals(one, Element.parse("<a xmlns='u' b='1' c='2'><d>x y</d></a>"));
        for (String other : List.of(
                "<a xmlns='u' b='1' c='2'><d>x  y</d></a>",
                "<a xmlns='u' b='1' c='2 '><d>x y</d></a>",
                "<a xmlns='u' b='1'><d>x y</d></a>",
                "<a xmlns='v' b='1' c='2'><d>x y</d></a>",
                "<a xmlns='u' b='1' c='2'><d>x y</d><d/></a>",
                "<a xmlns='u' b='1' c='2'><d>\u00a0x y</d></a>",
                "<a xmlns='u' b='1' c='2'><d>\u2003x y</d></a>",
                "<a xmlns='u' b='1' c='2'><d xmlns='v'>x y</d></a>")) {
            assertFalse(one.sameAs(Element.parse(other)), other);
        }
        assertFalse(Element.parse("<a><b/><c/></a>").sameAs(Element.parse("<a><c/><b/></a>")));
    }
}
