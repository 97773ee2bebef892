package org.xtls.webconsole;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.zxing.common.BitMatrix;
import com.google.zxing.qrcode.decoder.Decoder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;

class QrCodeTest {
    private static final KeyName KEY = new KeyName("x509", "ab".repeat(32));

    @Test
    void what_a_telephone_reads_is_the_uri_of_the_shell() throws Exception {
        BareJid peer = BareJid.parse("o~hara+ü@example.org");
        String uri = "xmpp:o~hara%2B%C3%BC@example.org?xtls-trust;x509=" + "ab".repeat(32);
        assertEquals(uri, QrCode.uri(peer, KEY));
        assertEquals(uri, decode(QrCode.svg(peer, KEY)));
        assertEquals(
                "xmpp:example.org?xtls-trust;x509=" + "ab".repeat(32), QrCode.uri(BareJid.parse("example.org"), KEY));
    }

    private static String decode(String svg) throws Exception {
        Matcher size = Pattern.compile("viewBox=\"0 0 (\\d+) ").matcher(svg);
        assertEquals(true, size.find());
        int quiet = 4;
        int side = Integer.parseInt(size.group(1)) - 2 * quiet;
        BitMatrix bits = new BitMatrix(side);
        Matcher module = Pattern.compile("M(\\d+) (\\d+)h1v1h-1z").matcher(svg);
        while (module.find()) {
            bits.set(Integer.parseInt(module.group(1)) - quiet, Integer.parseInt(module.group(2)) - quiet);
        }
        return new Decoder().decode(bits).getText();
    }
}
