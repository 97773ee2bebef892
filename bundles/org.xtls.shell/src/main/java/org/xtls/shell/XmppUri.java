package org.xtls.shell;

import java.nio.charset.StandardCharsets;
import org.xtls.BareJid;

/** URIs of RFC 5122: an account, and what about it. */
final class XmppUri {
    private XmppUri() {}

    /** Up to and with the query type; pairs follow, a semicolon before each. */
    static String of(BareJid account, String query) {
        StringBuilder uri = new StringBuilder("xmpp:");
        if (!account.local().isEmpty()) {
            uri.append(encoded(account.local())).append('@');
        }
        return uri.append(encoded(account.domain())).append('?').append(query).toString();
    }

    private static String encoded(String part) {
        StringBuilder encoded = new StringBuilder();
        for (byte octet : part.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (octet & 0xff);
            if (c < 0x80 && (Character.isLetterOrDigit(c) || "-._~".indexOf(c) >= 0)) {
                encoded.append(c);
            } else {
                encoded.append('%').append("%02X".formatted((int) c));
            }
        }
        return encoded.toString();
    }
}
