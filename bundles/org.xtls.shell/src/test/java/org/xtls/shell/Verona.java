package org.xtls.shell;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.xtls.Acknowledgement;
import org.xtls.BareJid;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Security;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.Tunnel;
import org.xtls.Xtls;
import org.xtls.XtlsException;
import org.xtls.auth.OwnKeys;
import org.xtls.runtime.MethodDTO;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.TunnelDTO;
import org.xtls.runtime.XtlsRuntime;
import org.xtls.transport.Connections;
import org.xtls.transport.Login;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustStore;

/** Every service that the commands use, in memory: what is on the other side of the api. */
final class Verona implements Xtls, XtlsRuntime, Connections, TrustStore, OwnKeys {
    static final FullJid ROMEO = FullJid.parse("romeo@montague.net/orchard");
    static final FullJid JULIET = FullJid.parse("juliet@capulet.com/balcony");
    static final KeyName ROMEOS_KEY = new KeyName("x509", "1a2b".repeat(16));
    static final KeyName JULIETS_KEY = new KeyName("x509", "0f9e".repeat(16));

    static final Instant NOW = Instant.parse("1597-01-28T20:00:00Z");

    final Secrets secrets = new Secrets();
    final RuntimeDTO state = new RuntimeDTO();
    final CountDownLatch looked = new CountDownLatch(1);
    final List<Login> logins = new CopyOnWriteArrayList<>();
    final List<String> passwords = new CopyOnWriteArrayList<>();
    final List<Tunnel> open = new CopyOnWriteArrayList<>();
    final Map<String, KnownPeer> known = new TreeMap<>();
    final List<TrustChange> history = new CopyOnWriteArrayList<>();
    CompletableFuture<FullJid> loginResult = CompletableFuture.completedFuture(ROMEO);
    Runnable whenOpening = () -> {};
    Runnable afterLook = () -> {};
    CompletableFuture<Tunnel> openResult = new CompletableFuture<>();
    List<FullJid> sessions = List.of();

    Verona() {
        MethodDTO x509 = new MethodDTO();
        x509.name = "x509";
        x509.preference = 100;
        x509.bundle = "org.xtls.auth.x509";
        x509.version = "0.1.0";
        state.methods = List.of(x509);
        state.policy = Map.of("first-use", "ask", "require-confirmed-offers", "false");
    }

    static XtlsException failure(Failure.Code code, String message, String advice) {
        return new XtlsException(new Failure(code, Failure.Fault.PEER, message, advice));
    }

    @Override
    public CompletionStage<Tunnel> open(FullJid peer) {
        whenOpening.run();
        return openResult;
    }

    @Override
    public CompletionStage<Tunnel> open(FullJid local, FullJid peer) {
        return openResult;
    }

    @Override
    public List<Tunnel> tunnels() {
        return open;
    }

    @Override
    public Optional<Tunnel> tunnel(FullJid local, FullJid peer) {
        return open.stream().filter(tunnel -> tunnel.peer().equals(peer)).findFirst();
    }

    @Override
    public RuntimeDTO runtime() {
        looked.countDown();
        RuntimeDTO snapshot = new RuntimeDTO();
        snapshot.changeCount = state.changeCount;
        snapshot.links = state.links;
        snapshot.methods = state.methods;
        snapshot.tunnels = state.tunnels;
        snapshot.policy = state.policy;
        afterLook.run();
        return snapshot;
    }

    @Override
    public CompletionStage<FullJid> connect(Login login) {
        logins.add(login);
        passwords.add(new String(login.password()));
        return loginResult;
    }

    @Override
    public CompletionStage<Void> disconnect(FullJid local) {
        sessions = sessions.stream().filter(jid -> !jid.equals(local)).toList();
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public List<FullJid> connected() {
        return sessions;
    }

    @Override
    public CompletionStage<KnownPeer> peer(BareJid peer) {
        return CompletableFuture.completedFuture(known.getOrDefault(peer.toString(), KnownPeer.stranger(peer)));
    }

    @Override
    public CompletionStage<List<KnownPeer>> peers() {
        return CompletableFuture.completedFuture(List.copyOf(known.values()));
    }

    @Override
    public CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState keyState, String evidence) {
        List<KnownKey> keys = new ArrayList<>(
                known.getOrDefault(peer.toString(), KnownPeer.stranger(peer)).keys());
        keys.removeIf(before -> before.name().equals(key));
        keys.add(new KnownKey(key, keyState, Instant.EPOCH, evidence));
        KnownPeer after = new KnownPeer(peer, keys, false, Set.of());
        KeyState before = known.getOrDefault(peer.toString(), KnownPeer.stranger(peer))
                .key(key)
                .map(KnownKey::state)
                .orElse(null);
        history.add(new TrustChange(Instant.EPOCH, peer, key, before, keyState, evidence));
        known.put(peer.toString(), after);
        return CompletableFuture.completedFuture(after);
    }

    @Override
    public CompletionStage<KnownPeer> vouch(BareJid peer, KeyName key, String evidence) {
        return put(peer, key, KeyState.VERIFIED, evidence);
    }

    @Override
    public CompletionStage<Boolean> keep(BareJid peer, KeyName key, byte[] material) {
        return CompletableFuture.completedFuture(false);
    }

    @Override
    public CompletionStage<Optional<byte[]>> material(BareJid peer, KeyName key) {
        return CompletableFuture.completedFuture(Optional.empty());
    }

    @Override
    public CompletionStage<List<TrustChange>> history(BareJid peer) {
        return CompletableFuture.completedFuture(
                history.stream().filter(change -> change.peer().equals(peer)).toList());
    }

    @Override
    public CompletionStage<KnownPeer> remember(BareJid peer, String method, boolean confirmed) {
        return peer(peer);
    }

    @Override
    public CompletionStage<List<KeyName>> keys(BareJid account) {
        return CompletableFuture.completedFuture(List.of(ROMEOS_KEY));
    }

    static TunnelDTO described(Passage tunnel) {
        TunnelDTO dto = new TunnelDTO();
        dto.id = tunnel.id();
        dto.peer = tunnel.peer().toString();
        dto.state = "open";
        dto.sent = 7;
        return dto;
    }

    /** A tunnel whose other end is this test. */
    static final class Passage implements Tunnel {
        final List<Stanza> sent = new CopyOnWriteArrayList<>();
        final CompletableFuture<Closure> end = new CompletableFuture<>();
        CompletableFuture<Acknowledgement> acknowledgement = CompletableFuture.completedFuture(Acknowledgement.PEER);
        Closure closure = new Closure(true, Failure.of(Failure.Code.CLOSED, Failure.Fault.NONE, "Closed."));
        Trust trust = Trust.VERIFIED;
        String method = "x509";
        String tls = "TLSv1.3";

        @Nullable
        KeyName key = JULIETS_KEY;

        private final FullJid peer;

        Passage() {
            this(JULIET);
        }

        Passage(FullJid peer) {
            this.peer = peer;
        }

        @Override
        public String id() {
            return "t1";
        }

        @Override
        public FullJid local() {
            return ROMEO;
        }

        @Override
        public FullJid peer() {
            return peer;
        }

        @Override
        public Security security() {
            return new Security(
                    method,
                    tls,
                    "X25519MLKEM768",
                    "TLS_AES_128_GCM_SHA256",
                    key,
                    trust,
                    "pinned",
                    true,
                    Acknowledgement.PEER);
        }

        @Override
        public CompletionStage<Acknowledgement> send(Stanza stanza) {
            sent.add(stanza);
            return acknowledgement;
        }

        @Override
        public CompletionStage<byte[]> export(String label, int length) {
            return CompletableFuture.completedFuture(new byte[length]);
        }

        @Override
        public CompletionStage<Tunnel> renew() {
            return new CompletableFuture<>();
        }

        @Override
        public CompletionStage<Closure> close() {
            end.complete(closure);
            return end;
        }

        @Override
        public CompletionStage<Closure> closed() {
            return end;
        }
    }
}
