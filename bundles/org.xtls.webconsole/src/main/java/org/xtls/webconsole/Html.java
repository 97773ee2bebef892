package org.xtls.webconsole;

import org.owasp.encoder.Encode;

/** What peers, and everybody else, have written, as it may stand in HTML. */
final class Html {
    private Html() {}

    /**
     * Text for elements and quoted attributes. Control and format characters become {@code \}{@code u{hex}}:
     * bidirectional marks could show one address as another. A dollar sign is written as a reference: the web console
     * replaces what looks like a variable of its own, between this page and the browser.
     */
    static String text(String text) {
        StringBuilder visible = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (isVisible(c)) {
                visible.appendCodePoint(c);
            } else {
                visible.append("\\u{").append(Integer.toHexString(c)).append('}');
            }
        });
        return Encode.forHtml(visible.toString()).replace("$", "&#36;");
    }

    private static boolean isVisible(int c) {
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
