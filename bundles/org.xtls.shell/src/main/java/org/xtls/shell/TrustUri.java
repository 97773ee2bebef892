package org.xtls.shell;

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
        StringBuilder uri = new StringBuilder(XmppUri.of(account, "xtls-trust"));
        keys.forEach(key -> uri.append(';').append(key.method()).append('=').append(key.fingerprint()));
        return uri.toString();
    }
}
