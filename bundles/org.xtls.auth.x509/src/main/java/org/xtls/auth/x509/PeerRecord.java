package org.xtls.auth.x509;

import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustStore;

/**
 * A peer's certificates in the trust store.
 *
 * @param store the store
 * @param known what it held of the peer
 */
record PeerRecord(TrustStore store, KnownPeer known) {
    private static final Logger LOG = LoggerFactory.getLogger(PeerRecord.class);

    /** Against a record so full of keys that looking them all up would hold up the store. */
    private static final int MOST_LOOKED_UP = 32;

    /**
     * Whether one of these is the SHA-1 of a certificate on record. Of one that was pinned by its fingerprint and has
     * never been seen nobody can tell: it may be the one, and the handshake decides.
     */
    CompletionStage<Boolean> holdsOneOf(Set<String> sha1) {
        List<KeyName> names = OfferedNames.onRecord(known);
        CompletionStage<Boolean> found = CompletableFuture.completedStage(names.size() > MOST_LOOKED_UP);
        for (KeyName name : names.subList(0, Math.min(names.size(), MOST_LOOKED_UP))) {
            found = found.thenCompose(already -> already
                    ? CompletableFuture.completedStage(true)
                    : store.material(known.peer(), name)
                            .thenApply(material -> material.map(Fingerprint::sha1)
                                    .map(sha1::contains)
                                    .orElse(true)));
        }
        return found;
    }

    /** Keeps the certificate of a known key, and notes when its time has run out. Nobody waits for it. */
    void learn(X509Certificate presented, Instant now) {
        try {
            byte[] der = presented.getEncoded();
            KeyName key = new KeyName(X509Method.NAME, Fingerprint.sha256(der));
            Optional<KnownKey> on = known.key(key);
            if (on.isEmpty()) {
                return;
            }
            KeyState state = on.get().state();
            if (presented.getNotAfter().toInstant().isBefore(now)
                    && (state == KeyState.VERIFIED || state == KeyState.FIRST_USE)) {
                logged(store.put(
                        known.peer(), key, KeyState.EXPIRED, "expired on " + Revocation.day(presented.getNotAfter())));
            }
            if (der.length <= TrustStore.MAX_MATERIAL) {
                logged(store.material(known.peer(), key)
                        .thenCompose(kept ->
                                kept.filter(same -> Arrays.equals(same, der)).isPresent()
                                        ? CompletableFuture.completedStage(false)
                                        : store.keep(known.peer(), key, der)));
            }
        } catch (CertificateEncodingException | RuntimeException e) {
            LOG.debug("a certificate of {} is not kept: {}", known.peer(), e.toString());
        }
    }

    private void logged(CompletionStage<?> stage) {
        stage.whenComplete((done, failure) -> {
            if (failure != null) {
                LOG.debug("what is known of {} is not brought up to date: {}", known.peer(), failure.toString());
            }
        });
    }
}
