package org.xtls.server.loopback;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.namespace.QName;

/** Elements as text: always on one line, so that a line of a trace is a stanza. */
final class Markup {

    static String of(Element element) {
        StringBuilder out = new StringBuilder();
        write(element, "", out);
        return out.toString();
    }

    /** Stops markup smuggled through a name that some code took from elsewhere. */
    static void requireName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("Not an XML name without colon: " + name);
        }
    }

    /** Stops a stanza that would break the stream of whoever receives it. */
    static void requireCharacters(String text) {
        if (!text.codePoints().allMatch(Markup::allowed)) {
            throw new IllegalArgumentException("A character that XML 1.0 does not allow");
        }
    }

    private static boolean allowed(int c) {
        return c == '\t'
                || c == '\n'
                || c == '\r'
                || (c >= 0x20 && c <= 0xD7FF)
                || (c >= 0xE000 && c <= 0xFFFD)
                || c >= 0x10000;
    }

    private static void write(Element element, String inherited, StringBuilder out) {
        out.append('<').append(element.name());
        if (!element.namespace().equals(inherited)) {
            attribute("xmlns", element.namespace(), out);
        }
        attributes(element.attributes(), out);
        if (element.content().isEmpty()) {
            out.append("/>");
            return;
        }
        out.append('>');
        for (Node node : element.content()) {
            if (node instanceof Element child) {
                write(child, element.namespace(), out);
            } else if (node instanceof Text text) {
                escape(text.value(), out);
            }
        }
        out.append("</").append(element.name()).append('>');
    }

    private static void attributes(Map<QName, String> attributes, StringBuilder out) {
        Map<String, String> prefixes = new HashMap<>();
        attributes.forEach((name, value) -> {
            String namespace = name.getNamespaceURI();
            if (namespace.isEmpty()) {
                attribute(name.getLocalPart(), value, out);
            } else if (namespace.equals(XMLConstants.XML_NS_URI)) {
                attribute("xml:" + name.getLocalPart(), value, out);
            } else {
                String prefix = prefixes.computeIfAbsent(namespace, unseen -> {
                    String fresh = "n" + prefixes.size();
                    attribute("xmlns:" + fresh, unseen, out);
                    return fresh;
                });
                attribute(prefix + ":" + name.getLocalPart(), value, out);
            }
        });
    }

    private static void attribute(String name, String value, StringBuilder out) {
        out.append(' ').append(name).append("='");
        escape(value, out);
        out.append('\'');
    }

    private static void escape(String text, StringBuilder out) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '&' -> out.append("&amp;");
                case '\'' -> out.append("&apos;");
                case '"' -> out.append("&quot;");
                case '\t' -> out.append("&#9;");
                case '\n' -> out.append("&#10;");
                case '\r' -> out.append("&#13;");
                default -> out.append(c);
            }
        }
    }

    private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{M}\\p{N}._\\-·]*");

    private Markup() {}
}
