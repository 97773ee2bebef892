package org.xtls.trust;

/** What a store holds of a key for a peer. */
public enum KeyState {
    /** It belongs to the peer: pinned, or proved by other means. */
    VERIFIED,
    /** It was taken on first use and nobody has vouched for it. */
    FIRST_USE,
    /** It must not be taken for this peer. */
    DISTRUSTED
}
