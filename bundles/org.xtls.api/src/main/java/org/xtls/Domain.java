package org.xtls;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import rocks.xmpp.precis.PrecisProfiles;

/**
 * The domainpart of an address: labels by IDNA2008, or an IP literal.
 *
 * <p>Why not {@code java.net.IDN}: it is IDNA2003, which maps {@code ß} to {@code ss}, so that one domain's owner could
 * pass for another's. What a U-label may hold is decided by PRECIS' IdentifierClass, which RFC 8264 §4.2 built on
 * IDNA2008's own rules; the rest of RFC 5891 §5.4 is here.
 */
final class Domain {
    private static final int MAX_LABEL = 63;
    private static final String ACE = "xn--";
    private static final Pattern IPV4 = Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})");

    private Domain() {}

    static String normalised(String given) {
        if (given.startsWith("[")) {
            return ipv6(given);
        }
        // RFC 5895 §2: these stand for a dot on some keyboards.
        String dotted = given.replace('\u3002', '.').replace('\uff0e', '.').replace('\uff61', '.');
        String text = dotted.endsWith(".") ? dotted.substring(0, dotted.length() - 1) : dotted;
        StringBuilder domain = new StringBuilder(text.length());
        boolean changed = !text.equals(given);
        for (int from = 0, to; from <= text.length(); from = to + 1) {
            int dot = text.indexOf('.', from);
            to = dot < 0 ? text.length() : dot;
            String label = text.substring(from, to);
            String normal = isLdh(label) ? label : label(label);
            changed |= !normal.equals(label);
            domain.append(from == 0 ? "" : ".").append(normal);
        }
        return changed ? domain.toString() : given;
    }

    private static String label(String given) {
        if (given.isEmpty()) {
            throw new IllegalArgumentException("a domainpart may not have an empty label");
        }
        String lower = asciiLowerCase(given);
        // Full-width letters may turn out to be ASCII.
        String mapped = isAscii(lower) ? lower : enforced(given, lower);
        if (isLdh(mapped)) {
            return mapped;
        }
        if (!isAscii(mapped)) {
            return uLabel(given, mapped);
        }
        if (mapped.startsWith(ACE)) {
            return aLabel(given, mapped);
        }
        throw refused(
                given,
                "it has 1 to 63 letters, digits and hyphens, no hyphen at an end, not two in the third and fourth place");
    }

    /** RFC 5891 §5.3: it must stand for a normal U-label that leads back to it, or one domain would have two names. */
    private static String aLabel(String given, String label) {
        if (label.length() > MAX_LABEL) {
            throw refused(given, "a label has at most 63 octets");
        }
        String decoded = Punycode.decode(label.substring(ACE.length()));
        if (decoded.isEmpty()
                || isAscii(decoded)
                || !enforced(given, decoded).equals(decoded)
                || !label.equals(ACE + Punycode.encode(decoded))) {
            throw refused(given, "it is no A-label of IDNA2008");
        }
        return uLabel(given, decoded);
    }

    /** What is left to check of a label that is mapped and normal (RFC 5891 §5.4). */
    private static String uLabel(String given, String label) {
        if (!label.chars().allMatch(c -> c >= 0x80 || isLdhCharacter(c))) {
            throw refused(given, "it holds a character that a domain cannot have");
        }
        if (label.startsWith("-") || label.endsWith("-") || label.startsWith("--", 2)) {
            throw refused(given, "a label has no hyphen at an end, and not two in the third and fourth place");
        }
        int first = Character.getType(label.codePointAt(0));
        if (first == Character.NON_SPACING_MARK
                || first == Character.COMBINING_SPACING_MARK
                || first == Character.ENCLOSING_MARK) {
            throw refused(given, "a label does not begin with a combining mark");
        }
        if (label.length() > MAX_LABEL || ACE.length() + Punycode.encode(label).length() > MAX_LABEL) {
            throw refused(given, "a label has at most 63 octets as an A-label");
        }
        return label;
    }

    /** Width, case and normalisation form, the characters of the IdentifierClass, the Bidi Rule; until stable. */
    private static String enforced(String given, String label) {
        try {
            String once = PrecisProfiles.USERNAME_CASE_MAPPED.enforce(label);
            if (once.equals(label)) {
                return once;
            }
            String twice = PrecisProfiles.USERNAME_CASE_MAPPED.enforce(once);
            if (twice.equals(once)) {
                return once;
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    JidParts.quoted(given) + " is no label of a domain: " + e.getMessage(), e);
        }
        throw refused(given, "it has no stable normal form");
    }

    /** An NR-LDH label of RFC 5890 §2.3.1 in lower case. */
    private static boolean isLdh(String label) {
        return !label.isEmpty()
                && label.length() <= MAX_LABEL
                && !label.startsWith("-")
                && !label.endsWith("-")
                && !label.startsWith("--", 2)
                && label.chars().allMatch(Domain::isLdhCharacter);
    }

    private static boolean isLdhCharacter(int c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }

    private static String asciiLowerCase(String text) {
        StringBuilder lower = new StringBuilder(text);
        for (int i = 0; i < lower.length(); i++) {
            char c = lower.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                lower.setCharAt(i, (char) (c + 0x20));
            }
        }
        return lower.toString();
    }

    /** RFC 3986 §3.2.2, written by RFC 5952 §4 and §5 so that one address has one spelling. */
    private static String ipv6(String given) {
        int @Nullable [] groups = given.endsWith("]") ? groups(given.substring(1, given.length() - 1)) : null;
        if (groups == null) {
            throw new IllegalArgumentException(JidParts.quoted(given) + " is no IPv6 address in brackets");
        }
        int longest = -1;
        int length = 1; // a single group of zeros stays
        for (int i = 0; i < 8; i++) {
            int end = i;
            while (end < 8 && groups[end] == 0) {
                end++;
            }
            if (end - i > length) {
                longest = i;
                length = end - i;
            }
        }
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < 8; i++) {
            if (i == longest) {
                text.append("::");
                i += length - 1;
            } else {
                text.append(i == 0 || text.charAt(text.length() - 1) == ':' ? "" : ":")
                        .append(Integer.toHexString(groups[i]));
            }
        }
        return text.append(']').toString();
    }

    /** The eight groups of an address, or null when it is none. */
    private static int @Nullable [] groups(String given) {
        String text = given.toLowerCase(Locale.ROOT);
        Matcher last = IPV4.matcher(text.substring(text.lastIndexOf(':') + 1));
        if (last.matches()) {
            int[] bytes = new int[4];
            for (int i = 0; i < 4; i++) {
                bytes[i] = Integer.parseInt(last.group(i + 1));
                if (bytes[i] > 255) {
                    return null;
                }
            }
            text = text.substring(0, text.lastIndexOf(':') + 1) + Integer.toHexString(bytes[0] << 8 | bytes[1]) + ":"
                    + Integer.toHexString(bytes[2] << 8 | bytes[3]);
        }
        int gap = text.indexOf("::");
        if (gap < 0) {
            int[] groups = new int[8];
            return fill(groups, text) == 8 ? groups : null;
        }
        int[] front = new int[8];
        int[] back = new int[8];
        int before = fill(front, text.substring(0, gap));
        int after = fill(back, text.substring(gap + 2));
        if (before < 0 || after < 0 || before + after > 7) {
            return null;
        }
        System.arraycopy(back, 0, front, 8 - after, after);
        return front;
    }

    /** How many groups there were, or -1 when one is none or there are more than eight. */
    private static int fill(int[] groups, String text) {
        if (text.isEmpty()) {
            return 0;
        }
        String[] parts = text.split(":", -1);
        if (parts.length > groups.length) {
            return -1;
        }
        for (int i = 0; i < parts.length; i++) {
            if (!parts[i].matches("[0-9a-f]{1,4}")) {
                return -1;
            }
            groups[i] = Integer.parseInt(parts[i], 16);
        }
        return parts.length;
    }

    private static IllegalArgumentException refused(String given, String why) {
        return new IllegalArgumentException(JidParts.quoted(given) + " is no label of a domain: " + why);
    }
}
