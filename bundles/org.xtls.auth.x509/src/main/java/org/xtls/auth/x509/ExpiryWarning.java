package org.xtls.auth.x509;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says once a day that a certificate which cannot be renewed here is about to expire. */
final class ExpiryWarning {
    private static final Logger LOG = LoggerFactory.getLogger(ExpiryWarning.class);
    private static final Duration SOON = Duration.ofDays(30);

    /** How often it is said. */
    static final Duration AGAIN = Duration.ofDays(1);

    private final Clock clock;
    private final Map<String, Instant> warned = new HashMap<>();

    ExpiryWarning(Clock clock) {
        this.clock = clock;
    }

    /**
     * Looks at one.
     *
     * @return true when the warning was given now
     */
    boolean look(Identity identity) {
        Instant now = clock.instant();
        if (now.plus(SOON).isBefore(identity.until())) {
            return false;
        }
        Instant before = warned.get(identity.sha256());
        if (before != null && now.isBefore(before.plus(AGAIN))) {
            return false;
        }
        warned.put(identity.sha256(), now);
        LOG.warn("own certificate expires on {}, put a renewed one in its place: {}", identity.until(), identity);
        return true;
    }
}
