package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.xtls.Failure.Code;
import org.xtls.Stanza;
import org.xtls.xml.Element;

/** Elements come out whole however the bytes come in, and what a peer invents stays within bounds. */
class InnerStreamTest {
    private static final int LIMIT = 524_288;
    private static final String HEADER = "<stream:stream xmlns='jabber:client'"
            + " xmlns:stream='http://etherx.jabber.org/streams' to='juliet@capulet.com' version='1.0'>";

    @Test
    void a_long_stream_cut_anywhere_gives_the_same_elements() throws Violation {
        for (long seed = 1; seed <= 12; seed++) {
            same(new Random(seed), "", "", "seed " + seed);
        }
    }

    @Test
    void so_does_one_inside_a_stream_header() throws Violation {
        for (long seed = 1; seed <= 6; seed++) {
            same(new Random(seed), HEADER, "</stream:stream>", "seed " + seed);
        }
    }

    @Test
    void prefixes_declared_by_the_header_hold_for_as_long_as_it_is_open() throws Violation {
        String header = "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:client'"
                + " xmlns:p='urn:example:&amp;&apos;&lt;' xmlns:q='urn:q'>";
        InnerStream stream = new InnerStream(LIMIT);
        feed(stream, header);
        Element expected = Element.of(Stanza.NAMESPACE, "message").with(Element.of("urn:example:&'<", "x"));
        String padding = "y".repeat(1_000);
        for (int i = 0; i < 600; i++) { // past the life of two parsers
            assertEquals(List.of(expected), feed(stream, "<message><p:x/></message>"));
            feed(stream, "<message><body>" + padding + "</body></message>");
        }
        assertEquals(List.of(), feed(stream, "</s:stream>"));
    }

    @Test
    void a_header_in_the_default_namespace_is_one_too() throws Violation {
        InnerStream stream = new InnerStream(LIMIT);
        String message = "<c:message xmlns:c='jabber:client'><c:body>" + "y".repeat(10_000) + "</c:body></c:message>";
        feed(stream, "<stream xmlns='http://etherx.jabber.org/streams'>");
        for (int i = 0; i < 60; i++) {
            assertEquals(1, feed(stream, message).size());
        }
        feed(stream, "</stream>");
    }

    @Test
    void a_header_comes_once() throws Violation {
        InnerStream stream = new InnerStream(LIMIT);
        feed(stream, HEADER);
        refused(stream, HEADER, Code.PROTOCOL);

        InnerStream closed = new InnerStream(LIMIT);
        feed(closed, HEADER + "</stream:stream>");
        refused(closed, HEADER, Code.PROTOCOL);
    }

    @Test
    void an_end_without_a_beginning_is_refused() {
        refused(new InnerStream(LIMIT), "</stream:stream>", Code.PROTOCOL);
        refused(new InnerStream(LIMIT), "</tunnel>", Code.PROTOCOL);
    }

    @Test
    void names_that_are_always_new_do_not_fill_the_memory() throws Violation {
        InnerStream stream = new InnerStream(LIMIT);
        long before = used();
        long fed = 0;
        // 48 MB of names would take several times that in a parser that kept them.
        for (int i = 0; fed < 48_000_000; i++) {
            StringBuilder xml = new StringBuilder("<message>");
            for (int k = 0; k < 60; k++) {
                xml.append("<n")
                        .append(i)
                        .append('x')
                        .append(k)
                        .append(" a")
                        .append(i)
                        .append('x')
                        .append(k)
                        .append("='' xmlns='urn:")
                        .append(i)
                        .append(':')
                        .append(k)
                        .append("'/>");
            }
            fed += xml.length();
            assertEquals(1, feed(stream, xml.append("</message>").toString()).size());
        }
        assertTrue(used() - before < 24_000_000, "the parser keeps what it has met");
    }

    @Test
    void an_endless_name_value_text_tag_or_header_is_bounded() {
        for (String begin : List.of(
                "<",
                "<message ",
                "<message a='",
                "<message xmlns:a='",
                "<message><body>",
                "<message><![CDATA[",
                "<message>&",
                "<message>&#",
                "</",
                "<!",
                "<!--",
                "<?",
                "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' a='")) {
            InnerStream stream = new InnerStream(LIMIT);
            String more = (begin.endsWith("#") ? "1" : "x").repeat(10_000);
            Violation violation = assertThrows(
                    Violation.class,
                    () -> {
                        feed(stream, begin);
                        for (int fed = 0; fed <= LIMIT; fed += more.length()) {
                            feed(stream, more);
                        }
                    },
                    begin);
            assertTrue(
                    violation.failure().code() == Code.LIMIT
                            || violation.failure().code() == Code.PROTOCOL,
                    begin);
        }
    }

    @Test
    void white_space_before_it_gives_a_stanza_no_more_room() throws Violation {
        InnerStream stream = new InnerStream(LIMIT);
        feed(stream, " ".repeat(400_000) + "<message><body>" + "x".repeat(300_000));
        refused(stream, "x".repeat(224_300), Code.LIMIT);
    }

    @Test
    void white_space_takes_no_room_from_a_stanza() throws Violation {
        InnerStream stream = new InnerStream(LIMIT);
        feed(stream, " ".repeat(400_000));
        feed(stream, " ".repeat(400_000));
        assertEquals(
                1,
                feed(stream, "<message><body>" + "x".repeat(500_000) + "</body></message>")
                        .size());
    }

    @Test
    void small_stanzas_in_one_piece_larger_than_the_limit_are_all_taken() throws Violation {
        String message = "<message><body>hi</body></message>";
        assertEquals(
                20_000, feed(new InnerStream(LIMIT), message.repeat(20_000)).size());
    }

    @Test
    void entities_of_a_document_type_are_never_expanded() {
        String laughs = "<!DOCTYPE a [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]><message>&b;</message>";
        refused(new InnerStream(LIMIT), laughs, Code.PROTOCOL);
        refused(new InnerStream(LIMIT), "<message>&b;</message>", Code.PROTOCOL);
        refused(new InnerStream(LIMIT), "<message a='&b;'/>", Code.PROTOCOL);
        refused(new InnerStream(LIMIT), HEADER + laughs, Code.PROTOCOL);
    }

    @Test
    void the_five_entities_and_character_references_are_read() throws Violation {
        Element message = feed(
                        new InnerStream(LIMIT), "<message a='&quot;&#65;'>&lt;&gt;&amp;&apos;&#x1F339;</message>")
                .get(0);
        assertEquals("<>&'\uD83C\uDF39", message.text());
        assertEquals("\"A", message.attribute("a").orElseThrow());
    }

    @Test
    void character_references_to_what_xml_cannot_carry_are_refused() {
        refused(new InnerStream(LIMIT), "<message>&#0;</message>", Code.PROTOCOL);
        refused(new InnerStream(LIMIT), "<message>&#x1F;</message>", Code.PROTOCOL);
        refused(new InnerStream(LIMIT), "<message>&#xD800;</message>", Code.PROTOCOL);
        refused(new InnerStream(LIMIT), "<message a='&#xFFFF;'/>", Code.PROTOCOL);
    }

    @Test
    void bytes_that_are_no_utf_8_are_refused() {
        for (byte[] bytes : List.of(new byte[] {(byte) 0xC0, (byte) 0x80}, new byte[] {(byte) 0xFF}, new byte[] {
            (byte) 0xED, (byte) 0xA0, (byte) 0x80
        })) {
            InnerStream stream = new InnerStream(LIMIT);
            assertThrows(Violation.class, () -> {
                feed(stream, "<message>");
                stream.feed(bytes);
                feed(stream, "</message>");
            });
        }
    }

    @Test
    void depth_attributes_and_nodes_are_bounded() {
        refused(new InnerStream(LIMIT), "<message>" + "<a>".repeat(100), Code.PROTOCOL);
        StringBuilder attributes = new StringBuilder("<message");
        for (int i = 0; i < 100; i++) {
            attributes.append(" a").append(i).append("=''");
        }
        refused(new InnerStream(LIMIT), attributes.append("/>").toString(), Code.PROTOCOL);
        refused(new InnerStream(LIMIT), "<message>" + "<a/>".repeat(100_000), Code.PROTOCOL);
    }

    private static void same(Random random, String before, String after, String seed) throws Violation {
        StringBuilder text = new StringBuilder(before);
        List<Element> expected = new ArrayList<>();
        while (text.length() < 900_000) {
            Element element = element(random);
            expected.add(element);
            text.append(element.toXml(random.nextBoolean() ? Stanza.NAMESPACE : ""));
            if (random.nextInt(4) == 0) {
                text.append(" \n".repeat(random.nextInt(20)));
            }
        }
        byte[] bytes = text.append(after).toString().getBytes(StandardCharsets.UTF_8);
        int most = 1 << (1 + random.nextInt(17));
        InnerStream stream = new InnerStream(LIMIT);
        List<Element> parsed = new ArrayList<>();
        int at = 0;
        while (at < bytes.length) {
            int end = Math.min(bytes.length, at + 1 + random.nextInt(most));
            parsed.addAll(stream.feed(Arrays.copyOfRange(bytes, at, end)));
            at = end;
        }
        assertEquals(expected.size(), parsed.size(), seed);
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(expected.get(i), parsed.get(i), seed + ", element " + i);
        }
    }

    private static Element element(Random random) {
        Element element = switch (random.nextInt(4)) {
            case 0 -> Element.of(Wire.SM, "r");
            case 1 -> Element.of(Stanza.NAMESPACE, "presence").with("id", "p" + random.nextInt());
            default -> Element.of(Stanza.NAMESPACE, "message").with("a", "'\"<&>\n\t\u00e9");
        };
        if (element.name().equals("message")) {
            for (int i = random.nextInt(5); i > 0; i--) {
                element = element.with(Element.of("urn:n" + random.nextInt(9), "e" + random.nextInt(99))
                        .withText("t\u20ac\uD83C\uDF39]]>&\r\n"
                                .repeat(random.nextInt(random.nextInt(20) == 0 ? 3_000 : 9))));
            }
        }
        return element;
    }

    private static void refused(InnerStream stream, String xml, Code code) {
        Violation violation = assertThrows(Violation.class, () -> feed(stream, xml + " "), xml);
        assertEquals(code, violation.failure().code(), xml);
    }

    private static List<Element> feed(InnerStream stream, String xml) throws Violation {
        return stream.feed(xml.getBytes(StandardCharsets.UTF_8));
    }

    private static long used() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
