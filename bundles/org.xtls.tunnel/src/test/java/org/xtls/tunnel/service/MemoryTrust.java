package org.xtls.tunnel.service;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
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

/** A store that forgets, and otherwise keeps to its contract. */
final class MemoryTrust implements TrustStore {
    private final Map<BareJid, KnownPeer> peers = new HashMap<>();
    private final Map<String, byte[]> material = new HashMap<>();
    private final List<TrustChange> history = new ArrayList<>();
    private final List<TrustListener> listeners = new CopyOnWriteArrayList<>();
    volatile boolean remembers = true;

    void tell(TrustListener listener) {
        listeners.add(listener);
    }

    void tellNoMore(TrustListener listener) {
        listeners.remove(listener);
    }

    synchronized void forget() {
        peers.clear();
        material.clear();
    }

    synchronized KnownPeer of(BareJid peer) {
        return peers.getOrDefault(peer, KnownPeer.stranger(peer));
    }

    @Override
    public CompletionStage<KnownPeer> peer(BareJid peer) {
        return done(of(peer));
    }

    @Override
    public synchronized CompletionStage<List<KnownPeer>> peers() {
        return done(List.copyOf(peers.values()));
    }

    @Override
    public CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence) {
        return change(peer, key, state, evidence, before -> switch (state) {
            case VERIFIED, DISTRUSTED -> true;
            case FIRST_USE -> before.isEmpty();
            case EXPIRED ->
                before.filter(is -> is == KeyState.VERIFIED || is == KeyState.FIRST_USE)
                        .isPresent();
        });
    }

    @Override
    public CompletionStage<KnownPeer> vouch(BareJid peer, KeyName key, String evidence) {
        return change(
                peer,
                key,
                KeyState.VERIFIED,
                evidence,
                before -> before.isEmpty() || before.get() == KeyState.FIRST_USE);
    }

    private interface Allowed {
        boolean from(Optional<KeyState> before);
    }

    private CompletionStage<KnownPeer> change(
            BareJid peer, KeyName key, KeyState state, String evidence, Allowed allowed) {
        TrustChange change;
        KnownPeer after;
        synchronized (this) {
            KnownPeer known = of(peer);
            Optional<KeyState> before = known.key(key).map(KnownKey::state);
            if (before.equals(Optional.of(state)) || !allowed.from(before)) {
                return done(known);
            }
            List<KnownKey> keys = new ArrayList<>(known.keys());
            keys.removeIf(one -> one.name().equals(key));
            keys.add(new KnownKey(key, state, Instant.EPOCH, evidence));
            after = new KnownPeer(peer, keys, known.confirms(), known.methods());
            peers.put(peer, after);
            change = new TrustChange(Instant.EPOCH, peer, key, before.orElse(null), state, evidence);
            history.add(change);
        }
        listeners.forEach(listener -> listener.changed(change));
        return done(after);
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
        return done(of(peer));
    }

    @Override
    public synchronized CompletionStage<Boolean> keep(BareJid peer, KeyName key, byte[] bytes) {
        if (of(peer).key(key).isEmpty()) {
            return done(false);
        }
        material.put(peer + " " + key, bytes.clone());
        return done(true);
    }

    @Override
    public synchronized CompletionStage<Optional<byte[]>> material(BareJid peer, KeyName key) {
        return done(Optional.ofNullable(material.get(peer + " " + key)).map(byte[]::clone));
    }

    @Override
    public synchronized CompletionStage<List<TrustChange>> history(BareJid peer) {
        return done(
                history.stream().filter(change -> change.peer().equals(peer)).toList());
    }

    private static <T> CompletionStage<T> done(T value) {
        return CompletableFuture.completedStage(value);
    }
}
