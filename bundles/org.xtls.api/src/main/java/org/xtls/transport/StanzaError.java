package org.xtls.transport;

import java.util.Locale;

/**
 * The stanza errors of this protocol (RFC 6120 §8.3.3).
 *
 * @param condition the defined condition
 * @param text a sentence for people, empty for none; whoever is between the two could have written it
 */
public record StanzaError(Condition condition, String text) {
    /** The conditions that are told apart; whatever else a peer or server sends is {@link #UNDEFINED_CONDITION}. */
    public enum Condition {
        /** Not what the protocol asks for. */
        BAD_REQUEST("modify"),
        /** Both sides started at once, and this start lost. */
        CONFLICT("cancel"),
        /** There is no such tunnel. */
        ITEM_NOT_FOUND("cancel"),
        /** No wish to have a tunnel, or no way. */
        NOT_ACCEPTABLE("cancel"),
        /** Over a limit. */
        POLICY_VIOLATION("modify"),
        /** Nobody is there. */
        RECIPIENT_UNAVAILABLE("wait"),
        /** The peer's server cannot be found. */
        REMOTE_SERVER_NOT_FOUND("cancel"),
        /** The peer's server did not answer. */
        REMOTE_SERVER_TIMEOUT("wait"),
        /** Too much going on. */
        RESOURCE_CONSTRAINT("wait"),
        /** Nobody is there, or it speaks no XTLS. */
        SERVICE_UNAVAILABLE("cancel"),
        /** Anything else. */
        UNDEFINED_CONDITION("cancel");

        private final String type;

        Condition(String type) {
            this.type = type;
        }

        /**
         * The condition of a name on the wire.
         *
         * @param name the local name of the condition's element
         * @return the condition, {@link #UNDEFINED_CONDITION} for one that is not told apart
         */
        public static Condition of(String name) {
            for (Condition condition : values()) {
                if (condition.toString().equals(name)) {
                    return condition;
                }
            }
            return UNDEFINED_CONDITION;
        }

        /**
         * The error type that is sent with it. On receipt the type is not looked at.
         *
         * @return {@code cancel}, {@code modify} or {@code wait}
         */
        public String type() {
            return type;
        }

        /**
         * The name on the wire.
         *
         * @return such as {@code not-acceptable}
         */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
