package org.xtls.auth.srp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.srp.Side.JULIET;
import static org.xtls.auth.srp.Side.ROMEO;
import static org.xtls.auth.srp.Stages.await;
import static org.xtls.auth.srp.Stages.failure;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import javax.xml.namespace.QName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.auth.Answer;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.auth.Verdict;
import org.xtls.password.PairingCode;
import org.xtls.password.Passwords.Use;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession;
import org.xtls.tls.bc.BcTlsEngine;
import org.xtls.trust.Policy;
import org.xtls.xml.Element;

class SrpMethodTest {
    @TempDir
    Path home;

    Side romeo;
    Side juliet;

    @BeforeEach
    void twoHomes() {
        romeo = new Side(ROMEO, home.resolve("romeo"));
        juliet = new Side(JULIET, home.resolve("juliet"));
    }

    @AfterEach
    void close() {
        romeo.close();
        juliet.close();
    }

    @Test
    void a_shared_password_verifies_both_and_costs_nothing() throws Exception {
        share("wherefore art thou");
        Attempt attempt = new Attempt(romeo, juliet);
        assertTrue(attempt.agree());
        attempt.shakeHands();
        assertEquals(new Verdict.Verified(null, "password"), attempt.atInitiator);
        assertEquals(new Verdict.Verified(null, "password"), attempt.atResponder);
        assertEquals("TLSv1.3", attempt.client.handshake().version());
        assertEquals("X25519MLKEM768", attempt.client.handshake().group());
        assertTrue(attempt.client.handshake().suite().endsWith("_SHA256"));
        assertEquals(5, romeo.guessesLeft(JULIET));
        assertEquals(5, juliet.guessesLeft(ROMEO));
    }

    @Test
    void either_side_may_begin_and_one_with_a_verifier_only_answers() throws Exception {
        romeo.shares("wherefore", JULIET, Use.ANSWER);
        juliet.shares("wherefore", ROMEO);
        assertTrue(await(romeo.method().offer(romeo.negotiation(Role.INITIATOR, JULIET, null, null)))
                .isEmpty());
        assertTrue(run(juliet, romeo).verified());
    }

    @Test
    void a_password_is_the_same_on_both_sides_however_it_is_typed() throws Exception {
        romeo.shares("Caf\u00e9 \u00fcber \ud83c\udf39", JULIET);
        juliet.shares("Cafe\u0301\u00a0u\u0308ber\u3000\ud83c\udf39", ROMEO);
        assertTrue(run(romeo, juliet).verified());
    }

    @Test
    void a_wrong_password_looks_like_any_failed_handshake_and_costs_both_a_guess() throws Exception {
        romeo.shares("therefore", JULIET);
        juliet.shares("wherefore", ROMEO);
        Attempt attempt = run(romeo, juliet);
        assertNull(attempt.atInitiator);
        assertNull(attempt.atResponder);
        assertEquals(Alert.DECRYPT_ERROR, attempt.serverFailure.alert());
        assertEquals(Alert.DECRYPT_ERROR, attempt.clientFailure.alert());
        assertEquals(4, romeo.guessesLeft(JULIET));
        assertEquals(4, juliet.guessesLeft(ROMEO));
    }

    @Test
    void wrong_once_then_right() throws Exception {
        romeo.shares("therefore", JULIET);
        juliet.shares("wherefore", ROMEO);
        assertFalse(run(romeo, juliet).verified());
        romeo.shares("wherefore", JULIET);
        assertTrue(run(romeo, juliet).verified());
        assertEquals(5, romeo.guessesLeft(JULIET), "his own new password begins at naught");
        assertEquals(4, juliet.guessesLeft(ROMEO), "success gives back its own guess, not the one before");
    }

    /** The responder's part of the argument against guessing: it proves nothing before it has seen the initiator's proof. */
    @Test
    void to_a_wrong_binder_the_responder_answers_with_an_alert_and_nothing_else() throws Exception {
        romeo.shares("therefore", JULIET);
        juliet.shares("wherefore", ROMEO);
        Attempt attempt = run(romeo, juliet);
        assertEquals(List.of("client", "server"), attempt.senders);
        assertArrayEquals(new byte[] {21, 3, 3, 0, 2, 2, (byte) Alert.DECRYPT_ERROR.code()}, attempt.flights.get(1));
    }

    /** The initiator's part: what it sends before it knows the responder's values does not depend on the password. */
    @Test
    void what_travels_before_the_proof_is_fixed_before_the_password_is_looked_at() throws Exception {
        share("wherefore");
        Attempt attempt = new Attempt(romeo, juliet);
        attempt.start = romeo.offer(attempt.initiating, JULIET);
        // Another password than the one that was there when A was made; the exchange succeeds all the same.
        share("a rose by any other name");
        attempt.agreed = await(attempt.responding.answer(attempt.atResponder(null, attempt.start)));
        attempt.proceed = Side.confirming(attempt.agreed.things());
        attempt.taken = await(attempt.initiating.answer(attempt.atInitiator(attempt.start, attempt.proceed)));
        assertTrue(attempt.shakeHands().verified());
        Element begin = Values.in(attempt.start);
        assertEquals(
                Set.of(new QName("group"), new QName("hash"), new QName("A")),
                begin.attributes().keySet());
    }

    @Test
    void a_guess_is_spent_before_there_is_a_key_and_silence_gives_nothing_back() throws Exception {
        share("wherefore");
        Attempt attempt = new Attempt(romeo, juliet);
        attempt.agree();
        assertEquals(5, romeo.guessesLeft(JULIET));
        byte[] hello = attempt.hello();
        assertEquals(4, romeo.guessesLeft(JULIET));
        assertEquals(5, juliet.guessesLeft(ROMEO));
        attempt.present();
        assertEquals(4, juliet.guessesLeft(ROMEO));
        attempt.server.receive(hello);
        // The binder has been tested, the peer falls silent, the negotiation ends.
        ((SrpMethod) attempt.responding).close();
        ((SrpMethod) attempt.initiating).close();
        assertEquals(4, romeo.guessesLeft(JULIET));
        assertEquals(4, juliet.guessesLeft(ROMEO));
    }

    @Test
    void a_guess_stays_spent_through_a_crash() throws Exception {
        share("wherefore");
        Attempt attempt = new Attempt(romeo, juliet);
        attempt.agree();
        attempt.hello();
        attempt.present();
        juliet.close();
        juliet = new Side(JULIET, home.resolve("juliet"));
        assertEquals(4, juliet.guessesLeft(ROMEO));
    }

    @Test
    void guesses_in_parallel_starts_all_cost_and_the_sixth_is_not_to_be_had() throws Exception {
        share("wherefore");
        Attempt[] attempts = new Attempt[6];
        for (int i = 0; i < attempts.length; i++) {
            attempts[i] = new Attempt(romeo, juliet);
            assertTrue(attempts[i].agree(), "all of them agree before the first has proved anything");
        }
        for (int i = 0; i < 5; i++) {
            attempts[i].present();
        }
        assertEquals(0, juliet.guessesLeft(ROMEO));
        Failure refused = failure(
                attempts[5].responding.credential(attempts[5].atResponder(attempts[5].proceed, attempts[5].start)));
        assertEquals(Failure.Code.LIMIT, refused.code());
        assertTrue(refused.message().contains("is locked after 5 guesses"), refused.message());
    }

    @Test
    void the_sixth_wrong_guess_is_not_made_until_the_user_acts_and_others_are_unaffected() throws Exception {
        FullJid nurse = FullJid.parse("nurse@capulet.lit/hall");
        juliet.shares("wherefore", ROMEO);
        juliet.shares("good pilgrim", nurse);
        for (int i = 0; i < 5; i++) {
            romeo.shares("guess " + i, JULIET);
            assertFalse(run(romeo, juliet).verified());
        }
        romeo.shares("wherefore", JULIET);
        Attempt locked = new Attempt(romeo, juliet);
        assertFalse(locked.agree());
        assertTrue(locked.agreed.things().isEmpty());
        assertEquals("a password", locked.agreed.binding(), "and no unverified tunnel either");
        try (Side hers = new Side(nurse, home.resolve("nurse"))) {
            hers.shares("good pilgrim", JULIET);
            assertTrue(run(hers, juliet).verified());
        }
        assertTrue(await(juliet.secrets.unlock(ROMEO.bare())));
        assertTrue(run(romeo, juliet).verified());
    }

    @Test
    void the_initiator_who_is_locked_is_told_so() {
        romeo.shares("wherefore", JULIET);
        for (int i = 0; i < 5; i++) {
            await(romeo.secrets.spend(new Secret.Lasting(new Between(ROMEO.bare(), JULIET.bare()))));
        }
        Failure failure = failure(romeo.method().offer(romeo.negotiation(Role.INITIATOR, JULIET, null, null)));
        assertTrue(failure.message().contains("locked"), failure.message());
        assertTrue(failure.advice().contains("unlock"), failure.advice());
    }

    @Test
    void to_the_peer_no_password_a_lock_and_a_rule_against_it_are_the_same() throws Exception {
        romeo.shares("wherefore", JULIET);
        Offer start = romeo.offer(romeo.method(), JULIET);
        Answer unknown = await(juliet.method().answer(juliet.negotiation(Role.RESPONDER, ROMEO, null, start)));
        juliet.shares("wherefore", ROMEO);
        Policy never = org.xtls.trust.Policies.of(java.util.Map.of("rules", List.of("*: never srp-psk")))
                .of(ROMEO.bare());
        Answer forbidden = await(
                juliet.method().answer(new Negotiation(JULIET, ROMEO, Role.RESPONDER, false, never, null, start)));
        for (int i = 0; i < 5; i++) {
            await(juliet.secrets.spend(new Secret.Lasting(new Between(JULIET.bare(), ROMEO.bare()))));
        }
        Answer locked = await(juliet.method().answer(juliet.negotiation(Role.RESPONDER, ROMEO, null, start)));
        for (Answer answer : List.of(unknown, forbidden, locked)) {
            assertFalse(answer.possible());
            assertTrue(answer.things().isEmpty());
        }
    }

    /** In time: nothing is computed for any of them, which is all that could be measured. */
    @Test
    void for_no_password_and_for_a_lock_nothing_is_computed() throws Exception {
        romeo.shares("wherefore", JULIET);
        Offer start = romeo.offer(romeo.method(), JULIET);
        java.util.concurrent.CountDownLatch busy = new java.util.concurrent.CountDownLatch(1);
        try {
            // With the thread that computes held up, whatever needed it would not come back.
            var unused = juliet.secrets.compute(() -> busy.await(20, java.util.concurrent.TimeUnit.SECONDS));
            assertFalse(await(juliet.method().answer(juliet.negotiation(Role.RESPONDER, ROMEO, null, start)))
                    .possible());
            Between between = new Between(JULIET.bare(), ROMEO.bare());
            for (int i = 0; i < 5; i++) {
                await(juliet.secrets.spend(new Secret.Lasting(between)));
            }
            assertFalse(await(juliet.method().answer(juliet.negotiation(Role.RESPONDER, ROMEO, null, start)))
                    .possible());
        } finally {
            busy.countDown();
        }
    }

    @Test
    void a_replayed_hello_proves_nothing() throws Exception {
        share("wherefore");
        Attempt first = run(romeo, juliet);
        assertTrue(first.verified());
        Attempt replay = new Attempt(romeo, juliet);
        replay.agreed = await(replay.responding.answer(replay.atResponder(null, first.start)));
        replay.start = first.start;
        replay.proceed = Side.confirming(replay.agreed.things());
        replay.present();
        TlsException refused = org.junit.jupiter.api.Assertions.assertThrows(
                TlsException.class, () -> replay.server.receive(first.flights.get(0)));
        assertEquals(Alert.DECRYPT_ERROR, refused.alert());
        assertEquals(4, juliet.guessesLeft(ROMEO));
    }

    @Test
    void a_start_mirrored_to_its_sender_ends_in_a_failed_handshake() throws Exception {
        romeo.shares("wherefore", JULIET);
        SrpMethod begun = romeo.method();
        Offer start = romeo.offer(begun, JULIET);
        // The server sends Romeo his own start, as if Juliet had begun, and his own answer to it back to him.
        SrpMethod mirrored = romeo.method();
        Answer answer = await(mirrored.answer(romeo.negotiation(Role.RESPONDER, JULIET, null, start)));
        Offer proceed = Side.confirming(answer.things());
        assertTrue(await(begun.answer(romeo.negotiation(Role.INITIATOR, JULIET, start, proceed)))
                .possible());
        TlsSession client = new BcTlsEngine()
                .open(
                        TlsRole.CLIENT,
                        await(begun.credential(romeo.negotiation(Role.INITIATOR, JULIET, start, proceed))));
        TlsSession server = new BcTlsEngine()
                .open(
                        TlsRole.SERVER,
                        await(mirrored.credential(romeo.negotiation(Role.RESPONDER, JULIET, proceed, start))));
        client.begin();
        server.begin();
        TlsException refused = org.junit.jupiter.api.Assertions.assertThrows(TlsException.class, () -> {
            for (byte[] record : client.takeRecords()) {
                server.receive(record);
            }
        });
        assertEquals(Alert.DECRYPT_ERROR, refused.alert());
    }

    @Test
    void an_exchange_that_the_peer_breaks_is_refused_and_leaves_no_way_to_an_unverified_tunnel() throws Exception {
        share("wherefore");
        SrpMethod initiating = romeo.method();
        Offer start = romeo.offer(initiating, JULIET);
        Element begin = Values.in(start);
        for (Offer bad : List.of(
                Side.confirming(List.of(begin.with("A", begin.attribute("A").get() + " "))),
                Side.confirming(List.of(begin.with("group", "1024"))),
                Side.confirming(List.of(begin, begin)),
                Side.confirming(List.of()),
                Offer.of(List.of(begin)))) {
            Answer answer = await(juliet.method().answer(juliet.negotiation(Role.RESPONDER, ROMEO, null, bad)));
            assertEquals(Answer.IMPOSSIBLE.bound("a password"), answer);
        }
        Answer answer = await(juliet.method().answer(juliet.negotiation(Role.RESPONDER, ROMEO, null, start)));
        Element challenge = answer.things().get(0);
        for (Offer bad : List.of(
                Side.confirming(List.of(challenge.with("memory", "1"))),
                Side.confirming(List.of(begin)),
                Offer.of(List.of(challenge)))) {
            assertEquals(
                    Answer.IMPOSSIBLE.bound("a password"),
                    await(initiating.answer(romeo.negotiation(Role.INITIATOR, JULIET, start, bad))));
        }
        assertEquals(5, romeo.guessesLeft(JULIET), "nothing was tried");
    }

    @Test
    void a_probe_carries_no_value_of_an_exchange_and_spends_nothing() {
        share("wherefore");
        List<Element> probed = await(
                romeo.method().offer(new Negotiation(ROMEO, JULIET, Role.INITIATOR, true, Policy.DEFAULT, null, null)));
        assertEquals(List.of(Values.announcement(Group.BITS_3072)), probed);
        Answer answer = await(juliet.method()
                .answer(new Negotiation(JULIET, ROMEO, Role.RESPONDER, true, Policy.DEFAULT, null, Offer.of(probed))));
        assertEquals(
                Answer.possible(List.of(Values.announcement(Group.BITS_3072))).bound("a password"), answer);
        assertEquals(5, juliet.guessesLeft(ROMEO));
    }

    @Test
    void a_credential_out_of_order_and_a_foreign_proof_are_refused() {
        romeo.shares("wherefore", JULIET);
        Negotiation negotiation = romeo.negotiation(Role.INITIATOR, JULIET, null, null);
        assertEquals(
                Failure.Code.PROTOCOL,
                failure(romeo.method().credential(negotiation)).code());
        assertInstanceOf(Verdict.Refused.class, await(romeo.method().verify(negotiation, new Proof.ExternalPsk())));
        assertInstanceOf(
                Verdict.Refused.class, await(romeo.method().verify(negotiation, new Proof.RawPublicKey(null))));
    }

    @Test
    void the_key_is_wiped_once_the_handshake_is_done() throws Exception {
        share("wherefore");
        Attempt attempt = new Attempt(romeo, juliet);
        attempt.agree();
        Credential.ExternalPsk psk = (Credential.ExternalPsk)
                await(attempt.initiating.credential(attempt.atInitiator(attempt.start, attempt.proceed)));
        assertEquals("urn:x-xtls:1 srp-psk", new String(psk.identity(), StandardCharsets.US_ASCII));
        ((SrpMethod) attempt.initiating).close();
        assertArrayEquals(new byte[32], psk.key());
    }

    @Test
    void a_password_for_another_group_is_made_into_a_verifier_for_it_but_a_mere_verifier_is_not() throws Exception {
        try (Side large = new Side(
                ROMEO,
                home.resolve("large"),
                settings -> {
                    Settings quick = Side.QUICK.apply(settings);
                    return new Settings(
                            quick.directory(),
                            quick.keyFile(),
                            quick.ask(),
                            Group.BITS_4096,
                            quick.cost(),
                            quick.guesses(),
                            quick.backoff(),
                            quick.codeDigits(),
                            quick.codeLife(),
                            false);
                },
                java.time.Clock.systemUTC())) {
            large.shares("wherefore", JULIET);
            juliet.shares("wherefore", ROMEO);
            assertTrue(run(large, juliet).verified());
            juliet.shares("wherefore", ROMEO, Use.ANSWER);
            Offer start = large.offer(large.method(), JULIET);
            Answer answer = await(juliet.method().answer(juliet.negotiation(Role.RESPONDER, ROMEO, null, start)));
            assertFalse(answer.possible());
            assertFalse(answer.binding().isEmpty());
        }
    }

    @Test
    void a_pairing_code_verifies_once_in_either_role() throws Exception {
        for (boolean makerBegins : new boolean[] {true, false}) {
            pairUp();
            Attempt attempt = makerBegins ? run(romeo, juliet) : run(juliet, romeo);
            assertEquals(new Verdict.Verified(null, "pairing code"), attempt.atInitiator);
            assertEquals(new Verdict.Verified(null, "pairing code"), attempt.atResponder);
            assertTrue(await(romeo.secrets.list()).isEmpty());
            assertTrue(await(juliet.secrets.list()).isEmpty());
            assertFalse(new Attempt(romeo, juliet).agree(), "used twice");
        }
    }

    @Test
    void of_two_tunnels_that_prove_one_code_the_first_is_taken() throws Exception {
        pairUp();
        Attempt one = new Attempt(romeo, juliet);
        Attempt two = new Attempt(romeo, juliet);
        assertTrue(one.agree());
        assertTrue(two.agree());
        byte[] first = one.hello();
        byte[] second = two.hello();
        one.present();
        two.present();
        finish(one, first);
        finish(two, second);
        assertInstanceOf(
                Verdict.Verified.class,
                await(one.responding.verify(one.atResponder(one.proceed, one.start), new Proof.ExternalPsk())));
        Verdict.Refused refused = (Verdict.Refused)
                await(two.responding.verify(two.atResponder(two.proceed, two.start), new Proof.ExternalPsk()));
        assertEquals(Alert.ACCESS_DENIED, refused.alert());
    }

    @Test
    void a_code_is_void_after_three_failures_in_either_role() throws Exception {
        PairingCode code = await(romeo.secrets.pair(ROMEO.bare(), JULIET.bare()));
        code.wipe();
        for (int i = 0; i < 3; i++) {
            await(juliet.secrets.enter(JULIET.bare(), ROMEO.bare(), "111 222 333".toCharArray()));
            Attempt attempt = i == 1 ? run(juliet, romeo) : run(romeo, juliet);
            assertFalse(attempt.verified());
        }
        assertTrue(await(romeo.secrets.list()).isEmpty());
        Answer answer = await(romeo.method()
                .answer(romeo.negotiation(Role.RESPONDER, JULIET, null, juliet.offer(juliet.method(), ROMEO))));
        assertEquals(Answer.IMPOSSIBLE.bound("a pairing code that failed or has expired"), answer);
        Failure told = failure(romeo.method().offer(romeo.negotiation(Role.INITIATOR, JULIET, null, null)));
        assertTrue(told.advice().contains("Make a new one"), told.text());
    }

    @Test
    void a_code_entered_for_another_address_is_no_use() throws Exception {
        FullJid tybalt = FullJid.parse("tybalt@capulet.lit/sword");
        PairingCode code = await(romeo.secrets.pair(ROMEO.bare(), JULIET.bare()));
        try (Side other = new Side(tybalt, home.resolve("tybalt"))) {
            await(other.secrets.enter(tybalt.bare(), ROMEO.bare(), code.characters()));
            Attempt attempt = new Attempt(other, romeo);
            assertFalse(attempt.agree());
            assertEquals(Answer.IMPOSSIBLE, attempt.agreed);
        }
    }

    private void share(String password) {
        romeo.shares(password, JULIET);
        juliet.shares(password, ROMEO);
    }

    private void pairUp() {
        PairingCode code = await(romeo.secrets.pair(ROMEO.bare(), JULIET.bare()));
        await(juliet.secrets.enter(JULIET.bare(), ROMEO.bare(), code.characters()));
    }

    private static Attempt run(Side initiator, Side responder) throws TlsException {
        Attempt attempt = new Attempt(initiator, responder);
        assertTrue(attempt.agree());
        return attempt.shakeHands();
    }

    private static void finish(Attempt attempt, byte[] hello) throws TlsException {
        attempt.server.receive(hello);
        for (byte[] record : attempt.server.takeRecords()) {
            attempt.client.receive(record);
        }
        for (byte[] record : attempt.client.takeRecords()) {
            attempt.server.receive(record);
        }
        assertEquals(TlsSession.State.ESTABLISHED, attempt.server.state());
    }
}
