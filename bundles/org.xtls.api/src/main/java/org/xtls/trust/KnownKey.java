package org.xtls.trust;

import java.time.Instant;

/**
 * A key that is known for a peer.
 *
 * @param name the key
 * @param state what is held of it
 * @param since when that state began
 * @param evidence how it came to it, one phrase for people
 */
public record KnownKey(KeyName name, KeyState state, Instant since, String evidence) {}
