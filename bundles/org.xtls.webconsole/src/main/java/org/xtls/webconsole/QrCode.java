package org.xtls.webconsole;

import com.google.zxing.BarcodeFormat;
import com.google.zxing.EncodeHintType;
import com.google.zxing.WriterException;
import com.google.zxing.common.BitMatrix;
import com.google.zxing.qrcode.QRCodeWriter;
import com.google.zxing.qrcode.decoder.ErrorCorrectionLevel;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;

/** A peer's key as a QR code in SVG, with the URI that the shell's {@code identity} shows of one's own. */
final class QrCode {
    /** The quiet zone that ISO/IEC 18004 asks for. */
    private static final int QUIET_ZONE = 4;

    private QrCode() {}

    static String svg(BareJid peer, KeyName key) throws WriterException {
        BitMatrix dark = new QRCodeWriter()
                .encode(
                        uri(peer, key),
                        BarcodeFormat.QR_CODE,
                        0,
                        0,
                        Map.of(
                                EncodeHintType.CHARACTER_SET,
                                "UTF-8",
                                EncodeHintType.ERROR_CORRECTION,
                                ErrorCorrectionLevel.M,
                                EncodeHintType.MARGIN,
                                QUIET_ZONE));
        StringBuilder path = new StringBuilder();
        for (int y = 0; y < dark.getHeight(); y++) {
            for (int x = 0; x < dark.getWidth(); x++) {
                if (dark.get(x, y)) {
                    path.append("M%d %dh1v1h-1z".formatted(x, y));
                }
            }
        }
        return """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %1$d %2$d" shape-rendering="crispEdges">\
                <path fill="#fff" d="M0 0h%1$dv%2$dH0z"/><path d="%3$s"/></svg>
                """.formatted(dark.getWidth(), dark.getHeight(), path);
    }

    /** RFC 5122, such as {@code xmpp:romeo@montague.net?xtls-trust;x509=3f2a…}. */
    static String uri(BareJid peer, KeyName key) {
        return "xmpp:" + (peer.local().isEmpty() ? "" : encoded(peer.local()) + "@") + encoded(peer.domain())
                + "?xtls-trust;" + key.method() + "=" + key.fingerprint();
    }

    private static String encoded(String part) {
        StringBuilder encoded = new StringBuilder();
        for (byte octet : part.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (octet & 0xff);
            if (c < 0x80 && (Character.isLetterOrDigit(c) || "-._~".indexOf(c) >= 0)) {
                encoded.append(c);
            } else {
                encoded.append("%%%02X".formatted((int) c));
            }
        }
        return encoded.toString();
    }
}
