package org.xtls.shell;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;

/**
 * What the QR code of an identity carries: an {@code xmpp:} URI (RFC 5122) with the query type {@code xtls-trust} and
 * one pair of method and fingerprint for each method, such as
 * {@code xmpp:romeo@montague.net?xtls-trust;x509=3f2a…}.
 */
record TrustUri(BareJid account, List<KeyName> keys) {
    @Override
    public String toString() {
        StringBuilder uri = new StringBuilder("xmpp:");
        if (!account.local().isEmpty()) {
            uri.append(encoded(account.local())).append('@');
        }
        uri.append(encoded(account.domain())).append("?xtls-trust");
        keys.forEach(key -> uri.append(';').append(key.method()).append('=').append(key.fingerprint()));
        return uri.toString();
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
