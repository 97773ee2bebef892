package org.xtls.auth.openpgp;

import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.xtls.BareJid;

/** What User IDs say of addresses: {@code xmpp:local@domain}, {@code local@domain}, {@code Name <local@domain>}. */
final class UserIds {
    private static final String XMPP = "xmpp:";

    /** Line breaks and characters that change how the rest is shown have no place where people read names. */
    private static final Pattern DECEIVING = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Co}\\p{Cn}]");

    private static final Pattern NAMED = Pattern.compile("[^<>]*<([^<>]+)>");

    private static final Set<UnicodeScript> LOOK_ALIKE = Set.of(
            UnicodeScript.LATIN,
            UnicodeScript.CYRILLIC,
            UnicodeScript.GREEK,
            UnicodeScript.ARMENIAN,
            UnicodeScript.CHEROKEE);

    private UserIds() {}

    /**
     * Whether a User ID is this address. Upper case in ASCII is the only variation: what else normalising an address
     * makes equal looks like it and may be somebody else's.
     */
    static boolean names(String userId, BareJid address) {
        if (DECEIVING.matcher(userId).find()) {
            return false;
        }
        String written = address(userId);
        try {
            BareJid parsed = BareJid.parse(written);
            return !parsed.local().isEmpty()
                    && parsed.equals(address)
                    && (isAscii(written) || written.equals(parsed.toString()));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * What speaks against a User ID that nobody has vouched for: it is to be read by people, and it is made out to
     * somebody else or to deceive. Empty when nothing does.
     */
    static Optional<String> objection(String userId, BareJid address) {
        if (DECEIVING.matcher(userId).find()) {
            return Optional.of("has a User ID with line breaks or invisible characters");
        }
        if (mixesScripts(userId)) {
            return Optional.of("has a User ID with look-alike characters of another script");
        }
        if (userId.regionMatches(true, 0, XMPP, 0, XMPP.length()) && !names(userId, address)) {
            return Optional.of("is made out to another address, " + userId);
        }
        return Optional.empty();
    }

    /** Whether an address in it has letters of Latin and of a script that looks like it. */
    private static boolean mixesScripts(String userId) {
        String address = address(userId);
        if (address.indexOf('@') < 0) {
            return false;
        }
        // A Cyrillic name at a Latin domain is nothing to wonder at; within one of them it is.
        for (String part : address.split("[@.]")) {
            Set<UnicodeScript> scripts = part.codePoints()
                    .mapToObj(UnicodeScript::of)
                    .filter(LOOK_ALIKE::contains)
                    .collect(Collectors.toSet());
            if (scripts.size() > 1) {
                return true;
            }
        }
        return !Normalizer.isNormalized(address, Normalizer.Form.NFKC);
    }

    private static String address(String userId) {
        if (userId.regionMatches(true, 0, XMPP, 0, XMPP.length())) {
            return userId.substring(XMPP.length());
        }
        Matcher named = NAMED.matcher(userId);
        return named.matches() ? named.group(1) : userId;
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }
}
