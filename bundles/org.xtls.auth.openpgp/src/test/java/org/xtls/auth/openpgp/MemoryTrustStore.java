package org.xtls.auth.openpgp;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustListener;
import org.xtls.trust.TrustStore;

/** The contract of the trust store without a disk. */
final class MemoryTrustStore implements TrustStore {
    final List<TrustListener> listeners = new CopyOnWriteArrayList<>();
    private final Map<BareJid, Map<KeyName, KnownKey>> keys = new LinkedHashMap<>();
    private final Map<BareJid, Map<KeyName, byte[]>> kept = new HashMap<>();
    private final Map<BareJid, List<TrustChange>> changes = new HashMap<>();

    @Override
    public synchronized CompletionStage<KnownPeer> peer(BareJid peer) {
        return CompletableFuture.completedStage(record(peer));
    }

    private KnownPeer record(BareJid peer) {
        return new KnownPeer(peer, List.copyOf(keys.getOrDefault(peer, Map.of()).values()), false, Set.of());
    }

    @Override
    public synchronized CompletionStage<List<KnownPeer>> peers() {
        return CompletableFuture.completedStage(
                keys.keySet().stream().map(this::record).toList());
    }

    @Override
    public CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence) {
        TrustChange change;
        synchronized (this) {
            Map<KeyName, KnownKey> of = keys.computeIfAbsent(peer, jid -> new LinkedHashMap<>());
            KeyState before = of.containsKey(key) ? of.get(key).state() : null;
            boolean weaker = (state == KeyState.FIRST_USE && before != null)
                    || (state == KeyState.EXPIRED && before != KeyState.VERIFIED && before != KeyState.FIRST_USE);
            if (weaker || state == before) {
                return CompletableFuture.completedStage(record(peer));
            }
            of.put(key, new KnownKey(key, state, Instant.EPOCH, evidence));
            change = new TrustChange(Instant.EPOCH, peer, key, before, state, evidence);
            changes.computeIfAbsent(peer, jid -> new ArrayList<>()).add(change);
        }
        listeners.forEach(listener -> listener.changed(change));
        return peer(peer);
    }

    @Override
    public CompletionStage<KnownPeer> vouch(BareJid peer, KeyName key, String evidence) {
        KeyState before = record(peer).key(key).map(KnownKey::state).orElse(null);
        return before == KeyState.DISTRUSTED || before == KeyState.EXPIRED
                ? peer(peer)
                : put(peer, key, KeyState.VERIFIED, evidence);
    }

    @Override
    public CompletionStage<KnownPeer> remember(BareJid peer, String method, boolean confirmed) {
        return peer(peer);
    }

    @Override
    public synchronized CompletionStage<Boolean> keep(BareJid peer, KeyName key, byte[] material) {
        if (record(peer).key(key).isEmpty()) {
            return CompletableFuture.completedStage(false);
        }
        kept.computeIfAbsent(peer, jid -> new HashMap<>()).put(key, material.clone());
        return CompletableFuture.completedStage(true);
    }

    @Override
    public synchronized CompletionStage<Optional<byte[]>> material(BareJid peer, KeyName key) {
        return CompletableFuture.completedStage(
                Optional.ofNullable(kept.getOrDefault(peer, Map.of()).get(key)));
    }

    @Override
    public synchronized CompletionStage<List<TrustChange>> history(BareJid peer) {
        return CompletableFuture.completedStage(List.copyOf(changes.getOrDefault(peer, List.of())));
    }

    KeyState state(BareJid peer, KeyName key) {
        return record(peer).key(key).map(KnownKey::state).orElse(null);
    }
}
