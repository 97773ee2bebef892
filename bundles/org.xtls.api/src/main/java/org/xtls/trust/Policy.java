package org.xtls.trust;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What this side wants of tunnels.
 *
 * @param firstUse what to do with a key that nobody vouches for
 * @param requireConfirmedOffers whether peers that do not confirm offers are refused
 */
public record Policy(FirstUse firstUse, boolean requireConfirmedOffers) {
    /** Ask on first use, which is no where nobody can be asked; peers need not confirm. */
    public static final Policy DEFAULT = new Policy(FirstUse.ASK, false);

    /** The name of the configuration (its PID) that holds the policy, keyed by {@link Key#toString}. */
    public static final String PID = "org.xtls.policy";

    /** What to do with a key that nobody vouches for. */
    public enum FirstUse {
        /** No tunnel. */
        REJECT,
        /** Ask the human; no tunnel where there is none. */
        ASK,
        /** An unverified tunnel, and the key is remembered. */
        ACCEPT
    }

    /** What can be set. */
    public enum Key {
        /** {@link Policy#firstUse}. */
        FIRST_USE("reject|ask|accept"),
        /** {@link Policy#requireConfirmedOffers}. */
        REQUIRE_CONFIRMED_OFFERS("true|false");

        private final String choices;

        Key(String choices) {
            this.choices = choices;
        }

        /**
         * The key of a name.
         *
         * @param name as {@link #toString} writes it
         * @return the key
         * @throws IllegalArgumentException when there is no such key; the message lists those there are
         */
        public static Key of(String name) {
            return Arrays.stream(values())
                    .filter(key -> key.toString().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("there is no policy '" + name + "'; there are "
                            + Arrays.stream(values()).map(Key::toString).collect(Collectors.joining(", "))));
        }

        /**
         * The values it can have.
         *
         * @return separated by {@code |}
         */
        public String choices() {
            return choices;
        }

        /**
         * The name in configuration and shell.
         *
         * @return such as {@code first-use}
         */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /**
     * Reads a configuration. Keys that are missing have their default; keys that are no policy's are left alone.
     *
     * @param configuration values by name
     * @return the policy
     * @throws IllegalArgumentException when a value is not one of its key's; the message says which are
     */
    public static Policy of(Map<String, ?> configuration) {
        Policy policy = DEFAULT;
        for (Key key : Key.values()) {
            Object value = configuration.get(key.toString());
            if (value != null) {
                policy = policy.with(key, value.toString());
            }
        }
        return policy;
    }

    /**
     * This policy with one value changed.
     *
     * @param key what to change
     * @param value the new value
     * @return a new policy
     * @throws IllegalArgumentException when the value is not one of the key's; the message says which are
     */
    public Policy with(Key key, String value) {
        String wanted = value.strip().toLowerCase(Locale.ROOT);
        if (!Arrays.asList(key.choices().split("\\|")).contains(wanted)) {
            throw new IllegalArgumentException(
                    "'" + value + "' is no value of " + key + "; there are " + key.choices());
        }
        return switch (key) {
            case FIRST_USE -> new Policy(FirstUse.valueOf(wanted.toUpperCase(Locale.ROOT)), requireConfirmedOffers);
            case REQUIRE_CONFIRMED_OFFERS -> new Policy(firstUse, Boolean.parseBoolean(wanted));
        };
    }

    /**
     * A value as text.
     *
     * @param key which
     * @return as {@link #with} takes it
     */
    public String value(Key key) {
        return switch (key) {
            case FIRST_USE -> firstUse.name().toLowerCase(Locale.ROOT);
            case REQUIRE_CONFIRMED_OFFERS -> Boolean.toString(requireConfirmedOffers);
        };
    }
}
