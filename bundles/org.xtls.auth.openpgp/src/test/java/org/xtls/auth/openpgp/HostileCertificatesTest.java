package org.xtls.auth.openpgp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.openpgp.Pgp.MADE;
import static org.xtls.auth.openpgp.Pgp.NOW;
import static org.xtls.auth.openpgp.Pgp.authenticating;
import static org.xtls.auth.openpgp.Pgp.backSignature;
import static org.xtls.auth.openpgp.Pgp.binding;
import static org.xtls.auth.openpgp.Pgp.cat;
import static org.xtls.auth.openpgp.Pgp.certifying;
import static org.xtls.auth.openpgp.Pgp.direct;
import static org.xtls.auth.openpgp.Pgp.ed25519;
import static org.xtls.auth.openpgp.Pgp.how;
import static org.xtls.auth.openpgp.Pgp.packet;
import static org.xtls.auth.openpgp.Pgp.primary;
import static org.xtls.auth.openpgp.Pgp.selfSignature;
import static org.xtls.auth.openpgp.Pgp.sound;
import static org.xtls.auth.openpgp.Pgp.subkey;
import static org.xtls.auth.openpgp.Pgp.userId;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.SignatureSubpacket;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPSignature;
import org.junit.jupiter.api.Test;
import org.xtls.auth.openpgp.Evaluation.Unusable;
import org.xtls.auth.openpgp.Evaluation.Usable;

/** What is wrong with one certificate, whoever presents it. */
class HostileCertificatesTest {
    private static final String ROMEO = "Romeo <romeo@montague.example>";
    private static final int SUPERSEDED = 1;
    private static final int COMPROMISED = 2;
    private static final PGPKeyPair RSA = Pgp.rsa(2048);

    private final PGPKeyPair primary = ed25519();
    private final PGPKeyPair subkey = ed25519();

    @Test
    void a_sound_certificate_is_usable() {
        Usable usable = usable(sound(primary, subkey, ROMEO), NOW);
        assertEquals(
                Evaluator.fingerprint(subkey.getPublicKey()), usable.newest().fingerprint());
        assertEquals(ROMEO, usable.userIds().get(0).text());
    }

    @Test
    void an_expired_primary_key() {
        refused(
                Flaw.PRIMARY_EXPIRED,
                cat(
                        primary(primary),
                        userId(ROMEO),
                        selfSignature(primary, ROMEO, certifying().expires(Duration.ofDays(90))),
                        auth()));
    }

    @Test
    void a_primary_key_that_expires_by_its_direct_signature() {
        refused(
                Flaw.PRIMARY_EXPIRED,
                cat(
                        primary(primary),
                        direct(PGPSignature.DIRECT_KEY, primary, certifying().expires(Duration.ofDays(90))),
                        userId(ROMEO),
                        selfSignature(primary, ROMEO, certifying().at(MADE.plusSeconds(60))),
                        auth()));
    }

    @Test
    void an_expired_subkey() {
        refused(
                Flaw.SUBKEY_EXPIRED,
                cat(
                        owner(),
                        subkey(subkey),
                        binding(primary, subkey, authenticating().expires(Duration.ofDays(30)))));
    }

    @Test
    void a_key_of_the_future() {
        PGPKeyPair later = ed25519(4, NOW.plusSeconds(3600));
        refused(Flaw.NOT_YET_VALID, cat(primary(later), userId(ROMEO), selfSignature(later, ROMEO, certifying())));
    }

    @Test
    void a_primary_key_revoked_as_compromised() {
        refused(
                Flaw.PRIMARY_REVOKED,
                cat(
                        primary(primary),
                        direct(
                                PGPSignature.KEY_REVOCATION,
                                primary,
                                how().reason(COMPROMISED).at(NOW.minusSeconds(60))),
                        userId(ROMEO),
                        selfSignature(primary, ROMEO, certifying()),
                        auth()));
    }

    @Test
    void a_compromised_key_is_revoked_from_the_beginning_of_time() {
        refused(
                Flaw.PRIMARY_REVOKED,
                cat(
                        primary(primary),
                        direct(
                                PGPSignature.KEY_REVOCATION,
                                primary,
                                how().reason(COMPROMISED).at(NOW.plusSeconds(60))),
                        userId(ROMEO),
                        selfSignature(primary, ROMEO, certifying()),
                        auth()));
    }

    @Test
    void a_revocation_without_a_reason_is_a_hard_one() {
        refused(
                Flaw.PRIMARY_REVOKED,
                cat(
                        primary(primary),
                        direct(PGPSignature.KEY_REVOCATION, primary, how().at(NOW.plusSeconds(60))),
                        userId(ROMEO),
                        selfSignature(primary, ROMEO, certifying()),
                        auth()));
    }

    @Test
    void a_primary_key_retired_before_the_handshake() {
        refused(Flaw.PRIMARY_GIVEN_UP, retiredAt(NOW.minusSeconds(60)), NOW);
    }

    @Test
    void a_primary_key_retired_after_the_handshake_is_good_until_then() {
        byte[] certificate = retiredAt(NOW.plusSeconds(60));
        usable(certificate, NOW);
        refused(Flaw.PRIMARY_GIVEN_UP, certificate, NOW.plusSeconds(61));
    }

    @Test
    void a_newer_self_signature_does_not_undo_a_revocation() {
        refused(
                Flaw.PRIMARY_GIVEN_UP,
                cat(
                        primary(primary),
                        direct(
                                PGPSignature.KEY_REVOCATION,
                                primary,
                                how().reason(SUPERSEDED).at(MADE.plusSeconds(60))),
                        direct(PGPSignature.DIRECT_KEY, primary, certifying().at(NOW.minusSeconds(60))),
                        userId(ROMEO),
                        selfSignature(primary, ROMEO, certifying()),
                        auth()));
    }

    @Test
    void a_revocation_counts_though_its_hash_is_old() {
        refused(
                Flaw.PRIMARY_REVOKED,
                cat(
                        primary(RSA),
                        direct(
                                PGPSignature.KEY_REVOCATION,
                                RSA,
                                how().reason(COMPROMISED).hash(HashAlgorithmTags.SHA1)),
                        userId(ROMEO),
                        selfSignature(RSA, ROMEO, certifying()),
                        subkey(subkey),
                        binding(RSA, subkey, authenticating())));
    }

    @Test
    void a_revocation_by_somebody_else_is_none() {
        PGPKeyPair mallory = ed25519();
        usable(
                cat(
                        primary(primary),
                        direct(PGPSignature.KEY_REVOCATION, mallory, how().reason(COMPROMISED)),
                        userId(ROMEO),
                        selfSignature(primary, ROMEO, certifying()),
                        auth()),
                NOW);
    }

    @Test
    void a_subkey_revoked_as_compromised() {
        refused(
                Flaw.SUBKEY_REVOKED,
                cat(
                        owner(),
                        auth(),
                        binding(
                                PGPSignature.SUBKEY_REVOCATION,
                                primary,
                                subkey,
                                how().reason(COMPROMISED).at(NOW.minusSeconds(60)))));
    }

    @Test
    void a_subkey_superseded() {
        refused(
                Flaw.SUBKEY_REVOKED,
                cat(
                        owner(),
                        auth(),
                        binding(
                                PGPSignature.SUBKEY_REVOCATION,
                                primary,
                                subkey,
                                how().reason(SUPERSEDED).at(NOW.minusSeconds(60)))));
    }

    @Test
    void an_older_subkey_serves_when_the_newest_is_revoked() {
        PGPKeyPair newer = ed25519(4, MADE.plusSeconds(3600));
        byte[] certificate = cat(
                owner(),
                auth(),
                subkey(newer),
                binding(primary, newer, authenticating().at(MADE.plusSeconds(3600))),
                binding(
                        PGPSignature.SUBKEY_REVOCATION,
                        primary,
                        newer,
                        how().reason(COMPROMISED).at(NOW.minusSeconds(60))));
        Usable usable = usable(certificate, NOW);
        assertEquals(
                Evaluator.fingerprint(subkey.getPublicKey()), usable.newest().fingerprint());
        assertEquals(
                List.of(Flaw.NOT_FOR_AUTHENTICATION, Flaw.SUBKEY_REVOKED),
                usable.rejected().stream().map(Evaluation.RejectedKey::flaw).toList());
    }

    @Test
    void a_revoked_user_id() {
        refused(
                Flaw.USER_IDS_REVOKED,
                cat(
                        primary(primary),
                        userId(ROMEO),
                        selfSignature(primary, ROMEO, certifying()),
                        Pgp.certification(
                                PGPSignature.CERTIFICATION_REVOCATION,
                                primary,
                                primary,
                                ROMEO,
                                how().reason(32).at(NOW.minusSeconds(60))),
                        auth()));
    }

    @Test
    void a_revoked_user_id_beside_a_good_one_is_not_the_owners_any_more() {
        String other = "xmpp:romeo@verona.example";
        Usable usable = usable(
                cat(
                        primary(primary),
                        userId(ROMEO),
                        selfSignature(primary, ROMEO, certifying()),
                        Pgp.certification(
                                PGPSignature.CERTIFICATION_REVOCATION,
                                primary,
                                primary,
                                ROMEO,
                                how().reason(32).at(NOW.minusSeconds(60))),
                        userId(other),
                        selfSignature(primary, other, certifying()),
                        auth()),
                NOW);
        assertEquals(
                List.of(other),
                usable.userIds().stream().map(Evaluation.UserId::text).toList());
    }

    @Test
    void a_subkey_without_a_binding_signature() {
        refused(Flaw.NOT_BOUND, cat(owner(), subkey(subkey)));
    }

    @Test
    void a_subkey_bound_by_another_primary_key() {
        refused(Flaw.NOT_BOUND, cat(owner(), subkey(subkey), binding(ed25519(), subkey, authenticating())));
    }

    @Test
    void a_binding_signature_for_another_subkey() {
        refused(Flaw.NOT_BOUND, cat(owner(), subkey(subkey), binding(primary, ed25519(), authenticating())));
    }

    @Test
    void a_signing_subkey_that_does_not_sign_back() {
        refused(
                Flaw.NO_BACK_SIGNATURE,
                cat(
                        owner(),
                        subkey(subkey),
                        binding(primary, subkey, how().flags(KeyFlags.AUTHENTICATION | KeyFlags.SIGN_DATA))));
    }

    @Test
    void a_signing_subkey_that_signs_back_may_authenticate_too() {
        usable(
                cat(
                        owner(),
                        subkey(subkey),
                        binding(
                                primary,
                                subkey,
                                how().flags(KeyFlags.AUTHENTICATION | KeyFlags.SIGN_DATA)
                                        .signedBack(false, backSignature(primary, subkey)))),
                NOW);
    }

    @Test
    void a_back_signature_of_another_subkey() {
        refused(
                Flaw.NOT_BOUND,
                cat(
                        owner(),
                        subkey(subkey),
                        binding(
                                primary,
                                subkey,
                                how().flags(KeyFlags.AUTHENTICATION | KeyFlags.SIGN_DATA)
                                        .signedBack(true, backSignature(primary, ed25519())))));
    }

    @Test
    void a_certificate_without_the_authentication_flag() {
        refused(Flaw.NO_AUTHENTICATION_KEY, owner());
    }

    @Test
    void a_subkey_does_not_inherit_the_flag_from_its_primary_key() {
        byte[] certificate = cat(
                primary(primary),
                userId(ROMEO),
                selfSignature(primary, ROMEO, how().flags(KeyFlags.CERTIFY_OTHER | KeyFlags.AUTHENTICATION)),
                subkey(subkey),
                binding(primary, subkey, how()));
        Usable usable = usable(certificate, NOW);
        assertEquals(
                List.of(Evaluator.fingerprint(primary.getPublicKey())),
                usable.keys().stream()
                        .map(Evaluation.AuthenticationKey::fingerprint)
                        .toList());
        assertEquals(Flaw.NOT_FOR_AUTHENTICATION, usable.rejected().get(0).flaw());
    }

    @Test
    void an_encryption_only_key() {
        PGPKeyPair encrypts = Pgp.x25519();
        refused(
                Flaw.NO_AUTHENTICATION_KEY,
                cat(
                        owner(),
                        subkey(encrypts),
                        binding(primary, encrypts, how().flags(KeyFlags.ENCRYPT_COMMS | KeyFlags.ENCRYPT_STORAGE))));
    }

    @Test
    void an_encryption_algorithm_with_the_authentication_flag() {
        PGPKeyPair encrypts = Pgp.x25519();
        refused(Flaw.UNSUPPORTED_KEY, cat(owner(), subkey(encrypts), binding(primary, encrypts, authenticating())));
    }

    @Test
    void an_authentication_key_on_a_curve_that_is_not_taken() {
        PGPKeyPair p521 = Pgp.p521();
        refused(Flaw.UNSUPPORTED_KEY, cat(owner(), subkey(p521), binding(primary, p521, authenticating())));
    }

    @Test
    void an_rsa_subkey_of_1024_bits() {
        PGPKeyPair rsa = Pgp.rsa(1024);
        refused(Flaw.WEAK_KEY, cat(owner(), subkey(rsa), binding(primary, rsa, authenticating())));
    }

    @Test
    void an_rsa_primary_key_of_1024_bits() {
        refused(Flaw.WEAK_PRIMARY, sound(Pgp.rsa(1024), subkey, ROMEO));
    }

    @Test
    void a_dsa_primary_key() {
        PGPKeyPair dsa = Pgp.dsa();
        refused(
                Flaw.WEAK_PRIMARY,
                cat(
                        primary(dsa),
                        userId(ROMEO),
                        selfSignature(dsa, ROMEO, certifying().hash(HashAlgorithmTags.SHA256))));
    }

    @Test
    void a_dsa_subkey() {
        PGPKeyPair dsa = Pgp.dsa();
        refused(Flaw.UNSUPPORTED_KEY, cat(owner(), subkey(dsa), binding(primary, dsa, authenticating())));
    }

    @Test
    void a_self_signature_with_sha_1() {
        refused(
                Flaw.WEAK_SIGNATURE,
                cat(
                        primary(RSA),
                        userId(ROMEO),
                        selfSignature(RSA, ROMEO, certifying().hash(HashAlgorithmTags.SHA1)),
                        subkey(subkey),
                        binding(RSA, subkey, authenticating())));
    }

    @Test
    void a_self_signature_with_sha_1_that_says_it_is_old() {
        PGPKeyPair old = Pgp.adopted(RSA, Instant.parse("2009-01-01T00:00:00Z"));
        refused(
                Flaw.WEAK_SIGNATURE,
                cat(
                        primary(old),
                        userId(ROMEO),
                        selfSignature(
                                old,
                                ROMEO,
                                certifying().hash(HashAlgorithmTags.SHA1).at(Instant.parse("2010-01-01T00:00:00Z"))),
                        subkey(subkey),
                        binding(old, subkey, authenticating())));
    }

    @Test
    void a_self_signature_with_md5() {
        refused(
                Flaw.WEAK_SIGNATURE,
                cat(
                        primary(RSA),
                        userId(ROMEO),
                        selfSignature(RSA, ROMEO, certifying().hash(HashAlgorithmTags.MD5)),
                        subkey(subkey),
                        binding(RSA, subkey, authenticating())));
    }

    @Test
    void a_binding_signature_with_sha_1() {
        refused(
                Flaw.WEAK_SIGNATURE,
                cat(
                        primary(RSA),
                        userId(ROMEO),
                        selfSignature(RSA, ROMEO, certifying()),
                        subkey(subkey),
                        binding(RSA, subkey, authenticating().hash(HashAlgorithmTags.SHA1))));
    }

    @Test
    void a_version_3_key() {
        byte[] body = {3, 0, 0, 0, 1, 0, 0, 1, 0, 8, (byte) 0xff, 0, 2, 3};
        malformed(Flaw.UNSUPPORTED_VERSION, packet(Packet.PUBLIC_KEY, body));
    }

    @Test
    void a_version_5_key() {
        byte[] body = primary(primary);
        body = Arrays.copyOfRange(body, 2, body.length);
        body[0] = 5;
        malformed(Flaw.UNSUPPORTED_VERSION, packet(Packet.PUBLIC_KEY, body));
    }

    @Test
    void an_unknown_critical_notation() {
        refused(
                Flaw.UNKNOWN_CRITICAL,
                cat(
                        owner(),
                        subkey(subkey),
                        binding(primary, subkey, authenticating().notation(true, "only-in@verona.example"))));
    }

    @Test
    void an_unknown_critical_notation_in_the_self_signature() {
        refused(
                Flaw.UNKNOWN_CRITICAL,
                cat(
                        primary(primary),
                        userId(ROMEO),
                        selfSignature(primary, ROMEO, certifying().notation(true, "only-in@verona.example")),
                        auth()));
    }

    @Test
    void an_unknown_critical_subpacket() {
        refused(
                Flaw.UNKNOWN_CRITICAL,
                cat(
                        owner(),
                        subkey(subkey),
                        binding(
                                primary,
                                subkey,
                                authenticating()
                                        .with(subpackets -> subpackets.addCustomSubpacket(
                                                new SignatureSubpacket(99, true, false, new byte[] {1}) {})))));
    }

    @Test
    void a_forged_self_signature() {
        byte[] signature = selfSignature(primary, ROMEO, certifying());
        signature[signature.length - 1] ^= 1;
        refused(Flaw.NO_SELF_SIGNATURE, cat(primary(primary), userId(ROMEO), signature, auth()));
    }

    @Test
    void a_forged_newer_binding_changes_nothing() {
        byte[] forged =
                binding(primary, subkey, how().flags(KeyFlags.ENCRYPT_COMMS).at(NOW.minusSeconds(60)));
        forged[forged.length - 1] ^= 1;
        usable(cat(owner(), auth(), forged), NOW);
    }

    @Test
    void the_self_signature_of_another_user_id() {
        refused(
                Flaw.NO_SELF_SIGNATURE,
                cat(
                        primary(primary),
                        userId(ROMEO),
                        selfSignature(primary, "Juliet <juliet@capulet.example>", certifying()),
                        auth()));
    }

    @Test
    void a_key_without_any_self_signature() {
        refused(Flaw.NO_SELF_SIGNATURE, cat(primary(primary), auth()));
    }

    @Test
    void ten_thousand_user_ids() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(primary(primary));
        for (int i = 0; i < 10_000; i++) {
            out.writeBytes(userId(Integer.toString(i, 36)));
        }
        assertTrue(out.size() < Bounds.SENT.bytes(), "it is small");
        malformed(Flaw.TOO_MANY_PACKETS, out.toByteArray());
    }

    @Test
    void more_user_ids_than_anybody_has() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(primary(primary));
        for (int i = 0; i <= Bounds.SENT.userIds(); i++) {
            out.writeBytes(userId("" + i));
        }
        malformed(Flaw.TOO_MANY_USER_IDS, out.toByteArray());
    }

    @Test
    void more_subkeys_than_anybody_has() {
        byte[] one = subkey(subkey);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(owner());
        for (int i = 0; i <= Bounds.SENT.subkeys(); i++) {
            out.writeBytes(one);
        }
        malformed(Flaw.TOO_MANY_KEYS, out.toByteArray());
    }

    @Test
    void more_signatures_than_anybody_should_check() {
        byte[] one = selfSignature(primary, ROMEO, certifying());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(primary(primary));
        out.writeBytes(userId(ROMEO));
        for (int i = 0; i <= Bounds.SENT.signatures(); i++) {
            out.writeBytes(one);
        }
        malformed(Flaw.TOO_MANY_SIGNATURES, out.toByteArray());
    }

    @Test
    void more_bytes_than_are_read() {
        malformed(Flaw.TOO_LARGE, cat(owner(), packet(Packet.PADDING, new byte[Bounds.SENT.bytes()])));
    }

    @Test
    void an_rsa_key_with_an_exponent_as_long_as_its_modulus() {
        byte[] body = new byte[6 + 2 + 256 + 2 + 256];
        body[0] = 4;
        body[5] = 1;
        body[6] = 8;
        body[8 + 256] = 8;
        malformed(Flaw.TOO_LARGE, packet(Packet.PUBLIC_KEY, body));
    }

    @Test
    void a_certificate_cut_off_anywhere_is_never_usable() {
        byte[] whole = sound(primary, subkey, ROMEO);
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            try {
                Evaluation evaluation = Evaluator.evaluate(Certificate.read(part, Bounds.SENT), NOW);
                assertInstanceOf(Unusable.class, evaluation, "cut off at " + length);
            } catch (BadCertificateException e) {
                assertTrue(
                        e.flaw() == Flaw.TRUNCATED || e.flaw() == Flaw.UNREADABLE || length == 0,
                        "cut off at " + length + ": " + e.flaw());
            }
        }
    }

    @Test
    void a_truncated_packet() {
        byte[] whole = sound(primary, subkey, ROMEO);
        malformed(Flaw.TRUNCATED, Arrays.copyOf(whole, whole.length - 1));
    }

    @Test
    void a_signature_packet_whose_inside_is_truncated() {
        malformed(Flaw.UNREADABLE, cat(primary(primary), userId(ROMEO), packet(Packet.SIGNATURE, new byte[] {4, 0x13, 22
        })));
    }

    @Test
    void compressed_packets() {
        malformed(Flaw.COMPRESSED, cat(owner(), packet(Packet.COMPRESSED, new byte[] {1, 2, 3})));
    }

    @Test
    void nested_compression() {
        byte[] inner = packet(Packet.COMPRESSED, cat(new byte[] {0}, sound(primary, subkey, ROMEO)));
        malformed(Flaw.COMPRESSED, packet(Packet.COMPRESSED, cat(new byte[] {0}, inner)));
    }

    @Test
    void compression_of_open_length() {
        malformed(Flaw.COMPRESSED, cat(owner(), new byte[] {(byte) 0xa3, 0, 1, 2}));
    }

    @Test
    void marker_padding_trust_and_unknown_packets_that_are_not_critical_are_nothing() {
        usable(
                cat(
                        packet(Packet.MARKER, "PGP".getBytes(StandardCharsets.US_ASCII)),
                        owner(),
                        packet(Packet.PADDING, new byte[100]),
                        packet(Packet.TRUST, new byte[2]),
                        packet(60, new byte[5]),
                        auth()),
                NOW);
    }

    @Test
    void an_unknown_critical_packet() {
        malformed(Flaw.UNKNOWN_PACKET, cat(owner(), packet(39, new byte[5]), auth()));
    }

    @Test
    void a_message_in_a_certificate() {
        malformed(Flaw.FOREIGN_PACKET, cat(owner(), packet(11, new byte[50])));
    }

    @Test
    void trailing_garbage() {
        malformed(Flaw.TRAILING_DATA, cat(sound(primary, subkey, ROMEO), new byte[] {0x41, 0x42}));
    }

    @Test
    void trailing_garbage_behind_armor() {
        malformed(
                Flaw.TRAILING_DATA,
                cat(armor(sound(primary, subkey, ROMEO)), "and more\n".getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void armor_without_an_end() {
        byte[] armored = armor(sound(primary, subkey, ROMEO));
        malformed(Flaw.TRUNCATED, Arrays.copyOf(armored, armored.length - 20));
    }

    @Test
    void armor_that_is_no_base64() {
        malformed(
                Flaw.BAD_ARMOR,
                "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!!\n-----END PGP PUBLIC KEY BLOCK-----\n"
                        .getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void an_armored_certificate_is_read() {
        usable(armor(sound(primary, subkey, ROMEO)), NOW);
    }

    @Test
    void two_certificates_in_one() {
        malformed(
                Flaw.SEVERAL_CERTIFICATES,
                cat(sound(primary, subkey, ROMEO), sound(ed25519(), ed25519(), "xmpp:juliet@capulet.example")));
    }

    @Test
    void a_secret_key_where_a_certificate_is_due() {
        malformed(Flaw.SECRET_KEY, packet(Packet.SECRET_KEY, new byte[60]));
    }

    @Test
    void something_else_altogether() {
        malformed(Flaw.NOT_A_CERTIFICATE, userId(ROMEO));
        malformed(Flaw.NOT_A_CERTIFICATE, new byte[0]);
        malformed(Flaw.NOT_A_CERTIFICATE, "no certificate".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void a_version_6_certificate_is_usable_and_has_a_longer_name() {
        PGPKeyPair six = ed25519(6, MADE);
        PGPKeyPair sub = ed25519(6, MADE);
        byte[] certificate = cat(
                primary(six),
                direct(PGPSignature.DIRECT_KEY, six, certifying()),
                subkey(sub),
                binding(six, sub, authenticating()));
        Usable usable = usable(certificate, NOW);
        assertEquals(64, usable.certificate().fingerprint().length());
    }

    @Test
    void versions_do_not_mix() {
        PGPKeyPair six = ed25519(6, MADE);
        malformed(Flaw.UNSUPPORTED_VERSION, cat(primary(six), subkey(subkey)));
    }

    @Test
    void a_revocation_that_one_version_of_a_certificate_knows_counts_for_all() throws Exception {
        Certificate shown = Pgp.read(sound(primary, subkey, ROMEO));
        Certificate revoked = Pgp.read(retiredAt(NOW.minusSeconds(60)));
        assertEquals(
                Flaw.PRIMARY_GIVEN_UP,
                assertInstanceOf(Unusable.class, Evaluator.evaluate(shown.with(revoked), NOW))
                        .flaw());
        assertEquals(
                Flaw.PRIMARY_GIVEN_UP,
                assertInstanceOf(Unusable.class, Evaluator.evaluate(revoked.with(shown), NOW))
                        .flaw());
    }

    private byte[] owner() {
        return cat(primary(primary), userId(ROMEO), selfSignature(primary, ROMEO, certifying()));
    }

    private byte[] auth() {
        return cat(subkey(subkey), binding(primary, subkey, authenticating()));
    }

    private byte[] retiredAt(Instant time) {
        return cat(
                primary(primary),
                direct(PGPSignature.KEY_REVOCATION, primary, how().reason(3).at(time)),
                userId(ROMEO),
                selfSignature(primary, ROMEO, certifying()),
                auth());
    }

    private static byte[] armor(byte[] bytes) {
        return ("-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: a test\n\n"
                        + Base64.getMimeEncoder().encodeToString(bytes)
                        + "\n-----END PGP PUBLIC KEY BLOCK-----\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static Usable usable(byte[] certificate, Instant time) {
        Evaluation evaluation = Evaluator.evaluate(Pgp.read(certificate), time);
        return assertInstanceOf(
                Usable.class,
                evaluation,
                () -> ((Unusable) evaluation).flaw() + " " + ((Unusable) evaluation).detail());
    }

    private static void refused(Flaw flaw, byte[] certificate) {
        refused(flaw, certificate, NOW);
    }

    private static void refused(Flaw flaw, byte[] certificate, Instant time) {
        assertEquals(
                flaw,
                assertInstanceOf(Unusable.class, Evaluator.evaluate(Pgp.read(certificate), time))
                        .flaw());
    }

    private static void malformed(Flaw flaw, byte[] certificate) {
        assertEquals(
                flaw,
                assertThrows(BadCertificateException.class, () -> Certificate.read(certificate, Bounds.SENT))
                        .flaw());
    }
}
