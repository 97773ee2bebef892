package org.xtls.auth.openpgp;

import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.xtls.auth.Offer;
import org.xtls.xml.Element;

/**
 * What an offer holds that may belong to this method. It serves to find certificates, never to trust them.
 *
 * @param names what may be the fingerprints of primary keys (or hashes of X.509 certificates), in order
 * @param certificates what came along, unread
 */
@SuppressWarnings("ArrayRecordComponent") // made once, read once
record OfferedKeys(Set<String> names, List<byte[]> certificates) {
    static final String NAMESPACE = "urn:x-xtls:1";
    static final String PUBKEY = "urn:xmpp:tmp:pubkey";

    /** Names beyond these are not looked up: each may cost a file. */
    private static final int MOST_NAMES = 16;

    private static final int MOST_CERTIFICATES = 2;

    static OfferedKeys of(Offer offer) {
        Set<String> names = new LinkedHashSet<>();
        List<byte[]> certificates = new ArrayList<>();
        for (Element thing : offer.things()) {
            if (thing.is(PUBKEY, "keyinfo") && names.size() < MOST_NAMES) {
                name(thing).ifPresent(names::add);
            } else if (thing.is(NAMESPACE, "openpgp") && certificates.size() < MOST_CERTIFICATES) {
                decode(thing.text()).ifPresent(certificates::add);
            }
        }
        return new OfferedKeys(names, certificates);
    }

    /** The name of a {@code <keyinfo/>}, when it has the form of a fingerprint. */
    static Optional<String> name(Element keyinfo) {
        return keyinfo.child(PUBKEY, "name")
                .map(name -> name.text().strip().toLowerCase(Locale.ROOT))
                .filter(name -> name.matches("[0-9a-f]{40}|[0-9a-f]{64}"));
    }

    static Element keyinfo(String fingerprint) {
        return Element.of(PUBKEY, "keyinfo").with(Element.of(PUBKEY, "name").withText(fingerprint));
    }

    static Element certificate(byte[] bytes) {
        return Element.of(NAMESPACE, "openpgp").withText(Base64.getEncoder().encodeToString(bytes));
    }

    /** XEP-0189's Base64 has line breaks. */
    static Optional<byte[]> decode(String text) {
        try {
            return Optional.of(Base64.getDecoder().decode(text.replaceAll("\\s", "")));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
