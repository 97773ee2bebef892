package org.xtls;

import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * An open tunnel to one peer. It may be used from any thread. When it has ended it stays ended: {@link Xtls#open} makes
 * another.
 *
 * <p>Stages complete on a thread of the tunnel service; what is chained to them must not block it.
 */
@ProviderType
public interface Tunnel {
    /**
     * A short name for logs and people, unique in this container.
     *
     * @return the id
     */
    String id();

    /**
     * This side's address.
     *
     * @return the local full JID
     */
    FullJid local();

    /**
     * The address of the peer.
     *
     * @return the remote full JID
     */
    FullJid peer();

    /**
     * What secures the tunnel, as of now.
     *
     * @return the security
     */
    Security security();

    /**
     * Sends a stanza. Stanzas arrive in the order of the calls. {@code from} and {@code to} are stripped: the tunnel
     * says who sent it.
     *
     * @param stanza the stanza
     * @return completes when its arrival is acknowledged, the value says by whom; fails with {@link XtlsException} when
     *     the tunnel ends before that or the stanza is larger than the limit. A failed stanza may have arrived or not.
     */
    CompletionStage<Acknowledgement> send(Stanza stanza);

    /**
     * Keying material bound to this tunnel's TLS session, the same on both sides (RFC 8446 §7.5), without a context. What
     * a side proves over it is proved for this tunnel and no other.
     *
     * @param label the label, ASCII, at most 200 characters; see the IANA registry of exporter labels, or begin it with
     *     {@code EXPORTER-}
     * @param length bytes wanted, 1 to 255
     * @return the material, the caller's own; fails with {@link XtlsException} when the tunnel has ended
     */
    CompletionStage<byte[]> export(String label, int length);

    /**
     * Makes a fresh tunnel with the same peer, with fresh keys, that takes this one's place. What is sent meanwhile is
     * queued and goes through the fresh one. When the fresh one fails, this one is closed too.
     *
     * @return the fresh tunnel, or {@link XtlsException}
     */
    CompletionStage<Tunnel> renew();

    /**
     * Closes the tunnel. Sends not yet acknowledged fail. Closing twice is closing once.
     *
     * @return the same as {@link #closed}
     */
    CompletionStage<Closure> close();

    /**
     * Tells the end.
     *
     * @return completes when the tunnel has ended, never fails
     */
    CompletionStage<Closure> closed();
}
