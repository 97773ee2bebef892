package org.xtls.auth.openpgp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.auth.OwnKey;

/** Whoever watches over the own key learns when its time is up. */
class HeldKeysTest {
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.example");
    private static final String USER_ID = "xmpp:" + ROMEO;

    @TempDir
    Path directory;

    private final PGPKeyPair primary = Pgp.ed25519();
    private final PGPKeyPair subkey = Pgp.ed25519();

    @Test
    void without_a_key_there_is_nothing_to_tell() {
        try (OpenPgpKeys keys = new OpenPgpKeys(Settings.NONE, Clock.systemUTC())) {
            assertEquals(List.of(), Stages.await(keys.held(ROMEO)));
        }
    }

    @Test
    void a_key_that_does_not_expire_has_no_end() {
        try (OpenPgpKeys keys = keys(Pgp.certifying(), Pgp.authenticating())) {
            OwnKey held = Stages.await(keys.held(ROMEO)).get(0);
            assertEquals(null, held.until());
            assertEquals(Stages.await(keys.keys(ROMEO)).get(0), held.name());
        }
    }

    @Test
    void it_ends_with_the_certificate_or_its_authentication_key_whichever_is_first() {
        Duration sooner = Duration.ofDays(200);
        Duration later = Duration.ofDays(300);
        try (OpenPgpKeys keys =
                keys(Pgp.certifying().expires(later), Pgp.authenticating().expires(sooner))) {
            assertEquals(
                    Pgp.MADE.plus(sooner), Stages.await(keys.held(ROMEO)).get(0).until());
        }
        try (OpenPgpKeys keys =
                keys(Pgp.certifying().expires(sooner), Pgp.authenticating().expires(later))) {
            assertEquals(
                    Pgp.MADE.plus(sooner), Stages.await(keys.held(ROMEO)).get(0).until());
        }
        try (OpenPgpKeys keys = keys(Pgp.certifying(), Pgp.authenticating().expires(later))) {
            assertEquals(
                    Pgp.MADE.plus(later), Stages.await(keys.held(ROMEO)).get(0).until());
        }
        try (OpenPgpKeys keys = keys(Pgp.certifying().expires(later), Pgp.authenticating())) {
            assertEquals(
                    Pgp.MADE.plus(later), Stages.await(keys.held(ROMEO)).get(0).until());
        }
    }

    @Test
    void one_that_has_expired_is_no_key() {
        try (OpenPgpKeys keys = keys(Pgp.certifying(), Pgp.authenticating().expires(Duration.ofDays(30)))) {
            Failure failure = Stages.failure(keys.held(ROMEO));
            assertTrue(failure.message().contains("expired"), failure.text());
        }
    }

    private OpenPgpKeys keys(Pgp.How certifying, Pgp.How authenticating) {
        Path file = Pgp.secretFile(
                directory,
                Pgp.cat(
                        Pgp.secret(primary, true, null),
                        Pgp.userId(USER_ID),
                        Pgp.selfSignature(primary, USER_ID, certifying),
                        Pgp.secret(subkey, false, null),
                        Pgp.binding(primary, subkey, authenticating)));
        return new OpenPgpKeys(Settings.withKey(file, ""), Clock.fixed(Pgp.NOW, ZoneOffset.UTC));
    }
}
