package org.xtls.tunnel.protocol;

import java.util.Locale;

/**
 * What an observer can see of a {@link Conversation}.
 *
 * @param state {@code negotiating}, {@code open}, {@code renewing}, {@code closing}, or empty
 * @param role {@code initiator}, {@code responder}, or empty
 * @param method the method chosen, or empty
 * @param sent stanzas sent
 * @param acknowledged stanzas acknowledged
 * @param received stanzas received
 * @param queued stanzas waiting
 */
public record Status(
        String state, String role, String method, long sent, long acknowledged, long received, int queued) {
    /** Nothing is going on. */
    public static final Status NOTHING = new Status("", "", "", 0, 0, 0, 0);

    static Status negotiating(Attempt attempt) {
        return new Status("negotiating", attempt.role.name().toLowerCase(Locale.ROOT), attempt.method, 0, 0, 0, 0);
    }

    static Status of(Channel tunnel, String state) {
        return new Status(
                state,
                tunnel.role.name().toLowerCase(Locale.ROOT),
                tunnel.method,
                tunnel.sent(),
                tunnel.acknowledgedCount(),
                tunnel.received(),
                tunnel.queued());
    }
}
