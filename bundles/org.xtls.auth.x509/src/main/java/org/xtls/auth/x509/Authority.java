package org.xtls.auth.x509;

import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import javax.security.auth.x500.X500Principal;
import org.xtls.BareJid;

/**
 * A CA that this side trusts.
 *
 * @param certificate its certificate
 * @param domains the peers that it may speak for
 * @param file where it came from
 */
record Authority(X509Certificate certificate, Domains domains, Path file) {
    X500Principal subject() {
        return certificate.getSubjectX500Principal();
    }

    PublicKey key() {
        return certificate.getPublicKey();
    }

    /** What it is called in offers. */
    String anchor() {
        return Fingerprint.of(key());
    }

    String name() {
        return name(certificate);
    }

    /** A certificate's subject, for people. */
    static String name(X509Certificate certificate) {
        return name(certificate.getSubjectX500Principal());
    }

    /** A name that a peer may have written, for people: nothing in it moves a cursor or turns the text round. */
    static String name(X500Principal principal) {
        StringBuilder name = new StringBuilder("'");
        principal.getName().codePoints().limit(MOST_CHARACTERS + 1L).forEach(c -> {
            if (name.length() > MOST_CHARACTERS) {
                name.append(name.charAt(name.length() - 1) == '…' ? "" : "…");
            } else if (isSilent(c)) {
                name.append(String.format(Locale.ROOT, "{U+%04X}", c));
            } else {
                name.appendCodePoint(c);
            }
        });
        return name.append("'").toString();
    }

    private static boolean isSilent(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.PRIVATE_USE,
                    Character.SURROGATE,
                    Character.UNASSIGNED -> true;
            default -> false;
        };
    }

    private static final int MOST_CHARACTERS = 200;

    /**
     * Domains: each {@code *}, a domain, or {@code *.} and a domain for all below it.
     *
     * @param patterns at least one, normalised
     */
    record Domains(List<String> patterns) {
        static final Domains ALL = new Domains(List.of("*"));

        Domains {
            patterns = List.copyOf(patterns);
        }

        /**
         * Reads a list.
         *
         * @param list separated by commas
         * @throws IllegalArgumentException when one is no domain
         */
        static Domains parse(String list) {
            return new Domains(List.of(list.split(",", -1)).stream()
                    .map(String::strip)
                    .map(Domains::normalised)
                    .toList());
        }

        boolean hold(String domain) {
            return patterns.contains("*") || name(domain);
        }

        /** Whether one of them is about this domain, and not about all. */
        boolean name(String domain) {
            return patterns.stream()
                    .anyMatch(pattern ->
                            pattern.startsWith("*.") ? domain.endsWith(pattern.substring(1)) : pattern.equals(domain));
        }

        private static String normalised(String pattern) {
            if (pattern.equals("*")) {
                return pattern;
            }
            boolean below = pattern.startsWith("*.");
            String domain = new BareJid("", below ? pattern.substring(2) : pattern).domain();
            return below ? "*." + domain : domain;
        }
    }
}
