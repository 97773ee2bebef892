package org.xtls.auth.srp;

import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.xtls.Acknowledgement;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Security;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.auth.Role;
import org.xtls.tls.Credential;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession;
import org.xtls.tls.bc.BcTlsEngine;
import org.xtls.trust.KeyName;

/** Both ends of an unverified tunnel, on a real TLS session; stanzas arrive one after the other on a thread. */
final class TunnelPair implements AutoCloseable {
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    final End initiator;
    final End responder;
    final List<Stanza> sent = new CopyOnWriteArrayList<>();
    private final ExecutorService strand = Executors.newSingleThreadExecutor();

    TunnelPair(FullJid initiating, FullJid responding) throws TlsException {
        BcTlsEngine engine = new BcTlsEngine();
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        TlsSession client = engine.open(TlsRole.CLIENT, new Credential.ExternalPsk(new byte[] {1}, key.clone()));
        TlsSession server = engine.open(TlsRole.SERVER, new Credential.ExternalPsk(new byte[] {1}, key.clone()));
        client.begin();
        server.begin();
        while (client.state() != TlsSession.State.ESTABLISHED || server.state() != TlsSession.State.ESTABLISHED) {
            for (byte[] record : client.takeRecords()) {
                server.receive(record);
            }
            for (byte[] record : server.takeRecords()) {
                client.receive(record);
            }
        }
        initiator = new End(Role.INITIATOR, initiating, responding, client);
        responder = new End(Role.RESPONDER, responding, initiating, server);
        initiator.other = responder;
        responder.other = initiator;
    }

    static Role role(Tunnel tunnel) {
        return ((End) tunnel).role;
    }

    @Override
    public void close() {
        strand.shutdownNow();
    }

    final class End implements Tunnel {
        final Role role;
        private final String id = "t" + NUMBERS.incrementAndGet();
        private final FullJid local;
        private final FullJid peer;
        private final TlsSession session;
        private final CompletableFuture<Closure> closed = new CompletableFuture<>();
        volatile Trust trust = Trust.UNVERIFIED;
        volatile KeyName key = new KeyName("x509", "ab".repeat(32));

        @Nullable
        End other;

        @Nullable
        volatile TunnelListener listener;

        End(Role role, FullJid local, FullJid peer, TlsSession session) {
            this.role = role;
            this.local = local;
            this.peer = peer;
            this.session = session;
        }

        @Override
        public String id() {
            return id;
        }

        @Override
        public FullJid local() {
            return local;
        }

        @Override
        public FullJid peer() {
            return peer;
        }

        @Override
        public Security security() {
            return new Security(
                    "x509", "TLSv1.3", "X25519MLKEM768", "", key, trust, "first use", true, Acknowledgement.PEER);
        }

        @Override
        public CompletionStage<Acknowledgement> send(Stanza stanza) {
            sent.add(stanza);
            CompletableFuture<Acknowledgement> acknowledged = new CompletableFuture<>();
            strand.execute(() -> {
                if (other.listener != null) {
                    other.listener.received(other, stanza.between(local, peer));
                }
                acknowledged.complete(Acknowledgement.PEER);
            });
            return acknowledged;
        }

        @Override
        public CompletionStage<byte[]> export(String label, int length) {
            synchronized (session) {
                return CompletableFuture.completedStage(session.export(label, new byte[0], length));
            }
        }

        @Override
        public CompletionStage<Tunnel> renew() {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Closure> close() {
            Closure closure = new Closure(true, Failure.of(Failure.Code.CLOSED, Failure.Fault.NONE, "closed"));
            if (closed.complete(closure) && listener != null) {
                listener.closed(this, closure);
            }
            return closed;
        }

        @Override
        public CompletionStage<Closure> closed() {
            return closed;
        }
    }
}
