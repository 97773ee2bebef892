package org.xtls.trust;

import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;

/** The contract of a trust store in its shortest form: what it holds is its history, and it keeps that in memory only. */
final class MemoryTrustStore implements TrustStore {
    private final List<TrustListener> listeners = new CopyOnWriteArrayList<>();
    private final SortedMap<String, Peer> peers = new TreeMap<>();
    private final int mostFirstUses;
    private Clock clock = Clock.systemUTC();

    MemoryTrustStore() {
        this(Integer.MAX_VALUE);
    }

    MemoryTrustStore(int mostFirstUses) {
        this.mostFirstUses = mostFirstUses;
    }

    synchronized MemoryTrustStore with(Clock newClock, TrustListener... newListeners) {
        clock = newClock;
        listeners.clear();
        listeners.addAll(List.of(newListeners));
        return this;
    }

    @Override
    public synchronized CompletionStage<KnownPeer> peer(BareJid peer) {
        Peer held = peers.get(peer.toString());
        return CompletableFuture.completedStage(held == null ? KnownPeer.stranger(peer) : held.known());
    }

    @Override
    public synchronized CompletionStage<List<KnownPeer>> peers() {
        return CompletableFuture.completedStage(
                peers.values().stream().map(Peer::known).toList());
    }

    @Override
    public synchronized CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence) {
        KeyState before = state(peer, key);
        boolean weaker = switch (state) {
            case FIRST_USE -> before != null;
            case EXPIRED -> before != KeyState.VERIFIED && before != KeyState.FIRST_USE;
            case VERIFIED, DISTRUSTED -> false;
        };
        if (weaker) {
            return peer(peer);
        }
        if (state == KeyState.FIRST_USE
                && mostFirstUses < Integer.MAX_VALUE
                && peers.values().stream()
                                .mapToInt(held -> held.known().in(state).size())
                                .sum()
                        >= mostFirstUses) {
            return CompletableFuture.failedStage(new XtlsException(Failure.of(Code.LIMIT, Fault.LOCAL, "It is full.")));
        }
        return change(peer, key, before, state, evidence);
    }

    @Override
    public synchronized CompletionStage<KnownPeer> vouch(BareJid peer, KeyName key, String evidence) {
        KeyState before = state(peer, key);
        return before == null || before == KeyState.FIRST_USE
                ? change(peer, key, before, KeyState.VERIFIED, evidence)
                : peer(peer);
    }

    @Override
    public synchronized CompletionStage<KnownPeer> remember(BareJid peer, String method, boolean confirmed) {
        if (!method.matches("[a-z][a-z0-9-]{0,31}")) {
            return CompletableFuture.failedStage(
                    new XtlsException(Failure.of(Code.LOCAL, Fault.LOCAL, "'" + method + "' is no name of a method.")));
        }
        Peer held = held(peer);
        held.methods.add(method);
        held.confirms |= confirmed;
        return peer(peer);
    }

    @Override
    public synchronized CompletionStage<Boolean> keep(BareJid peer, KeyName key, byte[] material) {
        if (material.length > MAX_MATERIAL) {
            return CompletableFuture.failedStage(new XtlsException(Failure.of(
                    Code.LIMIT, Fault.LOCAL, "Material of " + material.length + " bytes; 65536 are the most.")));
        }
        boolean known = state(peer, key) != null;
        if (known) {
            held(peer).material.put(key, material.clone());
        }
        return CompletableFuture.completedStage(known);
    }

    @Override
    public synchronized CompletionStage<Optional<byte[]>> material(BareJid peer, KeyName key) {
        Peer held = peers.get(peer.toString());
        return CompletableFuture.completedStage(Optional.ofNullable(held == null ? null : held.material.get(key))
                .map(byte[]::clone));
    }

    @Override
    public synchronized CompletionStage<List<TrustChange>> history(BareJid peer) {
        Peer held = peers.get(peer.toString());
        return CompletableFuture.completedStage(held == null ? List.of() : List.copyOf(held.history));
    }

    private CompletionStage<KnownPeer> change(
            BareJid peer, KeyName key, @Nullable KeyState before, KeyState state, String evidence) {
        Peer held = held(peer);
        KnownKey was = held.keys.get(key);
        String phrase = TrustRecords.evidence(evidence);
        if (was != null && was.state() == state && was.evidence().equals(phrase)) {
            return peer(peer);
        }
        TrustChange change =
                new TrustChange(clock.instant().truncatedTo(ChronoUnit.SECONDS), peer, key, before, state, phrase);
        held.keys.put(
                key, new KnownKey(key, state, was != null && before == state ? was.since() : change.at(), phrase));
        held.history.add(change);
        if (before != state) {
            for (TrustListener listener : listeners) {
                try {
                    listener.changed(change);
                } catch (IllegalStateException e) {
                    // What the contract's test throws.
                }
            }
        }
        return peer(peer);
    }

    private @Nullable KeyState state(BareJid peer, KeyName key) {
        Peer held = peers.get(peer.toString());
        KnownKey known = held == null ? null : held.keys.get(key);
        return known == null ? null : known.state();
    }

    private Peer held(BareJid peer) {
        return peers.computeIfAbsent(peer.toString(), address -> new Peer(peer));
    }

    private static final class Peer {
        private final BareJid peer;
        private final Map<KeyName, KnownKey> keys = new LinkedHashMap<>();
        private final Map<KeyName, byte[]> material = new HashMap<>();
        private final List<TrustChange> history = new ArrayList<>();
        private final Set<String> methods = new HashSet<>();
        private boolean confirms;

        private Peer(BareJid peer) {
            this.peer = peer;
        }

        private KnownPeer known() {
            return new KnownPeer(peer, List.copyOf(keys.values()), confirms, methods);
        }
    }
}
