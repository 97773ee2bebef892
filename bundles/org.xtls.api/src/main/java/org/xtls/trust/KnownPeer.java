package org.xtls.trust;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.xtls.BareJid;

/**
 * All that a store knows of a peer.
 *
 * @param peer whose
 * @param keys its keys, in the order in which they became known
 * @param confirms whether it has ever confirmed offers inside a verified tunnel; from then on it must
 * @param methods the methods that verified tunnels with it have used
 */
public record KnownPeer(BareJid peer, List<KnownKey> keys, boolean confirms, Set<String> methods) {
    /**
     * Copies.
     *
     * @param peer whose
     * @param keys its keys
     * @param confirms whether it has ever confirmed
     * @param methods the methods used with it
     */
    public KnownPeer {
        keys = List.copyOf(keys);
        methods = Set.copyOf(methods);
    }

    /**
     * Nothing is known.
     *
     * @param peer whose
     * @return an empty record
     */
    public static KnownPeer stranger(BareJid peer) {
        return new KnownPeer(peer, List.of(), false, Set.of());
    }

    /**
     * What is held of a key.
     *
     * @param name the key
     * @return its record, or empty when it is not known for this peer
     */
    public Optional<KnownKey> key(KeyName name) {
        return keys.stream().filter(key -> key.name().equals(name)).findFirst();
    }

    /**
     * Whether anything was ever held as verified: a key that is, or was until it expired, or a tunnel that was verified
     * without any (by a CA, by a password). Such a peer is never taken unverified without its user's word.
     *
     * @return true when there was
     */
    public boolean wasVerified() {
        return !methods.isEmpty()
                || keys.stream().anyMatch(key -> key.state() == KeyState.VERIFIED || key.state() == KeyState.EXPIRED);
    }

    /**
     * The keys in a state.
     *
     * @param state the state
     * @return those in it, in order
     */
    public List<KnownKey> in(KeyState state) {
        return keys.stream().filter(key -> key.state() == state).toList();
    }
}
