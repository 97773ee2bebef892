package org.xtls.tunnel.protocol;

import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.xtls.auth.Offer;
import org.xtls.xml.Element;

/** The elements of {@code urn:xmpp:tmp:xtls} (ProtoXEP XTLS 0.0.5) as they are written and read. */
final class Wire {
    static final String XTLS = "urn:xmpp:tmp:xtls";
    static final String OURS = "urn:x-xtls:1";
    static final String SM = "urn:xmpp:sm:3";
    static final Element CLOSE = Element.of(XTLS, "close");
    static final Element CLOSED = Element.of(XTLS, "closed");
    static final Element ASK = Element.of(SM, "r");

    private Wire() {}

    static Element start(@Nullable Offer offer) {
        return holding("start", offer);
    }

    static Element proceed(@Nullable Offer offer) {
        return holding("proceed", offer);
    }

    private static Element holding(String name, @Nullable Offer offer) {
        Element element = Element.of(XTLS, name);
        return offer == null ? element : element.with(offer.element());
    }

    /**
     * The offer inside a start or proceed.
     *
     * @throws IllegalArgumentException when there is one that breaks the rules of offers
     */
    static @Nullable Offer offerIn(Element holder) {
        return holder.child(Offer.NAMESPACE, "offer").map(Offer::new).orElse(null);
    }

    static Element data(byte[] bytes, Optional<String> method) {
        Element data = Element.of(XTLS, "data").withText(Base64.getEncoder().encodeToString(bytes));
        return method.isPresent() ? data.with("method", method.get()) : data;
    }

    /**
     * The bytes in a data element. White space is left out, anything else that is not Base64 with its padding
     * (RFC 4648 §4) is refused.
     *
     * @param most the bound on the bytes
     * @throws TooLarge when there are more
     * @throws IllegalArgumentException when it is not Base64
     */
    static byte[] bytesIn(Element data, int most) throws TooLarge {
        if (data.children().findAny().isPresent()) {
            throw new IllegalArgumentException("a data element holds Base64 only");
        }
        String text = data.text();
        StringBuilder digits = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
                digits.append(c);
            }
        }
        if (digits.length() > 4L * (most / 3 + 1)) {
            throw new TooLarge();
        }
        if (digits.length() % 4 != 0) {
            throw new IllegalArgumentException("Base64 that does not end");
        }
        byte[] bytes = Base64.getDecoder().decode(digits.toString());
        if (bytes.length > most) {
            throw new TooLarge();
        }
        return bytes;
    }

    static final class TooLarge extends Exception {
        private static final long serialVersionUID = 1L;
    }
}
