package org.xtls.auth.x509;

import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.List;
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
        String name = certificate.getSubjectX500Principal().getName();
        return "'" + (name.length() > MOST_CHARACTERS ? name.substring(0, MOST_CHARACTERS) + "…" : name) + "'";
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
