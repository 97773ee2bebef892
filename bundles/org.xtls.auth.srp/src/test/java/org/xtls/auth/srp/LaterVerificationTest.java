package org.xtls.auth.srp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.srp.Side.JULIET;
import static org.xtls.auth.srp.Side.ROMEO;
import static org.xtls.auth.srp.Stages.await;
import static org.xtls.auth.srp.Stages.failure;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.Failure;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.password.PairingCode;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.xml.Element;

class LaterVerificationTest {
    @TempDir
    Path home;

    Side romeo;
    Side juliet;
    MemoryTrust romeosTrust = new MemoryTrust();
    MemoryTrust julietsTrust = new MemoryTrust();
    LaterVerification romeos;
    LaterVerification juliets;
    TunnelPair tunnel;

    @BeforeEach
    void anUnverifiedTunnel() throws Exception {
        romeo = new Side(ROMEO, home.resolve("romeo"));
        juliet = new Side(JULIET, home.resolve("juliet"));
        romeos = new LaterVerification(romeo.secrets, TunnelPair::role, romeosTrust);
        juliets = new LaterVerification(juliet.secrets, TunnelPair::role, julietsTrust);
        tunnel = new TunnelPair(ROMEO, JULIET);
        tunnel.initiator.listener = romeos;
        tunnel.responder.listener = juliets;
    }

    @AfterEach
    void close() {
        tunnel.close();
        romeos.close();
        juliets.close();
        romeo.close();
        juliet.close();
    }

    @Test
    void either_side_may_begin_and_both_have_the_key_verified() {
        share("wherefore");
        for (boolean initiatorBegins : new boolean[] {true, false}) {
            KnownPeer known =
                    await(initiatorBegins ? romeos.verify(tunnel.initiator) : juliets.verify(tunnel.responder));
            KnownKey key = known.key(tunnel.initiator.key).orElseThrow();
            assertEquals(KeyState.VERIFIED, key.state());
            assertEquals("password checked in a tunnel by x509", key.evidence());
            await((initiatorBegins ? julietsTrust : romeosTrust)
                    .verified(initiatorBegins ? ROMEO.bare() : JULIET.bare()));
            assertEquals(5, romeo.guessesLeft(JULIET));
            assertEquals(5, juliet.guessesLeft(ROMEO));
        }
    }

    @Test
    void a_pairing_code_does_it_too_once() {
        PairingCode code = await(romeo.secrets.pair(ROMEO.bare(), JULIET.bare()));
        await(juliet.secrets.enter(JULIET.bare(), ROMEO.bare(), code.characters()));
        await(juliets.verify(tunnel.responder));
        assertTrue(await(juliet.secrets.list()).isEmpty());
    }

    @Test
    void when_both_begin_at_once_it_is_one_exchange_and_both_are_told() {
        share("wherefore");
        for (int i = 0; i < 5; i++) {
            CompletionStage<KnownPeer> his = romeos.verify(tunnel.initiator);
            CompletionStage<KnownPeer> hers = juliets.verify(tunnel.responder);
            await(his);
            await(hers);
        }
    }

    @Test
    void different_secrets_cost_both_a_guess_and_change_nothing() {
        romeo.shares("therefore", JULIET);
        juliet.shares("wherefore", ROMEO);
        Failure failure = failure(romeos.verify(tunnel.initiator));
        assertEquals(Failure.Code.UNTRUSTED, failure.code());
        assertTrue(failure.message().contains("secrets of the two sides differ"), failure.message());
        assertEquals(4, romeo.guessesLeft(JULIET));
        assertEquals(4, juliet.guessesLeft(ROMEO));
        assertEquals(List.of("not-authorized"), errors());
        assertTrue(await(romeosTrust.peers()).isEmpty());
        assertTrue(await(julietsTrust.peers()).isEmpty());
    }

    @Test
    void without_a_secret_there_or_with_a_lock_the_peer_is_told_the_same() {
        romeo.shares("wherefore", JULIET);
        assertEquals(
                Failure.Code.NOT_SUPPORTED,
                failure(romeos.verify(tunnel.initiator)).code());
        juliet.shares("wherefore", ROMEO);
        for (int i = 0; i < 5; i++) {
            await(juliet.secrets.spend(new Secret.Lasting(new Between(JULIET.bare(), ROMEO.bare()))));
        }
        assertEquals(
                Failure.Code.NOT_SUPPORTED,
                failure(romeos.verify(tunnel.initiator)).code());
        assertEquals(List.of("not-acceptable", "not-acceptable"), errors());
        assertEquals(5, romeo.guessesLeft(JULIET), "nothing was tried");
    }

    @Test
    void without_a_secret_here_the_user_is_told_what_to_do() {
        assertTrue(failure(romeos.verify(tunnel.initiator)).advice().contains("Set a password"));
    }

    @Test
    void the_user_is_asked_for_the_secret_on_the_side_that_has_none() {
        romeo.shares("wherefore", JULIET);
        juliet.secrets.bindTrustStore(julietsTrust);
        juliet.secrets.bindPrompt(
                question -> CompletableFuture.completedStage(java.util.Optional.of("wherefore".toCharArray())));
        await(romeos.verify(tunnel.initiator));
        await(julietsTrust.verified(ROMEO.bare()));
    }

    @Test
    void a_verified_tunnel_is_not_verified_again() {
        share("wherefore");
        tunnel.initiator.trust = Trust.VERIFIED;
        assertEquals(
                Failure.Code.LOCAL, failure(romeos.verify(tunnel.initiator)).code());
        assertEquals(
                Failure.Code.NOT_SUPPORTED,
                failure(juliets.verify(tunnel.responder)).code());
        assertEquals(List.of("not-acceptable"), errors());
    }

    @Test
    void a_second_exchange_of_ones_own_waits_for_the_first() {
        romeo.shares("wherefore", JULIET);
        tunnel.responder.listener = null; // nobody answers
        var unused = romeos.verify(tunnel.initiator);
        assertTrue(failure(romeos.verify(tunnel.initiator)).message().contains("is being verified"));
    }

    @Test
    void a_tunnel_that_ends_ends_the_exchange() {
        romeo.shares("wherefore", JULIET);
        tunnel.responder.listener = null;
        CompletionStage<KnownPeer> outcome = romeos.verify(tunnel.initiator);
        tunnel.initiator.close();
        assertEquals(Failure.Code.CLOSED, failure(outcome).code());
    }

    @Test
    void a_bundle_that_stops_ends_the_exchange() {
        romeo.shares("wherefore", JULIET);
        tunnel.responder.listener = null;
        CompletionStage<KnownPeer> outcome = romeos.verify(tunnel.initiator);
        romeos.close();
        assertEquals(Failure.Code.SERVICE_GONE, failure(outcome).code());
    }

    @Test
    void a_key_that_was_distrusted_stays_so() {
        share("wherefore");
        await(romeosTrust.put(JULIET.bare(), tunnel.initiator.key, KeyState.DISTRUSTED, "stolen"));
        assertTrue(failure(romeos.verify(tunnel.initiator)).message().contains("was distrusted"));
    }

    // ---- a rogue at the other end

    @Test
    void m1_sent_back_as_m2_proves_nothing() throws Exception {
        Rogue rogue = challenged();
        Stanza proof = rogue.next();
        Element m1 = proof.element().children().findFirst().orElseThrow();
        rogue.reply(proof, Values.proof("M2", Values.proof("M1", m1)));
        assertEquals(Failure.Code.UNTRUSTED, failure(rogue.outcome).code());
        assertEquals(4, romeo.guessesLeft(JULIET));
    }

    @Test
    void m2_before_m1_is_out_of_order() throws Exception {
        romeo.shares("wherefore", JULIET);
        Rogue rogue = new Rogue();
        rogue.outcome = romeos.verify(tunnel.initiator);
        rogue.reply(rogue.next(), Values.proof("M2", new byte[32]));
        assertEquals(Failure.Code.PROTOCOL, failure(rogue.outcome).code());
        assertEquals(5, romeo.guessesLeft(JULIET));
    }

    @Test
    void m1_without_an_exchange_and_m1_twice_are_out_of_order() throws Exception {
        romeo.shares("wherefore", JULIET);
        Rogue rogue = new Rogue();
        rogue.request(Values.proof("M1", new byte[32]));
        assertEquals("unexpected-request", rogue.nextError());
        rogue.request(
                new SrpClient(Group.BITS_3072, romeo.secrets.random()).begin().toElement());
        assertTrue(rogue.next().element().children().anyMatch(Values::is));
        rogue.request(Values.proof("M1", new byte[32]));
        rogue.request(Values.proof("M1", new byte[32]));
        assertEquals(
                List.of("not-authorized", "unexpected-request"),
                java.util.stream.Stream.of(rogue.nextError(), rogue.nextError())
                        .sorted()
                        .toList());
        assertEquals(4, romeo.guessesLeft(JULIET), "one guess, not two");
    }

    @Test
    void a_second_beginning_while_one_is_under_way_is_a_conflict() throws Exception {
        romeo.shares("wherefore", JULIET);
        Rogue rogue = new Rogue();
        Element begin =
                new SrpClient(Group.BITS_3072, romeo.secrets.random()).begin().toElement();
        rogue.request(begin);
        rogue.next();
        rogue.request(begin);
        assertEquals("conflict", rogue.nextError());
    }

    @Test
    void a_proof_made_for_another_tunnel_proves_nothing() throws Exception {
        share("wherefore");
        SrpClient client = new SrpClient(Group.BITS_3072, romeo.secrets.random());
        Rogue rogue = new Rogue();
        rogue.request(client.begin().toElement());
        Values.Challenge challenge = client.read(
                rogue.next().element().children().filter(Values::is).findFirst().orElseThrow());
        // The rogue even knows the password, and has the exporter of another tunnel of the same two.
        try (TunnelPair other = new TunnelPair(ROMEO, JULIET)) {
            byte[] key = new Keys(ROMEO, JULIET)
                    .verifyKey(client.secret(challenge, "wherefore".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
            byte[] exported = await(other.responder.export("EXPORTER-xtls-verify", 32));
            rogue.request(Values.proof("M1", Keys.proof(key, org.xtls.auth.Role.RESPONDER, exported)));
            assertEquals("not-authorized", rogue.nextError());
        }
    }

    @Test
    void a_proof_with_the_other_sides_role_proves_nothing() throws Exception {
        share("wherefore");
        for (org.xtls.auth.Role claimed : org.xtls.auth.Role.values()) {
            SrpClient client = new SrpClient(Group.BITS_3072, romeo.secrets.random());
            Rogue rogue = new Rogue();
            rogue.request(client.begin().toElement());
            Values.Challenge challenge = client.read(rogue.next()
                    .element()
                    .children()
                    .filter(Values::is)
                    .findFirst()
                    .orElseThrow());
            byte[] key = new Keys(ROMEO, JULIET)
                    .verifyKey(client.secret(challenge, "wherefore".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
            byte[] exported = await(tunnel.responder.export("EXPORTER-xtls-verify", 32));
            rogue.request(Values.proof("M1", Keys.proof(key, claimed, exported)));
            if (claimed == org.xtls.auth.Role.INITIATOR) {
                assertEquals("not-authorized", rogue.nextError());
            } else {
                Element m2 = rogue.next()
                        .element()
                        .children()
                        .filter(Values::is)
                        .findFirst()
                        .orElseThrow();
                org.junit.jupiter.api.Assertions.assertArrayEquals(
                        Keys.proof(key, org.xtls.auth.Role.INITIATOR, exported), Values.proof("M2", m2));
            }
        }
    }

    @Test
    void bad_values_are_refused_inside_a_tunnel_as_well() throws Exception {
        romeo.shares("wherefore", JULIET);
        Rogue rogue = new Rogue();
        Element begin =
                new SrpClient(Group.BITS_3072, romeo.secrets.random()).begin().toElement();
        rogue.request(begin.with("group", "1024"));
        assertEquals("bad-request", rogue.nextError());
        rogue.request(Element.of(Values.NAMESPACE, "srp"));
        assertEquals("bad-request", rogue.nextError());
        rogue.outcome = romeos.verify(tunnel.initiator);
        Stanza first = rogue.next();
        Element challenge = new SrpServer(
                        new SrpClient(Group.BITS_3072, romeo.secrets.random()).begin(),
                        new Verifier(
                                Group.BITS_3072,
                                new Cost(Cost.MIN_MEMORY, 2, 1),
                                new byte[16],
                                java.math.BigInteger.TEN),
                        romeo.secrets.random())
                .challenge()
                .toElement();
        rogue.reply(first, challenge.with("iterations", "99"));
        assertEquals(Failure.Code.PROTOCOL, failure(rogue.outcome).code());
        assertEquals(5, romeo.guessesLeft(JULIET));
    }

    @Test
    void other_stanzas_are_left_to_others() {
        assertFalse(romeos.received(tunnel.initiator, Stanza.chat("But soft")));
        assertFalse(romeos.received(
                tunnel.initiator, Stanza.parse("<iq type='get' id='1'><query xmlns='jabber:iq:version'/></iq>")));
        assertFalse(romeos.received(tunnel.initiator, Stanza.parse("<iq type='result' id='1'/>")));
    }

    private Rogue challenged() throws Exception {
        romeo.shares("wherefore", JULIET);
        Rogue rogue = new Rogue();
        rogue.outcome = romeos.verify(tunnel.initiator);
        Stanza first = rogue.next();
        Values.Begin begin =
                Values.Begin.of(first.element().children().findFirst().orElseThrow());
        Verifier guessed = Verifier.of(
                "guess".getBytes(java.nio.charset.StandardCharsets.UTF_8),
                Group.BITS_3072,
                new Cost(Cost.MIN_MEMORY, 2, 1),
                romeo.secrets.random());
        rogue.reply(
                first,
                new SrpServer(begin, guessed, romeo.secrets.random())
                        .challenge()
                        .toElement());
        return rogue;
    }

    /** Takes Juliet's end. */
    private final class Rogue implements TunnelListener {
        private final BlockingQueue<Stanza> came = new LinkedBlockingQueue<>();
        private int requests;
        CompletionStage<KnownPeer> outcome;

        Rogue() {
            tunnel.responder.listener = this;
        }

        @Override
        public boolean received(Tunnel end, Stanza stanza) {
            return came.add(stanza);
        }

        Stanza next() throws InterruptedException {
            Stanza stanza = came.poll(20, TimeUnit.SECONDS);
            assertTrue(stanza != null, "nothing came");
            return stanza;
        }

        String nextError() throws InterruptedException {
            return condition(next()).orElseThrow();
        }

        void request(Element payload) {
            send("set", "r" + requests++, payload);
        }

        void reply(Stanza to, Element payload) {
            send("result", to.element().attribute("id").orElseThrow(), payload);
        }

        private void send(String type, String id, Element payload) {
            var unused = tunnel.responder.send(new Stanza(Element.of(Stanza.NAMESPACE, "iq")
                    .with("type", type)
                    .with("id", id)
                    .with(payload)));
        }
    }

    private List<String> errors() {
        return tunnel.sent.stream()
                .flatMap(stanza -> condition(stanza).stream())
                .toList();
    }

    private static java.util.Optional<String> condition(Stanza stanza) {
        return stanza.element()
                .child(Stanza.NAMESPACE, "error")
                .flatMap(error -> error.children().findFirst())
                .map(Element::name);
    }

    private void share(String password) {
        romeo.shares(password, JULIET);
        juliet.shares(password, ROMEO);
    }
}
