package org.xtls.password;

import java.time.Instant;
import java.util.Optional;
import org.xtls.BareJid;

/**
 * A secret that is held, without the secret.
 *
 * @param account the own account
 * @param peer the peer
 * @param kind what it is
 * @param use what it may be used for
 * @param guessesLeft how often it can be tried until it is locked or void; 0 when a password is locked
 * @param waits until when it cannot be tried, after wrong guesses; empty when it can be, or is locked
 * @param expires when a pairing code ends; empty for a password
 */
public record HeldSecret(
        BareJid account,
        BareJid peer,
        Kind kind,
        Passwords.Use use,
        int guessesLeft,
        Optional<Instant> waits,
        Optional<Instant> expires) {
    /** The kinds of secrets. */
    public enum Kind {
        /** Lasts until it is removed. */
        PASSWORD,
        /** For one tunnel. */
        PAIRING_CODE
    }

    /**
     * Whether only {@link Passwords#unlock} makes it usable again.
     *
     * @return true when all guesses are spent
     */
    public boolean locked() {
        return guessesLeft == 0;
    }
}
