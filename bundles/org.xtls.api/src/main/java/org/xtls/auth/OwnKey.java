package org.xtls.auth;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.xtls.trust.KeyName;

/**
 * A key of this side's own, as it stands.
 *
 * @param name what it is compared by
 * @param until the last moment at which it is good; null when it has none
 */
public record OwnKey(KeyName name, @Nullable Instant until) {}
