package org.xtls.trust;

/** What a store holds of a key for a peer. */
public enum KeyState {
    /** It belongs to the peer: pinned, or proved by other means. */
    VERIFIED,
    /** It was taken on first use and nobody has vouched for it. */
    FIRST_USE,
    /**
     * It was the peer's, until its time ran out or another took its place. It is not taken any more, and what was known
     * of it counts: a peer whose keys have all expired is no stranger.
     */
    EXPIRED,
    /** It must not be taken for this peer. */
    DISTRUSTED
}
