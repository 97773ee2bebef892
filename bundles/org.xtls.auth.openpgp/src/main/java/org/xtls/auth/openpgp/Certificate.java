package org.xtls.auth.openpgp;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator;
import org.xtls.trust.KeyName;

/**
 * An OpenPGP certificate (RFC 9580 §10.1) of bounded size and sound form. Nothing in it has been verified: that is what
 * {@link Evaluation} does.
 */
final class Certificate {
    private final PGPPublicKeyRing ring;
    private final byte[] bytes;
    private final String fingerprint;

    private Certificate(PGPPublicKeyRing ring, byte[] bytes) {
        this.ring = ring;
        this.bytes = bytes;
        this.fingerprint = HexFormat.of().formatHex(ring.getPublicKey().getFingerprint());
    }

    /**
     * Reads exactly one certificate, binary or armored.
     *
     * @throws BadCertificateException with what is wrong
     */
    static Certificate read(byte[] input, Bounds bounds) throws BadCertificateException {
        // Armor takes a third more, and headers.
        if (input.length > bounds.bytes() * 3L / 2) {
            throw new BadCertificateException(Flaw.TOO_LARGE, input.length + " bytes");
        }
        byte[] binary = Armor.isArmor(input) ? Armor.only(input, "PUBLIC KEY BLOCK") : input;
        if (binary.length > bounds.bytes()) {
            throw new BadCertificateException(Flaw.TOO_LARGE, binary.length + " bytes");
        }
        return of(Packet.split(binary, bounds.packets()), bounds);
    }

    /** From packets in the order of a certificate. */
    static Certificate of(List<Packet> packets, Bounds bounds) throws BadCertificateException {
        byte[] clean = Packet.join(clean(packets, bounds));
        if (clean.length > bounds.bytes()) {
            throw new BadCertificateException(Flaw.TOO_LARGE, clean.length + " bytes");
        }
        try {
            return new Certificate(
                    new PGPPublicKeyRing(new ByteArrayInputStream(clean), new BcKeyFingerprintCalculator()), clean);
        } catch (IOException | RuntimeException e) {
            // The library's own words on malformed packets are many and of no use to people.
            BadCertificateException bad = new BadCertificateException(Flaw.UNREADABLE, "");
            bad.initCause(e);
            throw bad;
        }
    }

    /** The grammar of RFC 9580 §10.1.1, and nothing that evaluation has no use for. */
    private static List<Packet> clean(List<Packet> packets, Bounds bounds) throws BadCertificateException {
        List<Packet> kept = new ArrayList<>();
        int userIds = 0;
        int subkeys = 0;
        int signatures = 0;
        boolean skipping = false;
        for (Packet packet : packets) {
            int type = packet.type();
            if (type == Packet.MARKER || type == Packet.TRUST || type == Packet.PADDING) {
                continue;
            }
            if (type >= Packet.FIRST_NON_CRITICAL) {
                continue;
            }
            if (type == Packet.SECRET_KEY || type == Packet.SECRET_SUBKEY) {
                throw new BadCertificateException(Flaw.SECRET_KEY, "");
            }
            if (type == Packet.COMPRESSED) {
                throw new BadCertificateException(Flaw.COMPRESSED, "");
            }
            if (kept.isEmpty() && type != Packet.PUBLIC_KEY) {
                throw new BadCertificateException(Flaw.NOT_A_CERTIFICATE, "type " + type);
            }
            switch (type) {
                case Packet.PUBLIC_KEY -> {
                    if (!kept.isEmpty()) {
                        throw new BadCertificateException(Flaw.SEVERAL_CERTIFICATES, "");
                    }
                    requireSupported(packet);
                    kept.add(packet);
                }
                case Packet.PUBLIC_SUBKEY -> {
                    if (++subkeys > bounds.subkeys()) {
                        throw new BadCertificateException(Flaw.TOO_MANY_KEYS, "more than " + bounds.subkeys());
                    }
                    requireSupported(packet);
                    if (packet.body(0) != kept.get(0).body(0)) {
                        throw new BadCertificateException(Flaw.UNSUPPORTED_VERSION, "mixed versions");
                    }
                    skipping = !isKnownAlgorithm(packet);
                    if (!skipping) {
                        kept.add(packet);
                    }
                }
                case Packet.USER_ID -> {
                    if (++userIds > bounds.userIds()) {
                        throw new BadCertificateException(Flaw.TOO_MANY_USER_IDS, "more than " + bounds.userIds());
                    }
                    skipping = packet.bodyLength() > Bounds.USER_ID_BYTES || !isUtf8(packet);
                    if (!skipping) {
                        kept.add(packet);
                    }
                }
                case Packet.USER_ATTRIBUTE -> skipping = true;
                case Packet.SIGNATURE -> {
                    if (++signatures > bounds.signatures()) {
                        throw new BadCertificateException(Flaw.TOO_MANY_SIGNATURES, "more than " + bounds.signatures());
                    }
                    // Version 3 has no subpackets, so no flags, no expiry and no reason; nothing makes them any more.
                    if (!skipping && (packet.body(0) == 4 || packet.body(0) == 6)) {
                        kept.add(packet);
                    }
                }
                default ->
                    throw new BadCertificateException(
                            type == 1 || type == 3 || type == 4 || type == 9 || type == 11 || (type >= 18 && type <= 20)
                                    ? Flaw.FOREIGN_PACKET
                                    : Flaw.UNKNOWN_PACKET,
                            "type " + type);
            }
        }
        if (kept.isEmpty()) {
            throw new BadCertificateException(Flaw.NOT_A_CERTIFICATE, "empty");
        }
        return kept;
    }

    private static void requireSupported(Packet key) throws BadCertificateException {
        int version = key.body(0);
        if (version != 4 && version != 6) {
            throw new BadCertificateException(Flaw.UNSUPPORTED_VERSION, "version " + version);
        }
        int algorithm = key.body(5);
        int material = version == 4 ? 6 : 10;
        if (algorithm >= 1 && algorithm <= 3) {
            int modulus = key.body(material) << 8 | key.body(material + 1);
            int next = material + 2 + (modulus + 7) / 8;
            int exponent = key.body(next) << 8 | key.body(next + 1);
            if (modulus > Bounds.RSA_BITS || exponent > Bounds.RSA_EXPONENT_BITS) {
                throw new BadCertificateException(
                        Flaw.TOO_LARGE, "RSA with " + modulus + " bits and an exponent of " + exponent);
            }
        }
    }

    private static boolean isKnownAlgorithm(Packet key) {
        return switch (key.body(5)) {
            case 1, 2, 3, 16, 17, 18, 19, 22, 25, 26, 27, 28 -> true;
            default -> false;
        };
    }

    private static boolean isUtf8(Packet userId) {
        try {
            var unused = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(userId.bytes(), userId.header(), userId.bodyLength()));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    /** The fingerprint of the primary key, lower-case hex: 40 digits for version 4, 64 for version 6. */
    String fingerprint() {
        return fingerprint;
    }

    KeyName name() {
        return new KeyName(OpenPgpMethod.NAME, fingerprint);
    }

    PGPPublicKeyRing ring() {
        return ring;
    }

    byte[] bytes() {
        return bytes.clone();
    }

    /**
     * This certificate with all that another version of it has besides. A revocation that one source knows counts,
     * whatever the others say.
     */
    Certificate with(Certificate other) throws BadCertificateException {
        if (!fingerprint.equals(other.fingerprint)) {
            throw new IllegalArgumentException("another certificate");
        }
        if (Arrays.equals(bytes, other.bytes)) {
            return this;
        }
        Map<String, Map<String, Packet>> components = new LinkedHashMap<>();
        for (Certificate version : List.of(this, other)) {
            Map<String, Packet> component = new LinkedHashMap<>();
            for (Packet packet : Packet.split(version.bytes, Bounds.LOCAL.packets())) {
                if (packet.type() != Packet.SIGNATURE) {
                    component = components.computeIfAbsent(packet.identity(), key -> new LinkedHashMap<>());
                }
                component.putIfAbsent(packet.identity(), packet);
            }
        }
        List<Packet> all = new ArrayList<>();
        // User IDs come before subkeys.
        components.values().stream()
                .filter(component -> component.values().iterator().next().type() != Packet.PUBLIC_SUBKEY)
                .forEach(component -> all.addAll(component.values()));
        components.values().stream()
                .filter(component -> component.values().iterator().next().type() == Packet.PUBLIC_SUBKEY)
                .forEach(component -> all.addAll(component.values()));
        return of(all, Bounds.LOCAL);
    }

    /** Nothing but the fingerprint. */
    @Override
    public String toString() {
        return "OpenPGP " + fingerprint;
    }
}
