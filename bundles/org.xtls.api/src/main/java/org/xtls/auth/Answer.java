package org.xtls.auth;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/**
 * A method's word on the peer's offer.
 *
 * @param possible whether the method can go on with it
 * @param things what goes into the answering offer; may be empty. The initiator's are not sent.
 * @param binding what the method holds beside the keys in the trust store by which this peer should be verified, such as
 *     {@code a password}; empty when nothing. It is a word on the peer, whether the method can go on or not: with a peer
 *     that is bound there is no unverified tunnel without the user's word, or a server could have one by taking the
 *     method out of the offers.
 * @param stranger the key that the peer's offer names, where that is why the method cannot go on; null otherwise. When no
 *     other method is left, and others are on record, the user is told so. Nothing is proved by a name, and nothing else
 *     follows from it.
 */
public record Answer(
        boolean possible,
        List<Element> things,
        String binding,
        @Nullable KeyName stranger) {
    /** The method cannot go on with that offer, and holds nothing of the peer. */
    public static final Answer IMPOSSIBLE = new Answer(false, List.of(), "");

    /**
     * Copies and checks.
     *
     * @param possible whether the method can go on
     * @param things what goes into the answering offer
     * @param binding what the method holds, one phrase for people
     * @param stranger the key named that keeps the method from going on, or null
     * @throws IllegalArgumentException when something impossible comes with things, or something possible with a stranger
     */
    public Answer {
        things = List.copyOf(things);
        if (!possible && !things.isEmpty()) {
            throw new IllegalArgumentException("a method that cannot go on offers nothing");
        }
        if (possible && stranger != null) {
            throw new IllegalArgumentException("a method that can go on is kept from it by nothing");
        }
    }

    /**
     * An answer in which no stranger is spoken of.
     *
     * @param possible whether the method can go on
     * @param things what goes into the answering offer
     * @param binding what the method holds, one phrase for people
     */
    public Answer(boolean possible, List<Element> things, String binding) {
        this(possible, things, binding, null);
    }

    /**
     * The method cannot go on with the key that the offer names, and holds nothing of the peer.
     *
     * @param key the key
     * @return the answer
     */
    public static Answer impossible(KeyName key) {
        return new Answer(false, List.of(), "", key);
    }

    /**
     * The method can go on.
     *
     * @param things what goes into the answering offer
     * @return the answer
     */
    public static Answer possible(List<Element> things) {
        return new Answer(true, things, "");
    }

    /**
     * The same word of a method that holds something of the peer.
     *
     * @param what what it holds, one phrase for people, such as {@code a password}
     * @return the answer
     */
    public Answer bound(String what) {
        return new Answer(possible, things, what, stranger);
    }
}
