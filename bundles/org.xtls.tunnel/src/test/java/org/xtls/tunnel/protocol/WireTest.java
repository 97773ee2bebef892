package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.xtls.auth.Offer;
import org.xtls.xml.Element;

class WireTest {
    private static final int MOST = 131_072;

    @Test
    void data_is_written_as_0_0_5_shows_it() {
        assertEquals(
                "<data xmlns='urn:xmpp:tmp:xtls' method='x509'>AQID</data>",
                Wire.data(new byte[] {1, 2, 3}, Optional.of("x509")).toXml());
        assertEquals(
                "<data xmlns='urn:xmpp:tmp:xtls'>AQI=</data>",
                Wire.data(new byte[] {1, 2}, Optional.empty()).toXml());
        assertEquals("<close xmlns='urn:xmpp:tmp:xtls'/>", Wire.CLOSE.toXml());
        assertEquals("<closed xmlns='urn:xmpp:tmp:xtls'/>", Wire.CLOSED.toXml());
        assertEquals("<start xmlns='urn:xmpp:tmp:xtls'/>", Wire.start(null).toXml());
    }

    @Test
    void long_base64_has_no_line_breaks_and_comes_back() throws Wire.TooLarge {
        byte[] bytes = new byte[MOST];
        new Random(1).nextBytes(bytes);
        Element data = Wire.data(bytes, Optional.empty());
        assertEquals(-1, data.text().indexOf('\n'));
        assertArrayEquals(bytes, Wire.bytesIn(data, MOST));
    }

    @Test
    void white_space_anywhere_is_ignored() throws Wire.TooLarge {
        assertArrayEquals(new byte[] {1, 2}, Wire.bytesIn(data("\r\n A Q\tI\n= "), MOST));
        assertArrayEquals(new byte[0], Wire.bytesIn(data(" \n"), MOST));
        byte[] bytes = new byte[MOST];
        String spread = Base64.getMimeEncoder().encodeToString(bytes);
        assertArrayEquals(bytes, Wire.bytesIn(data(spread), MOST), "white space does not count");
    }

    @Test
    void what_is_no_base64_is_refused() {
        for (String text : List.of("A", "AA", "AAA", "A===", "=AAA", "AA=A", "AA==AA==", "AA-_", "AAAA\u00a0", "é")) {
            assertThrows(IllegalArgumentException.class, () -> Wire.bytesIn(data(text), MOST), text);
        }
        assertThrows(
                IllegalArgumentException.class, () -> Wire.bytesIn(data("AAAA").with(Element.of("", "x")), MOST));
    }

    @Test
    void a_byte_more_than_the_bound_is_too_large_and_so_is_far_more() {
        assertThrows(Wire.TooLarge.class, () -> Wire.bytesIn(Wire.data(new byte[MOST + 1], Optional.empty()), MOST));
        assertThrows(Wire.TooLarge.class, () -> Wire.bytesIn(data("A".repeat(4 * MOST)), MOST));
        assertThrows(Wire.TooLarge.class, () -> Wire.bytesIn(data("*".repeat(4 * MOST)), MOST));
    }

    @Test
    void no_offer_is_none_and_an_unsound_one_is_refused() {
        assertNull(Wire.offerIn(Wire.start(null)));
        Element unsound = Element.of(Offer.NAMESPACE, "offer").withText("x").with(Element.of("", "y"));
        assertThrows(
                IllegalArgumentException.class,
                () -> Wire.offerIn(Element.of(Wire.XTLS, "start").with(unsound)));
    }

    private static Element data(String text) {
        return Element.of(Wire.XTLS, "data").withText(text);
    }
}
