package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.x509.Stages.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.XtlsException;
import org.xtls.auth.x509.IdentityDirectory.Rotation;
import org.xtls.tls.Credential;
import org.xtls.trust.KeyName;

/** A key's time runs out, and the next one takes its place. */
class RenewalTest {
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.lit");
    private static final Instant MADE = Instant.parse("2026-11-24T12:00:00Z");
    private static final Instant EXPIRES = MADE.plus(Duration.ofDays(730));

    @TempDir
    Path home;

    private final MovingClock clock = new MovingClock(MADE);
    private Identity first;

    @BeforeEach
    void make() throws Exception {
        first = identities().get(0);
    }

    @Test
    void the_next_key_is_made_in_time_and_named_after_the_current_one() throws Exception {
        clock.to(EXPIRES.minus(days(61)));
        assertEquals(names(first), names(identities()));
        clock.to(EXPIRES.minus(days(60)));
        List<Identity> both = identities();
        assertEquals(2, both.size());
        assertEquals(first.name(), both.get(0).name());
        assertNotEquals(first.name(), both.get(1).name());
        assertNotEquals(
                first.certificate().getPublicKey(), both.get(1).certificate().getPublicKey());
        assertEquals(clock.instant().plus(days(730)), both.get(1).until());
        assertEquals(Set.of("romeo@montague.lit.p12", "romeo@montague.lit+2.p12"), files());
        try (Identities identities = new Identities(home, clock, directory(Rotation.DEFAULT))) {
            assertEquals(names(both), await(identities.keys(ROMEO)), "OwnKeys: the current one first");
            assertEquals(first.sha256(), await(identities.of(ROMEO)).sha256());
        }
    }

    @Test
    void the_next_key_takes_over_before_the_current_one_expires_and_the_old_one_is_kept() throws Exception {
        byte[] old = Files.readAllBytes(home.resolve("romeo@montague.lit.p12"));
        clock.to(EXPIRES.minus(days(60)));
        KeyName next = identities().get(1).name();
        clock.to(EXPIRES.minus(days(15)).minusSeconds(1));
        assertEquals(List.of(first.name(), next), names(identities()));
        clock.to(EXPIRES.minus(days(15)));
        assertEquals(List.of(next), names(identities()));
        clock.to(EXPIRES.plus(days(1)));
        assertEquals(List.of(next), names(identities()));
        assertArrayEquals(old, Files.readAllBytes(home.resolve("romeo@montague.lit.p12")));
    }

    @Test
    void a_running_container_and_one_that_starts_afresh_see_the_same_keys() throws Exception {
        IdentityDirectory running = directory(Rotation.DEFAULT);
        for (int day = 0; day < 3000; day += 5) {
            clock.to(MADE.plus(days(day)));
            assertEquals(names(identities()), names(running.identities(ROMEO)), "day " + day);
        }
        assertEquals(5, files().size(), files().toString());
    }

    @Test
    void over_twenty_years_there_is_always_a_valid_key_that_its_predecessor_could_vouch_for() throws Exception {
        Set<KeyName> handed = new HashSet<>(names(first));
        for (int day = 0; day < 7300; day += 3) {
            clock.to(MADE.plus(days(day)));
            List<Identity> now = identities();
            assertTrue(handed.contains(now.get(0).name()), "day " + day + ": a key that nobody heard of before");
            assertTrue(now.stream().allMatch(identity -> identity.currentAt(clock.instant())));
            handed.addAll(names(now));
        }
    }

    @Test
    void renewal_and_switch_follow_the_configuration() throws Exception {
        IdentityDirectory early = directory(new Rotation(days(300), days(100)));
        clock.to(EXPIRES.minus(days(301)));
        assertEquals(1, early.identities(ROMEO).size());
        clock.to(EXPIRES.minus(days(300)));
        assertEquals(2, early.identities(ROMEO).size());
        clock.to(EXPIRES.minus(days(100)));
        assertNotEquals(first.name(), early.identities(ROMEO).get(0).name());
    }

    @Test
    void a_next_key_made_late_gets_time_to_become_known_but_for_the_last_day() throws Exception {
        clock.to(EXPIRES.minus(days(5)));
        List<Identity> both = identities();
        assertEquals(first.name(), both.get(0).name(), "off for weeks, but the old key can still vouch");
        assertEquals(2, both.size());
        clock.to(EXPIRES.minus(days(1)).minusSeconds(1));
        assertEquals(names(both), names(identities()));
        clock.to(EXPIRES.minus(days(1)));
        assertEquals(List.of(both.get(1).name()), names(identities()));
    }

    @Test
    void whoever_comes_back_after_the_key_has_expired_gets_a_fresh_one() throws Exception {
        clock.to(EXPIRES.plus(days(400)));
        List<Identity> fresh = identities();
        assertEquals(1, fresh.size());
        assertNotEquals(first.name(), fresh.get(0).name());
        assertTrue(fresh.get(0).current(clock));
        assertEquals(Set.of("romeo@montague.lit.p12", "romeo@montague.lit+2.p12"), files());
        assertEquals(names(fresh), names(identities()), "and it stays that one");
    }

    @Test
    void two_containers_on_one_home_never_make_two_next_keys() throws Exception {
        clock.to(EXPIRES.minus(days(60)));
        List<CompletionStage<List<Identity>>> asked = new ArrayList<>();
        Set<List<KeyName>> answers = new HashSet<>();
        try (Identities here = new Identities(home, clock, directory(Rotation.DEFAULT));
                Identities there = new Identities(home, clock, directory(Rotation.DEFAULT))) {
            for (int i = 0; i < 10; i++) {
                asked.add((i % 2 == 0 ? here : there).all(ROMEO));
            }
            asked.forEach(stage -> answers.add(names(await(stage))));
        }
        assertEquals(1, answers.size(), answers.toString());
        assertEquals(2, answers.iterator().next().size());
        assertEquals(2, files().size());
    }

    @Test
    void a_crash_while_the_next_key_is_written_leaves_no_next_key() throws Exception {
        clock.to(EXPIRES.minus(days(60)));
        Path crashed = Files.write(home.resolve("0815.new"), new byte[] {0x30, 0x03});
        List<Identity> both = identities();
        assertEquals(2, both.size());
        assertTrue(Files.exists(crashed), "it may be another process's at work");
        assertEquals(3, files().size());
    }

    @Test
    void a_next_key_that_is_not_valid_yet_is_no_next_key() throws Exception {
        // The clock was ten years ahead for a while.
        clock.to(EXPIRES.plus(days(3650)));
        identities();
        clock.to(MADE.plus(days(10)));
        assertEquals(names(first), names(identities()));
        clock.to(EXPIRES.minus(days(60)));
        List<Identity> both = identities();
        assertEquals(first.name(), both.get(0).name());
        assertTrue(both.get(1).currentAt(EXPIRES));
        assertEquals(Set.of("romeo@montague.lit.p12", "romeo@montague.lit+2.p12", "romeo@montague.lit+3.p12"), files());
    }

    @Test
    void a_clock_that_is_behind_makes_no_key() throws Exception {
        clock.to(MADE.minus(days(300)));
        Failure failure = assertThrows(XtlsException.class, this::identities).failure();
        assertTrue(failure.message().contains("not now"), failure.text());
        assertEquals("Check the clock.", failure.advice());
        assertEquals(1, files().size());
    }

    @Test
    void a_next_key_that_others_may_read_is_refused_not_replaced() throws Exception {
        clock.to(EXPIRES.minus(days(60)));
        identities();
        Files.setPosixFilePermissions(
                home.resolve("romeo@montague.lit+2.p12"), PosixFilePermissions.fromString("rw-r--r--"));
        Failure failure = assertThrows(XtlsException.class, this::identities).failure();
        assertTrue(failure.message().contains("is open to others (rw-r--r--)"), failure.text());
        assertEquals(2, files().size());
    }

    @Test
    void a_certificate_of_a_ca_in_the_directory_is_not_renewed_and_not_replaced() throws Exception {
        OpenSsl openSsl = new OpenSsl(home);
        openSsl.selfSigned("ca", "-algorithm ed25519");
        openSsl.run("genpkey", "-algorithm", "ed25519", "-out", "tybalt.key");
        openSsl.run("req", "-new", "-key", "tybalt.key", "-subj", "/CN=tybalt", "-out", "tybalt.csr");
        openSsl.run(
                "x509",
                "-req",
                "-in",
                "tybalt.csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-out",
                "tybalt.pem",
                "-days",
                "30");
        BareJid tybalt = BareJid.parse("tybalt@capulet.lit");
        Files.move(openSsl.pkcs12("tybalt", ""), home.resolve("tybalt@capulet.lit.p12"));
        clock.to(Instant.now());
        IdentityDirectory directory = directory(Rotation.DEFAULT);
        assertEquals(1, directory.identities(tybalt).size(), "it expires within 60 days");
        clock.forward(days(31));
        Failure failure = assertThrows(XtlsException.class, () -> directory.identities(tybalt))
                .failure();
        assertTrue(failure.advice().contains("move the file away"), failure.text());
        assertFalse(files().contains("tybalt@capulet.lit+2.p12"));
    }

    @Test
    void an_account_is_not_taken_for_anothers_next_key() throws Exception {
        BareJid odd = BareJid.parse("romeo@montague.lit.2");
        IdentityDirectory directory = directory(Rotation.DEFAULT);
        KeyName other = directory.identities(odd).get(0).name();
        assertNotEquals(first.name(), other);
        assertEquals(names(first), names(directory.identities(ROMEO)));
    }

    @Test
    void a_handshake_presents_the_current_key() throws Exception {
        clock.to(EXPIRES.minus(days(30)));
        Credential.CertificateChain chain =
                (Credential.CertificateChain) identities().get(0).credential();
        assertEquals(first.certificate(), chain.certificates().get(0));
    }

    @Test
    void a_warning_of_what_cannot_be_renewed_here_comes_thirty_days_before_and_once_a_day() {
        ExpiryWarning warning = new ExpiryWarning(clock);
        clock.to(EXPIRES.minus(days(31)));
        assertFalse(warning.look(first));
        clock.to(EXPIRES.minus(days(30)));
        assertTrue(warning.look(first));
        clock.forward(Duration.ofHours(23));
        assertFalse(warning.look(first));
        clock.forward(Duration.ofHours(1));
        assertTrue(warning.look(first));
    }

    private List<Identity> identities() throws XtlsException, SecretWanted {
        return directory(Rotation.DEFAULT).identities(ROMEO);
    }

    private IdentityDirectory directory(Rotation rotation) {
        return new IdentityDirectory(home, clock, rotation, "", "");
    }

    private static List<KeyName> names(Identity... identities) {
        return names(List.of(identities));
    }

    private static List<KeyName> names(List<Identity> identities) {
        return identities.stream().map(Identity::name).toList();
    }

    private Set<String> files() throws IOException {
        try (Stream<Path> entries = Files.list(home)) {
            return entries.map(entry -> entry.getFileName().toString()).collect(TreeSet::new, Set::add, Set::addAll);
        }
    }

    private static Duration days(int days) {
        return Duration.ofDays(days);
    }
}
