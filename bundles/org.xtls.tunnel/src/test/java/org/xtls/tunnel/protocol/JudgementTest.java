package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.Trust;
import org.xtls.auth.Offer;
import org.xtls.auth.Verdict;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.transport.Iq;
import org.xtls.transport.StanzaError.Condition;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/** Who it is, what is done with the answer, and how long all of it may take. */
class JudgementTest {
    private static final Failure DISTRUSTED =
            Failure.of(Code.UNTRUSTED, Fault.LOCAL, "that key is marked as distrusted");

    // ---- the verdict

    @Test
    void a_key_that_the_initiator_refuses_ends_in_its_alert_then_a_close_and_the_peer_learns_it() {
        World world = new World();
        world.romeo.verdict = proof -> new Verdict.Refused(Alert.BAD_CERTIFICATE, DISTRUSTED);
        world.romeo.open();
        world.settle();
        refused(world.romeo, world.juliet);
    }

    @Test
    void a_key_that_the_responder_refuses_ends_the_same_way_though_the_initiator_was_done() {
        World world = new World();
        world.juliet.verdict = proof -> new Verdict.Refused(Alert.CERTIFICATE_UNKNOWN, DISTRUSTED);
        world.romeo.open();
        world.settle();
        refused(world.juliet, world.romeo);
        assertEquals(List.of(), world.romeo.opened, "open completes only when the responder has judged");
    }

    private static void refused(World.Side judge, World.Side other) {
        assertEquals(DISTRUSTED, judge.failure());
        assertEquals(Code.DISTRUSTED_BY_PEER, other.failure().code());
        assertEquals(Fault.PEER, other.failure().fault());
        Iq.Request close = judge.requests("close").get(0);
        Iq.Request alert = (Iq.Request) judge.sent.get(judge.sent.indexOf(close) - 1);
        assertEquals("data", alert.payload().name());
        assertTrue(judge.conversation.isIdle() && other.conversation.isIdle());
        assertEquals(0, judge.taken + other.taken);
    }

    @Test
    void a_key_that_nobody_vouches_for_makes_an_unverified_tunnel_only_on_somebodys_word() {
        World world = new World();
        world.romeo.verdict = proof -> new Verdict.Unknown(new KeyName("x509", "ef".repeat(32)));
        world.romeo.decision = new Question.Decided(Trust.UNVERIFIED, "first use");
        world.romeo.open();
        world.settle();
        assertEquals(Trust.UNVERIFIED, world.romeo.opened.get(0).trust());
        assertEquals("first use", world.romeo.opened.get(0).evidence());
        assertTrue(world.romeo.remembered.isEmpty(), "what an unverified tunnel showed proves nothing");
    }

    @Test
    void where_the_word_is_no_the_peer_learns_that_it_is_not_trusted() {
        World world = new World();
        world.juliet.verdict = proof -> new Verdict.Unknown(new KeyName("x509", "ef".repeat(32)));
        world.romeo.open();
        world.settle();
        assertEquals(Code.UNTRUSTED, world.juliet.failure().code());
        assertEquals(Code.DISTRUSTED_BY_PEER, world.romeo.failure().code());
    }

    @Test
    void the_method_judges_the_proof_of_the_handshake() {
        World world = new World();
        Credential romeos = Keys.certificate("romeo");
        Credential juliets = Keys.certificate("juliet");
        world.romeo.credential = () -> romeos;
        world.juliet.credential = () -> juliets;
        Proof[] proofs = new Proof[2];
        Verdict yes = new Verdict.Verified(new KeyName("x509", "cd".repeat(32)), "pinned");
        world.romeo.verdict = proof -> {
            proofs[0] = proof;
            return yes;
        };
        world.juliet.verdict = proof -> {
            proofs[1] = proof;
            return yes;
        };
        world.romeo.open();
        world.settle();
        assertEquals(
                ((Credential.CertificateChain) juliets).certificates(),
                ((Proof.CertificateChain) proofs[0]).certificates());
        assertEquals(
                ((Credential.CertificateChain) romeos).certificates(),
                ((Proof.CertificateChain) proofs[1]).certificates());
    }

    // ---- before it

    @Test
    void nothing_is_sent_or_delivered_before_the_peer_has_been_judged() {
        World world = new World();
        world.romeo.pondering = question -> question instanceof Question.Verify;
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        peer.start("x509");
        peer.settle();
        peer.says("<message><body>let me in</body></message>");
        assertEquals(List.of(), world.romeo.delivered);
        assertEquals("", peer.allHeard());
        world.romeo.pondering = question -> false;
        peer.settle();
        assertEquals(List.of("let me in"), world.romeo.bodies());
    }

    @Test
    void what_comes_before_the_judgement_is_bounded() {
        World world = new World();
        world.romeo.pondering = question -> question instanceof Question.Verify;
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        peer.start("x509");
        peer.settle();
        int sent = 0;
        while (!world.romeo.conversation.isIdle()) {
            peer.says("x".repeat(16_000));
            sent += 16_000;
            assertTrue(sent <= world.romeo.settings.stanzaBytes() + 16_000, "no end to it");
        }
        assertEquals(Code.LIMIT, world.romeo.failure().code());
        assertTrue(world.romeo.asked.isEmpty());
        assertEquals(0, world.romeo.taken);
    }

    @Test
    void a_peer_that_goes_away_while_it_is_judged_is_not_taken_in_afterwards() {
        World world = new World();
        world.romeo.pondering = question -> question instanceof Question.Verify;
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        peer.start("x509");
        peer.settle();
        Action.Ask late = world.romeo.asked.get(0);
        peer.request(Element.of(Wire.XTLS, "close"));
        peer.settle();
        Verdict yes = new Verdict.Verified(new KeyName("x509", "cd".repeat(32)), "pinned");
        world.romeo.perform(world.romeo.conversation.answered(late.step(), new Question.Verified(yes), world.now));
        assertEquals(List.of(), world.romeo.opened);
        assertTrue(world.romeo.conversation.isIdle());
    }

    // ---- time

    @Test
    void every_stage_of_a_negotiation_ends_in_time() {
        stalls(side -> side.pondering = question -> question instanceof Question.Offers, side -> {}, Code.TIMEOUT);
        stalls(side -> side.pondering = question -> question instanceof Question.Answers, side -> {}, Code.TIMEOUT);
        stalls(side -> side.pondering = question -> question instanceof Question.Present, side -> {}, Code.TIMEOUT);
        stalls(side -> side.pondering = question -> question instanceof Question.Verify, side -> {}, Code.TIMEOUT);
        stalls(
                side -> {
                    side.verdict = proof -> new Verdict.Unknown(new KeyName("x509", "ef".repeat(32)));
                    side.pondering = question -> question instanceof Question.Decide;
                },
                side -> {},
                Code.TIMEOUT);
        Predicate<Question> all = question -> true;
        stalls(side -> {}, side -> side.pondering = all, Code.TIMEOUT);
        stalls(side -> {}, side -> side.pondering = question -> question instanceof Question.Present, Code.TIMEOUT);
        stalls(side -> {}, side -> side.pondering = question -> question instanceof Question.Verify, Code.UNCONFIRMED);
    }

    private interface Setup {
        void on(World.Side side);
    }

    private static void stalls(Setup ours, Setup theirs, Code code) {
        World world = new World();
        ours.on(world.romeo);
        theirs.on(world.juliet);
        world.romeo.open();
        world.settle();
        assertEquals("negotiating", world.romeo.conversation.status().state());
        assertTrue(world.romeo.conversation.deadline() <= world.now + world.romeo.settings.negotiationMillis());
        for (int i = 0; i < 3; i++) {
            world.pass(world.romeo.settings.negotiationMillis());
            world.settle();
        }
        assertEquals(code, world.romeo.failures.get(0).code());
        for (World.Side side : List.of(world.romeo, world.juliet)) {
            assertTrue(side.conversation.isIdle());
            assertEquals(Long.MAX_VALUE, side.conversation.deadline());
            assertEquals(0, side.taken);
            assertTrue(side.asked.isEmpty());
            assertTrue(side.unansweredIn.isEmpty());
        }
    }

    @Test
    void a_start_that_is_not_answered_ends_in_time_and_not_before() {
        World world = new World();
        world.server = (from, iq) -> List.of();
        world.romeo.open();
        world.settle();
        world.pass(world.romeo.settings.negotiationMillis() - 1);
        assertEquals(List.of(), world.romeo.failures);
        world.pass(1);
        assertEquals(Code.TIMEOUT, world.romeo.failure().code());
        assertEquals(Fault.BETWEEN, world.romeo.failure().fault());
    }

    @Test
    void a_responder_that_has_agreed_waits_for_data_no_longer_than_that() {
        World world = new World();
        assertInstanceOf(Iq.Result.class, world.romeo.asked(true, Element.of(Wire.XTLS, "start")));
        world.pass(world.romeo.settings.negotiationMillis());
        assertEquals(Code.TIMEOUT, world.romeo.failure().code());
        assertEquals(0, world.romeo.taken);
    }

    @Test
    void data_that_is_not_answered_ends_the_handshake_in_the_time_for_answers() {
        World world = new World();
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        peer.answersData = false;
        world.romeo.verdict = proof -> new Verdict.Unknown(new KeyName("x509", "ef".repeat(32)));
        world.romeo.pondering = question -> question instanceof Question.Decide;
        world.romeo.open();
        peer.settle();
        world.pass(world.romeo.settings.answerMillis());
        assertEquals(Code.TIMEOUT, world.romeo.failure().code());
    }

    @Test
    void data_that_is_not_answered_ends_the_tunnel() {
        World world = World.withTunnel();
        world.server = (from, iq) -> List.of();
        long pending = world.romeo.send("into the void");
        world.pass(world.romeo.settings.answerMillis());
        assertEquals("closing", world.romeo.conversation.status().state());
        world.pass(world.romeo.settings.answerMillis());
        assertEquals(Code.TIMEOUT, world.romeo.failedSends.get(pending).code());
        assertFalse(world.romeo.closure().orderly());
    }

    @Test
    void a_tunnel_in_which_nothing_is_awaited_lasts() {
        World world = World.withTunnel();
        world.romeo.send("hi");
        world.settle();
        assertEquals(Long.MAX_VALUE, world.romeo.conversation.deadline());
        assertEquals(Long.MAX_VALUE, world.juliet.conversation.deadline());
        world.pass(1_000_000_000L);
        assertTrue(world.romeo.isUp() && world.juliet.isUp());
    }

    // ---- probes

    @Test
    void a_probe_is_answered_with_an_offer_that_is_never_confirmed() {
        World world = new World();
        Element offer = Offer.of(List.of(World.keyinfo("ab".repeat(32)))).element();
        Iq.Result answer = assertInstanceOf(Iq.Result.class, world.romeo.asked(false, offer));
        Element payload = answer.payload();
        assertTrue(payload != null && payload.is(Offer.NAMESPACE, "offer"));
        assertTrue(payload.child(Wire.OURS, "confirm").isEmpty());
        assertEquals(1, payload.children().count());
        assertTrue(world.romeo.conversation.isIdle());
        assertEquals(0, world.romeo.taken);
    }

    @Test
    void a_probe_tells_the_methods_that_it_is_one() {
        World world = new World();
        world.romeo.pondering = question -> true;
        assertNull(world.romeo.asked(false, Offer.of(List.of()).element()));
        assertTrue(world.romeo.asked.get(0).facts().probe());
    }

    @Test
    void a_probe_that_nothing_answers_is_not_acceptable() {
        World world = new World();
        world.romeo.methods = Map.of();
        AgreementTest.assertCondition(
                Condition.NOT_ACCEPTABLE,
                world.romeo.asked(false, Offer.of(List.of()).element()));
    }

    @Test
    void an_unsound_probe_is_a_bad_request() {
        World world = new World();
        Element offer = Element.of(Offer.NAMESPACE, "offer").with(World.keyinfo("a".repeat(Offer.MAX_BYTES)));
        AgreementTest.assertCondition(Condition.BAD_REQUEST, world.romeo.asked(false, offer));
    }

    @Test
    void probes_are_counted_with_the_half_open_tunnels_and_end_in_time() {
        World world = new World();
        world.romeo.pondering = question -> true;
        Element offer = Offer.of(List.of()).element();
        for (int i = 0; i < world.romeo.places; i++) {
            assertNull(world.romeo.asked(false, offer));
        }
        AgreementTest.assertCondition(Condition.RESOURCE_CONSTRAINT, world.romeo.asked(false, offer));
        world.pass(world.romeo.settings.answerMillis());
        assertEquals(0, world.romeo.taken);
        assertTrue(world.romeo.unansweredIn.isEmpty());
        assertTrue(world.romeo.asked.isEmpty());
        assertTrue(world.romeo.conversation.isIdle());
    }

    @Test
    void a_probe_does_no_harm_to_a_tunnel() {
        World world = World.withTunnel();
        assertInstanceOf(
                Iq.Result.class,
                world.romeo.asked(
                        false, Offer.of(List.of(World.keyinfo("ab".repeat(32)))).element()));
        assertTrue(world.romeo.isUp() && world.juliet.isUp());
    }
}
