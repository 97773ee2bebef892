package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.x509.Stages.await;
import static org.xtls.auth.x509.Stages.failure;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.auth.OwnKey;
import org.xtls.trust.KeyName;

/** Whoever watches over the own certificates learns how they stand, and changes nothing. */
class HeldKeysTest {
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.lit");
    private static final Instant MADE = Instant.parse("2026-11-24T12:00:00Z");
    private static final Instant EXPIRES = MADE.plus(Duration.ofDays(730));

    @TempDir
    Path home;

    private final MovingClock clock = new MovingClock(MADE);

    @Test
    void to_look_makes_no_certificate() {
        Path folder = home.resolve("identity");
        try (Identities identities = new Identities(folder, clock)) {
            assertEquals(List.of(), await(identities.held(ROMEO)));
            assertEquals(0, home.toFile().list().length, "not even the folder");
            KeyName made = await(identities.keys(ROMEO)).get(0);
            assertEquals(List.of(new OwnKey(made, EXPIRES)), await(identities.held(ROMEO)));
            assertEquals(List.of(), await(identities.held(BareJid.parse("benvolio@montague.lit"))));
            assertEquals(1, folder.toFile().list().length);
        }
    }

    @Test
    void the_next_certificate_is_told_of_once_a_negotiation_has_made_it() {
        try (Identities identities = new Identities(home, clock)) {
            KeyName first = await(identities.keys(ROMEO)).get(0);
            clock.to(EXPIRES.minus(Duration.ofDays(60)));
            assertEquals(List.of(new OwnKey(first, EXPIRES)), await(identities.held(ROMEO)));
            KeyName next = await(identities.keys(ROMEO)).get(1);
            assertEquals(
                    List.of(
                            new OwnKey(first, EXPIRES),
                            new OwnKey(next, clock.instant().plus(Duration.ofDays(730)))),
                    await(identities.held(ROMEO)));
        }
    }

    @Test
    void one_that_expired_because_nobody_used_it_is_no_key() {
        try (Identities identities = new Identities(home, clock)) {
            await(identities.keys(ROMEO));
            clock.to(EXPIRES.plusSeconds(1));
            Failure failure = failure(identities.held(ROMEO));
            assertTrue(failure.message().contains("not now"), failure.text());
            assertEquals(1, home.toFile().list().length);
            clock.to(MADE.minus(Duration.ofDays(300)));
            assertEquals("Check the clock.", failure(identities.held(ROMEO)).advice());
        }
    }

    @Test
    void a_configured_certificate_is_told_of_until_it_has_expired() throws Exception {
        OpenSsl openSsl = new OpenSsl(home);
        X509Certificate certificate = openSsl.selfSigned("romeo", "-algorithm ed25519");
        Instant until = certificate.getNotAfter().toInstant();
        clock.to(until.minusSeconds(1));
        IdentitySource source = new Stapled(
                Sources.pem(path("romeo.pem"), path("romeo.key"), "", clock),
                PathPattern.of("ocsp", path("none.der")),
                clock);
        try (Identities identities = new Identities(home, clock, source)) {
            assertEquals(
                    List.of(new OwnKey(new KeyName("x509", Fingerprint.sha256(certificate)), until)),
                    await(identities.held(ROMEO)));
            clock.forward(Duration.ofSeconds(2));
            assertTrue(failure(identities.held(ROMEO)).message().contains("not now"));
        }
    }

    @Test
    void nobody_is_asked_for_what_opens_a_key() throws Exception {
        OpenSsl openSsl = new OpenSsl(home);
        openSsl.selfSigned("romeo", "-algorithm ed25519");
        openSsl.run("pkcs8", "-topk8", "-in", "romeo.key", "-out", "locked.key", "-passout", "pass:rose");
        List<String> asked = new ArrayList<>();
        IdentitySource source = Sources.pem(path("romeo.pem"), path("locked.key"), "", Clock.systemUTC());
        try (Identities identities = new Identities(home, clock, source)) {
            identities.bindPrompt(question -> {
                asked.add(question.of());
                return CompletableFuture.completedStage(Optional.of("rose".toCharArray()));
            });
            Failure failure = failure(identities.held(ROMEO));
            assertTrue(failure.message().contains("cannot be opened without a password"), failure.text());
            assertEquals(List.of(), asked);
            await(identities.keys(ROMEO));
            assertEquals(1, asked.size());
            assertEquals(1, await(identities.held(ROMEO)).size(), "open by now");
        }
    }

    private String path(String name) {
        return home.resolve(name).toString();
    }
}
