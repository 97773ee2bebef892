package org.xtls.auth.srp;

import java.util.Comparator;
import org.xtls.BareJid;
import org.xtls.auth.Negotiation;

/** The two who share a secret. */
record Between(BareJid account, BareJid peer) implements Comparable<Between> {
    private static final Comparator<Between> ORDER = Comparator.comparing(
                    (Between between) -> between.account.toString())
            .thenComparing(between -> between.peer.toString());

    static Between of(Negotiation negotiation) {
        return new Between(negotiation.local().bare(), negotiation.peer().bare());
    }

    @Override
    public int compareTo(Between other) {
        return ORDER.compare(this, other);
    }
}
