package org.xtls;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The service for applications: tunnels to peers. It may be used from any thread and never blocks.
 *
 * <p>It is there while the tunnel bundle is. Links, engine, trust store and methods may come and go beneath it; what
 * needs one that is not there fails and says which.
 */
@ProviderType
public interface Xtls {
    /**
     * Opens a tunnel from the only link there is.
     *
     * @param peer the peer
     * @return as {@link #open(FullJid, FullJid)}; fails too when there is no link, or more than one
     */
    CompletionStage<Tunnel> open(FullJid peer);

    /**
     * Opens a tunnel, or returns the one that is open, or joins a negotiation that is under way, whoever began it.
     *
     * <p>It may take as long as a human at a prompt, on either side. Cancelling the stage abandons the wait, not the
     * negotiation, which others may have joined.
     *
     * @param local this side's address; a link of that address must be there
     * @param peer the peer
     * @return the tunnel once it is up: the handshake is done, the peer's proof accepted, and the offers confirmed when
     *     the peer announced that it confirms. Fails with {@link XtlsException}.
     */
    CompletionStage<Tunnel> open(FullJid local, FullJid peer);

    /**
     * The tunnels that are open.
     *
     * @return a snapshot
     */
    List<Tunnel> tunnels();

    /**
     * The tunnel between two addresses.
     *
     * @param local this side's address
     * @param peer the peer
     * @return the tunnel, or empty when none is open
     */
    Optional<Tunnel> tunnel(FullJid local, FullJid peer);
}
