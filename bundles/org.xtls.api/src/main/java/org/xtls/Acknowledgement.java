package org.xtls;

/** Whose word it is that a stanza has arrived. */
public enum Acknowledgement {
    /** The peer's own, given inside the tunnel: nobody in between can fake it. */
    PEER,
    /**
     * The link's: the IQ that carried the stanza was answered. A server in between could have written that answer. It
     * is all there is towards a peer that does not acknowledge inside the tunnel.
     */
    LINK
}
