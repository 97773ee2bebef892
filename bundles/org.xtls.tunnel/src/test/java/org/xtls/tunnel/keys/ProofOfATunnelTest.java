package org.xtls.tunnel.keys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xtls.Acknowledgement;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Security;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.Tunnel;
import org.xtls.trust.TrustStore;

/** Which tunnels are spoken in, at the boundary of the contract. */
class ProofOfATunnelTest {
    private static final Stanza REQUEST = Pubkeys.request("theirs");

    /** A store that nothing gets as far as. */
    private final TrustStore store = (TrustStore) Proxy.newProxyInstance(
            ProofOfATunnelTest.class.getClassLoader(), new Class<?>[] {TrustStore.class}, (self, called, args) -> {
                throw new AssertionError(called);
            });

    private final Bootstrapped component = new Bootstrapped(Map.of(), store, 60_000).with(new Ed25519Keys("x509"));
    private final Line tunnel = new Line();

    @AfterEach
    void close() {
        component.close();
    }

    @ParameterizedTest
    @CsvSource({"UNVERIFIED, true", "VERIFIED, false", "UNVERIFIED, false"})
    void nothing_is_asked_and_nothing_answered_where_nothing_is_proved(Trust trust, boolean confirmed) {
        tunnel.security = security(trust, confirmed);
        component.listener().opened(tunnel);
        component.listener().secured(tunnel);
        assertEquals(List.of(), tunnel.sent);
        assertTrue(component.listener().received(tunnel, REQUEST));
        assertEquals(1, tunnel.sent.size());
        assertTrue(tunnel.sent.get(0).toXml().contains("not-allowed"));
        assertEquals(0, tunnel.exported);
    }

    @Test
    void a_tunnel_asks_once_from_when_it_proves_something() {
        tunnel.security = security(Trust.VERIFIED, false);
        component.listener().opened(tunnel);
        tunnel.security = security(Trust.VERIFIED, true);
        component.listener().secured(tunnel);
        component.listener().secured(tunnel);
        assertEquals(1, tunnel.sent.size());
        assertTrue(Pubkeys.isRequest(tunnel.sent.get(0)));
    }

    @Test
    void an_answer_is_read_once_and_anothers_is_left_to_applications() {
        tunnel.security = security(Trust.VERIFIED, true);
        component.listener().opened(tunnel);
        Stanza answer =
                Pubkeys.answer(Pubkeys.id(tunnel.sent.get(0)), List.of(new Ed25519Keys("x509").handed(new byte[1])));
        assertFalse(component.listener().received(tunnel, Pubkeys.answer("other", List.of())));
        assertFalse(component.listener().received(new Line(), answer), "of another tunnel");
        assertTrue(component.listener().received(tunnel, answer));
        assertEquals(1, tunnel.exported);
        assertTrue(component.listener().received(tunnel, answer));
        assertEquals(1, tunnel.exported, "the second is no answer to anything");
        assertFalse(component.listener().received(tunnel, Stanza.chat("hi")));
    }

    @Test
    void a_tunnel_that_has_ended_proves_nothing_any_more() {
        tunnel.security = security(Trust.VERIFIED, true);
        Failure over = Failure.of(Failure.Code.CLOSED, Failure.Fault.NONE, "over");
        tunnel.closed.complete(new Closure(true, over));
        component.listener().opened(tunnel);
        assertEquals(List.of(), tunnel.sent);
    }

    private static Security security(Trust trust, boolean confirmed) {
        return new Security(
                "x509",
                "TLSv1.3",
                "X25519",
                "TLS_AES_128_GCM_SHA256",
                null,
                trust,
                "test",
                confirmed,
                Acknowledgement.PEER);
    }

    /** A tunnel whose security is the test's word, and which never exports. */
    private static final class Line implements Tunnel {
        final List<Stanza> sent = new ArrayList<>();
        final CompletableFuture<Closure> closed = new CompletableFuture<>();
        Security security = ProofOfATunnelTest.security(Trust.UNVERIFIED, false);
        int exported;

        @Override
        public String id() {
            return "test";
        }

        @Override
        public FullJid local() {
            return FullJid.parse("romeo@montague.net/orchard");
        }

        @Override
        public FullJid peer() {
            return FullJid.parse("juliet@capulet.com/balcony");
        }

        @Override
        public Security security() {
            return security;
        }

        @Override
        public CompletionStage<Acknowledgement> send(Stanza stanza) {
            sent.add(stanza);
            return CompletableFuture.completedFuture(Acknowledgement.PEER);
        }

        @Override
        public CompletionStage<byte[]> export(String label, int length) {
            exported++;
            return new CompletableFuture<>();
        }

        @Override
        public CompletionStage<Tunnel> renew() {
            throw new AssertionError();
        }

        @Override
        public CompletionStage<Closure> close() {
            throw new AssertionError();
        }

        @Override
        public CompletionStage<Closure> closed() {
            return closed.copy();
        }
    }
}
