package org.xtls.shell;

/**
 * What may be written to a terminal. A peer's control characters could move its cursor, set its title or make it type
 * (terminal escape injection), its line breaks could forge a line of ours, its bidirectional marks could show one
 * address as another.
 */
final class Printable {
    private Printable() {}

    /** Text on one line, what is not for a terminal as {@code \}{@code u{hex}}. */
    static String text(String text) {
        return escape(text, "\\u{", "}");
    }

    /** XML on one line, what is not for a terminal as a character reference: it stays the same XML. */
    static String xml(String xml) {
        return escape(xml, "&#x", ";");
    }

    private static String escape(String text, String before, String after) {
        StringBuilder safe = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (isForTerminals(c)) {
                safe.appendCodePoint(c);
            } else {
                safe.append(before).append(Integer.toHexString(c)).append(after);
            }
        });
        return safe.toString();
    }

    private static boolean isForTerminals(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
