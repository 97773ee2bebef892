package org.xtls.transport.smack;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.namespace.QName;
import org.jivesoftware.smack.packet.IqData;
import org.jivesoftware.smack.packet.XmlEnvironment;
import org.jivesoftware.smack.provider.IqProvider;
import org.jivesoftware.smack.provider.ProviderManager;
import org.jivesoftware.smack.xml.XmlPullParser;
import org.jivesoftware.smack.xml.XmlPullParserException;
import org.jxmpp.JxmppContext;
import org.xtls.transport.StanzaError;
import org.xtls.transport.StanzaError.Condition;
import org.xtls.xml.Element;
import org.xtls.xml.Node;
import org.xtls.xml.Text;
import org.xtls.xml.XmlLimits;

/**
 * Reads the child elements of XTLS from Smack's parser.
 *
 * <p>What breaks a rule or a bound is read to its end and becomes a refusal: Smack drops without an answer what a
 * provider fails on.
 */
final class PayloadProvider extends IqProvider<PayloadIq> {
    static final String XTLS = "urn:xmpp:tmp:xtls";
    static final String OFFERS = "urn:xmpp:tmp:c2ctls";

    private static final List<QName> NAMES = List.of(
            new QName(XTLS, "start"),
            new QName(XTLS, "proceed"),
            new QName(XTLS, "data"),
            new QName(XTLS, "close"),
            new QName(XTLS, "closed"),
            new QName(OFFERS, "offer"));

    /** More than the servers let pass; a server that lets everything pass must not fill the memory. */
    private static final int MOST_CHARACTERS = 512 * 1024;

    private static final XmlLimits LIMITS = XmlLimits.DEFAULT;

    static void register() {
        PayloadProvider provider = new PayloadProvider();
        NAMES.forEach(name -> ProviderManager.addIQProvider(name.getLocalPart(), name.getNamespaceURI(), provider));
    }

    static void unregister() {
        for (QName name : NAMES) {
            Object registered = ProviderManager.getIQProvider(name.getLocalPart(), name.getNamespaceURI());
            // After an update it may be the successor's already.
            if (registered instanceof PayloadProvider) {
                ProviderManager.removeIQProvider(name.getLocalPart(), name.getNamespaceURI());
            }
        }
    }

    @Override
    public PayloadIq parse(XmlPullParser parser, int depth, IqData iq, XmlEnvironment environment, JxmppContext jxmpp)
            throws XmlPullParserException, IOException {
        String name = parser.getName();
        String namespace = parser.getNamespace();
        try {
            return PayloadIq.received(read(parser));
        } catch (Refusal e) {
            return PayloadIq.refused(name, namespace, e.error);
        } catch (IllegalArgumentException e) {
            return PayloadIq.refused(name, namespace, new StanzaError(Condition.BAD_REQUEST, "not well-formed XML"));
        }
    }

    private static Element read(XmlPullParser parser) throws XmlPullParserException, IOException, Refusal {
        Deque<Open> open = new ArrayDeque<>();
        open.push(begin(parser));
        int nodes = 1;
        int characters = 0;
        while (true) {
            switch (parser.next()) {
                case START_ELEMENT -> {
                    nodes++;
                    if (open.size() >= LIMITS.depth()) {
                        throw new Refusal(Condition.POLICY_VIOLATION, "elements are nested too deep");
                    }
                    open.push(begin(parser));
                }
                case TEXT_CHARACTERS, IGNORABLE_WHITESPACE -> {
                    String text = parser.getText();
                    nodes++;
                    characters += text.length();
                    if (!text.isEmpty()) {
                        open.element().content.add(new Text(text));
                    }
                }
                case END_ELEMENT -> {
                    Open ended = open.pop();
                    Element element = new Element(ended.name, ended.attributes, ended.content);
                    if (open.isEmpty()) {
                        return element;
                    }
                    open.element().content.add(element);
                }
                default -> throw new Refusal(Condition.BAD_REQUEST, "comments and the like are not allowed");
            }
            if (nodes > LIMITS.nodes() || characters > MOST_CHARACTERS) {
                throw new Refusal(Condition.POLICY_VIOLATION, "the element is too large");
            }
        }
    }

    private static Open begin(XmlPullParser parser) throws Refusal {
        if (parser.getAttributeCount() > LIMITS.attributes()) {
            throw new Refusal(Condition.POLICY_VIOLATION, "an element has too many attributes");
        }
        Map<QName, String> attributes = new LinkedHashMap<>();
        for (int i = 0; i < parser.getAttributeCount(); i++) {
            attributes.put(unprefixed(parser.getAttributeQName(i)), parser.getAttributeValue(i));
        }
        return new Open(unprefixed(parser.getQName()), attributes, new ArrayList<>());
    }

    private static QName unprefixed(QName name) {
        return new QName(name.getNamespaceURI(), name.getLocalPart());
    }

    private record Open(QName name, Map<QName, String> attributes, List<Node> content) {}

    private static final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient StanzaError error;

        Refusal(Condition condition, String message) {
            super(message);
            this.error = new StanzaError(condition, message);
        }
    }
}
