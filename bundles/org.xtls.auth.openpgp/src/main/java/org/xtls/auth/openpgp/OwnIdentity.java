package org.xtls.auth.openpgp;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.auth.openpgp.Evaluation.AuthenticationKey;
import org.xtls.auth.openpgp.Evaluation.Usable;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/**
 * The own key, as it is now.
 *
 * @param usable the certificate, which has an authentication key
 * @param at when that was so
 */
record OwnIdentity(Usable usable, Instant at) {
    /** Six kilobytes are eight in Base64: half of an offer, which other methods share. */
    private static final int MOST_OFFERED_BYTES = 6_144;

    AuthenticationKey key() {
        return usable.newest();
    }

    KeyName name() {
        return usable.certificate().name();
    }

    /** The end of the certificate or of its authentication key, whichever comes first; null when there is none. */
    @Nullable
    Instant until() {
        Instant certificate = usable.primary().until();
        Instant key = key().binding().until();
        if (certificate == null || key == null) {
            return certificate == null ? key : certificate;
        }
        return certificate.isBefore(key) ? certificate : key;
    }

    Element keyinfo() {
        return OfferedKeys.keyinfo(usable.certificate().fingerprint());
    }

    /** What a peer who does not know the key needs to judge it; empty when it does not fit. */
    Optional<byte[]> minimised(BareJid account) {
        return minimised(account, MOST_OFFERED_BYTES);
    }

    Optional<byte[]> minimised(BareJid account, int most) {
        return Evaluator.minimised(usable, at, userId -> UserIds.names(userId, account), most);
    }

    /** The name alone, or with the certificate. */
    List<Element> offered(BareJid account, boolean withCertificate) {
        return withCertificate
                ? minimised(account)
                        .map(bytes -> List.of(keyinfo(), OfferedKeys.certificate(bytes)))
                        .orElseGet(() -> List.of(keyinfo()))
                : List.of(keyinfo());
    }
}
