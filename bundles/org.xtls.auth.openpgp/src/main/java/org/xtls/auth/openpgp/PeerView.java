package org.xtls.auth.openpgp;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;

/**
 * What is known of a peer at one moment.
 *
 * @param known the trust store's record
 * @param offered the certificates that its offer named and that were found, in the order of the names
 * @param bad why certificates that came with the offer could not be taken
 * @param binding on what grounds some OpenPGP key is known to be the peer's, apart from pins; empty when none is
 * @param local the certificates at hand, those that came with the offer left out
 */
record PeerView(
        KnownPeer known, List<Found> offered, List<BadCertificateException> bad, String binding, KeyRing local) {
    PeerView {
        offered = List.copyOf(offered);
        bad = List.copyOf(bad);
    }

    /**
     * A certificate that was found.
     *
     * @param certificate all that is at hand of it
     * @param evaluation what it is worth now
     * @param certified on whose word it is the peer's; empty on nobody's
     */
    record Found(Certificate certificate, Evaluation evaluation, String certified) {}

    @Nullable
    KeyState state(Found found) {
        return known.key(found.certificate().name()).map(KnownKey::state).orElse(null);
    }

    /** Whether the handshake may prove a key of one that is known to be the peer's. */
    boolean recognises() {
        return offered.stream()
                .filter(found -> found.evaluation() instanceof Evaluation.Usable)
                .anyMatch(found -> state(found) == KeyState.VERIFIED
                        || (!found.certified().isEmpty()
                                && state(found) != KeyState.DISTRUSTED
                                && state(found) != KeyState.EXPIRED));
    }

    /** Whether there is one that first use could be about. */
    boolean hasUnknown() {
        return offered.stream()
                .filter(found -> found.evaluation() instanceof Evaluation.Usable)
                .anyMatch(found -> state(found) != KeyState.DISTRUSTED);
    }

    /** The first that could be used, had anybody a word on it. */
    Optional<Found> stranger() {
        return offered.stream()
                .filter(found -> found.evaluation() instanceof Evaluation.Usable && state(found) == null)
                .findFirst();
    }

    /** The first that was held here and is good for nothing any more. */
    Optional<Found> fallen() {
        return offered.stream()
                .filter(found -> found.evaluation() instanceof Evaluation.Unusable)
                .filter(found -> state(found) != null
                        || local.get(found.certificate().fingerprint()).isPresent())
                .findFirst();
    }
}
