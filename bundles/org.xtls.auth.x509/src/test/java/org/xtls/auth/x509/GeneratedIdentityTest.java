package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.xtls.auth.x509.Stages.await;
import static org.xtls.auth.x509.Stages.failure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.auth.x509.IdentityDirectory.Rotation;
import org.xtls.trust.KeyName;

class GeneratedIdentityTest {
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.lit");
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

    @TempDir
    Path home;

    @Test
    void the_certificate_is_made_out_to_the_account() throws Exception {
        X509Certificate certificate = generated(ROMEO);
        assertEquals(List.of(ROMEO), XmppNames.of(certificate));
        assertEquals(3, certificate.getVersion());
        assertEquals(
                "CN=romeo@montague.lit", certificate.getSubjectX500Principal().getName());
        assertEquals(certificate.getSubjectX500Principal(), certificate.getIssuerX500Principal());
        certificate.verify(certificate.getPublicKey());
        assertEquals(KeyKind.ED25519, KeyKind.of(certificate.getPublicKey()));
        assertArrayEquals(
                new boolean[] {true, false, false, false, false, false, false, false, false},
                certificate.getKeyUsage());
        assertEquals(
                Set.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"), new HashSet<>(certificate.getExtendedKeyUsage()));
        assertEquals(-1, certificate.getBasicConstraints());
        assertFalse(certificate.hasUnsupportedCriticalExtension());
        assertTrue(certificate.getSerialNumber().signum() > 0);
        assertTrue(certificate.getSerialNumber().bitLength() > 64, "as random as it looks");
        assertEquals(NOW.minus(Duration.ofDays(1)), certificate.getNotBefore().toInstant());
        assertEquals(NOW.plus(Duration.ofDays(730)), certificate.getNotAfter().toInstant());
    }

    @Test
    void openssl_reads_file_and_certificate() throws Exception {
        X509Certificate certificate = generated(ROMEO);
        OpenSsl openSsl = new OpenSsl(home.resolve("identity"));
        openSsl.run("pkcs12", "-in", "romeo@montague.lit.p12", "-passin", "pass:", "-nodes", "-out", "romeo.pem");
        String text = openSsl.run("x509", "-in", "romeo.pem", "-noout", "-text", "-fingerprint", "-sha256");
        assertTrue(text.matches("(?s).*XmppAddr:+romeo@montague.lit.*"), text);
        assertTrue(text.contains("ED25519"), text);
        assertTrue(text.replace(":", "").toLowerCase().contains(Fingerprint.sha256(certificate)), text);
        openSsl.run("verify", "-CAfile", "romeo.pem", "-partial_chain", "romeo.pem");
        openSsl.run("pkey", "-in", "romeo.pem", "-noout", "-text");
    }

    @Test
    void it_is_the_same_after_a_restart_and_another_for_another_account() throws Exception {
        List<KeyName> romeo;
        try (Identities identities = at(NOW)) {
            romeo = await(identities.keys(ROMEO));
            assertEquals(romeo, await(identities.keys(ROMEO)));
            assertNotEquals(romeo, await(identities.keys(JULIET)));
        }
        try (Identities identities = at(NOW.plus(Duration.ofDays(1)))) {
            assertEquals(romeo, await(identities.keys(ROMEO)));
        }
        assertEquals(Set.of("romeo@montague.lit.p12", "juliet@capulet.lit.p12"), files());
    }

    @Test
    void many_who_ask_at_once_get_one_key() throws Exception {
        List<CompletionStage<List<KeyName>>> asked = new ArrayList<>();
        Set<KeyName> names = new HashSet<>();
        try (Identities here = at(NOW);
                Identities there = at(NOW)) {
            for (int i = 0; i < 20; i++) {
                asked.add((i % 2 == 0 ? here : there).keys(ROMEO));
            }
            asked.forEach(stage -> names.addAll(await(stage)));
        }
        assertEquals(1, names.size());
        assertEquals(Set.of("romeo@montague.lit.p12"), files());
    }

    @Test
    void another_process_that_was_first_is_not_overwritten() throws Exception {
        Path file = home.resolve("romeo.p12");
        SelfSigned first = SelfSigned.generate(ROMEO, clock(NOW));
        SelfSigned second = SelfSigned.generate(ROMEO, clock(NOW));
        assertTrue(KeyFile.create(file, first.key(), first.certificate(), new char[0]));
        byte[] written = Files.readAllBytes(file);
        assertFalse(KeyFile.create(file, second.key(), second.certificate(), new char[0]));
        assertArrayEquals(written, Files.readAllBytes(file));
        try (var entries = Files.list(home)) {
            assertEquals(List.of(file), entries.toList());
        }
    }

    @Test
    void directory_and_file_are_the_owners_alone() throws Exception {
        generated(ROMEO);
        assertEquals("rwx------", permissions(home.resolve("identity")));
        assertEquals("rw-------", permissions(file()));
    }

    @Test
    void a_file_that_others_may_read_is_refused() throws Exception {
        generated(ROMEO);
        Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-r-----"));
        assertRefused("is open to others (rw-r-----)");
    }

    @Test
    void somebody_elses_file_is_refused_however_closed_it_is() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root can give a file away");
        generated(ROMEO);
        Files.setOwner(
                file(), home.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
        assertRefused("belongs to nobody, and this process runs as root");
    }

    @Test
    void a_directory_that_others_may_write_to_is_refused() throws Exception {
        generated(ROMEO);
        Files.setPosixFilePermissions(home.resolve("identity"), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertRefused("can be written by others (rwxrwxrwx)");
    }

    @Test
    void a_file_that_was_cut_off_is_refused_and_left_as_it_is() throws Exception {
        generated(ROMEO);
        byte[] whole = Files.readAllBytes(file());
        for (int length : new int[] {0, 1, 2, 100, whole.length / 2, whole.length - 1}) {
            byte[] cut = Arrays.copyOf(whole, length);
            Files.write(file(), cut);
            assertRefused("is no PKCS#12 file, or is damaged");
            assertArrayEquals(cut, Files.readAllBytes(file()));
        }
    }

    @Test
    void what_a_crash_left_behind_is_cleared_away_and_never_taken_for_a_key() throws Exception {
        Files.createDirectories(home.resolve("identity"));
        Files.setPosixFilePermissions(home.resolve("identity"), PosixFilePermissions.fromString("rwx------"));
        Path old = Files.write(home.resolve("identity/old.new"), new byte[] {1});
        Path young = Files.write(home.resolve("identity/young.new"), new byte[] {1});
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        Files.setLastModifiedTime(young, FileTime.from(Instant.now().minus(Duration.ofMinutes(2))));
        generated(ROMEO);
        assertEquals(Set.of("romeo@montague.lit.p12", "young.new"), files());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "montague.lit",
                "ro%meo@montague.lit",
                "#1!@montague.lit",
                "roméo@例え.jp",
                "..@montague.lit",
                "a-local-part-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and"
                        + "-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on"
                        + "-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on@montague.lit"
            })
    void every_address_can_have_a_certificate(String address) throws Exception {
        BareJid account = BareJid.parse(address);
        assertEquals(List.of(account), XmppNames.of(generated(account)));
        String name = files().iterator().next();
        assertTrue(name.matches("[a-z0-9@._~%-]{1,200}\\.p12"), name);
        assertEquals(1, files().size());
    }

    @Test
    void stopping_does_first_what_was_asked_before_and_leaves_no_thread() throws Exception {
        Identities identities = at(NOW);
        CompletionStage<List<KeyName>> asked = identities.keys(ROMEO);
        identities.close();
        assertTrue(asked.toCompletableFuture().isDone());
        assertEquals(1, await(asked).size());
        assertEquals(Failure.Code.SERVICE_GONE, failure(identities.keys(ROMEO)).code());
        assertNull(Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("xtls-auth-x509"))
                .findAny()
                .orElse(null));
    }

    @Test
    void a_key_is_never_printed() throws Exception {
        generated(ROMEO);
        Identity identity = directory().identities(ROMEO).get(0);
        assertEquals("x509 " + identity.sha256() + " in key file " + file(), identity.toString());
        assertFalse(
                identity.credential().toString().contains("Private"),
                identity.credential().toString());
    }

    private void assertRefused(String reason) {
        try (Identities identities = at(NOW)) {
            Failure failure = failure(identities.keys(ROMEO));
            assertEquals(Failure.Code.LOCAL, failure.code());
            assertEquals(Failure.Fault.LOCAL, failure.fault());
            assertTrue(failure.message().contains(file().toString()), failure.text());
            assertTrue(failure.message().contains(reason), failure.text());
        }
    }

    private X509Certificate generated(BareJid account) throws Exception {
        return directory().identities(account).get(0).certificate();
    }

    private IdentityDirectory directory() {
        return new IdentityDirectory(home.resolve("identity"), clock(NOW), Rotation.DEFAULT, "", "");
    }

    private Identities at(Instant time) {
        return new Identities(home.resolve("identity"), clock(time));
    }

    private Path file() {
        return home.resolve("identity/romeo@montague.lit.p12");
    }

    private Set<String> files() throws IOException {
        Set<String> names = new HashSet<>();
        try (var entries = Files.list(home.resolve("identity"))) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
        }
        return names;
    }

    private static Clock clock(Instant time) {
        return Clock.fixed(time, ZoneOffset.UTC);
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
