package org.xtls.transport.smack;

import java.util.Map;
import javax.xml.XMLConstants;
import javax.xml.namespace.QName;
import org.jspecify.annotations.Nullable;
import org.xtls.transport.StanzaError;
import org.xtls.transport.StanzaError.Condition;
import org.xtls.xml.Element;

/** The edge between Smack's stanza errors and ours. */
final class Errors {
    private static final String CONDITIONS = "urn:ietf:params:xml:ns:xmpp-stanzas";

    /** A text is shown to people; a peer must not fill their screen. */
    private static final int LONGEST_TEXT = 200;

    private Errors() {}

    /** As RFC 6120 §8.3.2 has it; Smack 4.5.0-rc1 would write the text in a wrong namespace. */
    static Element sent(StanzaError error) {
        Element element = Element.of("jabber:client", "error")
                .with("type", error.condition().type())
                .with(Element.of(CONDITIONS, error.condition().toString()));
        if (error.text().isEmpty()) {
            return element;
        }
        Element text = Element.of(CONDITIONS, "text").withText(error.text());
        return element.with(text.withAttributes(Map.of(new QName(XMLConstants.XML_NS_URI, "lang"), "en")));
    }

    static StanzaError received(org.jivesoftware.smack.packet.@Nullable StanzaError error) {
        if (error == null) {
            return new StanzaError(Condition.UNDEFINED_CONDITION, "");
        }
        Condition condition = Condition.UNDEFINED_CONDITION;
        for (Condition known : Condition.values()) {
            if (known.toString().equals(error.getCondition().toString())) {
                condition = known;
            }
        }
        String text = error.getDescriptiveText();
        return new StanzaError(condition, text == null ? "" : text.substring(0, Math.min(text.length(), LONGEST_TEXT)));
    }
}
