package org.xtls.auth.openpgp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.openpgp.Pgp.NOW;
import static org.xtls.auth.openpgp.Pgp.cat;
import static org.xtls.auth.openpgp.Pgp.certifying;
import static org.xtls.auth.openpgp.Pgp.direct;
import static org.xtls.auth.openpgp.Pgp.ed25519;
import static org.xtls.auth.openpgp.Pgp.how;
import static org.xtls.auth.openpgp.Pgp.primary;
import static org.xtls.auth.openpgp.Pgp.selfSignature;
import static org.xtls.auth.openpgp.Pgp.userId;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPSignature;
import org.junit.jupiter.api.Test;
import org.xtls.BareJid;
import org.xtls.auth.openpgp.Evaluation.UserId;

class WebOfTrustTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.example");
    private static final String XMPP = "xmpp:juliet@capulet.example";
    private static final int CERTIFIES = PGPSignature.DEFAULT_CERTIFICATION;

    private final PGPKeyPair juliet = ed25519();
    private final PGPKeyPair friar = ed25519();
    private final PGPKeyPair nurse = ed25519();
    private final PGPKeyPair prince = ed25519();

    @Test
    void one_full_introducer_is_enough() {
        assertTrue(binds(List.of(full(friar)), plain(friar), certified(by(friar, how()))));
    }

    @Test
    void nobodys_word_is_not_enough() {
        assertFalse(binds(List.of(full(friar)), plain(friar), certified()));
    }

    @Test
    void a_strangers_word_does_not_count() {
        assertFalse(binds(List.of(full(friar)), plain(nurse), certified(by(nurse, how()))));
    }

    @Test
    void a_certification_in_somebodys_name_that_he_did_not_make() {
        byte[] forged = by(friar, how());
        forged[forged.length - 1] ^= 1;
        assertFalse(binds(List.of(full(friar)), plain(friar), certified(forged)));
    }

    @Test
    void her_own_word_does_not_count() {
        assertFalse(binds(List.of(full(juliet)), plain(juliet), certified()));
    }

    @Test
    void an_introducer_whose_certificate_is_not_at_hand_does_not_count() {
        assertFalse(binds(List.of(full(friar)), plain(nurse), certified(by(friar, how()))));
    }

    @Test
    void marginal_introducers_count_together() {
        List<Introducer> roots = List.of(marginal(friar), marginal(nurse), marginal(prince));
        byte[] keys = cat(plain(friar), plain(nurse), plain(prince));
        assertFalse(binds(roots, keys, certified(by(friar, how()))));
        assertFalse(binds(roots, keys, certified(by(friar, how()), by(nurse, how()))));
        assertTrue(binds(roots, keys, certified(by(friar, how()), by(nurse, how()), by(prince, how()))));
    }

    @Test
    void one_marginal_introducer_who_certifies_three_times_is_one() {
        List<Introducer> roots = List.of(marginal(friar), marginal(nurse), marginal(prince));
        assertFalse(binds(
                roots,
                cat(plain(friar), plain(nurse), plain(prince)),
                certified(by(friar, how()), by(friar, how().at(NOW.minusSeconds(9))), by(friar, how().at(NOW)))));
    }

    @Test
    void a_certification_taken_back() {
        byte[] revoked = Pgp.certification(
                PGPSignature.CERTIFICATION_REVOCATION, friar, juliet, XMPP, how().at(NOW.minusSeconds(60)));
        assertFalse(binds(List.of(full(friar)), plain(friar), certified(by(friar, how()), revoked)));
    }

    @Test
    void a_certification_given_again_after_it_was_taken_back() {
        byte[] revoked = Pgp.certification(
                PGPSignature.CERTIFICATION_REVOCATION, friar, juliet, XMPP, how().at(NOW.minusSeconds(60)));
        assertTrue(binds(
                List.of(full(friar)),
                plain(friar),
                certified(by(friar, how()), revoked, by(friar, how().at(NOW.minusSeconds(30))))));
    }

    @Test
    void a_certification_that_has_run_out() {
        assertFalse(binds(
                List.of(full(friar)),
                plain(friar),
                certified(by(friar, how().with(subpackets -> subpackets.setSignatureExpirationTime(true, 86_400))))));
    }

    @Test
    void a_certification_with_sha_1() {
        PGPKeyPair rsa = Pgp.rsa(2048);
        assertTrue(binds(List.of(full(rsa)), plain(rsa), certified(by(rsa, how()))));
        assertFalse(binds(List.of(full(rsa)), plain(rsa), certified(by(rsa, how().hash(HashAlgorithmTags.SHA1)))));
    }

    @Test
    void a_certification_that_says_nothing_was_checked() {
        assertFalse(binds(
                List.of(full(friar)),
                plain(friar),
                certified(Pgp.certification(PGPSignature.NO_CERTIFICATION, friar, juliet, XMPP, how()))));
    }

    @Test
    void a_revoked_introducer() {
        byte[] revoked = cat(
                primary(friar),
                direct(PGPSignature.KEY_REVOCATION, friar, how().reason(2)),
                userId("Friar"),
                selfSignature(friar, "Friar", certifying()));
        assertFalse(binds(List.of(full(friar)), revoked, certified(by(friar, how()))));
    }

    @Test
    void an_introducer_who_may_not_certify() {
        byte[] signing =
                cat(primary(friar), userId("Friar"), selfSignature(friar, "Friar", how().flags(KeyFlags.SIGN_DATA)));
        assertFalse(binds(List.of(full(friar)), signing, certified(by(friar, how()))));
    }

    @Test
    void the_certified_user_id_has_to_be_the_one_with_the_address() {
        String other = "Juliet of Verona";
        byte[] certificate = cat(
                primary(juliet),
                userId(XMPP),
                selfSignature(juliet, XMPP, certifying()),
                userId(other),
                selfSignature(juliet, other, certifying()),
                Pgp.certification(CERTIFIES, friar, juliet, other, how()));
        assertFalse(binds(List.of(full(friar)), plain(friar), certificate));
    }

    @Test
    void a_user_id_that_its_owner_does_not_stand_by() {
        byte[] certificate = cat(
                primary(juliet),
                userId("Juliet"),
                selfSignature(juliet, "Juliet", certifying()),
                userId(XMPP),
                by(friar, how()));
        assertFalse(binds(List.of(full(friar)), plain(friar), certificate));
    }

    @Test
    void a_trust_signature_makes_an_introducer_as_far_as_both_allow() {
        byte[] keys = cat(plain(friar), trusted(nurse, friar, 1, 120, null));
        byte[] certificate = certified(by(nurse, how()));
        assertTrue(binds(List.of(new Introducer(fingerprint(friar), true, 1)), keys, certificate));
        assertFalse(binds(List.of(full(friar)), keys, certificate), "the user allows no depth");
        assertFalse(binds(
                List.of(new Introducer(fingerprint(friar), true, 1)),
                cat(plain(friar), trusted(nurse, friar, 0, 120, null)),
                certificate));
    }

    @Test
    void trust_does_not_reach_farther_than_its_depth() {
        byte[] keys = cat(plain(friar), trusted(nurse, friar, 1, 120, null), trusted(prince, nurse, 1, 120, null));
        assertFalse(binds(List.of(new Introducer(fingerprint(friar), true, 5)), keys, certified(by(prince, how()))));
        byte[] deeper = cat(plain(friar), trusted(nurse, friar, 2, 120, null), trusted(prince, nurse, 1, 120, null));
        assertTrue(binds(List.of(new Introducer(fingerprint(friar), true, 5)), deeper, certified(by(prince, how()))));
        assertFalse(binds(List.of(new Introducer(fingerprint(friar), true, 1)), deeper, certified(by(prince, how()))));
    }

    @Test
    void a_partial_trust_signature_makes_a_marginal_introducer() {
        byte[] keys = cat(plain(friar), trusted(nurse, friar, 1, 60, null));
        assertFalse(binds(List.of(new Introducer(fingerprint(friar), true, 1)), keys, certified(by(nurse, how()))));
    }

    @Test
    void a_trust_signature_scoped_by_a_regular_expression_is_ignored() {
        byte[] keys = cat(plain(friar), trusted(nurse, friar, 1, 120, "<[^>]+[@.]capulet\\.example>$"));
        assertFalse(binds(List.of(new Introducer(fingerprint(friar), true, 1)), keys, certified(by(nurse, how()))));
    }

    @Test
    void introducers_are_written_plainly() {
        String fingerprint = "AB".repeat(20);
        assertEquals(new Introducer("ab".repeat(20), true, 0), Introducer.parse(fingerprint));
        assertEquals(new Introducer("ab".repeat(20), false, 0), Introducer.parse(fingerprint + " marginal"));
        assertEquals(new Introducer("ab".repeat(20), true, 2), Introducer.parse(" " + fingerprint + " full 2 "));
        for (String bad :
                List.of("", "abcd", fingerprint + " much", fingerprint + " full 9", fingerprint + " full 1 1")) {
            assertThrows(IllegalArgumentException.class, () -> Introducer.parse(bad), bad);
        }
    }

    @Test
    void what_the_real_gpg_certified_counts() throws Exception {
        try (GnuPgHome one = new GnuPgHome();
                GnuPgHome two = new GnuPgHome()) {
            String introducer = one.generate("Friar <friar@verona.example>", "default", "default", "");
            String hers = two.generate("Juliet <juliet@capulet.example>", "ed25519", "sign", "");
            two.addKey(hers, "ed25519", "auth", "");
            one.importKey(two.export(hers));
            Certificate before = Certificate.read(two.export(hers), Bounds.LOCAL);
            assertFalse(bindsNow(one, introducer, before));
            one.gpg("--passphrase", "", "--yes", "--quick-sign-key", hers);
            Certificate after = Certificate.read(one.export(hers), Bounds.LOCAL);
            assertTrue(bindsNow(one, introducer, after));
            // The certification fits into what travels in an offer.
            Evaluation.Usable usable = (Evaluation.Usable)
                    Evaluator.evaluate(after, Clock.systemUTC().instant());
            byte[] offered = new OwnIdentity(usable, Clock.systemUTC().instant())
                    .minimised(JULIET)
                    .orElseThrow();
            assertTrue(bindsNow(one, introducer, Certificate.read(offered, Bounds.SENT)));
        }
    }

    private static boolean bindsNow(GnuPgHome home, String introducer, Certificate certificate) throws Exception {
        Instant now = Clock.systemUTC().instant();
        return new WebOfTrust(
                        KeyRing.read(home.export(introducer)).all(),
                        List.of(new Introducer(introducer, true, 0)),
                        3,
                        now)
                .binds(certificate, ((Evaluation.Usable) Evaluator.evaluate(certificate, now)).userIds(), JULIET)
                .isPresent();
    }

    private boolean binds(List<Introducer> roots, byte[] keys, byte[] certificate) {
        try {
            Certificate hers = Pgp.read(certificate);
            List<Certificate> all = new ArrayList<>(KeyRing.read(keys).all());
            List<UserId> standing = Evaluator.certifier(hers, NOW).orElseThrow();
            Optional<String> evidence = new WebOfTrust(all, roots, 3, NOW).binds(hers, standing, JULIET);
            return evidence.isPresent();
        } catch (BadCertificateException e) {
            throw new AssertionError(e);
        }
    }

    private static Introducer full(PGPKeyPair key) {
        return new Introducer(fingerprint(key), true, 0);
    }

    private static Introducer marginal(PGPKeyPair key) {
        return new Introducer(fingerprint(key), false, 0);
    }

    private static String fingerprint(PGPKeyPair key) {
        return Evaluator.fingerprint(key.getPublicKey());
    }

    /** A certificate that needs no authentication key to certify. */
    private static byte[] plain(PGPKeyPair key) {
        return cat(primary(key), userId("Somebody"), selfSignature(key, "Somebody", certifying()));
    }

    private static byte[] trusted(PGPKeyPair key, PGPKeyPair by, int depth, int amount, String scope) {
        Pgp.How how = how().with(subpackets -> subpackets.setTrust(true, depth, amount));
        if (scope != null) {
            how = how.with(subpackets -> subpackets.addRegularExpression(true, scope));
        }
        return cat(
                primary(key),
                userId("Somebody"),
                selfSignature(key, "Somebody", certifying()),
                Pgp.certification(CERTIFIES, by, key, "Somebody", how));
    }

    private byte[] certified(byte[]... certifications) {
        return cat(primary(juliet), userId(XMPP), selfSignature(juliet, XMPP, certifying()), cat(certifications));
    }

    private byte[] by(PGPKeyPair introducer, Pgp.How how) {
        return Pgp.certification(CERTIFIES, introducer, juliet, XMPP, how);
    }
}
