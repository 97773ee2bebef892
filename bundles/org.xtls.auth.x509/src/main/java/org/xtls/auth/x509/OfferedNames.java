package org.xtls.auth.x509;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
 * @param anchors CAs that the sender's certificates lead to: SHA-256 of their SubjectPublicKeyInfo
 * @param insecure whether the sender takes a certificate that it cannot verify
 */
record OfferedNames(Set<String> sha256, Set<String> sha1, Set<String> anchors, boolean insecure) {
    static final Element INSECURE = Element.of(Offer.NAMESPACE, "insecure");

    private static final String PUBKEY = "urn:xmpp:tmp:pubkey";
    private static final String XTLS = "urn:x-xtls:1";

    OfferedNames {
        sha256 = Set.copyOf(sha256);
        sha1 = Set.copyOf(sha1);
        anchors = Set.copyOf(anchors);
    }

    static OfferedNames of(Offer offer) {
        Set<String> sha256 = new HashSet<>();
        Set<String> sha1 = new HashSet<>();
        Set<String> anchors = new HashSet<>();
        boolean insecure = false;
        for (Element thing : offer.things()) {
            insecure |= thing.is(INSECURE.namespace(), INSECURE.name());
            if (thing.is(PUBKEY, "keyinfo")) {
                hex(thing, PUBKEY, "name").forEach(name -> (name.length() == 64 ? sha256 : sha1).add(name));
            }
            if (thing.is(XTLS, "pkix")) {
                hex(thing, XTLS, "anchor").filter(name -> name.length() == 64).forEach(anchors::add);
            }
        }
        if (sha256.isEmpty() && offer.things().stream().anyMatch(thing -> thing.is(XTLS, "confirm"))) {
            // Who announces this names a certificate by SHA-256 too: 40 digits alone are an OpenPGP key's.
            sha1.clear();
        }
        return new OfferedNames(sha256, sha1, anchors, insecure);
    }

    static Element keyinfo(String name) {
        return Element.of(PUBKEY, "keyinfo").with(Element.of(PUBKEY, "name").withText(name));
    }

    /** An own offer, with the CAs that the own certificate leads to. */
    static List<Element> withAnchors(List<Element> names, Set<String> anchors) {
        if (anchors.isEmpty()) {
            return names;
        }
        List<Element> each = anchors.stream()
                .map(anchor -> Element.of(XTLS, "anchor").withText(anchor))
                .toList();
        return Stream.concat(names.stream(), Stream.of(Element.of(XTLS, "pkix").with(each)))
                .toList();
    }

    static List<Element> withInsecure(List<Element> names) {
        return Stream.concat(names.stream(), Stream.of(INSECURE)).toList();
    }

    boolean isEmpty() {
        return sha256.isEmpty() && sha1.isEmpty() && anchors.isEmpty() && !insecure;
    }

    boolean holds(String name) {
        return sha256.contains(name);
    }

    /**
     * The certificates on record that count for this peer. Where anything verified has ever been on record nothing less
     * does.
     */
    static List<KeyName> onRecord(KnownPeer known) {
        KeyState counts = known.wasVerified() ? KeyState.VERIFIED : KeyState.FIRST_USE;
        return known.in(counts).stream()
                .map(KnownKey::name)
                .filter(name -> name.method().equals(X509Method.NAME))
                .toList();
    }

    /** Whether one of the names is that of a certificate on record. */
    boolean recognisedBy(KnownPeer known) {
        return onRecord(known).stream().map(KeyName::fingerprint).anyMatch(sha256::contains);
    }

    /** The certificate that is offered: named by both hashes, for 64 digits alone may be an OpenPGP key's. */
    Optional<KeyName> certificate() {
        return sha256.size() == 1 && !sha1.isEmpty()
                ? Optional.of(new KeyName(X509Method.NAME, sha256.iterator().next()))
                : Optional.empty();
    }

    /** Whether all that says which certificate it would be is an SHA-1: a plain peer's offer. */
    boolean onlySha1() {
        return sha256.isEmpty() && !sha1.isEmpty();
    }

    boolean distrustedBy(KnownPeer known) {
        return known.in(KeyState.DISTRUSTED).stream()
                .map(KnownKey::name)
                .filter(name -> name.method().equals(X509Method.NAME))
                .map(KeyName::fingerprint)
                .anyMatch(sha256::contains);
    }

    private static Stream<String> hex(Element thing, String namespace, String name) {
        return thing.children()
                .filter(child -> child.is(namespace, name))
                .map(child -> child.text().strip().toLowerCase(Locale.ROOT))
                .filter(text -> text.matches("[0-9a-f]{40}|[0-9a-f]{64}"));
    }
}
