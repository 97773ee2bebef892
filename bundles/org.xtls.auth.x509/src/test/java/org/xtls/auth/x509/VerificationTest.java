package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.x509.Stages.await;

import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Role;
import org.xtls.auth.Verdict;
import org.xtls.tls.Alert;
import org.xtls.tls.Proof;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.Policy;
import org.xtls.trust.file.FileTrustStore;

/** What Romeo makes of the certificate that somebody presents as Juliet. */
class VerificationTest {
    private static final FullJid ROMEO = FullJid.parse("romeo@montague.lit/orchard");
    private static final FullJid JULIET = FullJid.parse("juliet@capulet.lit/balcony");
    private static final BareJid PEER = JULIET.bare();

    @TempDir
    Path home;

    private OpenSsl openSsl;
    private FileTrustStore store;
    private Identities identities;

    @BeforeEach
    void open() throws Exception {
        openSsl = new OpenSsl(home);
        store = new FileTrustStore(home.resolve("trust"));
        identities = new Identities(home.resolve("identity"));
    }

    @AfterEach
    void close() {
        identities.close();
        store.close();
    }

    @Test
    void a_pinned_certificate_is_hers() throws Exception {
        X509Certificate certificate = juliets();
        await(store.put(PEER, name(certificate), KeyState.VERIFIED, "compared"));
        assertEquals(new Verdict.Verified(name(certificate), "pinned"), verify(certificate));
    }

    @Test
    void a_certificate_that_is_not_on_record_is_unknown() throws Exception {
        X509Certificate certificate = juliets();
        assertEquals(new Verdict.Unknown(name(certificate)), verify(certificate));
    }

    @Test
    void a_certificate_taken_on_first_use_is_still_unknown() throws Exception {
        X509Certificate certificate = juliets();
        await(store.put(PEER, name(certificate), KeyState.FIRST_USE, ""));
        assertEquals(new Verdict.Unknown(name(certificate)), verify(certificate));
    }

    @Test
    void a_pin_of_another_certificate_or_peer_or_method_vouches_for_nothing() throws Exception {
        X509Certificate certificate = juliets();
        await(store.put(PEER, name(juliets()), KeyState.VERIFIED, ""));
        await(store.put(ROMEO.bare(), name(certificate), KeyState.VERIFIED, ""));
        await(store.put(PEER, new KeyName("openpgp", name(certificate).fingerprint()), KeyState.VERIFIED, ""));
        assertEquals(new Verdict.Unknown(name(certificate)), verify(certificate));
    }

    @Test
    void a_distrusted_certificate_is_refused() throws Exception {
        X509Certificate certificate = juliets();
        await(store.put(PEER, name(certificate), KeyState.VERIFIED, ""));
        await(store.put(PEER, name(certificate), KeyState.DISTRUSTED, "stolen"));
        Failure failure = refused(certificate, Alert.CERTIFICATE_UNKNOWN);
        assertEquals("The certificate that juliet@capulet.lit presented is distrusted.", failure.message());
        assertTrue(failure.advice().contains(name(certificate).grouped()), failure.text());
    }

    @Test
    void a_certificate_made_out_to_somebody_else_is_refused_unless_it_is_pinned() throws Exception {
        X509Certificate mallorys = SelfSigned.generate(BareJid.parse("mallory@montague.lit"), Clock.systemUTC())
                .certificate();
        Failure failure = refused(mallorys, Alert.BAD_CERTIFICATE);
        assertEquals(
                "The certificate that juliet@capulet.lit presented is made out to mallory@montague.lit.",
                failure.message());
        await(store.put(PEER, name(mallorys), KeyState.FIRST_USE, ""));
        refused(mallorys, Alert.BAD_CERTIFICATE);
        await(store.put(PEER, name(mallorys), KeyState.VERIFIED, ""));
        assertEquals(new Verdict.Verified(name(mallorys), "pinned"), verify(mallorys));
    }

    @Test
    void one_of_several_names_is_enough_and_is_compared_as_an_address() throws Exception {
        String several = "subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:nurse@capulet.lit,"
                + "otherName:1.3.6.1.5.5.7.8.5;UTF8:Juliet@CAPULET.lit,DNS:capulet.lit";
        X509Certificate certificate = openSsl.selfSigned("juliet", "-algorithm ed25519", "-addext", several);
        assertEquals(new Verdict.Unknown(name(certificate)), verify(certificate));
    }

    @Test
    void a_certificate_without_xmpp_names_is_unknown_not_wrong() throws Exception {
        X509Certificate certificate = openSsl.selfSigned(
                "juliet", "-algorithm ed25519", "-addext", "subjectAltName=DNS:mallory.lit,email:mallory@montague.lit");
        assertEquals(new Verdict.Unknown(name(certificate)), verify(certificate));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:juliet@capulet.lit/balcony",
                "subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:@",
                "subjectAltName=otherName:1.3.6.1.5.5.7.8.5;INTEGER:5",
                "2.5.29.17=DER:04:00",
                "2.5.29.17=DER:30:02:A0:00"
            })
    void malformed_names_are_refused(String extension) throws Exception {
        X509Certificate certificate = openSsl.selfSigned("juliet", "-algorithm ed25519", "-addext", extension);
        Failure failure = refused(certificate, Alert.BAD_CERTIFICATE);
        assertTrue(failure.message().contains("is malformed"), failure.text());
    }

    @Test
    void a_certificate_stuffed_with_names_is_refused() throws Exception {
        StringBuilder names = new StringBuilder("subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:juliet@capulet.lit");
        names.append(",otherName:1.3.6.1.5.5.7.8.5;UTF8:juliet@capulet.lit".repeat(100));
        refused(openSsl.selfSigned("juliet", "-algorithm ed25519", "-addext", names.toString()), Alert.BAD_CERTIFICATE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void an_expired_or_early_certificate_is_refused_even_when_pinned(boolean pinned) throws Exception {
        X509Certificate certificate = juliets();
        if (pinned) {
            await(store.put(PEER, name(certificate), KeyState.VERIFIED, ""));
        }
        Verdict late = verify(certificate, Clock.offset(Clock.systemUTC(), Duration.ofDays(731)));
        assertEquals(Alert.CERTIFICATE_EXPIRED, ((Verdict.Refused) late).alert());
        assertTrue(((Verdict.Refused) late).failure().message().contains("expired on "));
        Verdict early = verify(certificate, Clock.offset(Clock.systemUTC(), Duration.ofDays(-2)));
        assertEquals(Alert.CERTIFICATE_EXPIRED, ((Verdict.Refused) early).alert());
        assertTrue(((Verdict.Refused) early).failure().message().contains("is not valid before "));
    }

    @ParameterizedTest
    @CsvSource({
        "-algorithm RSA -pkeyopt rsa_keygen_bits:1024, UNSUPPORTED_CERTIFICATE",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-521, UNSUPPORTED_CERTIFICATE",
        "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1, UNSUPPORTED_CERTIFICATE",
        "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048, UNSUPPORTED_CERTIFICATE",
        "-algorithm ed25519, ",
        "-algorithm ed448, ",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256, ",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-384, ",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048, "
    })
    void weak_and_foreign_keys_are_refused_even_when_pinned(String algorithm, Alert alert) throws Exception {
        X509Certificate certificate = openSsl.selfSigned("juliet", algorithm, "-addext", OpenSsl.XMPP_JULIET);
        for (KeyState state : List.of(KeyState.FIRST_USE, KeyState.VERIFIED)) {
            await(store.put(PEER, name(certificate), state, ""));
            Verdict verdict = verify(certificate);
            if (alert == null) {
                assertFalse(verdict instanceof Verdict.Refused, verdict.toString());
            } else {
                assertEquals(alert, ((Verdict.Refused) verdict).alert());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "keyUsage=keyAgreement, true",
        "keyUsage=keyCertSign, true",
        "'keyUsage=keyCertSign,digitalSignature', false",
        "extendedKeyUsage=codeSigning, true",
        "extendedKeyUsage=clientAuth, false",
        "extendedKeyUsage=serverAuth, false",
        "extendedKeyUsage=anyExtendedKeyUsage, false",
        "'1.2.3.4.5=critical,DER:05:00', true",
        "'1.2.3.4.5=DER:05:00', false"
    })
    void a_certificate_for_another_purpose_is_refused(String extension, boolean refused) throws Exception {
        X509Certificate certificate = openSsl.selfSigned("juliet", "-algorithm ed25519", "-addext", extension);
        await(store.put(PEER, name(certificate), KeyState.VERIFIED, ""));
        if (refused) {
            refused(certificate, Alert.UNSUPPORTED_CERTIFICATE);
        } else {
            assertInstanceOf(Verdict.Verified.class, verify(certificate));
        }
    }

    @Test
    void only_the_first_certificate_of_a_chain_counts() throws Exception {
        X509Certificate pinned = juliets();
        X509Certificate presented = juliets();
        await(store.put(PEER, name(pinned), KeyState.VERIFIED, ""));
        Verdict verdict = await(new X509Method(identities, store)
                .verify(negotiation(), new Proof.CertificateChain(List.of(presented, pinned))));
        assertEquals(new Verdict.Unknown(name(presented)), verdict);
    }

    @Test
    void a_proof_of_something_else_is_refused() throws Exception {
        X509Method method = new X509Method(identities, store);
        for (Proof proof : List.of(
                new Proof.ExternalPsk(),
                new Proof.RawPublicKey(KeyPairGenerator.getInstance("Ed25519")
                        .generateKeyPair()
                        .getPublic()))) {
            assertInstanceOf(Verdict.Refused.class, await(method.verify(negotiation(), proof)));
        }
    }

    @Test
    void without_a_trust_store_or_with_a_closed_one_nothing_is_trusted() throws Exception {
        X509Certificate certificate = juliets();
        await(store.put(PEER, name(certificate), KeyState.VERIFIED, ""));
        Proof proof = new Proof.CertificateChain(List.of(certificate));
        X509Method method = new X509Method(identities, store);
        store.close();
        assertGone(await(method.verify(negotiation(), proof)));
        method.unbindTrustStore(store);
        assertGone(await(method.verify(negotiation(), proof)));
    }

    private static void assertGone(Verdict verdict) {
        Verdict.Refused refused = assertInstanceOf(Verdict.Refused.class, verdict);
        assertEquals(Alert.INTERNAL_ERROR, refused.alert());
        assertEquals(Failure.Code.SERVICE_GONE, refused.failure().code());
        assertEquals(Failure.Fault.LOCAL, refused.failure().fault());
    }

    private Failure refused(X509Certificate certificate, Alert alert) {
        Verdict.Refused refused = assertInstanceOf(Verdict.Refused.class, verify(certificate));
        assertEquals(alert, refused.alert(), refused.toString());
        assertEquals(Failure.Code.UNTRUSTED, refused.failure().code());
        assertEquals(Failure.Fault.PEER, refused.failure().fault());
        assertFalse(refused.failure().text().contains("\n"));
        return refused.failure();
    }

    private Verdict verify(X509Certificate certificate) {
        return verify(certificate, Clock.systemUTC());
    }

    private Verdict verify(X509Certificate certificate, Clock clock) {
        X509Method method = new X509Method(identities, CertificationAuthorities.none(), clock);
        method.bindTrustStore(store);
        return await(method.verify(negotiation(), new Proof.CertificateChain(List.of(certificate))));
    }

    private static Negotiation negotiation() {
        return new Negotiation(ROMEO, JULIET, Role.INITIATOR, false, Policy.DEFAULT, null, null);
    }

    private static X509Certificate juliets() throws Exception {
        return SelfSigned.generate(PEER, Clock.systemUTC()).certificate();
    }

    private static KeyName name(X509Certificate certificate) throws Exception {
        return new KeyName("x509", Fingerprint.sha256(certificate));
    }
}
