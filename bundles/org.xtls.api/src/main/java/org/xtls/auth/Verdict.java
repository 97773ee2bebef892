package org.xtls.auth;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.xtls.Failure;
import org.xtls.tls.Alert;
import org.xtls.trust.KeyName;

/** A method's judgement on what the peer proved. The set is closed. */
public sealed interface Verdict {
    /**
     * Handles every judgement.
     *
     * @param <T> the result
     * @param verified for a peer that is who it says
     * @param unknown for a key nobody vouches for
     * @param refused for a no
     * @return what the function of its kind returned
     */
    default <T> T fold(Function<Verified, T> verified, Function<Unknown, T> unknown, Function<Refused, T> refused) {
        if (this instanceof Verified yes) {
            return verified.apply(yes);
        }
        if (this instanceof Unknown maybe) {
            return unknown.apply(maybe);
        }
        return refused.apply((Refused) this);
    }

    /**
     * The peer is who it says it is.
     *
     * @param key what it proved to hold, or null when that is no key, such as a password
     * @param evidence on what grounds, one phrase for people, such as {@code pinned}
     */
    record Verified(@Nullable KeyName key, String evidence) implements Verdict {}

    /**
     * The key is sound, and nobody vouches for its belonging to this peer. Policy, memory and perhaps the user decide;
     * that is not the method's business.
     *
     * @param key what it proved to hold
     */
    record Unknown(KeyName key) implements Verdict {}

    /**
     * No, whatever policy says: a distrusted, expired or unsound key.
     *
     * @param alert what the peer is told
     * @param failure what the user is told
     */
    record Refused(Alert alert, Failure failure) implements Verdict {}
}
