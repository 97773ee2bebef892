package org.xtls.transport.smack;

import org.jspecify.annotations.Nullable;
import org.jxmpp.jid.Jid;
import org.jxmpp.jid.impl.JidCreate;
import org.jxmpp.stringprep.XmppStringprepException;
import org.xtls.BareJid;
import org.xtls.FullJid;

/** The edge between Smack's addresses, whose normalisation any bundle can set, and ours. */
final class Addresses {
    private Addresses() {}

    /** Ours, or {@link IllegalArgumentException} when it is missing, bare, or no address by RFC 7622. */
    static FullJid full(@Nullable Jid jid) {
        if (jid == null) {
            throw new IllegalArgumentException("there is no address");
        }
        return FullJid.parse(jid.toString());
    }

    static boolean isBareOf(Jid bare, FullJid full) {
        try {
            return BareJid.parse(bare.toString()).equals(full.bare());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    static Jid jid(FullJid full) throws XmppStringprepException {
        return JidCreate.fullFrom(full.toString());
    }
}
