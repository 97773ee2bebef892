package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.x509.Stages.await;
import static org.xtls.auth.x509.Stages.failure;

import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.XtlsException;
import org.xtls.tls.Credential;
import org.xtls.tls.SignatureScheme;
import org.xtls.trust.SecretQuestion;

/** A private key that never enters the JVM, on a token of SoftHSM. */
class TokenKeysTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final BareJid NURSE = BareJid.parse("nurse@capulet.lit");
    private static final String P256 = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";

    @TempDir
    Path directory;

    private OpenSsl openSsl;
    private TokenKeys source;

    @BeforeEach
    void open() {
        openSsl = new OpenSsl(directory);
        source = token("", SoftHsm.PIN);
    }

    @AfterEach
    void close() throws Exception {
        source.close();
        for (String label : List.of("juliet", "nurse", JULIET.toString(), NURSE.toString())) {
            SoftHsm.put(label, null);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256, P256",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-384, P384",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048, RSA"
    })
    void a_key_on_the_token_signs_with_every_scheme_of_its_kind(String algorithm, KeyKind kind) throws Exception {
        X509Certificate certificate = put("juliet", algorithm);
        Identity identity = current(source, JULIET);
        assertEquals(certificate, identity.certificate());
        assertEquals(kind.schemes(), identity.signer().schemes());
        assertSame(identity.signer(), ((Credential.CertificateChain) identity.credential()).signer());
        byte[] content = "TLS 1.3, client CertificateVerify".getBytes(StandardCharsets.US_ASCII);
        for (SignatureScheme scheme : kind.schemes()) {
            Signature verifier = KeySigner.signature(scheme);
            verifier.initVerify(certificate.getPublicKey());
            verifier.update(content);
            assertTrue(verifier.verify(identity.signer().sign(scheme, content)), scheme.toString());
        }
        assertThrows(GeneralSecurityException.class, () -> identity.signer().sign(SignatureScheme.ED25519, content));
        assertEquals(
                "x509 " + identity.sha256() + " in key 'juliet' on the token in slot " + SoftHsm.SLOT + " of "
                        + SoftHsm.LIBRARY,
                identity.toString());
    }

    @Test
    void a_token_at_which_others_wait_is_busy_and_a_key_in_memory_never_is() throws Exception {
        KeyPair pair = KeyPairGenerator.getInstance("EC").generateKeyPair();
        KeyKind kind = KeyKind.of(pair.getPublic());
        Semaphore turns = new Semaphore(KeySigner.Token.TURNS);
        // A token that needs no touch.
        KeySigner token =
                new KeySigner(pair.getPrivate(), kind, new KeySigner.Token(Security.getProvider("SunEC"), turns));
        SignatureScheme scheme = kind.schemes().get(0);
        turns.acquire(KeySigner.Token.TURNS);
        GeneralSecurityException busy =
                assertThrows(GeneralSecurityException.class, () -> token.sign(scheme, new byte[] {1}));
        assertTrue(busy.getMessage().contains("busy with other signatures"), busy.getMessage());
        assertTrue(new KeySigner(pair.getPrivate(), kind, null).sign(scheme, new byte[] {1}).length > 0);
        // Somebody touches it.
        turns.release();
        assertTrue(token.sign(scheme, new byte[] {1}).length > 0);
        assertEquals(1, turns.availablePermits());
    }

    @Test
    void the_private_key_cannot_be_had_and_no_provider_is_left_behind() throws Exception {
        List<Provider> before = List.of(Security.getProviders());
        put("juliet", P256);
        Field field = KeySigner.class.getDeclaredField("key");
        field.setAccessible(true);
        PrivateKey key = (PrivateKey) field.get(current(source, JULIET).signer());
        assertNull(key.getEncoded());
        assertTrue(key.toString().contains("sensitive, unextractable"), key.toString());
        assertEquals(before, List.of(Security.getProviders()));
    }

    @Test
    void a_chain_on_the_token_is_presented_as_a_whole() throws Exception {
        X509Certificate ca = openSsl.selfSigned("ca", P256);
        openSsl.run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "juliet.key");
        openSsl.run("req", "-new", "-key", "juliet.key", "-subj", "/CN=juliet", "-out", "juliet.csr");
        openSsl.run(
                "x509",
                "-req",
                "-in",
                "juliet.csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-out",
                "juliet.pem",
                "-days",
                "30");
        SoftHsm.put("juliet", key("juliet"), openSsl.certificate("juliet"), ca);
        assertEquals(
                List.of(openSsl.certificate("juliet"), ca),
                ((Credential.CertificateChain) current(source, JULIET).credential()).certificates());
    }

    @Test
    void each_account_has_its_own_key_where_the_alias_says_so() throws Exception {
        X509Certificate juliets = put(JULIET.toString(), P256);
        X509Certificate nurses = put(NURSE.toString(), P256);
        source = token("{account}", SoftHsm.PIN);
        assertEquals(juliets, current(source, JULIET).certificate());
        assertEquals(nurses, current(source, NURSE).certificate());
        assertRefused(source, BareJid.parse("tybalt@capulet.lit"), "holds no private key 'tybalt@capulet.lit'");
    }

    @Test
    void of_several_keys_the_alias_chooses_one() throws Exception {
        put("juliet", P256);
        X509Certificate nurses = put("nurse", P256);
        Failure failure = assertRefused(source, JULIET, "holds several keys: ");
        assertTrue(failure.advice().startsWith("Set pkcs11.alias of org.xtls.auth.x509"), failure.text());
        source.close();
        source = token("nurse", SoftHsm.PIN);
        assertEquals(nurses, current(source, JULIET).certificate());
    }

    @Test
    void a_key_that_is_taken_away_and_put_back_heals_by_itself() throws Exception {
        X509Certificate certificate = put("juliet", P256);
        PrivateKey key = key("juliet");
        Identity before = current(source, JULIET);
        SoftHsm.put("juliet", null);
        assertRefused(source, JULIET, "holds no private key with a certificate of the same ID");
        assertThrows(
                GeneralSecurityException.class,
                () -> before.signer().sign(SignatureScheme.ECDSA_SECP256R1_SHA256, new byte[1]));
        SoftHsm.put("juliet", key, certificate);
        Identity after = current(source, JULIET);
        assertEquals(certificate, after.certificate());
        after.signer().sign(SignatureScheme.ECDSA_SECP256R1_SHA256, new byte[1]);
    }

    @Test
    void a_login_that_is_lost_is_made_again() throws Exception {
        put("juliet", P256);
        current(source, JULIET);
        // PKCS#11 logs the whole process out: as the token does when it is pulled.
        put("nurse", P256);
        source.close();
        source = token("juliet", SoftHsm.PIN);
        Identity identity = current(source, JULIET);
        SoftHsm.put("nurse", null);
        assertEquals(identity.certificate(), current(source, JULIET).certificate());
        current(source, JULIET).signer().sign(SignatureScheme.ECDSA_SECP256R1_SHA256, new byte[1]);
    }

    @Test
    void a_renewed_certificate_on_the_token_is_found() throws Exception {
        put("juliet", P256);
        current(source, JULIET);
        SoftHsm.put("juliet", null);
        X509Certificate renewed = put("juliet", P256);
        assertEquals(renewed, current(source, JULIET).certificate());
    }

    @Test
    void a_human_is_asked_for_the_pin() throws Exception {
        X509Certificate certificate = put("juliet", P256);
        Friar friar = new Friar("0000", SoftHsm.PIN);
        source = token("", "");
        try (Identities identities = new Identities(directory, Clock.systemUTC(), source)) {
            identities.bindPrompt(friar);
            assertEquals(certificate, await(identities.of(JULIET)).certificate());
            assertEquals(certificate, await(identities.of(NURSE)).certificate(), "asked once for all");
        }
        assertEquals(2, friar.asked.size());
        assertEquals(SecretQuestion.Kind.PIN, friar.asked.get(0).kind());
        assertEquals(JULIET, friar.asked.get(0).account());
        assertEquals(
                "token in slot " + SoftHsm.SLOT + " of " + SoftHsm.LIBRARY,
                friar.asked.get(0).of());
        assertEquals("", friar.asked.get(0).before());
        assertEquals("That PIN is wrong.", friar.asked.get(1).before());
    }

    @Test
    void a_wrong_configured_pin_is_tried_once_so_that_negotiations_do_not_lock_the_token() throws Exception {
        X509Certificate certificate = put("juliet", P256);
        Friar friar = new Friar();
        source = token("", "0000");
        try (Identities identities = new Identities(directory, Clock.systemUTC(), source)) {
            for (int i = 0; i < 5; i++) {
                assertTrue(failure(identities.of(JULIET)).message().contains("has been given a wrong PIN"));
            }
            identities.bindPrompt(friar);
            assertTrue(failure(identities.keys(JULIET)).message().contains("has been given a wrong PIN"));
            assertEquals("The configured PIN is wrong.", friar.asked.get(0).before());
            identities.unbindPrompt(friar);
            identities.bindPrompt(new Friar(SoftHsm.PIN));
            assertEquals(
                    certificate,
                    await(identities.keys(JULIET).thenCompose(names -> identities.of(JULIET)))
                            .certificate());
        }
    }

    @Test
    void after_two_wrong_pins_no_third_is_tried() throws Exception {
        put("juliet", P256);
        Friar friar = new Friar("0000", "1111", SoftHsm.PIN);
        source = token("", "");
        try (Identities identities = new Identities(directory, Clock.systemUTC(), source)) {
            identities.bindPrompt(friar);
            for (int i = 0; i < 2; i++) {
                Failure failure = failure(identities.keys(JULIET));
                assertTrue(failure.message().contains("has been given 2 wrong PINs"), failure.text());
                assertTrue(failure.advice().startsWith("It may lock itself after one more"), failure.text());
            }
            assertEquals(2, friar.asked.size());
        }
    }

    @Test
    void without_a_pin_and_anybody_to_ask_the_failure_says_what_to_do() throws Exception {
        put("juliet", P256);
        source = token("", "");
        Failure failure = assertRefused(source, JULIET, "wants a PIN that is not known");
        assertEquals("Set .pkcs11.pin of org.xtls.auth.x509, or answer when you are asked for it.", failure.advice());
    }

    @Test
    void an_empty_token_says_so() {
        assertRefused(source, JULIET, "holds no private key with a certificate of the same ID");
    }

    @Test
    void a_slot_or_library_that_does_not_exist_is_named() throws Exception {
        source = new TokenKeys(SoftHsm.LIBRARY, "4711", "", SoftHsm.PIN, Clock.systemUTC());
        Failure failure = assertRefused(source, JULIET, "cannot be reached: there is no such slot");
        assertTrue(failure.advice().contains("--list-slots"), failure.text());
        Path missing = directory.resolve("libmissing.so");
        source = new TokenKeys(missing, "", "", SoftHsm.PIN, Clock.systemUTC());
        assertRefused(source, JULIET, "cannot be reached: the library does not exist");
        Path text = Files.writeString(directory.resolve("libtext with \\ and blanks.so"), "no library");
        source = new TokenKeys(text, "", "", SoftHsm.PIN, Clock.systemUTC());
        failure = assertRefused(source, JULIET, "cannot be opened: ");
        assertTrue(failure.message().contains(text.toString()), failure.text());
    }

    @Test
    void another_keys_certificate_on_the_token_is_refused() throws Exception {
        openSsl.selfSigned("juliet", P256);
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair other = generator.generateKeyPair();
        SoftHsm.put("juliet", other.getPrivate(), openSsl.certificate("juliet"));
        assertRefused(source, JULIET, "holds a key that does not belong to its certificate");
    }

    @Test
    void a_weak_key_on_the_token_is_refused() throws Exception {
        put("juliet", "-algorithm RSA -pkeyopt rsa_keygen_bits:1024");
        assertRefused(source, JULIET, "an RSA key has at least 2048 bits, not 1024");
    }

    @Test
    void an_expired_certificate_on_the_token_is_refused() throws Exception {
        put("juliet", P256);
        source = new TokenKeys(
                SoftHsm.LIBRARY, SoftHsm.SLOT, "", SoftHsm.PIN, Clock.offset(Clock.systemUTC(), Duration.ofDays(31)));
        assertRefused(source, JULIET, "not now");
    }

    @Test
    void closing_logs_out_and_leaves_no_thread_that_waits_for_a_token() throws Exception {
        put("juliet", P256);
        Identity identity = current(source, JULIET);
        source.close();
        assertThrows(
                GeneralSecurityException.class,
                () -> identity.signer().sign(SignatureScheme.ECDSA_SECP256R1_SHA256, new byte[1]));
        assertFalse(Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .anyMatch(name -> name.startsWith("Poller-")));
        source = token("", "");
        assertRefused(source, JULIET, "wants a PIN that is not known");
    }

    private TokenKeys token(String alias, String pin) {
        return new TokenKeys(SoftHsm.LIBRARY, SoftHsm.SLOT, alias, pin, Clock.systemUTC());
    }

    private X509Certificate put(String label, String algorithm) throws Exception {
        X509Certificate certificate = openSsl.selfSigned(label, algorithm);
        SoftHsm.put(label, key(label), certificate);
        return certificate;
    }

    /** As a PKCS#12 file holds it. */
    private PrivateKey key(String name) throws Exception {
        Path file = openSsl.pkcs12(name, "secret", "-name", "key");
        KeyStore store = KeyStore.getInstance(file.toFile(), "secret".toCharArray());
        return (PrivateKey) store.getKey("key", "secret".toCharArray());
    }

    private static Identity current(IdentitySource source, BareJid account) throws XtlsException {
        return Sources.current(source, account);
    }

    private static Failure assertRefused(IdentitySource source, BareJid account, String reason) {
        Failure failure = assertThrows(XtlsException.class, () -> current(source, account))
                .failure();
        assertEquals(Failure.Code.LOCAL, failure.code());
        assertEquals(Failure.Fault.LOCAL, failure.fault());
        assertTrue(
                Stream.of("The own token in ", "The own key '").anyMatch(failure.message()::startsWith),
                failure.text());
        assertTrue(failure.message().contains(reason), failure.text());
        assertFalse(failure.text().contains(SoftHsm.PIN), failure.text());
        assertFalse(failure.advice().isEmpty());
        return failure;
    }
}
