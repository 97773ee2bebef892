package org.xtls.trust.jdbc;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** Evidence as it is kept: it may quote what a peer sent, who could forge lines, hide characters, or fill the database. */
final class Evidence {
    private static final int MAX_CHARACTERS = 256;
    private static final Pattern UNSAFE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

    private Evidence() {}

    static String onePhrase(String evidence) {
        // Through UTF-8, in which there are no halves of characters.
        String whole = new String(evidence.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        String line = UNSAFE.matcher(whole).replaceAll(" ").strip();
        return line.codePointCount(0, line.length()) <= MAX_CHARACTERS
                ? line
                : line.substring(0, line.offsetByCodePoints(0, MAX_CHARACTERS)).strip();
    }
}
