package org.xtls.tunnel.service;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustStore;

/** A store that forgets. */
final class MemoryTrust implements TrustStore {
    private final Map<BareJid, KnownPeer> peers = new HashMap<>();
    volatile boolean remembers = true;

    synchronized KnownPeer of(BareJid peer) {
        return peers.getOrDefault(peer, KnownPeer.stranger(peer));
    }

    @Override
    public CompletionStage<KnownPeer> peer(BareJid peer) {
        return CompletableFuture.completedStage(of(peer));
    }

    @Override
    public synchronized CompletionStage<List<KnownPeer>> peers() {
        return CompletableFuture.completedStage(List.copyOf(peers.values()));
    }

    @Override
    public synchronized CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence) {
        KnownPeer known = of(peer);
        List<KnownKey> keys = new ArrayList<>(known.keys());
        keys.removeIf(one -> one.name().equals(key));
        keys.add(new KnownKey(key, state, Instant.EPOCH, evidence));
        peers.put(peer, new KnownPeer(peer, keys, known.confirms(), known.methods()));
        return CompletableFuture.completedStage(of(peer));
    }

    @Override
    public synchronized CompletionStage<KnownPeer> remember(BareJid peer, String method, boolean confirmed) {
        if (!remembers) {
            throw new IllegalStateException("broken");
        }
        KnownPeer known = of(peer);
        Set<String> methods = new HashSet<>(known.methods());
        methods.add(method);
        peers.put(peer, new KnownPeer(peer, known.keys(), known.confirms() || confirmed, methods));
        return CompletableFuture.completedStage(of(peer));
    }
}
