package org.xtls.trust;

import java.util.Locale;

/**
 * The name of a key or certificate: which method it belongs to and its fingerprint.
 *
 * @param method the method's name on the wire, such as {@code x509}
 * @param fingerprint lower-case hex without separators; for {@code x509} SHA-256 of the certificate's DER, 64 digits
 */
public record KeyName(String method, String fingerprint) {
    /**
     * Takes upper case, colons and white space in fingerprints too, as people copy them.
     *
     * @param method the method's name: a letter, then at most 31 of {@code a-z}, {@code 0-9} and {@code -}
     * @param fingerprint 20 to 64 bytes in hex
     * @throws IllegalArgumentException when the method is no such name, or the fingerprint no such hex
     */
    public KeyName {
        if (!method.matches("[a-z][a-z0-9-]{0,31}")) {
            throw new IllegalArgumentException("'" + method + "' is no name of a method");
        }
        fingerprint = fingerprint.replaceAll("[:\\s]", "").toLowerCase(Locale.ROOT);
        if (!fingerprint.matches("([0-9a-f]{2}){20,64}")) {
            throw new IllegalArgumentException(
                    "a fingerprint is 20 to 64 bytes in hex: 40 to 128 digits, an even number");
        }
    }

    /**
     * The fingerprint in groups of four, for people to compare.
     *
     * @return upper case, a blank between groups
     */
    public String grouped() {
        return fingerprint.toUpperCase(Locale.ROOT).replaceAll("(.{4})(?!$)", "$1 ");
    }

    @Override
    public String toString() {
        return method + " " + fingerprint;
    }
}
