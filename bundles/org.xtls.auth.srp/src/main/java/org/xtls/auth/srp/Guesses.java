package org.xtls.auth.srp;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What has been spent on a peer.
 *
 * @param wrong guesses that came to nothing, or have not come to anything yet
 * @param last when the last one was spent
 */
record Guesses(int wrong, Instant last) {
    static final Guesses NONE = new Guesses(0, Instant.EPOCH);

    Guesses {
        if (wrong < 0) {
            throw new IllegalArgumentException("guesses: " + wrong + " is less than 0");
        }
    }

    Guesses spend(Instant now) {
        return new Guesses(wrong + 1, now);
    }

    Guesses giveBack() {
        return wrong <= 1 ? NONE : new Guesses(wrong - 1, last);
    }

    int left(Settings settings) {
        return Math.max(0, settings.guesses() - wrong);
    }

    /** Until when none may be spent, though some are left. The first wrong one may be a slip. */
    Optional<Instant> waits(Settings settings, Instant now) {
        if (wrong < 2 || left(settings) == 0) {
            return Optional.empty();
        }
        Duration wait = settings.backoff().multipliedBy(1L << Math.min(wrong - 2, 10));
        // A clock that was set back must not make it longer.
        Instant until = last.isAfter(now) ? now.plus(wait) : last.plus(wait);
        return until.isAfter(now) ? Optional.of(until) : Optional.empty();
    }
}
