package org.xtls.server.loopback;

/**
 * Character data, unescaped. Immutable.
 *
 * @param value the characters, all of them allowed in XML 1.0
 */
public record Text(String value) implements Node {

    /**
     * Checks the parts.
     *
     * @param value the characters
     * @throws IllegalArgumentException if a character is not allowed in XML 1.0
     */
    public Text {
        Markup.requireCharacters(value);
    }
}
