package org.xtls.auth;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.xtls.xml.Element;
import org.xtls.xml.Node;
import org.xtls.xml.Text;

/**
 * What one side can authenticate with: {@code <offer xmlns='urn:xmpp:tmp:c2ctls'>} of XEP-0250 0.2, with one child for
 * each thing. Children that nobody knows are ignored when choosing, and kept.
 *
 * @param element the offer as sent or received
 */
public record Offer(Element element) {
    /** The namespace of offers. */
    public static final String NAMESPACE = "urn:xmpp:tmp:c2ctls";

    /** The largest offer, in bytes of UTF-8 as {@link Element#toXml()} writes it: a peer's offer is kept and compared. */
    public static final int MAX_BYTES = 16_384;

    /**
     * Checks the form.
     *
     * @param element the offer as sent or received
     * @throws IllegalArgumentException when it is no offer, is larger than {@link #MAX_BYTES}, or mixes text and
     *     elements on one level
     */
    public Offer {
        if (!element.is(NAMESPACE, "offer")) {
            throw new IllegalArgumentException("<" + element.name() + "> is no offer");
        }
        if (element.toXml().getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
            throw new IllegalArgumentException("an offer has at most " + MAX_BYTES + " bytes");
        }
        requireUnmixed(element);
    }

    /**
     * An offer of these things.
     *
     * @param things its children in order
     * @return the offer
     * @throws IllegalArgumentException as the constructor
     */
    public static Offer of(List<Element> things) {
        return new Offer(Element.of(NAMESPACE, "offer").with(things));
    }

    /**
     * What is offered.
     *
     * @return the children in order
     */
    public List<Element> things() {
        return element.children().toList();
    }

    /**
     * Whether both say the same: the same tree, text trimmed, unknown children counted ({@link Element#sameAs}).
     *
     * @param other another offer
     * @return true when they do
     */
    public boolean sameAs(Offer other) {
        return element.sameAs(other.element);
    }

    /** Mixed content could be compared in more than one way, so there is none. */
    private static void requireUnmixed(Element element) {
        boolean elements = false;
        boolean text = false;
        for (Node node : element.content()) {
            if (node instanceof Element child) {
                elements = true;
                requireUnmixed(child);
            } else if (node instanceof Text characters) {
                text |= !characters.trimmed().isEmpty();
            }
        }
        if (elements && text) {
            throw new IllegalArgumentException("<" + element.name() + "> in an offer mixes text and elements");
        }
    }
}
