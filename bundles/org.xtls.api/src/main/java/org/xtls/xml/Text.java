package org.xtls.xml;

/**
 * Character data. White space in it is kept as it stands.
 *
 * @param value the characters, without any escaping; never empty, only characters that XML 1.0 allows
 */
public record Text(String value) implements Node {
    /**
     * Checks the characters.
     *
     * @param value the characters, without any escaping
     * @throws IllegalArgumentException when it is empty or holds what XML 1.0 §2.2 cannot carry
     */
    public Text {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("a text node is not empty");
        }
        requireLegal(value);
    }

    /**
     * The text without the white space around it.
     *
     * @return the text, possibly empty; white space is space, tab, CR and LF (XML 1.0 §2.3)
     */
    public String trimmed() {
        int from = 0;
        int to = value.length();
        while (from < to && isSpace(value.charAt(from))) {
            from++;
        }
        while (to > from && isSpace(value.charAt(to - 1))) {
            to--;
        }
        return value.substring(from, to);
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
    }

    static void requireLegal(String text) {
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            boolean legal = c >= 0x20
                    ? !(c >= 0xD800 && c <= 0xDFFF) && c != 0xFFFE && c != 0xFFFF
                    : c == '\t' || c == '\n' || c == '\r';
            if (!legal) {
                throw new IllegalArgumentException(
                        "XML cannot carry the character U+%04X at position %d".formatted(c, i));
            }
            i += Character.charCount(c);
        }
    }
}
