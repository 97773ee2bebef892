package org.xtls.auth.srp;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustStore;

/** A trust store without a disk. */
final class MemoryTrust implements TrustStore {
    private final Map<BareJid, KnownPeer> peers = new ConcurrentHashMap<>();

    private final Map<BareJid, CompletableFuture<BareJid>> verified = new ConcurrentHashMap<>();

    /** Completes when a key of the peer's has been verified. */
    CompletionStage<BareJid> verified(BareJid peer) {
        return verified.computeIfAbsent(peer, jid -> new CompletableFuture<>());
    }

    @Override
    public CompletionStage<KnownPeer> peer(BareJid peer) {
        return CompletableFuture.completedStage(peers.getOrDefault(peer, KnownPeer.stranger(peer)));
    }

    @Override
    public CompletionStage<List<KnownPeer>> peers() {
        return CompletableFuture.completedStage(List.copyOf(peers.values()));
    }

    @Override
    public CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence) {
        CompletionStage<KnownPeer> done = CompletableFuture.completedStage(peers.compute(peer, (jid, before) -> {
            KnownPeer known = before == null ? KnownPeer.stranger(jid) : before;
            List<KnownKey> keys = new ArrayList<>(known.keys());
            keys.removeIf(held -> held.name().equals(key));
            keys.add(new KnownKey(key, state, Instant.EPOCH, evidence));
            return new KnownPeer(jid, keys, known.confirms(), known.methods());
        }));
        if (state == KeyState.VERIFIED) {
            verified(peer).toCompletableFuture().complete(peer);
        }
        return done;
    }

    @Override
    public CompletionStage<KnownPeer> vouch(BareJid peer, KeyName key, String evidence) {
        KnownPeer known = peers.getOrDefault(peer, KnownPeer.stranger(peer));
        boolean closed = known.key(key)
                .filter(held -> held.state() == KeyState.DISTRUSTED || held.state() == KeyState.EXPIRED)
                .isPresent();
        return closed ? CompletableFuture.completedStage(known) : put(peer, key, KeyState.VERIFIED, evidence);
    }

    @Override
    public CompletionStage<KnownPeer> remember(BareJid peer, String method, boolean confirmed) {
        return peer(peer);
    }

    @Override
    public CompletionStage<Boolean> keep(BareJid peer, KeyName key, byte[] material) {
        return CompletableFuture.completedStage(false);
    }

    @Override
    public CompletionStage<Optional<byte[]>> material(BareJid peer, KeyName key) {
        return CompletableFuture.completedStage(Optional.empty());
    }

    @Override
    public CompletionStage<List<TrustChange>> history(BareJid peer) {
        return CompletableFuture.completedStage(List.of());
    }
}
