package org.xtls.auth.srp;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.xtls.Failure;

/**
 * What is held of a peer at a moment. Nothing is computed for it, whether a secret is there or not, can be used or not:
 * the peer could measure that.
 *
 * @param binding by what the peer should be verified, for people; empty when by nothing
 * @param toBegin what this side can begin an exchange with
 * @param toAnswer what it can answer one with
 * @param obstacle why there is neither though something is held
 */
record Held(
        String binding,
        Optional<Secret> toBegin,
        Optional<Secret> toAnswer,
        @Nullable Failure obstacle) {
    /** Whether asking the user may help. */
    boolean isNothing() {
        return binding.isEmpty() && obstacle == null;
    }
}
