package org.xtls.tunnel.keys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.xtls.BareJid;

/** Vectors that a script in another language put together from the protocol's words. */
class PossessionTest {
    @Test
    void the_statement_is_that_of_the_protocol() {
        byte[] exported = new byte[32];
        for (int i = 0; i < exported.length; i++) {
            exported[i] = (byte) i;
        }
        assertEquals(
                "20".repeat(64)
                        + "75726e3a782d78746c733a3120706f7373657373696f6e"
                        + "00"
                        + "6a756c69657440636170756c65742e636f6d"
                        + "00"
                        + "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                hex(Possession.statement(BareJid.parse("juliet@capulet.com"), exported)));
    }

    @Test
    void addresses_are_in_it_as_utf_8() throws NoSuchAlgorithmException {
        byte[] exported = new byte[32];
        Arrays.fill(exported, (byte) 0xff);
        byte[] statement = Possession.statement(BareJid.parse("łucja@źródło.example"), exported);
        assertEquals(145, statement.length);
        assertEquals(
                "a1e9a098ba83f98d43fc7da9006ebd620df1f8567b0de5d2dbac0813452ae3a9",
                hex(MessageDigest.getInstance("SHA-256").digest(statement)));
    }

    @Test
    void it_is_made_of_a_whole_exporter_only() {
        BareJid juliet = BareJid.parse("juliet@capulet.com");
        assertThrows(IllegalArgumentException.class, () -> Possession.statement(juliet, new byte[31]));
        assertThrows(IllegalArgumentException.class, () -> Possession.statement(juliet, new byte[0]));
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
