package org.xtls.auth.openpgp;

import java.util.Locale;

/**
 * Somebody whose certifications the user relies on.
 *
 * @param fingerprint of the primary key, lower-case hex
 * @param full whether one certification of theirs is enough
 * @param depth how many further steps their trust signatures may reach
 */
record Introducer(String fingerprint, boolean full, int depth) {
    /**
     * Reads {@code FINGERPRINT [full|marginal] [depth]}.
     *
     * @throws IllegalArgumentException when it is not of that form
     */
    static Introducer parse(String text) {
        String[] words = text.strip().split("\\s+");
        String fingerprint = words[0].toLowerCase(Locale.ROOT);
        if (!fingerprint.matches("[0-9a-f]{40}|[0-9a-f]{64}") || words.length > 3) {
            throw new IllegalArgumentException(
                    "introducers: '" + text + "' is not of the form FINGERPRINT [full|marginal] [depth]");
        }
        String trust = words.length > 1 ? words[1] : "full";
        if (!trust.equals("full") && !trust.equals("marginal")) {
            throw new IllegalArgumentException("introducers: '" + trust + "' is neither full nor marginal");
        }
        int depth = 0;
        if (words.length > 2) {
            if (!words[2].matches("[0-5]")) {
                throw new IllegalArgumentException("introducers: the depth is 0 to 5, not '" + words[2] + "'");
            }
            depth = Integer.parseInt(words[2]);
        }
        return new Introducer(fingerprint, trust.equals("full"), depth);
    }
}
