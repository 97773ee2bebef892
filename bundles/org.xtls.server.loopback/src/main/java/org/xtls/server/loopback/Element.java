package org.xtls.server.loopback;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import javax.xml.namespace.QName;
import org.xtls.server.loopback.xml.StreamException;
import org.xtls.server.loopback.xml.StreamParser;

/**
 * An XML element. Immutable, so safe on every thread: what reads as a change returns another element.
 *
 * <p>Two elements are equal when namespace, name, attributes (in any order) and content are; prefixes are not kept,
 * they mean nothing.
 *
 * @param namespace the namespace name, empty for none
 * @param name the local name
 * @param attributes the attributes without namespace declarations, in the order in which they are written
 * @param content children and text in order; neighbouring texts are joined and empty ones left out
 */
public record Element(String namespace, String name, Map<QName, String> attributes, List<Node> content)
        implements Node {

    /**
     * Checks the parts.
     *
     * @param namespace the namespace name, empty for none
     * @param name the local name
     * @param attributes the attributes, without namespace declarations
     * @param content children and text in order
     * @throws IllegalArgumentException if a name or a character is not allowed in XML 1.0
     */
    public Element {
        Markup.requireName(name);
        Markup.requireCharacters(namespace);
        attributes.forEach((key, value) -> {
            Markup.requireName(key.getLocalPart());
            Markup.requireCharacters(key.getNamespaceURI());
            Markup.requireCharacters(value);
            if (key.getNamespaceURI().isEmpty() && key.getLocalPart().equals("xmlns")) {
                throw new IllegalArgumentException("A namespace is not an attribute: " + value);
            }
        });
        attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
        content = joined(content);
    }

    /**
     * Makes an element without attributes.
     *
     * @param namespace the namespace name, empty for none
     * @param name the local name
     * @param content children and text in order
     * @return the element
     * @throws IllegalArgumentException if the name is not allowed in XML 1.0
     */
    public static Element of(String namespace, String name, Node... content) {
        return new Element(namespace, name, Map.of(), Arrays.asList(content));
    }

    /**
     * Reads one element. Where no default namespace is declared it is {@code jabber:client}, as inside a client's
     * stream.
     *
     * @param xml the XML
     * @return the element
     * @throws IllegalArgumentException if that is not one well-formed element, or has a DTD, an entity, a comment or a
     *     processing instruction
     */
    public static Element parse(String xml) {
        try {
            return StreamParser.parse(xml);
        } catch (StreamException e) {
            throw new IllegalArgumentException(
                    "Not one element of an XMPP stream, " + e.condition() + ": " + e.getMessage(), e);
        }
    }

    /**
     * {@return the value of the attribute of that name in no namespace}
     *
     * @param attribute the name of the attribute
     */
    public Optional<String> attribute(String attribute) {
        return Optional.ofNullable(attributes.get(new QName(attribute)));
    }

    /**
     * {@return this element with that attribute, in no namespace, added or replaced}
     *
     * @param attribute the name of the attribute
     * @param value its value, unescaped
     */
    public Element withAttribute(String attribute, String value) {
        Map<QName, String> changed = new LinkedHashMap<>(attributes);
        changed.put(new QName(attribute), value);
        return new Element(namespace, name, changed, content);
    }

    /**
     * {@return this element without that attribute}
     *
     * @param attribute the name of the attribute
     */
    public Element withoutAttribute(String attribute) {
        Map<QName, String> changed = new LinkedHashMap<>(attributes);
        changed.remove(new QName(attribute));
        return new Element(namespace, name, changed, content);
    }

    /** {@return the children that are elements, in order} */
    public List<Element> children() {
        return content.stream()
                .filter(Element.class::isInstance)
                .map(Element.class::cast)
                .toList();
    }

    /**
     * {@return the first child in that namespace}
     *
     * @param childNamespace its namespace
     */
    public Optional<Element> child(String childNamespace) {
        return children().stream()
                .filter(child -> child.namespace.equals(childNamespace))
                .findFirst();
    }

    /**
     * {@return the first child of that name}
     *
     * @param childNamespace its namespace
     * @param childName its local name
     */
    public Optional<Element> child(String childNamespace, String childName) {
        return children().stream()
                .filter(child -> child.is(childNamespace, childName))
                .findFirst();
    }

    /**
     * {@return the first of that name in document order, at any depth; it may be this element itself}
     *
     * @param wantedNamespace its namespace
     * @param wantedName its local name
     */
    public Optional<Element> find(String wantedNamespace, String wantedName) {
        if (is(wantedNamespace, wantedName)) {
            return Optional.of(this);
        }
        return children().stream()
                .flatMap(child -> child.find(wantedNamespace, wantedName).stream())
                .findFirst();
    }

    /**
     * {@return whether this element has that name}
     *
     * @param otherNamespace a namespace
     * @param otherName a local name
     */
    public boolean is(String otherNamespace, String otherName) {
        return namespace.equals(otherNamespace) && name.equals(otherName);
    }

    /** {@return the text directly in this element, unescaped; empty if there is none} */
    public String text() {
        StringBuilder text = new StringBuilder();
        for (Node node : content) {
            if (node instanceof Text part) {
                text.append(part.value());
            }
        }
        return text.toString();
    }

    /**
     * {@return this element with that text for its whole content}
     *
     * @param text the text, unescaped
     */
    public Element withText(String text) {
        return withContent(List.of(new Text(text)));
    }

    /**
     * {@return this element with other content}
     *
     * @param other the content
     */
    public Element withContent(List<? extends Node> other) {
        return new Element(namespace, name, attributes, List.copyOf(other));
    }

    /**
     * {@return this element with more content, appended}
     *
     * @param more what is appended
     */
    public Element with(Node... more) {
        List<Node> changed = new ArrayList<>(content);
        changed.addAll(Arrays.asList(more));
        return withContent(changed);
    }

    /**
     * {@return this element with every element of that name replaced, at any depth and itself included} What the
     * operator returns is not searched again. To change a text: {@code edit(namespace, "data", data ->
     * data.withText("AAAA"))}.
     *
     * @param wantedNamespace its namespace
     * @param wantedName its local name
     * @param change what replaces each of them
     */
    public Element edit(String wantedNamespace, String wantedName, UnaryOperator<Element> change) {
        if (is(wantedNamespace, wantedName)) {
            return Objects.requireNonNull(change.apply(this), "an element");
        }
        return withContent(content.stream()
                .map(node -> node instanceof Element child ? child.edit(wantedNamespace, wantedName, change) : node)
                .toList());
    }

    /**
     * {@return this element without any element of that name at any depth below it}
     *
     * @param unwantedNamespace their namespace
     * @param unwantedName their local name
     */
    public Element without(String unwantedNamespace, String unwantedName) {
        List<Node> kept = new ArrayList<>();
        for (Node node : content) {
            if (!(node instanceof Element child)) {
                kept.add(node);
            } else if (!child.is(unwantedNamespace, unwantedName)) {
                kept.add(child.without(unwantedNamespace, unwantedName));
            }
        }
        return withContent(kept);
    }

    /**
     * {@return this element as XML on one line (a line break is written as a character reference), its namespace
     * declared}
     */
    public String xml() {
        return Markup.of(this);
    }

    /** {@return the same as {@link #xml()}} */
    @Override
    public String toString() {
        return xml();
    }

    private static List<Node> joined(List<Node> content) {
        List<Node> joined = new ArrayList<>(content.size());
        StringBuilder text = new StringBuilder();
        for (Node node : content) {
            if (node instanceof Text part) {
                text.append(part.value());
            } else {
                flush(text, joined);
                joined.add(Objects.requireNonNull(node, "content"));
            }
        }
        flush(text, joined);
        return List.copyOf(joined);
    }

    private static void flush(StringBuilder text, List<Node> into) {
        if (!text.isEmpty()) {
            into.add(new Text(text.toString()));
            text.setLength(0);
        }
    }
}
