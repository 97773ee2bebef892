package org.xtls.transport;

import org.jspecify.annotations.Nullable;
import org.xtls.FullJid;
import org.xtls.xml.Element;

/** An IQ stanza between this side and one peer, in either direction: on its way out the peer is {@code to}, in {@code from}. */
public sealed interface Iq {
    /**
     * The other end.
     *
     * @return a full JID
     */
    FullJid peer();

    /**
     * What ties an answer to its request.
     *
     * @return the id, not empty
     */
    String id();

    /**
     * A request.
     *
     * @param peer the other end
     * @param id the id
     * @param set true for {@code set}, false for {@code get}
     * @param payload its one child element
     */
    record Request(FullJid peer, String id, boolean set, Element payload) implements Iq {}

    /**
     * A result.
     *
     * @param peer the other end
     * @param id the id of the request
     * @param payload its child element, or null for an empty result
     */
    record Result(FullJid peer, String id, @Nullable Element payload) implements Iq {}

    /**
     * An error.
     *
     * @param peer the other end
     * @param id the id of the request
     * @param error what is wrong
     */
    @SuppressWarnings("JavaLangClash") // the field's own word, and always written Iq.Error
    record Error(FullJid peer, String id, StanzaError error) implements Iq {}
}
