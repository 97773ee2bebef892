package org.xtls.trust;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;

/**
 * One entry of a store's history.
 *
 * @param at when, to the second
 * @param peer whose key
 * @param key which
 * @param from its state before, or null when the key was not known
 * @param to its state after
 * @param evidence how it came to it, one phrase for people
 */
public record TrustChange(
        Instant at, BareJid peer, KeyName key, @Nullable KeyState from, KeyState to, String evidence) {}
