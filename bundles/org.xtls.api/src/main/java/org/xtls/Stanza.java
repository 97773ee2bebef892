package org.xtls;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.xtls.xml.Element;
import org.xtls.xml.Node;
import org.xtls.xml.XmlException;

/**
 * One XMPP stanza (RFC 6120 §8): a {@code message}, {@code presence} or {@code iq} in {@code jabber:client}.
 *
 * @param element the stanza as a tree
 */
public record Stanza(Element element) {
    /** The namespace of stanzas between client and client. */
    public static final String NAMESPACE = "jabber:client";

    private static final Set<String> KINDS = Set.of("message", "presence", "iq");
    private static final Set<String> IQ_TYPES = Set.of("get", "set", "result", "error");

    /** The three kinds of stanza. */
    public enum Kind {
        /** {@code <message/>}. */
        MESSAGE,
        /** {@code <presence/>}. */
        PRESENCE,
        /** {@code <iq/>}; it has an {@code id} and one of the four types. */
        IQ
    }

    /**
     * Checks that it is one.
     *
     * @param element the stanza as a tree
     * @throws IllegalArgumentException when the element is no stanza, or an iq without {@code id} or with a foreign
     *     {@code type} (RFC 6120 §8.2.3)
     */
    public Stanza {
        if (!element.namespace().equals(NAMESPACE) || !KINDS.contains(element.name())) {
            throw new IllegalArgumentException("<" + element.name() + " xmlns='" + element.namespace()
                    + "'> is no stanza: message, presence or iq in jabber:client is wanted");
        }
        if (element.name().equals("iq")) {
            if (element.attribute("id").isEmpty()) {
                throw new IllegalArgumentException("an iq needs an id");
            }
            if (!IQ_TYPES.contains(element.attribute("type").orElse(""))) {
                throw new IllegalArgumentException("an iq has the type get, set, result or error");
            }
        }
    }

    /**
     * Reads a stanza, by the rules and default bounds of {@link Element#parse}. An element without any namespace, and
     * those in it, are taken to be in {@code jabber:client}.
     *
     * @param xml the stanza
     * @return the stanza
     * @throws IllegalArgumentException when it is not well formed or no stanza; the message says why
     */
    public static Stanza parse(String xml) {
        try {
            return new Stanza(inClientNamespace(Element.parse(xml)));
        } catch (XmlException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /**
     * A chat message with a body.
     *
     * @param body the text
     * @return {@code <message type='chat'><body>…</body></message>}
     * @throws IllegalArgumentException when the text holds what XML cannot carry
     */
    public static Stanza chat(String body) {
        return new Stanza(Element.of(NAMESPACE, "message")
                .with("type", "chat")
                .with(Element.of(NAMESPACE, "body").withText(body)));
    }

    /**
     * Which of the three it is.
     *
     * @return the kind
     */
    public Kind kind() {
        return Kind.valueOf(element.name().toUpperCase(Locale.ROOT));
    }

    /**
     * The text of the first {@code <body/>} of a message.
     *
     * @return the text, or empty when there is none, or the stanza is no message
     */
    public Optional<String> body() {
        return kind() != Kind.MESSAGE
                ? Optional.empty()
                : element.child(NAMESPACE, "body").map(Element::text);
    }

    /**
     * The stanza with these addresses.
     *
     * @param from the sender
     * @param to the receiver
     * @return a new stanza
     */
    public Stanza between(FullJid from, FullJid to) {
        return new Stanza(element.with("from", from.toString()).with("to", to.toString()));
    }

    /**
     * The stanza without addresses, as it travels inside a tunnel.
     *
     * @return a new stanza
     */
    public Stanza withoutAddresses() {
        return new Stanza(element.with("from", null).with("to", null));
    }

    /**
     * The stanza as XML.
     *
     * @return the XML, its namespace declared
     */
    public String toXml() {
        return element.toXml();
    }

    /** For logs: kind, type and id, never the content. {@link #toXml} has it all. */
    @Override
    public String toString() {
        return "Stanza[" + element.name()
                + element.attribute("type").map(type -> " type=" + type).orElse("")
                + element.attribute("id").map(id -> " id=" + id).orElse("") + "]";
    }

    private static Element inClientNamespace(Element element) {
        if (!element.namespace().isEmpty()) {
            return element;
        }
        List<Node> content = new ArrayList<>(element.content().size());
        for (Node node : element.content()) {
            content.add(node instanceof Element child ? inClientNamespace(child) : node);
        }
        return Element.of(NAMESPACE, element.name())
                .withAttributes(element.attributes())
                .with(content);
    }
}
