package org.xtls.auth;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/**
 * A service that a method registers beside itself when its keys can be handed to a peer inside a tunnel, and taken from
 * one (XEP-0250, Bootstrapping Trust; XEP-0189 0.8), with the property {@link AuthMethod#METHOD}. It may be used from any
 * thread and does not block.
 *
 * <p>Whoever hands a key proves to hold it by a signature over a statement that names this side and this tunnel. The
 * scheme follows from the key: Ed25519, Ed448, ECDSA with SHA-256 on P-256 and with SHA-384 on P-384, RSA-PSS with SHA-256
 * and a salt of 32 bytes.
 */
@ConsumerType
public interface KeyTransfer {
    /**
     * This side's keys.
     *
     * @param account an own account
     * @param statement what each key signs; the array is not changed
     * @return the keys that it proves itself with now, or will next, at most four; empty when it has none
     */
    CompletionStage<List<HandedKey>> hand(BareJid account, byte[] statement);

    /**
     * Reads a key that a peer handed, and checks its proof. Whether it is to be pinned is not decided here.
     *
     * @param peer the peer, as the tunnel verified it
     * @param keyinfo {@code <keyinfo xmlns='urn:xmpp:tmp:pubkey'/>} as the peer sent it
     * @param statement what the key should have signed
     * @param signature the peer's proof
     * @return what came of it; a stage that fails is a refusal
     */
    CompletionStage<Taken> take(BareJid peer, Element keyinfo, byte[] statement, byte[] signature);

    /**
     * A key of this side's, ready to be handed.
     *
     * @param keyinfo {@code <keyinfo xmlns='urn:xmpp:tmp:pubkey'/>} with name and key
     * @param signature over the statement, the receiver's own
     */
    @SuppressWarnings("ArrayRecordComponent") // made once, read once
    record HandedKey(Element keyinfo, byte[] signature) {}

    /** What came of a key that was handed. */
    sealed interface Taken {
        /**
         * The key is sound, it can be the peer's, and the peer holds it.
         *
         * @param key its name
         * @param material what the trust store keeps beside it
         */
        @SuppressWarnings("ArrayRecordComponent") // made once, read once
        record Held(KeyName key, byte[] material) implements Taken {}

        /** It is no key of this method. */
        record Foreign() implements Taken {}

        /**
         * It is one that somebody else vouches for whenever it is proved, so that there is nothing to pin.
         *
         * @param reason who does, one sentence for people
         */
        record Unpinned(String reason) implements Taken {}

        /**
         * It is one, and is not to be pinned.
         *
         * @param reason why, one sentence for people
         */
        record Refused(String reason) implements Taken {}
    }
}
