package org.xtls.xml;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.namespace.QName;
import org.jspecify.annotations.Nullable;

/**
 * An XML element (Namespaces in XML 1.0): its name, its attributes as a set, its content in order. Prefixes are not
 * kept; equality is that of the tree, so neither the order of attributes nor the way a namespace is declared counts.
 *
 * <p>Instances are immutable, may be used from any thread, and hold only what XML 1.0 can carry: what {@link #toXml()}
 * writes, a parser reads back to an equal tree. (Names may have every character of the fifth edition; some parsers, the
 * JDK's among them, read those of the fourth.)
 *
 * <p>Trees are walked recursively. Those that were read have a bounded depth ({@link XmlLimits#depth}); whoever builds
 * one keeps it below {@link XmlLimits#MAX_DEPTH}. The {@code with} methods copy the element's own content: a long list
 * of children is added in one call.
 *
 * @param qname namespace and local name; the prefix in it has no meaning
 * @param attributes the attributes by name, unmodifiable; an attribute without a namespace has the empty one;
 *     {@code xml:lang} has that of {@link XMLConstants#XML_NS_URI}; namespace declarations are none
 * @param content child elements and text in order, unmodifiable, no two texts side by side
 */
public record Element(QName qname, Map<QName, String> attributes, List<Node> content) implements Node {
    /**
     * Copies and checks; texts side by side become one.
     *
     * @param qname namespace and local name
     * @param attributes the attributes by name
     * @param content child elements and text in order
     * @throws IllegalArgumentException when a name is no XML name, a namespace is that of declarations, or a value holds
     *     what XML cannot carry
     */
    public Element {
        requireName(qname);
        attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
        attributes.forEach((name, value) -> {
            requireName(name);
            if (name.getNamespaceURI().isEmpty() && name.getLocalPart().equals(XMLConstants.XMLNS_ATTRIBUTE)) {
                throw new IllegalArgumentException("a namespace is not declared by an attribute, but by the name");
            }
            Text.requireLegal(value);
        });
        content = joined(content);
    }

    /**
     * An element without attributes and content, to build on with the {@code with} methods.
     *
     * @param namespace its namespace, may be empty
     * @param name its local name
     * @return the element
     * @throws IllegalArgumentException when the name is no XML name, or the namespace holds what XML cannot carry
     */
    public static Element of(String namespace, String name) {
        return new Element(new QName(namespace, name), Map.of(), List.of());
    }

    /**
     * Reads one element from text, by the rules and default bounds of {@link ElementReader}.
     *
     * @param xml a document or a fragment with one root element
     * @return the element
     * @throws XmlException when it is not well formed, breaks a rule or a bound
     */
    public static Element parse(String xml) throws XmlException {
        return ElementReader.read(xml, XmlLimits.DEFAULT);
    }

    /**
     * The namespace.
     *
     * @return the URI, empty for none
     */
    public String namespace() {
        return qname.getNamespaceURI();
    }

    /**
     * The local name.
     *
     * @return the name without prefix
     */
    public String name() {
        return qname.getLocalPart();
    }

    /**
     * Whether the element has this name.
     *
     * @param namespace a namespace
     * @param name a local name
     * @return true when both are its own
     */
    public boolean is(String namespace, String name) {
        return namespace().equals(namespace) && name().equals(name);
    }

    /**
     * The value of an attribute that has no namespace.
     *
     * @param name its name
     * @return the value, or empty when there is no such attribute
     */
    public Optional<String> attribute(String name) {
        return Optional.ofNullable(attributes.get(new QName(name)));
    }

    /**
     * The child elements in order.
     *
     * @return the children, text left out
     */
    public Stream<Element> children() {
        return content.stream().filter(Element.class::isInstance).map(Element.class::cast);
    }

    /**
     * The first child of a name.
     *
     * @param namespace its namespace
     * @param name its local name
     * @return the child, or empty when there is none
     */
    public Optional<Element> child(String namespace, String name) {
        return children().filter(child -> child.is(namespace, name)).findFirst();
    }

    /**
     * The element's own text, that of its children left out.
     *
     * @return the text as it stands, white space included; empty when there is none
     */
    public String text() {
        return content.stream()
                .filter(Text.class::isInstance)
                .map(node -> ((Text) node).value())
                .collect(Collectors.joining());
    }

    /**
     * This element with an attribute set or removed.
     *
     * @param name the name of an attribute without a namespace
     * @param value its value, unescaped, or null to remove it
     * @return a new element
     * @throws IllegalArgumentException when the name is no XML name, or the value holds what XML cannot carry
     */
    public Element with(String name, @Nullable String value) {
        Map<QName, String> changed = new LinkedHashMap<>(attributes);
        if (value == null) {
            changed.remove(new QName(name));
        } else {
            changed.put(new QName(name), value);
        }
        return new Element(qname, changed, content);
    }

    /**
     * This element with other attributes instead of its own.
     *
     * @param attributes the attributes by name
     * @return a new element
     * @throws IllegalArgumentException as the constructor
     */
    public Element withAttributes(Map<QName, String> attributes) {
        return new Element(qname, attributes, content);
    }

    /**
     * This element with nodes added behind its content.
     *
     * @param nodes what to add, in order
     * @return a new element
     */
    public Element with(Node... nodes) {
        return with(List.of(nodes));
    }

    /**
     * This element with nodes added behind its content.
     *
     * @param nodes what to add, in order
     * @return a new element
     */
    public Element with(List<? extends Node> nodes) {
        List<Node> longer = new ArrayList<>(content);
        longer.addAll(nodes);
        return new Element(qname, attributes, longer);
    }

    /**
     * This element with text added behind its content.
     *
     * @param text the text, unescaped; when empty nothing is added
     * @return a new element
     * @throws IllegalArgumentException when the text holds what XML cannot carry
     */
    public Element withText(String text) {
        return text.isEmpty() ? this : with(new Text(text));
    }

    /**
     * Whether two trees say the same: as {@code equals}, but text is compared without the white space (space, tab, CR,
     * LF: XML 1.0 §2.3) around it and text that is nothing else is left out. By this rule offers are compared.
     *
     * @param other the other tree
     * @return true when they are the same
     */
    public boolean sameAs(Element other) {
        return trimmed(this).equals(trimmed(other));
    }

    /**
     * The element as XML.
     *
     * @return a document without declaration, on its own: every namespace is declared in it
     */
    public String toXml() {
        return toXml("");
    }

    /**
     * The element as XML for a place where a default namespace is in scope.
     *
     * @param inherited the default namespace in scope, empty for none; it is not declared again
     * @return the XML
     */
    public String toXml(String inherited) {
        StringBuilder xml = new StringBuilder(128);
        write(xml, inherited);
        return xml.toString();
    }

    // Written out, because a record's own take several times the stack for each level.
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || (other instanceof Element that
                        && qname.equals(that.qname)
                        && attributes.equals(that.attributes)
                        && content.equals(that.content));
    }

    @Override
    public int hashCode() {
        return (31 * qname.hashCode() + attributes.hashCode()) * 31 + content.hashCode();
    }

    /** The XML, all of it: not for logs. */
    @Override
    public String toString() {
        return toXml();
    }

    private void write(StringBuilder xml, String inherited) {
        // The namespace of the prefix "xml" can be no default (Namespaces in XML 1.0 §3).
        boolean reserved = namespace().equals(XMLConstants.XML_NS_URI);
        String tag = reserved ? "xml:" + name() : name();
        String inner = reserved ? inherited : namespace();
        xml.append('<').append(tag);
        if (!inner.equals(inherited)) {
            writeAttribute(xml, "xmlns", inner);
        }
        int prefixes = 0;
        for (Map.Entry<QName, String> attribute : attributes.entrySet()) {
            QName name = attribute.getKey();
            String prefixed = name.getLocalPart();
            if (name.getNamespaceURI().equals(XMLConstants.XML_NS_URI)) {
                prefixed = "xml:" + prefixed;
            } else if (!name.getNamespaceURI().isEmpty()) {
                String prefix = "n" + prefixes++;
                writeAttribute(xml, "xmlns:" + prefix, name.getNamespaceURI());
                prefixed = prefix + ":" + prefixed;
            }
            writeAttribute(xml, prefixed, attribute.getValue());
        }
        if (content.isEmpty()) {
            xml.append("/>");
            return;
        }
        xml.append('>');
        for (Node node : content) {
            if (node instanceof Element child) {
                child.write(xml, inner);
            } else if (node instanceof Text text) {
                escape(xml, text.value(), false);
            }
        }
        xml.append("</").append(tag).append('>');
    }

    private static void writeAttribute(StringBuilder xml, String name, String value) {
        xml.append(' ').append(name).append("='");
        escape(xml, value, true);
        xml.append('\'');
    }

    /** A parser turns a bare CR into LF (XML 1.0 §2.11), and in an attribute tab, LF and CR into spaces (§3.3.3). */
    private static void escape(StringBuilder xml, String text, boolean attribute) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> xml.append("&amp;");
                case '<' -> xml.append("&lt;");
                case '>' -> xml.append("&gt;");
                case '\'' -> xml.append("&apos;");
                case '"' -> xml.append("&quot;");
                case '\r' -> xml.append("&#13;");
                case '\n' -> xml.append(attribute ? "&#10;" : "\n");
                case '\t' -> xml.append(attribute ? "&#9;" : "\t");
                default -> xml.append(c);
            }
        }
    }

    private static List<Node> joined(List<? extends Node> given) {
        List<Node> nodes = List.copyOf(given);
        List<Node> joined = new ArrayList<>(nodes.size());
        for (int i = 0; i < nodes.size(); ) {
            Node node = nodes.get(i++);
            if (node instanceof Text && i < nodes.size() && nodes.get(i) instanceof Text) {
                StringBuilder run = new StringBuilder(((Text) node).value());
                while (i < nodes.size() && nodes.get(i) instanceof Text text) {
                    run.append(text.value());
                    i++;
                }
                node = new Text(run.toString());
            }
            joined.add(node);
        }
        return Collections.unmodifiableList(joined);
    }

    private static Element trimmed(Element element) {
        List<Node> nodes = new ArrayList<>(element.content.size());
        for (Node node : element.content) {
            if (node instanceof Element child) {
                nodes.add(trimmed(child));
            } else if (node instanceof Text text && !text.trimmed().isEmpty()) {
                nodes.add(new Text(text.trimmed()));
            }
        }
        return new Element(element.qname, element.attributes, nodes);
    }

    private static void requireName(QName name) {
        requireNCName(name.getLocalPart());
        Text.requireLegal(name.getNamespaceURI());
        if (name.getNamespaceURI().equals(XMLConstants.XMLNS_ATTRIBUTE_NS_URI)) {
            throw new IllegalArgumentException("nothing is named in the namespace of declarations");
        }
    }

    /** NCName of Namespaces in XML 1.0 §3, on the ranges of XML 1.0 §2.3. */
    private static void requireNCName(String name) {
        boolean legal = !name.isEmpty();
        for (int i = 0; legal && i < name.length(); ) {
            int c = name.codePointAt(i);
            legal = isNameStart(c) || (i > 0 && isNameFurther(c));
            i += Character.charCount(c);
        }
        if (!legal) {
            throw new IllegalArgumentException("'" + name + "' is no XML name");
        }
    }

    private static boolean isNameStart(int c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || c == '_'
                || (c >= 0xC0 && c <= 0x2FF && c != 0xD7 && c != 0xF7)
                || (c >= 0x370 && c <= 0x1FFF && c != 0x37E)
                || c == 0x200C
                || c == 0x200D
                || (c >= 0x2070 && c <= 0x218F)
                || (c >= 0x2C00 && c <= 0x2FEF)
                || (c >= 0x3001 && c <= 0xD7FF)
                || (c >= 0xF900 && c <= 0xFDCF)
                || (c >= 0xFDF0 && c <= 0xFFFD)
                || (c >= 0x10000 && c <= 0xEFFFF);
    }

    private static boolean isNameFurther(int c) {
        return c == '-'
                || c == '.'
                || (c >= '0' && c <= '9')
                || c == 0xB7
                || (c >= 0x300 && c <= 0x36F)
                || c == 0x203F
                || c == 0x2040;
    }
}
