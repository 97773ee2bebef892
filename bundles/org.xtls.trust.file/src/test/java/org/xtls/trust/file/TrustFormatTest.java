package org.xtls.trust.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.trust.KnownPeer;

class TrustFormatTest {
    private static final Path FILE = Path.of("known-keys");
    private static final String FINGERPRINT = "ab".repeat(32);
    private static final String KEY =
            "key juliet@capulet.lit x509 " + FINGERPRINT + " verified 2026-11-24T10:15:30Z compared by the user\n";
    private static final String GOOD = "xtls-trust 1\n"
            + KEY
            + "key juliet@capulet.lit openpgp " + "cd".repeat(20) + " first-use 2026-11-24T10:15:31Z\n"
            + "method juliet@capulet.lit srp-psk\n"
            + "method juliet@capulet.lit x509\n"
            + "confirms juliet@capulet.lit\n"
            + "key rené@例え.jp x509 " + FINGERPRINT + " distrusted 2026-11-24T10:15:30Z 100%25 sure,%0Areally\n"
            + "end\n";

    @Test
    void a_good_file_is_read_and_written_again_to_the_byte() throws Exception {
        Map<BareJid, KnownPeer> peers = parse(GOOD);
        assertEquals(2, peers.size());
        KnownPeer rene = peers.get(BareJid.parse("rené@例え.jp"));
        assertEquals("100% sure,\nreally", rene.keys().get(0).evidence());
        assertEquals(GOOD, new String(TrustFormat.write(peers), StandardCharsets.UTF_8));
    }

    @Test
    void a_file_cut_off_anywhere_is_refused() {
        byte[] whole = GOOD.getBytes(StandardCharsets.UTF_8);
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            IOException refused = assertThrows(IOException.class, () -> TrustFormat.parse(cut, FILE));
            assertTrue(refused.getMessage().startsWith("known-keys, line "), refused.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2", "10", "1.1", "", "1 "})
    void an_unknown_version_is_refused_as_such(String version) {
        String message = refusal(GOOD.replace("xtls-trust 1", "xtls-trust " + version));
        assertTrue(message.contains("line 1: the file has format"), message);
        assertTrue(message.contains("left as it is"), message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Not canonical, so ambiguous
                "key juliet@capulet.lit x509 AB verified 2026-11-24T10:15:30Z\n",
                "key JULIET@capulet.lit x509 FP verified 2026-11-24T10:15:30Z\n",
                "key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z \n",
                "key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30.000Z\n",
                "key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z a\tb\n",
                "key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z a%41b\n",
                "key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z a\r\n",
                "key  juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z\n",
                // Wrong
                "key juliet@capulet.lit x509 FP VERIFIED 2026-11-24T10:15:30Z\n",
                "key juliet@capulet.lit x509 FP trusted 2026-11-24T10:15:30Z\n",
                "key juliet@capulet.lit x509 FP verified yesterday\n",
                "key juliet@capulet.lit x509 FP verified\n",
                "key juliet@capulet.lit/balcony x509 FP verified 2026-11-24T10:15:30Z\n",
                "key @capulet.lit x509 FP verified 2026-11-24T10:15:30Z\n",
                "method juliet@capulet.lit X509\n",
                "method juliet@capulet.lit\n",
                "confirms juliet@capulet.lit always\n",
                "confirms\n",
                "trust juliet@capulet.lit\n",
                "end\n",
                "\n",
                " \n",
                "# a comment\n"
            })
    void a_line_that_is_not_as_it_would_be_written_is_refused_with_its_number(String line) {
        String message = refusal("xtls-trust 1\n" + line.replace("FP", FINGERPRINT) + "end\n");
        assertTrue(message.startsWith("known-keys, line 2: "), message);
    }

    @Test
    void a_key_that_is_there_twice_is_refused() {
        String message = refusal("xtls-trust 1\n" + KEY + KEY.replace("verified", "distrusted") + "end\n");
        assertTrue(message.contains("line 3: the key is there twice"), message);
    }

    @Test
    void a_line_that_is_not_utf_8_is_refused() {
        byte[] bytes = GOOD.getBytes(StandardCharsets.UTF_8);
        bytes[GOOD.indexOf("compared")] = (byte) 0xff;
        IOException refused = assertThrows(IOException.class, () -> TrustFormat.parse(bytes, FILE));
        assertTrue(refused.getMessage().contains("line 2: the line is not UTF-8"), refused.getMessage());
    }

    @Test
    void something_else_altogether_is_refused() {
        assertTrue(refusal("hello\n").contains("line 1: this is no trust file"));
        assertTrue(refusal(GOOD + "more\n").contains("line 9: the file is cut off"));
    }

    private static String refusal(String text) {
        return assertThrows(IOException.class, () -> parse(text)).getMessage();
    }

    private static Map<BareJid, KnownPeer> parse(String text) throws IOException {
        return TrustFormat.parse(text.getBytes(StandardCharsets.UTF_8), FILE);
    }
}
