package org.xtls.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.zxing.common.BitMatrix;
import com.google.zxing.qrcode.decoder.Decoder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xtls.BareJid;

class IdentityTest {
    private final Verona verona = new Verona();

    @Test
    void an_identity_is_shown_as_text_and_as_a_qr_code_that_can_be_read() throws Exception {
        verona.state.links = List.of("romeo@montague.net/orchard", "romeo@montague.net/tomb");
        try (Gogo gogo = new Gogo().with(verona)) {
            List<String> lines = gogo.run("identity").lines().toList();

            assertEquals("romeo@montague.net x509", lines.get(0));
            assertEquals("  " + Verona.ROMEOS_KEY.grouped(), lines.get(1));
            assertEquals("  trust romeo@montague.net x509 " + Verona.ROMEOS_KEY.fingerprint(), lines.get(2));
            String uri = "xmpp:romeo@montague.net?xtls-trust;x509=" + Verona.ROMEOS_KEY.fingerprint();
            assertEquals(uri, lines.get(3));
            assertEquals(
                    uri,
                    new Decoder()
                            .decode(modules(lines.subList(4, lines.size())))
                            .getText());
        }
    }

    @Test
    void nobody_has_an_identity_before_the_login() {
        try (Gogo gogo = new Gogo().with(verona)) {
            assertTrue(gogo.failing("identity").contains("connect first"));
        }
    }

    @Test
    void the_uri_of_an_unusual_account_is_encoded() {
        assertEquals(
                "xmpp:romeo%2Bm%C3%B6%3Bx%3D1@montague.net?xtls-trust",
                new TrustUri(BareJid.parse("romeo+mö;x=1@montague.net"), List.of()).toString());
    }

    /** The dark modules without the quiet zone of four. */
    static BitMatrix modules(List<String> lines) {
        int size = lines.get(0).length() - 8;
        BitMatrix modules = new BitMatrix(size);
        for (int y = 0; y < size; y++) {
            for (int x = 0; x < size; x++) {
                char c = lines.get((y + 4) / 2).charAt(x + 4);
                boolean light = c == '█' || c == ((y + 4) % 2 == 0 ? '▀' : '▄');
                if (!light) {
                    modules.set(x, y);
                }
            }
        }
        return modules;
    }
}
