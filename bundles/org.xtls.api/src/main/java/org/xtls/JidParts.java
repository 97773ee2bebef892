package org.xtls;

import java.nio.charset.StandardCharsets;
import java.util.function.IntPredicate;
import rocks.xmpp.precis.PrecisProfile;
import rocks.xmpp.precis.PrecisProfiles;

/** The one profile of addresses: localpart, domainpart and resourcepart of RFC 7622. */
final class JidParts {
    private static final int MAX_OCTETS = 1023;
    private static final int MAX_QUOTED = 80;

    private JidParts() {}

    /** RFC 7622 §3.3. */
    static String local(String given) {
        if (allAscii(given, c -> c > ' ' && c < 0x7f && !(c >= 'A' && c <= 'Z') && !isReserved(c))) {
            return bounded("localpart", given);
        }
        String local = enforced("localpart", given, PrecisProfiles.USERNAME_CASE_MAPPED);
        local.chars().filter(JidParts::isReserved).findFirst().ifPresent(c -> {
            throw new IllegalArgumentException("a localpart may not hold '" + (char) c + "'");
        });
        return local;
    }

    /** RFC 7622 §3.2. */
    static String domain(String given) {
        return bounded("domainpart", Domain.normalised(bounded("domainpart", given)));
    }

    /** RFC 7622 §3.4. */
    static String resource(String given) {
        if (allAscii(given, c -> c >= ' ' && c < 0x7f)) {
            return bounded("resourcepart", given);
        }
        return enforced("resourcepart", given, PrecisProfiles.OPAQUE_STRING);
    }

    /** A text from elsewhere, fit for a message: one line, bounded. */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("'");
        text.codePoints()
                .limit(MAX_QUOTED)
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '\ufffd' : c)
                .forEach(quoted::appendCodePoint);
        return quoted.append(text.codePointCount(0, text.length()) > MAX_QUOTED ? "…'" : "'")
                .toString();
    }

    /** RFC 8264 §7: the rules are applied until nothing changes, or the text is refused. */
    private static String enforced(String part, String given, PrecisProfile profile) {
        String before = bounded(part, given);
        try {
            for (int i = 0; i < 4; i++) {
                String after = profile.enforce(before);
                if (after.equals(before)) {
                    return bounded(part, after);
                }
                before = after;
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(quoted(given) + " is no " + part + ": " + e.getMessage(), e);
        }
        throw new IllegalArgumentException(quoted(given) + " is no " + part + ": it has no stable normal form");
    }

    /** Bounds both what the rules are given to chew on and what they return (RFC 7622 §3.1). */
    private static String bounded(String part, String text) {
        int octets = text.length() > MAX_OCTETS ? text.length() : text.getBytes(StandardCharsets.UTF_8).length;
        if (octets == 0) {
            throw new IllegalArgumentException("a " + part + " is not empty");
        }
        if (octets > MAX_OCTETS) {
            throw new IllegalArgumentException("a " + part + " has at most " + MAX_OCTETS + " octets");
        }
        return text;
    }

    /** RFC 7622 §3.3.1 takes these out of what the PRECIS class would allow. */
    private static boolean isReserved(int c) {
        return "\"&'/:<>@".indexOf(c) >= 0;
    }

    private static boolean allAscii(String text, IntPredicate allowed) {
        for (int i = 0; i < text.length(); i++) {
            if (!allowed.test(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }
}
