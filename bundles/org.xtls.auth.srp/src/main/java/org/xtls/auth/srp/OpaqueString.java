package org.xtls.auth.srp;

import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import rocks.xmpp.precis.PrecisProfiles;

/** Passwords in the one form in which both sides compute with them (RFC 8265 §4.2), in UTF-8. */
final class OpaqueString {
    static final int MAX_CHARACTERS = 256;

    /** RFC 8264 §7: the rules are applied until nothing changes. */
    private static final int MOST_ROUNDS = 4;

    private OpaqueString() {}

    /**
     * Prepares a password. What it may not hold is not quoted: it would end up in a log.
     *
     * @return UTF-8, the receiver's to wipe
     * @throws IllegalArgumentException when it is no password; the message says why
     */
    static byte[] utf8(char[] password) {
        if (password.length == 0 || password.length > MAX_CHARACTERS) {
            throw new IllegalArgumentException("a password has 1 to " + MAX_CHARACTERS + " characters");
        }
        // ASCII stays as it is. It does not become a String, which nobody could wipe.
        return isPrintableAscii(password) ? ascii(password) : enforced(password).getBytes(StandardCharsets.UTF_8);
    }

    private static String enforced(char[] password) {
        CharSequence before = CharBuffer.wrap(password);
        try {
            for (int i = 0; i < MOST_ROUNDS; i++) {
                String after = PrecisProfiles.OPAQUE_STRING.enforce(before);
                if (CharSequence.compare(after, before) == 0) {
                    return after;
                }
                before = after;
            }
        } catch (IllegalArgumentException e) {
            throw notAllowed();
        }
        throw notAllowed();
    }

    private static byte[] ascii(char[] password) {
        byte[] bytes = new byte[password.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) password[i];
        }
        return bytes;
    }

    private static boolean isPrintableAscii(char[] password) {
        for (char c : password) {
            if (c < ' ' || c > '~') {
                return false;
            }
        }
        return true;
    }

    private static IllegalArgumentException notAllowed() {
        return new IllegalArgumentException(
                "the password holds a character that none may hold (RFC 8265, OpaqueString): a control character, an"
                        + " invisible one, or a symbol that is joined from several");
    }
}
