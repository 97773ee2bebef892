package org.xtls.auth;

import java.util.List;
import org.xtls.xml.Element;

/**
 * A method's word on the peer's offer.
 *
 * @param possible whether the method can go on with it
 * @param things what goes into the answering offer; may be empty. The initiator's are not sent.
 */
public record Answer(boolean possible, List<Element> things) {
    /** The method cannot go on with that offer. */
    public static final Answer IMPOSSIBLE = new Answer(false, List.of());

    /**
     * Copies and checks.
     *
     * @param possible whether the method can go on
     * @param things what goes into the answering offer
     * @throws IllegalArgumentException when something impossible comes with things
     */
    public Answer {
        things = List.copyOf(things);
        if (!possible && !things.isEmpty()) {
            throw new IllegalArgumentException("a method that cannot go on offers nothing");
        }
    }

    /**
     * The method can go on.
     *
     * @param things what goes into the answering offer
     * @return the answer
     */
    public static Answer possible(List<Element> things) {
        return new Answer(true, things);
    }
}
