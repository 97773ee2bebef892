package org.xtls;

/** How much is known about who is at the other end of a tunnel. */
public enum Trust {
    /** What the handshake proved is tied to the peer's bare JID by a pin, a CA, a password or the user's word. */
    VERIFIED,
    /**
     * Accepted on first use by policy. It keeps out those who only listen; a server in between may be at both ends, so
     * nothing said in the tunnel proves anything.
     */
    UNVERIFIED
}
