package org.xtls.auth.x509;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.xtls.auth.Offer;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.xml.Element;

/**
 * What an offer holds that may belong to this method (XEP-0250 0.2). It serves to choose, never to trust.
 *
 * @param sha256 names of 64 digits: SHA-256 of a certificate (or the fingerprint of an OpenPGP v6 key)
 * @param sha1 names of 40 digits: SHA-1 of a certificate (or the fingerprint of an OpenPGP v4 key)
 * @param insecure whether the sender takes a certificate that it cannot verify
 */
record OfferedNames(Set<String> sha256, Set<String> sha1, boolean insecure) {
    static final Element INSECURE = Element.of(Offer.NAMESPACE, "insecure");

    private static final String PUBKEY = "urn:xmpp:tmp:pubkey";

    OfferedNames {
        sha256 = Set.copyOf(sha256);
        sha1 = Set.copyOf(sha1);
    }

    static OfferedNames of(Offer offer) {
        Set<String> sha256 = new HashSet<>();
        Set<String> sha1 = new HashSet<>();
        boolean insecure = false;
        for (Element thing : offer.things()) {
            insecure |= thing.is(INSECURE.namespace(), INSECURE.name());
            if (thing.is(PUBKEY, "keyinfo")) {
                thing.children()
                        .filter(child -> child.is(PUBKEY, "name"))
                        .map(name -> name.text().strip().toLowerCase(Locale.ROOT))
                        .filter(name -> name.matches("[0-9a-f]{40}|[0-9a-f]{64}"))
                        .forEach(name -> (name.length() == 64 ? sha256 : sha1).add(name));
            }
        }
        return new OfferedNames(sha256, sha1, insecure);
    }

    static Element keyinfo(String name) {
        return Element.of(PUBKEY, "keyinfo").with(Element.of(PUBKEY, "name").withText(name));
    }

    static List<Element> withInsecure(List<Element> names) {
        return Stream.concat(names.stream(), Stream.of(INSECURE)).toList();
    }

    boolean isEmpty() {
        return sha256.isEmpty() && sha1.isEmpty() && !insecure;
    }

    boolean holds(String name) {
        return sha256.contains(name);
    }

    /**
     * Whether one of the names may be that of a certificate on record. Where verified keys are on record nothing less
     * counts. The record holds no SHA-1: of a peer that sends nothing else, any certificate on record may be the one.
     */
    boolean recognisedBy(KnownPeer known) {
        boolean verifiedOnly = !known.in(KeyState.VERIFIED).isEmpty();
        List<String> onRecord = known.keys().stream()
                .filter(key -> key.name().method().equals(X509Method.NAME))
                .filter(key -> key.state() == (verifiedOnly ? KeyState.VERIFIED : KeyState.FIRST_USE))
                .map(key -> key.name().fingerprint())
                .toList();
        return sha256.isEmpty()
                ? !sha1.isEmpty() && !onRecord.isEmpty()
                : onRecord.stream().anyMatch(sha256::contains);
    }

    boolean distrustedBy(KnownPeer known) {
        return known.in(KeyState.DISTRUSTED).stream()
                .map(KnownKey::name)
                .filter(name -> name.method().equals(X509Method.NAME))
                .map(KeyName::fingerprint)
                .anyMatch(sha256::contains);
    }
}
