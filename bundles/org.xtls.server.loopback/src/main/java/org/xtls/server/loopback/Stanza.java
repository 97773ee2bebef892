package org.xtls.server.loopback;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A message, presence or IQ in the namespace {@code jabber:client}. Immutable.
 *
 * @param element the stanza's element
 */
public record Stanza(Element element) {

    /** The namespace of a client's stanzas. */
    public static final String NAMESPACE = "jabber:client";

    /** The namespace of the conditions inside {@code <error/>} (RFC 6120, section 8.3). */
    public static final String ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas";

    /** The three kinds of stanza. */
    public enum Kind {
        /** Push. */
        MESSAGE,
        /** Broadcast, or directed. */
        PRESENCE,
        /** Request and response. */
        IQ
    }

    /**
     * Checks the element.
     *
     * @param element the stanza's element
     * @throws IllegalArgumentException if the element is no stanza
     */
    public Stanza {
        if (kindOf(element).isEmpty()) {
            throw new IllegalArgumentException("Not a stanza of " + NAMESPACE + ": " + element.name());
        }
    }

    /**
     * Reads one stanza; {@code jabber:client} need not be declared.
     *
     * @param xml the XML
     * @return the stanza
     * @throws IllegalArgumentException if that is no stanza
     */
    public static Stanza parse(String xml) {
        return new Stanza(Element.parse(xml));
    }

    /**
     * {@return what kind of stanza that element is, empty if it is none}
     *
     * @param element the element
     */
    public static Optional<Kind> kindOf(Element element) {
        if (!element.namespace().equals(NAMESPACE)) {
            return Optional.empty();
        }
        return switch (element.name()) {
            case "message" -> Optional.of(Kind.MESSAGE);
            case "presence" -> Optional.of(Kind.PRESENCE);
            case "iq" -> Optional.of(Kind.IQ);
            default -> Optional.empty();
        };
    }

    /** {@return what kind of stanza this is} */
    public Kind kind() {
        return kindOf(element).orElseThrow();
    }

    /** {@return the sender's address as it is written} */
    public Optional<String> from() {
        return element.attribute("from");
    }

    /** {@return the recipient's address as it is written; absent for the sender's own server or account} */
    public Optional<String> to() {
        return element.attribute("to");
    }

    /** {@return the identifier that ties a response to its request} */
    public Optional<String> id() {
        return element.attribute("id");
    }

    /** {@return the type as it is written} */
    public Optional<String> type() {
        return element.attribute("type");
    }

    /**
     * {@return whether the type is that one}
     *
     * @param type the type
     */
    public boolean isType(String type) {
        return type().filter(type::equals).isPresent();
    }

    /**
     * {@return this stanza from another sender} Nothing checks that it is the true one.
     *
     * @param from a JID
     */
    public Stanza withFrom(String from) {
        return new Stanza(element.withAttribute("from", from));
    }

    /**
     * {@return this stanza to another recipient}
     *
     * @param to a JID
     */
    public Stanza withTo(String to) {
        return new Stanza(element.withAttribute("to", to));
    }

    /**
     * {@return the first child in that namespace}
     *
     * @param namespace the namespace name, empty for none
     */
    public Optional<Element> child(String namespace) {
        return element.child(namespace);
    }

    /**
     * {@return the first child of that name}
     *
     * @param namespace the namespace name, empty for none
     * @param name the local name
     */
    public Optional<Element> child(String namespace, String name) {
        return element.child(namespace, name);
    }

    /**
     * {@return the first element of that name at any depth}
     *
     * @param namespace the namespace name, empty for none
     * @param name the local name
     */
    public Optional<Element> find(String namespace, String name) {
        return element.find(namespace, name);
    }

    /**
     * {@return this stanza with more content}
     *
     * @param more what is appended
     */
    public Stanza with(Node... more) {
        return new Stanza(element.with(more));
    }

    /**
     * {@return this stanza with every element of that name replaced, at any depth}
     *
     * @param namespace the namespace name, empty for none
     * @param name the local name
     * @param change what replaces each of them
     */
    public Stanza edit(String namespace, String name, UnaryOperator<Element> change) {
        return new Stanza(element.edit(namespace, name, change));
    }

    /**
     * {@return this stanza without any element of that name at any depth}
     *
     * @param namespace the namespace name, empty for none
     * @param name the local name
     */
    public Stanza without(String namespace, String name) {
        return new Stanza(element.without(namespace, name));
    }

    /**
     * The IQ result that answers this request, from its recipient to its sender.
     *
     * @param payload what the result holds
     * @return the result
     */
    public Stanza result(Node... payload) {
        return new Stanza(reply("result").with(payload));
    }

    /**
     * {@return the error that answers this stanza, from its recipient to its sender (RFC 6120, section 8.3)}
     *
     * @param type {@code auth}, {@code cancel}, {@code continue}, {@code modify} or {@code wait}
     * @param condition the defined condition, such as {@code service-unavailable}
     */
    public Stanza error(String type, String condition) {
        Element error =
                Element.of(NAMESPACE, "error", Element.of(ERRORS, condition)).withAttribute("type", type);
        return new Stanza(reply("error").with(error));
    }

    /** {@return this stanza as XML on one line, its namespace declared} */
    public String xml() {
        return element.xml();
    }

    /** {@return the same as {@link #xml()}} */
    @Override
    public String toString() {
        return xml();
    }

    private Element reply(String type) {
        Element reply = element.withContent(List.of()).withAttribute("type", type);
        reply = to().isPresent() ? reply.withAttribute("from", to().orElseThrow()) : reply.withoutAttribute("from");
        return from().isPresent() ? reply.withAttribute("to", from().orElseThrow()) : reply.withoutAttribute("to");
    }
}
