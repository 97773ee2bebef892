package org.xtls.trust.jdbc;

import org.jspecify.annotations.Nullable;
import org.xtls.trust.KeyState;

/** What becomes of the state of a key that somebody wants to see changed. */
@FunctionalInterface
interface Rule {
    /** A tunnel vouches: what somebody has taken back, or has run out, stays so. */
    Rule VOUCH = held -> held == null || held == KeyState.FIRST_USE ? KeyState.VERIFIED : null;

    /**
     * Decides.
     *
     * @param held the state that is held, or null for a key that is not known
     * @return the state to set, which may be the one that is held, for new evidence; or null to leave everything as it is
     */
    @Nullable
    KeyState decide(@Nullable KeyState held);

    /** The user's word, or what follows from it: it never weakens what is held. */
    static Rule put(KeyState wanted) {
        return held -> switch (wanted) {
            case VERIFIED, DISTRUSTED -> wanted;
            case FIRST_USE -> held == null ? wanted : null;
            case EXPIRED -> held == KeyState.VERIFIED || held == KeyState.FIRST_USE ? wanted : null;
        };
    }
}
