package org.xtls.auth.openpgp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.jspecify.annotations.Nullable;

/** Certificates by fingerprint. What cannot be read is left out, and counted. */
final class KeyRing {
    static final KeyRing EMPTY = new KeyRing(Map.of(), 0);

    private static final int MAX_PACKETS = 1_000_000;

    private final Map<String, Certificate> certificates;
    private final int unreadable;
    private @Nullable Map<String, Set<String>> owners;

    private KeyRing(Map<String, Certificate> certificates, int unreadable) {
        this.certificates = certificates;
        this.unreadable = unreadable;
    }

    /** Any number of certificates one after the other, binary or in blocks of armor. */
    static KeyRing read(byte[] input) throws BadCertificateException {
        List<byte[]> blocks = Armor.isArmor(input) ? Armor.blocks(input, "PUBLIC KEY BLOCK", false) : List.of(input);
        Map<String, Certificate> certificates = new LinkedHashMap<>();
        int unreadable = 0;
        for (byte[] block : blocks) {
            for (List<Packet> packets : split(block)) {
                try {
                    Certificate read = Certificate.of(packets, Bounds.LOCAL);
                    Certificate before = certificates.get(read.fingerprint());
                    certificates.put(read.fingerprint(), before == null ? read : before.with(read));
                } catch (BadCertificateException e) {
                    unreadable++;
                }
            }
        }
        return new KeyRing(certificates, unreadable);
    }

    private static List<List<Packet>> split(byte[] block) throws BadCertificateException {
        List<List<Packet>> all = new ArrayList<>();
        for (Packet packet : Packet.split(block, MAX_PACKETS)) {
            if (packet.type() == Packet.SECRET_KEY) {
                throw new BadCertificateException(Flaw.SECRET_KEY, "export public keys only");
            }
            if (packet.type() == Packet.PUBLIC_KEY || all.isEmpty()) {
                all.add(new ArrayList<>());
            }
            all.get(all.size() - 1).add(packet);
        }
        return all;
    }

    /** Both, versions of one certificate joined. */
    KeyRing with(KeyRing other) throws BadCertificateException {
        if (other.certificates.isEmpty()) {
            return this;
        }
        Map<String, Certificate> both = new LinkedHashMap<>(certificates);
        for (Certificate certificate : other.certificates.values()) {
            Certificate before = both.get(certificate.fingerprint());
            both.put(certificate.fingerprint(), before == null ? certificate : before.with(certificate));
        }
        return new KeyRing(both, unreadable + other.unreadable);
    }

    static KeyRing of(Certificate certificate) {
        return new KeyRing(Map.of(certificate.fingerprint(), certificate), 0);
    }

    Optional<Certificate> get(String fingerprint) {
        return Optional.ofNullable(certificates.get(fingerprint));
    }

    Collection<Certificate> all() {
        return certificates.values();
    }

    int unreadable() {
        return unreadable;
    }

    /** The certificates that lay claim to a key, rightly or not. */
    synchronized Set<String> claiming(KeyKind.Known key) {
        Map<String, Set<String>> index = owners;
        if (index == null) {
            index = index();
            owners = index;
        }
        return index.getOrDefault(text(key), Set.of());
    }

    private Map<String, Set<String>> index() {
        Map<String, Set<String>> index = new HashMap<>();
        for (Certificate certificate : certificates.values()) {
            for (Iterator<PGPPublicKey> it = certificate.ring().getPublicKeys(); it.hasNext(); ) {
                try {
                    index.computeIfAbsent(text(KeyKind.of(it.next())), key -> new HashSet<>())
                            .add(certificate.fingerprint());
                } catch (UnusableKeyException e) {
                    // It cannot be proved in a handshake either.
                }
            }
        }
        return index;
    }

    private static String text(KeyKind.Known key) {
        return new String(key.encoded(), StandardCharsets.ISO_8859_1);
    }
}
