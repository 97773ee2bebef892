package org.xtls.auth.srp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpaqueStringTest {
    @Test
    void composed_and_decomposed_characters_are_the_same() {
        assertArrayEquals(utf8("Caf\u00e9 \u00fcber"), utf8("Cafe\u0301 u\u0308ber"));
    }

    @Test
    void all_blanks_are_the_same_and_none_is_dropped() {
        assertArrayEquals(utf8("but soft"), utf8("but\u00a0soft"));
        assertArrayEquals(utf8("\u00e9 but soft"), utf8("\u00e9 but\u3000soft"));
        assertArrayEquals(" but  soft ".getBytes(StandardCharsets.UTF_8), utf8(" but  soft "));
    }

    @Test
    void case_and_width_count() {
        assertFalse(java.util.Arrays.equals(utf8("Romeo"), utf8("romeo")));
        assertFalse(java.util.Arrays.equals(utf8("a"), utf8("\uff41")));
    }

    @Test
    void emoji_stay_what_they_are() {
        assertArrayEquals("rose \ud83c\udf39".getBytes(StandardCharsets.UTF_8), utf8("rose \ud83c\udf39"));
    }

    @Test
    void ascii_takes_the_same_way_as_the_profile() {
        StringBuilder all = new StringBuilder();
        for (char c = ' '; c <= '~'; c++) {
            all.append(c);
        }
        // The letter behind it makes the profile see all of it.
        byte[] profiled = utf8(all + "\u00e9");
        byte[] direct = utf8(all.toString());
        assertArrayEquals(direct, java.util.Arrays.copyOf(profiled, direct.length));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "a\u0000b", "line\nbreak", "zero\u200bwidth", "\ud83d\udc68\u200d\ud83d\udc69", "\ud800"})
    void what_no_password_may_hold_is_refused_without_being_quoted(String password) {
        String message = assertThrows(IllegalArgumentException.class, () -> utf8(password))
                .getMessage();
        assertTrue(password.isEmpty() || !message.contains(password), message);
    }

    @Test
    void a_password_has_a_bound() {
        assertEquals(OpaqueString.MAX_CHARACTERS, utf8("x".repeat(OpaqueString.MAX_CHARACTERS)).length);
        assertThrows(IllegalArgumentException.class, () -> utf8("x".repeat(OpaqueString.MAX_CHARACTERS + 1)));
    }

    private static byte[] utf8(String password) {
        return OpaqueString.utf8(password.toCharArray());
    }
}
