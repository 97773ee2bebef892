package org.xtls.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;

class KeyNameTest {
    private static final String SHA_256 = "0123456789abcdef".repeat(4);

    @Test
    void a_fingerprint_may_be_pasted_in_the_ways_people_write_it() {
        KeyName name = new KeyName("x509", SHA_256);

        assertEquals(name, new KeyName("x509", SHA_256.toUpperCase(Locale.ROOT).replaceAll("(..)(?=.)", "$1:")));
        assertEquals(name, new KeyName("x509", " " + name.grouped() + "\n"));
        assertEquals("x509 " + SHA_256, name.toString());
        assertEquals("0123 4567 89AB CDEF ".repeat(4).strip(), name.grouped());
    }

    @Test
    void the_same_fingerprint_of_another_method_names_another_key() {
        KnownKey x509 = new KnownKey(new KeyName("x509", SHA_256), KeyState.VERIFIED, Instant.EPOCH, "pinned");
        KnownPeer peer = new KnownPeer(BareJid.parse("juliet@capulet.com"), List.of(x509), false, Set.of());

        assertEquals(Optional.of(x509), peer.key(new KeyName("x509", SHA_256)));
        assertEquals(Optional.empty(), peer.key(new KeyName("openpgp", SHA_256)));
        assertEquals(List.of(x509), peer.in(KeyState.VERIFIED));
        assertEquals(List.of(), peer.in(KeyState.DISTRUSTED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "X509", "5x", "x 509", "x509\n", "abcdefghijklmnopqrstuvwxyz0123456"})
    void what_is_no_name_of_a_method_is_refused(String method) {
        assertThrows(IllegalArgumentException.class, () -> new KeyName(method, SHA_256));
    }

    @Test
    void what_is_no_fingerprint_is_refused() {
        for (String bad : List.of(
                "", SHA_256 + "g", "0".repeat(38), "0".repeat(41), "0".repeat(63), "0".repeat(130), "é".repeat(40))) {
            assertThrows(IllegalArgumentException.class, () -> new KeyName("x509", bad), bad);
        }
        for (int digits : new int[] {40, 64, 128}) {
            assertEquals(
                    digits,
                    new KeyName("x509", "a".repeat(digits)).fingerprint().length());
        }
    }
}
