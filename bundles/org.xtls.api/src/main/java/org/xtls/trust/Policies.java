package org.xtls.trust;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;

/**
 * The policies for all peers: a general one, and rules for some. A rule is one line, a pattern and statements:
 *
 * <pre>
 * juliet@capulet.lit: require x509 openpgp, first-use reject
 * capulet.lit: prefer openpgp
 * *.capulet.lit: require verified, never srp-psk
 * *: bootstrap no
 * </pre>
 *
 * <p>A pattern is a bare JID; a domain, for itself and everybody at it; {@code *.} and a domain, for all domains below it;
 * or {@code *}. Of the rules that match a peer the more specific one decides each setting that it states; what it does not
 * state comes from the next, and at last from the general policy. The statements:
 *
 * <ul>
 *   <li>{@code require verified}, {@code allow unverified}
 *   <li>{@code require confirmed}, {@code allow unconfirmed}: offers
 *   <li>{@code require METHOD…}: one of these methods and no other; {@code allow any} takes that back
 *   <li>{@code never METHOD…}: none of these methods; {@code allow any} takes that back too
 *   <li>{@code prefer METHOD…}: these methods go before all others, in this order
 *   <li>{@code first-use reject|ask|accept}
 *   <li>{@code bootstrap yes|no}, {@code recheck yes|no}
 * </ul>
 *
 * @param general what applies where no rule says otherwise
 * @param rules the rules, the most specific first
 */
public record Policies(Policy general, List<Rule> rules) {
    /** The name of the rules in the configuration {@link Policy#PID}: an array or collection of lines. */
    public static final String RULES = "rules";

    /** Most rules; each is tried for each negotiation. */
    public static final int MAX_RULES = 1_000;

    /** {@link Policy#DEFAULT} for everybody. */
    public static final Policies DEFAULT = new Policies(Policy.DEFAULT, List.of());

    /**
     * Sorts and checks.
     *
     * @param general the general policy
     * @param rules the rules in any order
     * @throws IllegalArgumentException when two rules have the same pattern, or there are more than {@link #MAX_RULES}
     */
    public Policies {
        if (rules.size() > MAX_RULES) {
            throw new IllegalArgumentException("there are at most " + MAX_RULES + " rules, not " + rules.size());
        }
        Set<String> patterns = new HashSet<>();
        for (Rule rule : rules) {
            if (!patterns.add(rule.pattern())) {
                throw new IllegalArgumentException("there are two rules for " + rule.pattern());
            }
        }
        rules = rules.stream()
                .sorted(Comparator.comparingInt(Rule::specificity).reversed().thenComparing(Rule::pattern))
                .toList();
    }

    /**
     * Reads a configuration.
     *
     * @param configuration values by name
     * @return the policies
     * @throws IllegalArgumentException when a value or rule makes no sense; the message says which and why
     */
    public static Policies of(Map<String, ?> configuration) {
        List<Rule> rules = new ArrayList<>();
        for (String line : lines(configuration.get(RULES))) {
            if (!line.isBlank()) {
                rules.add(Rule.parse(line));
            }
        }
        return new Policies(Policy.of(configuration), rules);
    }

    /**
     * What applies to a peer.
     *
     * @param peer the peer
     * @return its policy
     */
    public Policy of(BareJid peer) {
        Policy policy = general;
        for (int i = rules.size() - 1; i >= 0; i--) {
            if (rules.get(i).matches(peer)) {
                policy = rules.get(i).on(policy);
            }
        }
        return policy;
    }

    private static List<String> lines(@Nullable Object value) {
        if (value == null) {
            return List.of();
        }
        if (value instanceof Object[] array) {
            return Arrays.stream(array).map(String::valueOf).toList();
        }
        if (value instanceof Collection<?> collection) {
            return collection.stream().map(String::valueOf).toList();
        }
        return List.of(value.toString());
    }

    /**
     * One line.
     *
     * @param pattern whom it is about, normalised
     * @param statements what it says, as {@link #toString} writes it
     */
    public record Rule(String pattern, List<String> statements) {
        private static final String METHOD = "[a-z][a-z0-9-]{0,31}";

        /**
         * Reads both parts.
         *
         * @param pattern whom it is about
         * @param statements what it says, at least one
         * @throws IllegalArgumentException when either makes no sense; the message says why
         */
        public Rule {
            pattern = normalised(pattern.strip());
            statements = statements.stream()
                    .map(statement -> statement.strip().toLowerCase(Locale.ROOT).replaceAll("\\s+", " "))
                    .toList();
            if (statements.isEmpty()) {
                throw new IllegalArgumentException("the rule for " + pattern + " says nothing");
            }
            for (String statement : statements) {
                apply(statement, Policy.DEFAULT);
            }
        }

        /**
         * Reads a line.
         *
         * @param line such as {@code *.capulet.lit: require verified}
         * @return the rule
         * @throws IllegalArgumentException when it is none; the message says why
         */
        public static Rule parse(String line) {
            // The last one: an IPv6 domain has colons too.
            int colon = line.lastIndexOf(':');
            if (colon < 0) {
                throw new IllegalArgumentException(
                        "'" + line.strip() + "' is no rule; one looks like '*.example.org: require verified'");
            }
            return new Rule(
                    line.substring(0, colon), List.of(line.substring(colon + 1).split(",")));
        }

        /**
         * Whether it is about a peer.
         *
         * @param peer the peer
         * @return true when the pattern matches
         */
        public boolean matches(BareJid peer) {
            if (pattern.equals("*")) {
                return true;
            }
            if (pattern.startsWith("*.")) {
                return peer.domain().endsWith(pattern.substring(1));
            }
            return pattern.indexOf('@') >= 0 ? pattern.equals(peer.toString()) : pattern.equals(peer.domain());
        }

        /**
         * What it makes of a policy.
         *
         * @param policy what applies without it
         * @return what applies with it
         */
        public Policy on(Policy policy) {
            Policy applied = policy;
            for (String statement : statements) {
                applied = apply(statement, applied);
            }
            return applied;
        }

        /**
         * The line.
         *
         * @return as {@link #parse} reads it
         */
        @Override
        public String toString() {
            return pattern + ": " + String.join(", ", statements);
        }

        int specificity() {
            if (pattern.equals("*")) {
                return 0;
            }
            if (pattern.startsWith("*.")) {
                return pattern.length();
            }
            return pattern.indexOf('@') >= 0 ? 1 << 20 : 1 << 19;
        }

        private static String normalised(String pattern) {
            if (pattern.equals("*")) {
                return pattern;
            }
            boolean below = pattern.startsWith("*.");
            BareJid jid = BareJid.parse(below ? pattern.substring(2) : pattern);
            if (below && !jid.local().isEmpty()) {
                throw new IllegalArgumentException("'" + pattern + "' is no pattern: '*.' goes before a domain");
            }
            return below ? "*." + jid : jid.toString();
        }

        private static Policy apply(String statement, Policy to) {
            List<String> words = List.of(statement.split(" "));
            List<String> rest = words.subList(1, words.size());
            String value = rest.size() == 1 ? rest.get(0) : "";
            return switch (words.get(0)) {
                case "require" ->
                    switch (value) {
                        case "verified" -> with(to, to.requireConfirmedOffers(), true, to.bootstrap(), to.recheck());
                        case "confirmed" -> to.withConfirmedOffers(true);
                        default -> methods(to, Set.copyOf(methods(statement, rest)), to.never(), to.prefer());
                    };
                case "allow" ->
                    switch (value) {
                        case "unverified" -> with(to, to.requireConfirmedOffers(), false, to.bootstrap(), to.recheck());
                        case "unconfirmed" -> to.withConfirmedOffers(false);
                        case "any" -> methods(to, Set.of(), Set.of(), to.prefer());
                        default -> throw wrong(statement, "allow unverified, allow unconfirmed, allow any");
                    };
                case "never" -> methods(to, to.only(), Set.copyOf(methods(statement, rest)), to.prefer());
                case "prefer" -> methods(to, to.only(), to.never(), methods(statement, rest));
                case "first-use" -> to.with(Policy.Key.FIRST_USE, value);
                case "bootstrap" ->
                    with(to, to.requireConfirmedOffers(), to.requireVerified(), yes(statement, value), to.recheck());
                case "recheck" ->
                    with(to, to.requireConfirmedOffers(), to.requireVerified(), to.bootstrap(), yes(statement, value));
                default -> throw wrong(statement, "require, allow, never, prefer, first-use, bootstrap, recheck");
            };
        }

        private static boolean yes(String statement, String value) {
            if (!value.equals("yes") && !value.equals("no")) {
                throw wrong(statement, "yes, no");
            }
            return value.equals("yes");
        }

        private static List<String> methods(String statement, List<String> names) {
            if (names.isEmpty() || names.size() > 16 || !names.stream().allMatch(name -> name.matches(METHOD))) {
                throw wrong(statement, "the names of one or more methods");
            }
            List<String> distinct = names.stream().distinct().toList();
            if (distinct.contains("verified") || distinct.contains("confirmed")) {
                throw wrong(statement, "'require verified' or 'require confirmed', each a statement of its own");
            }
            return distinct;
        }

        private static Policy with(Policy to, boolean confirmed, boolean verified, boolean bootstrap, boolean recheck) {
            return new Policy(
                    to.firstUse(), confirmed, verified, to.only(), to.never(), to.prefer(), bootstrap, recheck);
        }

        private static Policy methods(Policy to, Set<String> only, Set<String> never, List<String> prefer) {
            return new Policy(
                    to.firstUse(),
                    to.requireConfirmedOffers(),
                    to.requireVerified(),
                    only,
                    never,
                    prefer,
                    to.bootstrap(),
                    to.recheck());
        }

        private static IllegalArgumentException wrong(String statement, String choices) {
            return new IllegalArgumentException("'" + statement + "' is no statement of a rule; there are: " + choices);
        }
    }
}
