package org.xtls.auth.openpgp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.openpgp.Pgp.authenticating;
import static org.xtls.auth.openpgp.Pgp.binding;
import static org.xtls.auth.openpgp.Pgp.cat;
import static org.xtls.auth.openpgp.Pgp.certifying;
import static org.xtls.auth.openpgp.Pgp.direct;
import static org.xtls.auth.openpgp.Pgp.ed25519;
import static org.xtls.auth.openpgp.Pgp.how;
import static org.xtls.auth.openpgp.Pgp.primary;
import static org.xtls.auth.openpgp.Pgp.selfSignature;
import static org.xtls.auth.openpgp.Pgp.sound;
import static org.xtls.auth.openpgp.Pgp.subkey;
import static org.xtls.auth.openpgp.Pgp.userId;
import static org.xtls.auth.openpgp.Side.offer;
import static org.xtls.auth.openpgp.Side.offering;
import static org.xtls.auth.openpgp.Side.proof;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Provider;
import java.security.Security;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.bcpg.AEADAlgorithmTags;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.S2K;
import org.bouncycastle.bcpg.SymmetricKeyAlgorithmTags;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.operator.bc.BcAEADSecretKeyEncryptorBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.auth.Answer;
import org.xtls.auth.KeyTransfer.HandedKey;
import org.xtls.auth.KeyTransfer.Taken;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.auth.Verdict;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.Policy;
import org.xtls.trust.TrustChange;
import org.xtls.xml.Element;

class OpenPgpMethodTest {
    private static final String ROMEO = "romeo@montague.example";
    private static final String JULIET = "juliet@capulet.example";
    private static final byte[] STATEMENT = "juliet says to romeo, here".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path directory;

    private Side romeo;
    private Side juliet;
    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeEach
    void start() {
        romeo = new Side(directory, ROMEO);
        juliet = new Side(directory, JULIET);
        open.add(romeo);
        open.add(juliet);
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    @Test
    void two_who_pinned_each_other_are_verified_in_a_real_handshake() throws Exception {
        romeo.pins(juliet);
        juliet.pins(romeo);
        assertVerified("pinned", romeo, juliet);
    }

    @Test
    void version_6_keys_are_verified_in_a_real_handshake() throws Exception {
        Side six = new Side(
                directory,
                "nurse@capulet.example",
                ed25519(6, Pgp.MADE),
                ed25519(6, Pgp.MADE),
                "xmpp:nurse@capulet.example",
                List.of(),
                null,
                List.of());
        open.add(six);
        romeo.pins(six);
        six.pins(romeo);
        assertEquals(64, six.name().fingerprint().length());
        assertVerified("pinned", romeo, six);
    }

    @Test
    void keys_of_all_kinds_meet_in_a_real_handshake() throws Exception {
        Side rsa = side("benvolio@montague.example", Pgp.rsa(2048), Pgp.rsa(2048));
        Side curve = side("tybalt@capulet.example", Pgp.p256(), Pgp.p256());
        rsa.pins(curve);
        curve.pins(rsa);
        assertVerified("pinned", rsa, curve);
        assertVerified("pinned", curve, rsa);
    }

    private void assertVerified(String evidence, Side initiator, Side responder) throws Exception {
        Offer start = initiator.offerTo(responder.jid);
        Answer answer =
                Stages.await(responder.method.answer(responder.with(initiator.jid, Role.RESPONDER, null, start)));
        assertTrue(answer.possible());
        Offer proceed = Offer.of(answer.things());
        assertTrue(Stages.await(initiator.method.answer(initiator.with(responder.jid, Role.INITIATOR, start, proceed)))
                .possible());
        Credential client = Stages.await(
                initiator.method.credential(initiator.with(responder.jid, Role.INITIATOR, start, proceed)));
        Credential server = Stages.await(
                responder.method.credential(responder.with(initiator.jid, Role.RESPONDER, proceed, start)));
        Handshakes.Ends ends = Handshakes.handshake(client, server);
        Verdict there = Stages.await(responder.method.verify(
                responder.with(initiator.jid, Role.RESPONDER, proceed, start),
                ends.server().handshake().proof()));
        Verdict here = Stages.await(initiator.method.verify(
                initiator.with(responder.jid, Role.INITIATOR, start, proceed),
                ends.client().handshake().proof()));
        assertEquals(new Verdict.Verified(initiator.name(), evidence), there);
        assertEquals(new Verdict.Verified(responder.name(), evidence), here);
    }

    @Test
    void strangers_are_unknown_to_each_other_and_policy_decides() {
        Offer start = juliet.offerTo(romeo.jid);
        assertEquals(
                List.of("keyinfo", "openpgp"),
                start.things().stream().map(Element::name).toList());
        assertEquals(new Verdict.Unknown(juliet.name()), romeo.judges(juliet.jid, start, proof(juliet.subkey)));
    }

    @Test
    void a_strangers_certificate_is_kept_once_somebody_has_decided() throws Exception {
        Offer start = juliet.offerTo(romeo.jid);
        var unused = romeo.judges(juliet.jid, start, proof(juliet.subkey));
        assertTrue(Stages.await(romeo.store.material(juliet.jid, juliet.name())).isEmpty());
        romeo.knows(juliet, KeyState.FIRST_USE);
        // The worker does one thing after the other: what was to be kept is, when this is done.
        byte[] kept = kept();
        assertEquals(
                juliet.name().fingerprint(), Certificate.read(kept, Bounds.SENT).fingerprint());
        // From now on the name is enough.
        Offer named = offer(OfferedKeys.keyinfo(juliet.name().fingerprint()));
        romeo.knows(juliet, KeyState.VERIFIED);
        assertEquals(
                new Verdict.Verified(juliet.name(), "pinned"), romeo.judges(juliet.jid, named, proof(juliet.subkey)));
    }

    private byte[] kept() {
        // Once for what was asked, and once for what that asked: it is joined with what was kept before.
        Stages.await(romeo.keys.own());
        Stages.await(romeo.keys.own());
        return Stages.await(romeo.store.material(juliet.jid, juliet.name())).orElseThrow();
    }

    @Test
    void signatures_that_a_server_adds_to_a_certificate_are_not_kept() throws Exception {
        romeo.knows(juliet, KeyState.VERIFIED);
        for (int day = 0; day < 4; day++) {
            Offer padded = offering(cat(juliet.certificate.bytes(), junk(80, day)));
            assertEquals(
                    new Verdict.Verified(juliet.name(), "pinned"),
                    romeo.judges(juliet.jid, padded, proof(juliet.subkey)));
        }
        assertArrayEquals(juliet.certificate.bytes(), kept());
    }

    @Test
    void a_certificate_that_was_kept_with_many_signatures_is_still_read() throws Exception {
        romeo.pins(juliet);
        Stages.await(romeo.store.keep(
                juliet.jid, juliet.name(), cat(juliet.certificate.bytes(), junk(Bounds.SENT.signatures() + 1, 0))));
        Offer named = offer(OfferedKeys.keyinfo(juliet.name().fingerprint()));
        assertEquals(
                new Verdict.Verified(juliet.name(), "pinned"), romeo.judges(juliet.jid, named, proof(juliet.subkey)));
        assertArrayEquals(juliet.certificate.bytes(), kept());
    }

    /** Binding signatures of the last subkey that are none, each another. */
    private byte[] junk(int count, int day) {
        byte[][] junk = new byte[count][];
        for (int i = 0; i < count; i++) {
            junk[i] = binding(
                    juliet.primary,
                    juliet.subkey,
                    authenticating().at(Pgp.MADE.plus(Duration.ofDays(day)).plusSeconds(i)));
            junk[i][junk[i].length - 1] ^= 1;
        }
        return cat(junk);
    }

    @Test
    void a_copy_of_a_signature_with_more_around_it_is_kept_once() throws Exception {
        PGPKeyPair mallory = ed25519();
        byte[] plain = cat(primary(mallory), direct(PGPSignature.DIRECT_KEY, mallory, authenticating()));
        byte[] bloated = cat(
                plain,
                direct(
                        PGPSignature.DIRECT_KEY,
                        mallory,
                        authenticating()
                                .unhashed(more -> more.addNotationData(false, true, "x@y.z", "z".repeat(999)))));
        assertArrayEquals(
                plain,
                Evaluator.lasting(Pgp.read(bloated), Pgp.NOW, bloated.length).orElseThrow());
    }

    @Test
    void a_revocation_that_is_kept_outlives_newer_copies_without_it() throws Exception {
        PGPKeyPair lost = ed25519();
        byte[] revoked = cat(juliet.certificate.bytes(), lostSubkey(lost), revocation(lost));
        Offer without = offering(cat(juliet.certificate.bytes(), lostSubkey(lost)));
        romeo.pins(juliet);
        Stages.await(romeo.store.keep(juliet.jid, juliet.name(), revoked));
        assertInstanceOf(Verdict.Verified.class, romeo.judges(juliet.jid, without, proof(juliet.subkey)));
        assertRevoked(lost, kept());

        // One that was seen before what is kept now.
        romeo.store.listeners.clear();
        Side benvolio = side("benvolio@montague.example", ed25519(), ed25519());
        var unknown = benvolio.judges(juliet.jid, without, proof(juliet.subkey));
        benvolio.store.listeners.clear();
        benvolio.pins(juliet);
        Stages.await(benvolio.store.keep(juliet.jid, juliet.name(), revoked));
        benvolio.keys.changed(new TrustChange(Pgp.NOW, juliet.jid, juliet.name(), null, KeyState.VERIFIED, "decided"));
        Stages.await(benvolio.keys.own());
        Stages.await(benvolio.keys.own());
        assertRevoked(
                lost,
                Stages.await(benvolio.store.material(juliet.jid, juliet.name())).orElseThrow());

        // One that its owner hands.
        HandedKey handed = Stages.await(juliet.keys.hand(juliet.jid, STATEMENT)).get(0);
        Taken taken = Stages.await(romeo.keys.take(juliet.jid, handed.keyinfo(), STATEMENT, handed.signature()));
        assertRevoked(lost, assertInstanceOf(Taken.Held.class, taken).material());
    }

    @Test
    void a_minimised_certificate_says_which_keys_are_revoked() throws Exception {
        PGPKeyPair lost = ed25519();
        Certificate whole = Pgp.read(cat(juliet.certificate.bytes(), lostSubkey(lost), revocation(lost)));
        Evaluation.Usable usable = assertInstanceOf(Evaluation.Usable.class, Evaluator.evaluate(whole, Pgp.NOW));
        byte[] minimised =
                Evaluator.minimised(usable, Pgp.NOW, userId -> true, 6_144).orElseThrow();
        assertRevoked(lost, minimised);
        Certificate older = Pgp.read(cat(juliet.certificate.bytes(), lostSubkey(lost)));
        assertRevoked(lost, older.with(Pgp.read(minimised)).bytes());
        // Rather than nothing at all.
        assertTrue(Evaluator.minimised(usable, Pgp.NOW, userId -> true, minimised.length - 1)
                .isPresent());
    }

    private byte[] lostSubkey(PGPKeyPair lost) {
        return cat(subkey(lost), binding(juliet.primary, lost, authenticating()));
    }

    private byte[] revocation(PGPKeyPair lost) {
        return binding(PGPSignature.SUBKEY_REVOCATION, juliet.primary, lost, how().reason(2));
    }

    private static void assertRevoked(PGPKeyPair lost, byte[] certificate) throws Exception {
        Evaluation.Usable usable = assertInstanceOf(
                Evaluation.Usable.class, Evaluator.evaluate(Certificate.read(certificate, Bounds.SENT), Pgp.NOW));
        assertEquals(
                Flaw.SUBKEY_REVOKED,
                usable.rejected(KeyKind.of(lost.getPublicKey())).orElseThrow().flaw());
    }

    @Test
    void a_wrong_fingerprint_in_the_offer() {
        romeo.pins(juliet);
        PGPKeyPair mallory = ed25519();
        PGPKeyPair hers = ed25519();
        Offer lying = offer(
                OfferedKeys.keyinfo("ab".repeat(20)), OfferedKeys.certificate(sound(mallory, hers, "xmpp:" + JULIET)));
        assertRefused("neither did an OpenPGP certificate come", romeo.judges(juliet.jid, lying, proof(hers)));
    }

    @Test
    void the_right_fingerprint_and_a_swapped_key_in_the_handshake() {
        romeo.pins(juliet);
        Offer right = juliet.offerTo(romeo.jid);
        assertRefused(
                "in none of the OpenPGP certificates that its offer named",
                romeo.judges(juliet.jid, right, proof(ed25519())));
    }

    @Test
    void the_primary_key_instead_of_the_authentication_key() {
        romeo.pins(juliet);
        assertRefused(
                "not made for authentication",
                romeo.judges(juliet.jid, juliet.offerTo(romeo.jid), proof(juliet.primary)));
    }

    @Test
    void somebody_elses_certificate_under_the_pinned_name_is_not_merged_into_it() {
        romeo.pins(juliet);
        PGPKeyPair hers = ed25519();
        // Juliet's primary key, and a subkey that somebody else has bound.
        byte[] forged = cat(
                primary(juliet.primary),
                userId("xmpp:" + JULIET),
                selfSignature(juliet.primary, "xmpp:" + JULIET, certifying()),
                subkey(hers),
                binding(ed25519(), hers, authenticating()));
        assertRefused("without a valid binding signature", romeo.judges(juliet.jid, offering(forged), proof(hers)));
    }

    @Test
    void two_certificates_with_one_subkey() {
        PGPKeyPair mallory = ed25519();
        byte[] adopted = sound(mallory, juliet.subkey, "xmpp:" + JULIET);
        Offer both = offer(
                OfferedKeys.keyinfo(juliet.name().fingerprint()),
                OfferedKeys.certificate(juliet.certificate.bytes()),
                OfferedKeys.keyinfo(Pgp.read(adopted).fingerprint()),
                OfferedKeys.certificate(adopted));
        assertRefused("two OpenPGP certificates lay claim to", romeo.judges(juliet.jid, both, proof(juliet.subkey)));
    }

    @Test
    void a_subkey_adopted_from_a_certificate_in_the_key_ring() throws Exception {
        Path ring = Files.write(directory.resolve("ring.pgp"), juliet.certificate.bytes());
        Side knowing = side("mercutio@verona.example", List.of(ring), null, List.of());
        byte[] adopted =
                sound(ed25519(), Pgp.adopted(juliet.subkey, Pgp.MADE.minusSeconds(60)), "xmpp:mallory@verona.example");
        assertRefused(
                "two OpenPGP certificates lay claim to",
                knowing.judges(BareJid.parse("mallory@verona.example"), offering(adopted), proof(juliet.subkey)));
    }

    @Test
    void a_user_id_with_look_alike_characters() {
        // The o is Cyrillic.
        assertObjection("look-alike characters", "Juliet <juliet@capulet-h\u043euse.example>");
        assertObjection("look-alike characters", "xmpp:\uff4auliet@capulet.example");
    }

    @Test
    void a_user_id_with_embedded_line_breaks() {
        assertObjection("line breaks or invisible characters", "xmpp:" + JULIET + "\nVerified by: the Prince");
        assertObjection("line breaks or invisible characters", "Juliet\u202e <" + JULIET + ">");
    }

    @Test
    void a_certificate_made_out_to_somebody_else() {
        assertObjection("made out to another address", "xmpp:rosaline@capulet.example");
    }

    private void assertObjection(String reason, String userId) {
        PGPKeyPair key = ed25519();
        PGPKeyPair sub = ed25519();
        assertRefused(reason, romeo.judges(juliet.jid, offering(sound(key, sub, userId)), proof(sub)));
    }

    @Test
    void a_pin_is_a_word_on_the_key_whatever_its_user_ids_say() {
        PGPKeyPair key = ed25519();
        PGPKeyPair sub = ed25519();
        byte[] certificate = sound(key, sub, "xmpp:rosaline@capulet.example");
        KeyName name = Pgp.read(certificate).name();
        Stages.await(romeo.store.put(juliet.jid, name, KeyState.VERIFIED, "test"));
        assertEquals(new Verdict.Verified(name, "pinned"), romeo.judges(juliet.jid, offering(certificate), proof(sub)));
    }

    @Test
    void a_pin_of_one_address_says_nothing_of_another() {
        romeo.pins(juliet);
        assertRefused(
                "made out to another address",
                romeo.judges(
                        BareJid.parse("rosaline@capulet.example"), juliet.offerTo(romeo.jid), proof(juliet.subkey)));
    }

    @Test
    void a_distrusted_key() {
        romeo.knows(juliet, KeyState.DISTRUSTED);
        Offer start = juliet.offerTo(romeo.jid);
        assertRefused("is distrusted", romeo.judges(juliet.jid, start, proof(juliet.subkey)));
        assertEquals(
                Answer.IMPOSSIBLE,
                Stages.await(romeo.method.answer(romeo.with(juliet.jid, Role.RESPONDER, null, start))));
    }

    @Test
    void a_revoked_key_is_refused_and_the_store_learns_of_it() {
        romeo.pins(juliet);
        Verdict.Refused refused = assertRefused(
                "was revoked by its owner (compromised",
                romeo.judges(juliet.jid, offering(revoked()), proof(juliet.subkey)));
        assertEquals(Alert.CERTIFICATE_REVOKED, refused.alert());
        assertEquals(KeyState.DISTRUSTED, romeo.store.state(juliet.jid, juliet.name()));
    }

    @Test
    void an_offer_of_a_known_key_that_was_revoked_is_answered_with_the_reason_and_the_store_learns_of_it() {
        romeo.pins(juliet);
        Failure failure =
                Stages.failure(romeo.method.answer(romeo.with(juliet.jid, Role.RESPONDER, null, offering(revoked()))));
        assertEquals(Failure.Code.UNTRUSTED, failure.code());
        assertTrue(failure.message().contains("was revoked by its owner (compromised"), failure.message());
        assertEquals(KeyState.DISTRUSTED, romeo.store.state(juliet.jid, juliet.name()));
    }

    @Test
    void a_stranger_who_offers_a_revoked_key_keeps_other_methods_from_nothing() {
        assertEquals(
                Answer.IMPOSSIBLE,
                Stages.await(romeo.method.answer(romeo.with(juliet.jid, Role.RESPONDER, null, offering(revoked())))));
    }

    @Test
    void a_key_that_its_owner_gave_up_is_expired_and_not_distrusted() {
        romeo.pins(juliet);
        assertRefused(
                "was revoked by its owner (retired",
                romeo.judges(juliet.jid, offering(revoked(3)), proof(juliet.subkey)));
        assertEquals(KeyState.EXPIRED, romeo.store.state(juliet.jid, juliet.name()));
    }

    @Test
    void a_revocation_in_the_key_ring_reaches_the_store_without_any_handshake() throws Exception {
        Path ring = Files.write(directory.resolve("ring.pgp"), juliet.certificate.bytes());
        Side knowing = side("mercutio@verona.example", List.of(ring), null, List.of());
        knowing.knows(juliet, KeyState.VERIFIED);
        Stages.await(knowing.keys.recheck());
        assertEquals(KeyState.VERIFIED, knowing.store.state(juliet.jid, juliet.name()));
        Files.write(ring, revoked());
        Stages.await(knowing.keys.recheck());
        assertEquals(KeyState.DISTRUSTED, knowing.store.state(juliet.jid, juliet.name()));
        String evidence = Stages.await(knowing.store.history(juliet.jid)).get(1).evidence();
        assertTrue(evidence.startsWith("revoked by its owner: compromised"), evidence);
        // And an offer that does not hold the revocation does not help.
        assertRefused(
                "was revoked", knowing.judges(juliet.jid, offering(juliet.certificate.bytes()), proof(juliet.subkey)));
    }

    @Test
    void a_key_that_has_expired_is_so_in_the_store() {
        PGPKeyPair key = ed25519();
        PGPKeyPair sub = ed25519();
        byte[] expired = cat(
                primary(key),
                userId("xmpp:" + JULIET),
                selfSignature(key, "xmpp:" + JULIET, certifying().expires(Duration.ofDays(30))),
                subkey(sub),
                binding(key, sub, authenticating()));
        KeyName name = Pgp.read(expired).name();
        Stages.await(romeo.store.put(juliet.jid, name, KeyState.VERIFIED, "test"));
        Stages.await(romeo.store.keep(juliet.jid, name, expired));
        Stages.await(romeo.keys.recheck());
        assertEquals(KeyState.EXPIRED, romeo.store.state(juliet.jid, name));
    }

    @Test
    void an_old_copy_in_an_offer_does_not_make_a_key_expired_that_its_owner_may_have_prolonged() {
        String id = "xmpp:" + JULIET;
        byte[] old = cat(
                primary(juliet.primary),
                userId(id),
                selfSignature(juliet.primary, id, certifying().expires(Duration.ofDays(30))),
                subkey(juliet.subkey),
                binding(juliet.primary, juliet.subkey, authenticating()));
        romeo.knows(juliet, KeyState.VERIFIED);
        Stages.failure(romeo.method.answer(romeo.with(juliet.jid, Role.RESPONDER, null, offering(old))));
        assertRefused("has expired", romeo.judges(juliet.jid, offering(old), proof(juliet.subkey)));
        assertEquals(KeyState.VERIFIED, romeo.store.state(juliet.jid, juliet.name()));
    }

    @Test
    void a_key_known_as_expired_is_unknown_again_when_its_owner_has_prolonged_it() {
        romeo.knows(juliet, KeyState.VERIFIED);
        romeo.knows(juliet, KeyState.EXPIRED);
        assertEquals(
                new Verdict.Unknown(juliet.name()),
                romeo.judges(juliet.jid, juliet.offerTo(romeo.jid), proof(juliet.subkey)));
    }

    @Test
    void a_malformed_certificate_in_the_offer_is_named() {
        byte[] whole = juliet.certificate.bytes();
        Offer cut = offer(
                OfferedKeys.keyinfo(juliet.name().fingerprint()),
                OfferedKeys.certificate(Arrays.copyOf(whole, whole.length - 1)));
        assertRefused("is truncated", romeo.judges(juliet.jid, cut, proof(juliet.subkey)));
    }

    @Test
    void something_else_than_a_raw_public_key() {
        assertRefused(
                "something else than a raw public key",
                romeo.judges(juliet.jid, juliet.offerTo(romeo.jid), new Proof.ExternalPsk()));
    }

    @Test
    void a_key_that_is_too_weak_in_the_handshake() {
        assertRefused(
                "RSA with 1024 bits",
                Stages.await(romeo.method.verify(
                        romeo.with(juliet.jid, Role.RESPONDER, null, juliet.offerTo(romeo.jid)), weakProof())));
    }

    private static Proof weakProof() {
        try {
            var generator = java.security.KeyPairGenerator.getInstance("RSA");
            generator.initialize(1024);
            return new Proof.RawPublicKey(generator.generateKeyPair().getPublic());
        } catch (java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void with_a_pinned_peer_nothing_less_will_do() {
        romeo.pins(juliet);
        PGPKeyPair key = ed25519();
        Offer other = offering(sound(key, ed25519(), "xmpp:" + JULIET));
        KeyName name = new KeyName(
                "openpgp", HexFormat.of().formatHex(key.getPublicKey().getFingerprint()));
        for (Role role : Role.values()) {
            assertEquals(
                    Answer.impossible(name),
                    Stages.await(romeo.method.answer(romeo.with(juliet.jid, role, null, other))));
        }
    }

    @Test
    void names_that_nobody_knows_lead_nowhere() {
        Offer x509 = offer(OfferedKeys.keyinfo("cd".repeat(32)), OfferedKeys.keyinfo("cd".repeat(20)));
        assertEquals(
                Answer.IMPOSSIBLE,
                Stages.await(romeo.method.answer(romeo.with(juliet.jid, Role.RESPONDER, null, x509))));
        assertEquals(
                Answer.IMPOSSIBLE,
                Stages.await(romeo.method.answer(romeo.with(juliet.jid, Role.RESPONDER, null, null))));
    }

    @Test
    void policy_that_rejects_strangers_neither_takes_nor_sends_certificates() {
        romeo.policy = Policy.DEFAULT.with(Policy.FirstUse.REJECT);
        assertEquals(
                List.of("keyinfo"),
                romeo.offerTo(juliet.jid).things().stream().map(Element::name).toList());
        assertFalse(Stages.await(
                        romeo.method.answer(romeo.with(juliet.jid, Role.RESPONDER, null, juliet.offerTo(romeo.jid))))
                .possible());
    }

    @Test
    void who_only_probes_gets_a_name_and_no_certificate() {
        Answer answer = Stages.await(romeo.method.answer(romeo.probedBy(juliet.jid, juliet.offerTo(romeo.jid))));
        assertEquals(
                List.of("keyinfo"), answer.things().stream().map(Element::name).toList());
    }

    @Test
    void the_largest_keys_fit_into_an_offer() {
        Side large = side("escalus@verona.example", Pgp.rsa(4096), Pgp.rsa(4096));
        Offer offer = large.offerTo(juliet.jid);
        assertEquals(2, offer.things().size());
        assertTrue(offer.element().toXml().length() < Offer.MAX_BYTES / 2, "beside other methods");
    }

    @Test
    void without_a_key_nothing_is_offered_and_what_is_known_still_binds() throws Exception {
        Path ring = Files.write(directory.resolve("ring.pgp"), certifiedJuliet(romeo.primary));
        Path introducer = Files.write(directory.resolve("romeo.pgp"), romeo.certificate.bytes());
        OpenPgpKeys none = new OpenPgpKeys(
                Settings.NONE.withPeers(
                        List.of(ring, introducer),
                        null,
                        List.of(Introducer.parse(romeo.name().fingerprint()))),
                Clock.fixed(Pgp.NOW, ZoneOffset.UTC));
        open.add(none);
        none.use(new MemoryTrustStore());
        OpenPgpMethod method = new OpenPgpMethod(none);
        assertEquals(List.of(), Stages.await(method.offer(romeo.with(juliet.jid, Role.INITIATOR, null, null))));
        Answer answer = Stages.await(method.answer(romeo.with(juliet.jid, Role.RESPONDER, null, null)));
        assertFalse(answer.possible());
        assertEquals("an OpenPGP key certified by " + romeo.name().fingerprint(), answer.binding());
        assertEquals(List.of(), Stages.await(none.keys(romeo.jid)));
    }

    @Test
    void a_peer_certified_by_the_own_key_is_verified_without_a_pin() throws Exception {
        PGPKeyPair own = ed25519();
        Path ring = Files.write(directory.resolve("ring.pgp"), certifiedJuliet(own));
        Side certifier = new Side(
                directory,
                "mercutio@verona.example",
                own,
                ed25519(),
                "xmpp:mercutio@verona.example",
                List.of(ring),
                null,
                List.of());
        open.add(certifier);
        String evidence = "certified by " + certifier.name().fingerprint();
        assertEquals(
                new Verdict.Verified(juliet.name(), evidence),
                certifier.judges(juliet.jid, juliet.offerTo(romeo.jid), proof(juliet.subkey)));
        // And her server cannot have it otherwise.
        Answer stripped =
                Stages.await(certifier.method.answer(certifier.with(juliet.jid, Role.RESPONDER, null, offer())));
        assertFalse(stripped.possible());
        assertEquals("an OpenPGP key " + evidence, stripped.binding());
        PGPKeyPair false1 = ed25519();
        assertFalse(Stages.await(certifier.method.answer(certifier.with(
                        juliet.jid, Role.RESPONDER, null, offering(sound(false1, ed25519(), "xmpp:" + JULIET)))))
                .possible());
        // The store has no record of her key, and still a tunnel that stands on it ends when it is revoked.
        Stages.await(certifier.keys.recheck());
        assertEquals(List.of(), Stages.await(certifier.store.peer(juliet.jid)).keys());
        Files.write(ring, revoked());
        Stages.await(certifier.keys.recheck());
        assertEquals(KeyState.DISTRUSTED, certifier.store.state(juliet.jid, juliet.name()));
    }

    @Test
    void a_certificate_is_found_in_a_web_key_directory_in_either_layout() throws Exception {
        String hash = CertificateFiles.hash("juliet");
        for (String layout : List.of("capulet.example/hu/", "hu/", ".well-known/openpgpkey/capulet.example/hu/")) {
            Path root = Files.createTempDirectory(directory, "wkd");
            Path file = root.resolve(layout + hash);
            Files.createDirectories(file.getParent());
            Files.write(file, juliet.certificate.bytes());
            Side reading = side("mercutio@verona.example", List.of(), root, List.of());
            assertEquals(
                    new Verdict.Unknown(juliet.name()),
                    reading.judges(
                            juliet.jid, offer(OfferedKeys.keyinfo(juliet.name().fingerprint())), proof(juliet.subkey)),
                    layout);
        }
    }

    @Test
    void the_web_key_directorys_hash_is_the_drafts() {
        // From the draft: Joe.Doe@example.org.
        assertEquals("iy9q119eutrkn8s1mk4r39qejnbu3n5q", CertificateFiles.hash("Joe.Doe"));
    }

    @Test
    void a_key_handed_in_a_tunnel_is_held_by_who_hands_it() throws Exception {
        HandedKey handed = Stages.await(juliet.keys.hand(juliet.jid, STATEMENT)).get(0);
        Taken.Held held = assertInstanceOf(
                Taken.Held.class,
                Stages.await(romeo.keys.take(juliet.jid, handed.keyinfo(), STATEMENT, handed.signature())));
        assertEquals(juliet.name(), held.key());
        assertEquals(
                juliet.name().fingerprint(),
                Certificate.read(held.material(), Bounds.SENT).fingerprint());
    }

    @Test
    void a_key_handed_by_somebody_else_is_refused() {
        HandedKey handed = Stages.await(juliet.keys.hand(juliet.jid, STATEMENT)).get(0);
        byte[] other = "mallory says to romeo, here".getBytes(StandardCharsets.US_ASCII);
        assertTaken("No authentication key", romeo, handed.keyinfo(), other, handed.signature());
        HandedKey mallorys = Stages.await(romeo.keys.hand(romeo.jid, STATEMENT)).get(0);
        assertTaken("No authentication key", romeo, handed.keyinfo(), STATEMENT, mallorys.signature());
    }

    @Test
    void a_key_handed_under_a_wrong_name_is_refused() {
        HandedKey handed = Stages.await(juliet.keys.hand(juliet.jid, STATEMENT)).get(0);
        Element renamed = OfferedKeys.keyinfo("ef".repeat(20))
                .with(handed.keyinfo().child(OfferedKeys.PUBKEY, "pgpdata").orElseThrow());
        assertTaken("not the one its name says", romeo, renamed, STATEMENT, handed.signature());
    }

    @Test
    void a_key_handed_that_is_known_to_be_revoked_is_refused() throws Exception {
        Path ring = Files.write(directory.resolve("ring.pgp"), revoked());
        Side knowing = side("mercutio@verona.example", List.of(ring), null, List.of());
        HandedKey handed = Stages.await(juliet.keys.hand(juliet.jid, STATEMENT)).get(0);
        assertTaken("was revoked by its owner", knowing, handed.keyinfo(), STATEMENT, handed.signature());
    }

    @Test
    void a_key_of_another_method_is_foreign() {
        Element x509 = OfferedKeys.keyinfo("ab".repeat(20))
                .with(Element.of(OfferedKeys.PUBKEY, "x509cert").withText("AAAA"));
        assertInstanceOf(Taken.Foreign.class, Stages.await(romeo.keys.take(juliet.jid, x509, STATEMENT, new byte[64])));
    }

    private void assertTaken(String reason, Side by, Element keyinfo, byte[] statement, byte[] signature) {
        Taken.Refused refused = assertInstanceOf(
                Taken.Refused.class, Stages.await(by.keys.take(juliet.jid, keyinfo, statement, signature)));
        assertTrue(refused.reason().contains(reason), refused.reason());
    }

    @Test
    void an_argon2_key_opens_and_one_that_wants_a_gibibyte_does_not() throws Exception {
        PGPKeyPair key = ed25519(6, Pgp.MADE);
        PGPKeyPair sub = ed25519(6, Pgp.MADE);
        byte[] salt = "sixteen octets..".getBytes(StandardCharsets.US_ASCII);
        byte[] locked = Pgp.secret(
                sub,
                false,
                new BcAEADSecretKeyEncryptorBuilder(
                                AEADAlgorithmTags.OCB,
                                SymmetricKeyAlgorithmTags.AES_256,
                                new S2K.Argon2Params(salt, 1, 4, 12))
                        .build("light".toCharArray(), subkeyPacket(sub)));
        byte[] file = cat(
                Pgp.secret(key, true, null),
                direct(PGPSignature.DIRECT_KEY, key, certifying()),
                locked,
                binding(key, sub, authenticating()));
        OpenPgpKeys keys = keys(file, "light");
        OwnIdentity own = Stages.await(keys.own());
        assertEquals(64, own.name().fingerprint().length());
        assertEquals(
                1, Stages.await(keys.signer(romeo.jid, own.key())).schemes().size());

        int at = indexOf(file, salt) + salt.length;
        assertEquals(12, file[at + 2], "the memory exponent");
        byte[] heavy = file.clone();
        heavy[at + 2] = 20;
        OpenPgpKeys greedy = keys(heavy, "light");
        Failure failure = Stages.failure(
                greedy.signer(romeo.jid, Stages.await(greedy.own()).key()));
        assertTrue(failure.message().contains("Argon2 with 2^20 KiB"), failure.message());
    }

    private static org.bouncycastle.bcpg.PublicKeyPacket subkeyPacket(PGPKeyPair key) {
        var packet = key.getPublicKey().getPublicKeyPacket();
        return new org.bouncycastle.bcpg.PublicSubkeyPacket(
                packet.getVersion(), packet.getAlgorithm(), packet.getTime(), packet.getKey());
    }

    private OpenPgpKeys keys(byte[] file, String passphrase) {
        OpenPgpKeys keys = new OpenPgpKeys(
                Settings.withKey(Pgp.secretFile(directory, file), passphrase), Clock.fixed(Pgp.NOW, ZoneOffset.UTC));
        open.add(keys);
        return keys;
    }

    private static int indexOf(byte[] in, byte[] what) {
        for (int i = 0; i + what.length <= in.length; i++) {
            if (Arrays.equals(Arrays.copyOfRange(in, i, i + what.length), what)) {
                return i;
            }
        }
        throw new AssertionError("not there");
    }

    @Test
    void a_stopped_method_says_so_and_leaves_no_thread_and_no_provider() throws Exception {
        Provider[] before = Security.getProviders();
        Side gone = side("mercutio@verona.example", List.of(), null, List.of());
        Offer start = gone.offerTo(juliet.jid);
        Credential.RawPublicKey credential = assertInstanceOf(
                Credential.RawPublicKey.class,
                Stages.await(gone.method.credential(gone.with(juliet.jid, Role.INITIATOR, start, start))));
        gone.close();
        Failure failure = Stages.failure(gone.method.offer(gone.with(juliet.jid, Role.INITIATOR, null, null)));
        assertEquals(Failure.Code.SERVICE_GONE, failure.code());
        romeo.close();
        juliet.close();
        assertTrue(Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("xtls-auth-openpgp") && thread.isAlive()));
        assertArrayEquals(before, Security.getProviders());
        // What it handed out still signs: a tunnel in mid-handshake goes on.
        byte[] signature =
                credential.signer().sign(credential.signer().schemes().get(0), STATEMENT);
        assertTrue(TlsSignatures.verify(credential.signer().schemes().get(0), credential.key(), STATEMENT, signature));
    }

    @Test
    void without_a_trust_store_nothing_is_judged() {
        OpenPgpKeys keys = new OpenPgpKeys(Settings.NONE, Clock.fixed(Pgp.NOW, ZoneOffset.UTC));
        open.add(keys);
        Verdict verdict = Stages.await(new OpenPgpMethod(keys)
                .verify(romeo.with(juliet.jid, Role.RESPONDER, null, juliet.offerTo(romeo.jid)), proof(juliet.subkey)));
        assertEquals(
                Failure.Code.SERVICE_GONE,
                assertInstanceOf(Verdict.Refused.class, verdict).failure().code());
    }

    private byte[] certifiedJuliet(PGPKeyPair by) {
        String id = "xmpp:" + JULIET;
        return cat(
                primary(juliet.primary),
                userId(id),
                selfSignature(juliet.primary, id, certifying()),
                Pgp.certification(PGPSignature.DEFAULT_CERTIFICATION, by, juliet.primary, id, how()),
                subkey(juliet.subkey),
                binding(juliet.primary, juliet.subkey, authenticating()));
    }

    private byte[] revoked() {
        return revoked(2);
    }

    private byte[] revoked(int reason) {
        String id = "xmpp:" + JULIET;
        return cat(
                primary(juliet.primary),
                direct(
                        PGPSignature.KEY_REVOCATION,
                        juliet.primary,
                        how().reason(reason).hash(HashAlgorithmTags.SHA256)),
                userId(id),
                selfSignature(juliet.primary, id, certifying()),
                subkey(juliet.subkey),
                binding(juliet.primary, juliet.subkey, authenticating()));
    }

    private Side side(String jid, PGPKeyPair primary, PGPKeyPair sub) {
        Side side = new Side(directory, jid, primary, sub, "xmpp:" + jid, List.of(), null, List.of());
        open.add(side);
        return side;
    }

    private Side side(String jid, List<Path> rings, Path wkd, List<Introducer> introducers) {
        Side side = new Side(directory, jid, rings, wkd, introducers);
        open.add(side);
        return side;
    }

    private static Verdict.Refused assertRefused(String reason, Verdict verdict) {
        Verdict.Refused refused = assertInstanceOf(Verdict.Refused.class, verdict);
        assertTrue(
                refused.failure().message().contains(reason), refused.failure().message());
        return refused;
    }
}
