package org.xtls.tunnel.protocol;

import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.tls.TlsEngine;
import org.xtls.trust.Policy;

/** What a {@link Conversation} looks up as it goes. Every call returns at once. */
public interface Surroundings {
    /**
     * The bounds and deadlines in force.
     *
     * @return the settings
     */
    Settings settings();

    /**
     * The policy that applies to a peer.
     *
     * @param peer the peer
     * @return the policy
     */
    Policy policy(BareJid peer);

    /**
     * The TLS engine.
     *
     * @return the engine, or null when there is none
     */
    @Nullable
    TlsEngine engine();

    /**
     * A fresh id for a request: unguessable, so that nobody but who has seen the request can answer it.
     *
     * @return the id
     */
    String newId();

    /**
     * Asks for a place among the half-open tunnels. Without this bound a peer could have any number of handshakes done
     * for it.
     *
     * @param peer who started
     * @return false when there is none left for this peer, or in all
     */
    boolean enter(BareJid peer);

    /**
     * Gives back a place.
     *
     * @param peer who had started
     */
    void leave(BareJid peer);
}
