package org.xtls.trust;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;
import org.xtls.BareJid;

/**
 * A service: the known keys of peers, of all methods. It may be used from any thread and does not block; what a stage of
 * it confirms is kept through a crash. A stage fails with {@link org.xtls.XtlsException} when the store cannot be read
 * or written, and then nothing has changed.
 */
@ProviderType
public interface TrustStore {
    /**
     * What is known of a peer.
     *
     * @param peer the peer
     * @return the record, {@link KnownPeer#stranger} when nothing is known
     */
    CompletionStage<KnownPeer> peer(BareJid peer);

    /**
     * Everybody of whom something is known.
     *
     * @return the records, ordered by address
     */
    CompletionStage<List<KnownPeer>> peers();

    /**
     * Sets the state of a key for a peer. A key that is {@link KeyState#DISTRUSTED} or {@link KeyState#VERIFIED} does
     * not become {@link KeyState#FIRST_USE}: such a call changes nothing.
     *
     * @param peer the peer
     * @param key the key
     * @param state its new state
     * @param evidence how it came to it, one phrase for people
     * @return the record after the change
     */
    CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence);

    /**
     * Remembers what a verified tunnel with a peer showed.
     *
     * @param peer the peer
     * @param method the method it used
     * @param confirmed whether the peer confirmed the offers; false does not take back an earlier true
     * @return the record after the change
     */
    CompletionStage<KnownPeer> remember(BareJid peer, String method, boolean confirmed);
}
