package org.xtls;

import org.osgi.annotation.versioning.ConsumerType;
import org.xtls.trust.KeyName;
import org.xtls.trust.KnownPeer;

/**
 * What an application registers as a service to hear of tunnels and of what comes out of them.
 *
 * <p>The calls about one tunnel come one after the other, in order; those about different tunnels may come at once. A
 * listener must not block: it holds up its tunnel. An exception from it is logged and changes nothing.
 */
@ConsumerType
public interface TunnelListener {
    /**
     * A tunnel is up.
     *
     * @param tunnel the tunnel
     */
    default void opened(Tunnel tunnel) {}

    /**
     * A stanza came out of a tunnel.
     *
     * @param tunnel the tunnel it came out of
     * @param stanza the stanza, {@code from} being the authenticated peer's full JID and {@code to} the own
     * @return true when this listener took it. An iq request that no listener takes is answered
     *     {@code service-unavailable} inside the tunnel (RFC 6120 §8.4); another stanza that none takes is logged as
     *     undelivered.
     */
    default boolean received(Tunnel tunnel, Stanza stanza) {
        return false;
    }

    /**
     * What secures a tunnel has changed: the offers are confirmed now, or the trust store has learned something of the
     * key it stands on. {@link Tunnel#security} says how it is now.
     *
     * @param tunnel the tunnel
     */
    default void secured(Tunnel tunnel) {}

    /**
     * A known peer proved another key than those that are known for it. It is told before policy or a human decides what
     * becomes of the negotiation, and whatever they decide.
     *
     * @param local this side's address
     * @param peer the peer's address, as claimed
     * @param key what it proved to hold
     * @param known what was known of it
     */
    default void keyChanged(FullJid local, FullJid peer, KeyName key, KnownPeer known) {}

    /**
     * A tunnel has ended.
     *
     * @param tunnel the tunnel
     * @param closure how
     */
    default void closed(Tunnel tunnel, Closure closure) {}

    /**
     * A negotiation that the peer began came to nothing, or one of an own ended. For the record; the caller of
     * {@link Xtls#open} is told by its stage.
     *
     * @param local this side's address
     * @param peer the peer's address
     * @param failure why
     */
    default void failed(FullJid local, FullJid peer, Failure failure) {}
}
