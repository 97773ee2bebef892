package org.xtls.trust;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;
import org.xtls.BareJid;

/**
 * A service: the known keys of peers, of all methods. It may be used from any thread and does not block; what a stage of
 * it confirms is kept through a crash. A stage fails with {@link org.xtls.XtlsException} when the store cannot be read
 * or written, and then nothing has changed.
 *
 * <p>Every change of a key's state is told to the {@link TrustListener} services, before the stage of the call that made it
 * completes, and stays in the history for ever. Evidence is kept on one line of at most {@link TrustRecords#MAX_EVIDENCE}
 * characters: what breaks or hides text becomes {@code ?}, what is longer is cut off.
 */
@ProviderType
public interface TrustStore {
    /** The most bytes of {@linkplain #keep material} of one key. */
    int MAX_MATERIAL = 65_536;

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
     * @return the records, ordered by the text of the address
     */
    CompletionStage<List<KnownPeer>> peers();

    /**
     * Sets the state of a key for a peer: the user's word, or what follows from it. Calls that would weaken what is held
     * change nothing: a key becomes {@link KeyState#FIRST_USE} only when it was not known, and {@link KeyState#EXPIRED}
     * only when it was {@link KeyState#VERIFIED} or {@link KeyState#FIRST_USE}. {@link KeyState#VERIFIED} and {@link
     * KeyState#DISTRUSTED} are always taken; said again with other evidence they are an entry in the history that changes no
     * state, of which listeners are not told.
     *
     * @param peer the peer
     * @param key the key
     * @param state its new state
     * @param evidence how it came to it, one phrase for people
     * @return the record after the change
     */
    CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence);

    /**
     * Makes a key {@link KeyState#VERIFIED} by what a tunnel proved, not by the user's word: a key that is {@link
     * KeyState#DISTRUSTED} or {@link KeyState#EXPIRED} stays what it is. Whether it was taken is seen in what comes back.
     *
     * @param peer the peer
     * @param key the key
     * @param evidence how it came to it, one phrase for people, the method of the tunnel in it
     * @return the record after the change
     */
    CompletionStage<KnownPeer> vouch(BareJid peer, KeyName key, String evidence);

    /**
     * Remembers what a verified tunnel with a peer showed.
     *
     * @param peer the peer
     * @param method the method it used
     * @param confirmed whether the peer confirmed the offers; false does not take back an earlier true
     * @return the record after the change
     */
    CompletionStage<KnownPeer> remember(BareJid peer, String method, boolean confirmed);

    /**
     * Keeps the public part of a key beside its record, in the form that its method understands, such as a certificate.
     * It takes the place of what was kept for that key. For a key that is not known for the peer nothing is kept: only
     * what somebody has decided on may take room.
     *
     * @param peer the peer
     * @param key the key
     * @param material at most {@link #MAX_MATERIAL} bytes; the array is not changed, and the caller's again when the stage
     *     completes
     * @return whether it was kept; fails when it is too long
     */
    CompletionStage<Boolean> keep(BareJid peer, KeyName key, byte[] material);

    /**
     * What was {@linkplain #keep kept} for a key.
     *
     * @param peer the peer
     * @param key the key
     * @return the material, the caller's own, or empty when there is none
     */
    CompletionStage<Optional<byte[]>> material(BareJid peer, KeyName key);

    /**
     * All changes of a peer's keys, the oldest first. Nothing in it is ever rewritten.
     *
     * @param peer the peer
     * @return the changes
     */
    CompletionStage<List<TrustChange>> history(BareJid peer);
}
