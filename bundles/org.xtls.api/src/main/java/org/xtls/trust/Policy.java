package org.xtls.trust;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What this side wants of tunnels with a peer. {@link Policies} says which applies to whom.
 *
 * @param firstUse what to do with a key that nobody vouches for
 * @param requireConfirmedOffers whether peers that do not confirm offers are refused
 * @param requireVerified whether a tunnel has to be verified; a human at a prompt can still say that a key is
 * @param only the methods that may be used; empty means all
 * @param never the methods that may not be used
 * @param prefer the methods that go before all others, the first one first
 * @param bootstrap whether keys are asked for in verified tunnels and pinned, and own ones handed out there
 * @param recheck whether an open tunnel is closed when the trust store learns that its key has expired or was revoked; one
 *     that the user distrusts closes it in any case
 */
public record Policy(
        FirstUse firstUse,
        boolean requireConfirmedOffers,
        boolean requireVerified,
        Set<String> only,
        Set<String> never,
        List<String> prefer,
        boolean bootstrap,
        boolean recheck) {
    /** Ask on first use, which is no where nobody can be asked; peers need not confirm; all methods; keys are pinned. */
    public static final Policy DEFAULT =
            new Policy(FirstUse.ASK, false, false, Set.of(), Set.of(), List.of(), true, true);

    /**
     * Copies.
     *
     * @param firstUse what to do on first use
     * @param requireConfirmedOffers whether peers have to confirm
     * @param requireVerified whether tunnels have to be verified
     * @param only the only methods, or none for all
     * @param never the methods ruled out
     * @param prefer the methods preferred
     * @param bootstrap whether keys are exchanged in verified tunnels
     * @param recheck whether tunnels end with their key
     */
    public Policy {
        only = Set.copyOf(only);
        never = Set.copyOf(never);
        prefer = List.copyOf(prefer);
    }

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
     * Reads a configuration; its rules are {@link Policies}' affair. Keys that are missing have their default; keys that are no policy's are left alone.
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
            case FIRST_USE -> with(FirstUse.valueOf(wanted.toUpperCase(Locale.ROOT)));
            case REQUIRE_CONFIRMED_OFFERS -> withConfirmedOffers(Boolean.parseBoolean(wanted));
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

    /**
     * Whether a method may be used.
     *
     * @param method its name on the wire
     * @return false when a rule leaves it out
     */
    public boolean allows(String method) {
        return (only.isEmpty() || only.contains(method)) && !never.contains(method);
    }

    /**
     * This policy with another way of first use.
     *
     * @param way the way
     * @return a new policy
     */
    public Policy with(FirstUse way) {
        return new Policy(way, requireConfirmedOffers, requireVerified, only, never, prefer, bootstrap, recheck);
    }

    /**
     * This policy with or without the need to confirm offers.
     *
     * @param required whether peers that do not confirm are refused
     * @return a new policy
     */
    public Policy withConfirmedOffers(boolean required) {
        return new Policy(firstUse, required, requireVerified, only, never, prefer, bootstrap, recheck);
    }
}
