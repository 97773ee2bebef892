package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.x509.Stages.await;
import static org.xtls.auth.x509.Stages.failure;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
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
import org.xtls.trust.SecretQuestion;

/** PEM files as OpenSSL makes them. */
class PemFilesTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final BareJid NURSE = BareJid.parse("nurse@capulet.lit");
    private static final String P256 = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";

    @TempDir
    Path directory;

    private OpenSsl openSsl;

    @BeforeEach
    void open() {
        openSsl = new OpenSsl(directory);
    }

    @ParameterizedTest
    @CsvSource({
        "-algorithm ed25519, ED25519",
        "-algorithm ed448, ED448",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256, P256",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-384, P384",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048, RSA"
    })
    void a_plain_and_an_encrypted_key_of_each_kind_sign(String algorithm, KeyKind kind) throws Exception {
        X509Certificate certificate = openSsl.selfSigned("juliet", algorithm);
        openSsl.run("pkcs8", "-topk8", "-in", "juliet.key", "-out", "locked.key", "-passout", "pass:schlüssel");
        closed("locked.key");
        for (Identity identity :
                List.of(load("juliet.pem", "juliet.key", ""), load("juliet.pem", "locked.key", "schlüssel"))) {
            assertEquals(certificate, identity.certificate());
            byte[] content = "but soft".getBytes(StandardCharsets.US_ASCII);
            for (SignatureScheme scheme : kind.schemes()) {
                Signature verifier = KeySigner.signature(scheme);
                verifier.initVerify(certificate.getPublicKey());
                verifier.update(content);
                assertTrue(verifier.verify(identity.signer().sign(scheme, content)), scheme.toString());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ec, -algorithm EC -pkeyopt ec_paramgen_curve:P-256, BEGIN EC PRIVATE KEY",
        "ec, -algorithm EC -pkeyopt ec_paramgen_curve:P-384, BEGIN EC PRIVATE KEY",
        "rsa, -algorithm RSA -pkeyopt rsa_keygen_bits:3072, BEGIN RSA PRIVATE KEY"
    })
    void the_traditional_forms_are_read_plain_and_encrypted(String command, String algorithm, String begin)
            throws Exception {
        X509Certificate certificate = openSsl.selfSigned("juliet", algorithm);
        String traditional = command.equals("rsa") ? "-traditional" : "-param_enc";
        String value = command.equals("rsa") ? "-check" : "named_curve";
        openSsl.run(command, "-in", "juliet.key", "-out", "old.key", traditional, value);
        openSsl.run(
                command,
                "-in",
                "juliet.key",
                "-out",
                "locked.key",
                traditional,
                value,
                "-aes256",
                "-passout",
                "pass:balcony");
        closed("old.key");
        closed("locked.key");
        assertTrue(Files.readString(directory.resolve("old.key")).contains(begin));
        assertTrue(Files.readString(directory.resolve("locked.key")).contains("Proc-Type: 4,ENCRYPTED"));
        assertEquals(certificate, load("juliet.pem", "old.key", "").certificate());
        assertEquals(certificate, load("juliet.pem", "locked.key", "balcony").certificate());
        assertRefused("juliet.pem", "locked.key", "orchard", "locked.key cannot be opened with this password");
    }

    @Test
    void parameters_before_the_key_and_words_around_it_do_not_matter() throws Exception {
        openSsl.selfSigned("juliet", P256);
        openSsl.run("ecparam", "-name", "prime256v1", "-out", "params.pem");
        Path all = write(
                "all.pem",
                "Bag Attributes\n    friendlyName: juliet\n" + text("params.pem") + "\n" + text("juliet.pem")
                        + "\nand her key\n" + text("juliet.key"));
        assertEquals(
                openSsl.certificate("juliet"), load("all.pem", "all.pem", "").certificate());
        assertTrue(load("all.pem", "all.pem", "").toString().endsWith(" in key file " + all));
    }

    @Test
    void a_chain_is_presented_as_a_whole_and_has_to_begin_with_the_keys_own_certificate() throws Exception {
        issued("juliet");
        write("chain.pem", text("juliet.pem") + text("ca.pem"));
        assertEquals(
                List.of(openSsl.certificate("juliet"), openSsl.certificate("ca")),
                ((Credential.CertificateChain)
                                load("chain.pem", "juliet.key", "").credential())
                        .certificates());
        write("reversed.pem", text("ca.pem") + text("juliet.pem"));
        Failure failure =
                assertRefused("reversed.pem", "juliet.key", "", "has the key's own certificate at place 2 of 2");
        assertTrue(failure.message().contains(directory.resolve("reversed.pem").toString()), failure.text());
        assertTrue(failure.advice().startsWith("Put it first"), failure.text());
    }

    @Test
    void each_account_has_its_own_files_where_the_path_says_so() throws Exception {
        X509Certificate juliets = openSsl.selfSigned("juliet@capulet.lit", P256);
        X509Certificate nurses = openSsl.selfSigned("nurse@capulet.lit", "-algorithm ed25519");
        IdentitySource source =
                Sources.pem(directory + "/{account}.pem", directory + "/{account}.key", "", Clock.systemUTC());
        assertEquals(juliets, Sources.current(source, JULIET).certificate());
        assertEquals(nurses, Sources.current(source, NURSE).certificate());
        XtlsException refused =
                assertThrows(XtlsException.class, () -> Sources.current(source, BareJid.parse("tybalt@capulet.lit")));
        assertTrue(refused.failure().message().contains("tybalt@capulet.lit.pem cannot be read: it does not exist"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"..@montague.lit", "%2f..%2f@montague.lit", "montague.lit", "例え.jp"})
    void no_account_leads_out_of_the_directory(String address) {
        Path path = PathPattern.of("certificate", directory + "/{account}/chain.pem")
                .of(BareJid.parse(address));
        assertEquals(directory, path.getParent().getParent(), path.toString());
    }

    @Test
    void a_human_is_asked_for_the_passphrase_and_again_after_a_wrong_one() throws Exception {
        X509Certificate certificate = openSsl.selfSigned("juliet", P256);
        openSsl.run("pkcs8", "-topk8", "-in", "juliet.key", "-out", "locked.key", "-passout", "pass:balcony");
        Friar friar = new Friar("orchard", "balcony");
        IdentitySource source =
                Sources.pem(directory + "/juliet.pem", directory + "/locked.key", "", Clock.systemUTC());
        try (Identities identities = new Identities(directory, Clock.systemUTC(), source)) {
            identities.bindPrompt(friar);
            assertEquals(certificate, await(identities.of(JULIET)).certificate());
            assertEquals(certificate, await(identities.of(NURSE)).certificate(), "asked once for all");
        }
        assertEquals(2, friar.asked.size());
        assertEquals(SecretQuestion.Kind.PASSPHRASE, friar.asked.get(0).kind());
        assertEquals(
                "key file " + directory.resolve("locked.key"),
                friar.asked.get(0).of());
        assertEquals("", friar.asked.get(0).before());
        assertEquals("That passphrase does not open it.", friar.asked.get(1).before());
        try (Identities identities = new Identities(
                directory,
                Clock.systemUTC(),
                Sources.pem(directory + "/juliet.pem", directory + "/locked.key", "", Clock.systemUTC()))) {
            assertTrue(failure(identities.of(JULIET))
                    .message()
                    .contains("is encrypted, and cannot be opened without a password"));
        }
    }

    @Test
    void renewed_files_are_read_again_and_a_half_renewed_pair_is_not_used() throws Exception {
        X509Certificate first = openSsl.selfSigned("juliet", P256);
        IdentitySource source =
                Sources.pem(directory + "/juliet.pem", directory + "/juliet.key", "", Clock.systemUTC());
        assertEquals(first, Sources.current(source, JULIET).certificate());
        X509Certificate second = openSsl.selfSigned("renewed", P256);
        assertNotEquals(first, second);
        renew("renewed.pem", "juliet.pem");
        XtlsException refused = assertThrows(XtlsException.class, () -> Sources.current(source, JULIET));
        assertTrue(refused.failure().message().contains("does not belong to its certificate"), refused.getMessage());
        renew("renewed.key", "juliet.key");
        assertEquals(second, Sources.current(source, JULIET).certificate());
    }

    @Test
    void an_expired_certificate_is_refused() throws Exception {
        openSsl.selfSigned("juliet", P256);
        IdentitySource source = Sources.pem(
                directory + "/juliet.pem",
                directory + "/juliet.key",
                "",
                Clock.offset(Clock.systemUTC(), Duration.ofDays(31)));
        XtlsException refused = assertThrows(XtlsException.class, () -> Sources.current(source, JULIET));
        assertTrue(refused.failure().message().endsWith("not now."), refused.getMessage());
        assertEquals("Put a renewed one in its place.", refused.failure().advice());
    }

    @Test
    void another_keys_certificate_is_refused() throws Exception {
        openSsl.selfSigned("juliet", P256);
        openSsl.selfSigned("nurse", P256);
        assertRefused("juliet.pem", "nurse.key", "", "holds a key that does not belong to its certificate");
        openSsl.selfSigned("peter", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
        assertRefused("juliet.pem", "peter.key", "", "holds a key that does not belong to its certificate");
    }

    @ParameterizedTest
    @CsvSource({
        "-algorithm RSA -pkeyopt rsa_keygen_bits:1024, 'an RSA key has at least 2048 bits, not 1024'",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-521, the curve of an ECDSA key must be P-256 or P-384",
        "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1, the curve of an ECDSA key must be P-256 or P-384",
        "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048, 'holds a key that is none of Ed25519, Ed448, ECDSA and RSA'"
    })
    void a_weak_or_foreign_key_is_refused(String algorithm, String reason) throws Exception {
        openSsl.selfSigned("juliet", algorithm);
        assertRefused("juliet.pem", "juliet.key", "", reason);
    }

    @Test
    void a_key_that_everybody_may_read_is_refused_and_one_for_its_group_is_not() throws Exception {
        openSsl.selfSigned("juliet", P256);
        Path key = directory.resolve("juliet.key");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        assertRefused("juliet.pem", "juliet.key", "", "is open to everybody (rw-r--r--)");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
        load("juliet.pem", "juliet.key", "");
    }

    @Test
    void a_file_that_is_missing_is_named() throws Exception {
        openSsl.selfSigned("juliet", P256);
        assertRefused("missing.pem", "juliet.key", "", "missing.pem cannot be read: it does not exist");
        assertRefused("juliet.pem", "missing.key", "", "missing.key cannot be read: it does not exist");
    }

    @Test
    void a_file_without_what_it_should_hold_is_refused() throws Exception {
        openSsl.selfSigned("juliet", P256);
        assertRefused("juliet.key", "juliet.key", "", "juliet.key holds no certificate in PEM");
        assertRefused("juliet.pem", "juliet.pem", "", "juliet.pem holds no private key in PEM");
        write("empty", "");
        assertRefused("empty", "juliet.key", "", "empty holds no certificate in PEM");
        write("both.key", text("juliet.key") + text("juliet.key"));
        assertRefused("juliet.pem", "both.key", "", "both.key holds 2 private keys");
        openSsl.run("req", "-new", "-key", "juliet.key", "-subj", "/CN=juliet", "-out", "juliet.csr");
        assertRefused("juliet.csr", "juliet.key", "", "juliet.csr holds no certificate in PEM");
    }

    @Test
    void a_damaged_file_is_refused() throws Exception {
        openSsl.selfSigned("juliet", P256);
        String key = text("juliet.key");
        write("cut.key", key.substring(0, key.length() / 2));
        assertRefused("juliet.pem", "cut.key", "", "cut.key is damaged: a part of it is no PEM");
        String certificate = text("juliet.pem");
        write("flipped.pem", certificate.replaceFirst("MII", "AII"));
        assertRefused("flipped.pem", "juliet.key", "", "flipped.pem is damaged: a part of it is no PEM");
        Files.write(directory.resolve("der.pem"), openSsl.certificate("juliet").getEncoded());
        assertRefused("der.pem", "juliet.key", "", "der.pem holds no certificate in PEM");
    }

    @Test
    void a_huge_file_is_refused() throws Exception {
        openSsl.selfSigned("juliet", P256);
        Files.write(directory.resolve("huge.pem"), new byte[(1 << 20) + 1]);
        assertRefused("huge.pem", "juliet.key", "", "huge.pem has more than 1 MiB");
    }

    @Test
    void a_chain_of_eleven_is_refused() throws Exception {
        openSsl.selfSigned("juliet", P256);
        write("long.pem", text("juliet.pem").repeat(11));
        assertRefused("long.pem", "juliet.key", "", "has a chain of 11 certificates; 1 to 10 are wanted");
    }

    @Test
    void the_passphrase_is_shown_nowhere() throws Exception {
        openSsl.selfSigned("juliet", P256);
        openSsl.run("pkcs8", "-topk8", "-in", "juliet.key", "-out", "locked.key", "-passout", "pass:balcony");
        Failure failure = assertRefused("juliet.pem", "locked.key", "orchard", "cannot be opened with this password");
        assertFalse(failure.text().contains("orchard"), failure.text());
        PathPattern path = PathPattern.of("key", "a.key");
        assertFalse(new PemFiles(path, path, "orchard".toCharArray()).toString().contains("orchard"));
    }

    private Identity load(String certificate, String key, String passphrase) throws XtlsException {
        return Sources.current(
                Sources.pem(
                        directory.resolve(certificate).toString(),
                        directory.resolve(key).toString(),
                        passphrase,
                        Clock.systemUTC()),
                JULIET);
    }

    private Failure assertRefused(String certificate, String key, String passphrase, String reason) {
        Failure failure = assertThrows(XtlsException.class, () -> load(certificate, key, passphrase))
                .failure();
        assertEquals(Failure.Code.LOCAL, failure.code());
        assertEquals(Failure.Fault.LOCAL, failure.fault());
        assertTrue(failure.message().startsWith("The own key file " + directory), failure.text());
        assertTrue(failure.message().contains(reason), failure.text());
        assertFalse(failure.advice().isEmpty());
        return failure;
    }

    private void issued(String name) throws Exception {
        openSsl.selfSigned("ca", P256);
        openSsl.run("genpkey", "-algorithm", "ed25519", "-out", name + ".key");
        openSsl.run("req", "-new", "-key", name + ".key", "-subj", "/CN=" + name, "-out", name + ".csr");
        openSsl.run(
                "x509",
                "-req",
                "-in",
                name + ".csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-out",
                name + ".pem",
                "-days",
                "30");
    }

    private void renew(String from, String to) throws Exception {
        Files.move(directory.resolve(from), directory.resolve(to), StandardCopyOption.REPLACE_EXISTING);
        Files.setLastModifiedTime(directory.resolve(to), FileTime.from(Instant.parse("2001-01-01T00:00:00Z")));
    }

    private void closed(String name) throws Exception {
        Files.setPosixFilePermissions(directory.resolve(name), PosixFilePermissions.fromString("rw-------"));
    }

    private Path write(String name, String text) throws Exception {
        Path file = Files.writeString(directory.resolve(name), text);
        closed(name);
        return file;
    }

    private String text(String name) throws Exception {
        return Files.readString(directory.resolve(name));
    }
}
