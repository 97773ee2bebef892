package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.XtlsException;
import org.xtls.tls.Credential;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.Signer;

/** PKCS#12 files as OpenSSL makes them. */
class ConfiguredKeyStoreTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final String PASSWORD = "wherefore art thou";

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "-algorithm ed25519, ED25519",
        "-algorithm ed448, ED448",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256, P256",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-384, P384",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048, RSA"
    })
    void a_good_key_signs_with_every_scheme_of_its_kind(String algorithm, KeyKind kind) throws Exception {
        OpenSsl openSsl = new OpenSsl(directory);
        X509Certificate certificate = openSsl.selfSigned("juliet", algorithm, "-addext", OpenSsl.XMPP_JULIET);
        Identity identity = load(openSsl.pkcs12("juliet", PASSWORD), PASSWORD, "");
        assertEquals(certificate, identity.certificate());
        assertEquals(Fingerprint.sha256(certificate), identity.sha256());
        assertEquals(kind, KeyKind.of(certificate.getPublicKey()));
        Signer signer = ((Credential.CertificateChain) identity.credential()).signer();
        assertEquals(kind.schemes(), signer.schemes());
        byte[] content = "TLS 1.3, server CertificateVerify".getBytes(StandardCharsets.US_ASCII);
        for (SignatureScheme scheme : SignatureScheme.values()) {
            if (!kind.schemes().contains(scheme)) {
                assertThrows(GeneralSecurityException.class, () -> signer.sign(scheme, content));
                continue;
            }
            byte[] made = signer.sign(scheme, content);
            Signature verifier = KeySigner.signature(scheme);
            verifier.initVerify(certificate.getPublicKey());
            verifier.update(content);
            assertTrue(verifier.verify(made), scheme.toString());
        }
    }

    @Test
    void openssl_verifies_a_pss_signature_with_the_salt_that_tls_wants() throws Exception {
        OpenSsl openSsl = new OpenSsl(directory);
        openSsl.selfSigned("juliet", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
        Signer signer = ((Credential.CertificateChain)
                        load(openSsl.pkcs12("juliet", PASSWORD), PASSWORD, "").credential())
                .signer();
        Files.writeString(directory.resolve("content"), "but soft");
        openSsl.run("x509", "-in", "juliet.pem", "-pubkey", "-noout", "-out", "juliet.pub");
        for (int bits : new int[] {256, 384, 512}) {
            Files.write(
                    directory.resolve("signature"),
                    signer.sign(
                            SignatureScheme.valueOf("RSA_PSS_RSAE_SHA" + bits),
                            "but soft".getBytes(StandardCharsets.US_ASCII)));
            openSsl.run(
                    "dgst",
                    "-sha" + bits,
                    "-sigopt",
                    "rsa_padding_mode:pss",
                    "-sigopt",
                    "rsa_pss_saltlen:" + bits / 8,
                    "-sigopt",
                    "rsa_mgf1_md:sha" + bits,
                    "-verify",
                    "juliet.pub",
                    "-signature",
                    "signature",
                    "content");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "-algorithm RSA -pkeyopt rsa_keygen_bits:1024, 'an RSA key has at least 2048 bits, not 1024'",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-521, the curve of an ECDSA key must be P-256 or P-384",
        "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048, 'is none of Ed25519, Ed448, ECDSA and RSA'"
    })
    void a_weak_or_foreign_key_is_refused(String algorithm, String reason) throws Exception {
        OpenSsl openSsl = new OpenSsl(directory);
        openSsl.selfSigned("juliet", algorithm);
        assertRefused(openSsl.pkcs12("juliet", PASSWORD), PASSWORD, "", reason);
    }

    @Test
    void a_wrong_password_is_named_as_such() throws Exception {
        Path file = good();
        assertRefused(file, "rosaline", "", "cannot be opened with this password");
        assertRefused(file, "", "", "is encrypted, and cannot be opened without a password");
    }

    @Test
    void the_password_is_not_in_the_message() throws Exception {
        assertFalse(refusal(good(), "rosaline", "").text().contains("rosaline"));
    }

    @Test
    void a_file_that_is_not_there_is_named_and_not_made() {
        Path file = directory.resolve("missing.p12");
        assertRefused(file, PASSWORD, "", "it does not exist");
        assertFalse(Files.exists(file));
    }

    @Test
    void a_directory_is_no_key_store() {
        assertEquals(Failure.Code.LOCAL, refusal(directory, PASSWORD, "").code());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 500})
    void a_file_cut_off_is_refused(int length) throws Exception {
        Path file = good();
        byte[] cut = Arrays.copyOf(Files.readAllBytes(file), length);
        Files.write(file, cut);
        assertRefused(file, PASSWORD, "", "is no PKCS#12 file, or is damaged");
        assertArrayEquals(cut, Files.readAllBytes(file));
    }

    @Test
    void garbage_is_refused() throws Exception {
        Path file = Files.writeString(directory.resolve("juliet.p12"), "-----BEGIN PRIVATE KEY-----");
        assertRefused(file, PASSWORD, "", "is no PKCS#12 file, or is damaged");
    }

    @Test
    void a_file_without_a_key_is_refused() throws Exception {
        OpenSsl openSsl = new OpenSsl(directory);
        openSsl.selfSigned("juliet", "-algorithm ed25519");
        openSsl.run(
                "pkcs12", "-export", "-nokeys", "-in", "juliet.pem", "-out", "x.p12", "-passout", "pass:" + PASSWORD);
        assertRefused(directory.resolve("x.p12"), PASSWORD, "", "holds no private key");
    }

    @Test
    void of_several_keys_the_alias_chooses_one() throws Exception {
        OpenSsl openSsl = new OpenSsl(directory);
        Path file = directory.resolve("both.p12");
        KeyStore both = KeyStore.getInstance("PKCS12");
        both.load(null, null);
        for (String name : List.of("juliet", "nurse")) {
            openSsl.selfSigned(name, "-algorithm ed25519");
            KeyStore one = KeyStore.getInstance(
                    openSsl.pkcs12(name, PASSWORD, "-name", name).toFile(), PASSWORD.toCharArray());
            both.setKeyEntry(
                    name,
                    one.getKey(name, PASSWORD.toCharArray()),
                    PASSWORD.toCharArray(),
                    one.getCertificateChain(name));
        }
        try (OutputStream out = Files.newOutputStream(file)) {
            both.store(out, PASSWORD.toCharArray());
        }
        assertRefused(file, PASSWORD, "", "holds several keys: ");
        assertRefused(file, PASSWORD, "romeo", "holds no private key with the alias 'romeo'");
        assertEquals(openSsl.certificate("nurse"), load(file, PASSWORD, "nurse").certificate());
        IdentitySource each = Sources.keyStore(file, PASSWORD, "{account}", Clock.systemUTC());
        for (String name : List.of("juliet", "nurse")) {
            assertEquals(
                    openSsl.certificate(name),
                    Sources.current(each, BareJid.parse(name)).certificate());
        }
    }

    @Test
    void a_key_that_is_not_the_certificates_is_refused() throws Exception {
        Path file = directory.resolve("mixed.p12");
        for (String algorithm : List.of("Ed25519", "RSA")) {
            KeyPair other = KeyPairGenerator.getInstance(algorithm).generateKeyPair();
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            X509Certificate certificate = new OpenSsl(directory).selfSigned("juliet", "-algorithm ed25519");
            store.setKeyEntry("mixed", other.getPrivate(), PASSWORD.toCharArray(), new Certificate[] {certificate});
            try (OutputStream out = Files.newOutputStream(file)) {
                store.store(out, PASSWORD.toCharArray());
            }
            assertRefused(file, PASSWORD, "", "holds a key that does not belong to its certificate");
        }
    }

    @Test
    void a_certificate_that_may_not_sign_is_refused() throws Exception {
        OpenSsl openSsl = new OpenSsl(directory);
        openSsl.selfSigned("juliet", "-algorithm ed25519", "-addext", "keyUsage=keyAgreement");
        assertRefused(openSsl.pkcs12("juliet", PASSWORD), PASSWORD, "", "key usage does not allow digitalSignature");
    }

    @Test
    void an_expired_or_early_certificate_is_refused_when_it_is_wanted() throws Exception {
        Path file = good();
        for (Duration away : List.of(Duration.ofDays(31), Duration.ofDays(-2))) {
            Clock clock = Clock.offset(Clock.systemUTC(), away);
            XtlsException refused = assertThrows(
                    XtlsException.class,
                    () -> Sources.keyStore(file, PASSWORD, "", clock).identities(JULIET));
            assertTrue(
                    refused.failure().message().startsWith("The own key file " + file + " holds a certificate that"));
            assertTrue(refused.failure().message().endsWith("not now."), refused.getMessage());
        }
    }

    @Test
    void a_chain_is_presented_as_a_whole() throws Exception {
        OpenSsl openSsl = new OpenSsl(directory);
        X509Certificate ca = openSsl.selfSigned("ca", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
        openSsl.run("genpkey", "-algorithm", "ed25519", "-out", "juliet.key");
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
        Path file = openSsl.pkcs12("juliet", PASSWORD, "-certfile", "ca.pem");
        assertEquals(
                List.of(openSsl.certificate("juliet"), ca),
                ((Credential.CertificateChain) load(file, PASSWORD, "").credential()).certificates());
    }

    @Test
    void a_file_that_is_renewed_is_read_again_and_one_that_is_spoilt_is_not_papered_over() throws Exception {
        OpenSsl openSsl = new OpenSsl(directory);
        X509Certificate first = openSsl.selfSigned("juliet", "-algorithm ed25519");
        Path file = openSsl.pkcs12("juliet", PASSWORD);
        IdentitySource source = Sources.keyStore(file, PASSWORD, "", Clock.systemUTC());
        Identity before = source.identities(JULIET).get(0);
        assertEquals(first, before.certificate());
        assertEquals(
                before, source.identities(BareJid.parse("nurse@capulet.lit")).get(0));

        X509Certificate second = openSsl.selfSigned("renewed", "-algorithm ed25519");
        Files.move(openSsl.pkcs12("renewed", PASSWORD), file, StandardCopyOption.REPLACE_EXISTING);
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2001-01-01T00:00:00Z")));
        assertEquals(second, source.identities(JULIET).get(0).certificate());

        Files.writeString(file, "spoilt");
        assertThrows(XtlsException.class, () -> source.identities(JULIET).get(0));
        Files.delete(file);
        assertThrows(XtlsException.class, () -> source.identities(JULIET).get(0));
    }

    private Path good() throws Exception {
        OpenSsl openSsl = new OpenSsl(directory);
        openSsl.selfSigned("juliet", "-algorithm ed25519");
        return openSsl.pkcs12("juliet", PASSWORD);
    }

    private static Identity load(Path file, String password, String alias) throws XtlsException {
        return Sources.current(Sources.keyStore(file, password, alias, Clock.systemUTC()), JULIET);
    }

    private static void assertRefused(Path file, String password, String alias, String reason) {
        Failure failure = refusal(file, password, alias);
        assertEquals(Failure.Code.LOCAL, failure.code());
        assertEquals(Failure.Fault.LOCAL, failure.fault());
        assertTrue(failure.message().startsWith("The own key file " + file + " "), failure.text());
        assertTrue(failure.message().contains(reason), failure.text());
    }

    private static Failure refusal(Path file, String password, String alias) {
        return assertThrows(XtlsException.class, () -> load(file, password, alias))
                .failure();
    }
}
