package org.xtls.auth.openpgp;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Date;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.bouncycastle.bcpg.SignatureSubpacket;
import org.bouncycastle.bcpg.SignatureSubpacketTags;
import org.bouncycastle.bcpg.UserIDPacket;
import org.bouncycastle.bcpg.sig.KeyExpirationTime;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.bouncycastle.bcpg.sig.NotationData;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureException;
import org.bouncycastle.openpgp.PGPSignatureSubpacketVector;
import org.bouncycastle.openpgp.api.OpenPGPCertificate;
import org.bouncycastle.openpgp.api.OpenPGPCertificate.OpenPGPCertificateComponent;
import org.bouncycastle.openpgp.api.OpenPGPCertificate.OpenPGPComponentKey;
import org.bouncycastle.openpgp.api.OpenPGPCertificate.OpenPGPComponentSignature;
import org.bouncycastle.openpgp.api.OpenPGPCertificate.OpenPGPUserId;
import org.bouncycastle.openpgp.api.OpenPGPImplementation;
import org.bouncycastle.openpgp.api.bc.BcOpenPGPImplementation;
import org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator;
import org.jspecify.annotations.Nullable;
import org.xtls.auth.openpgp.Evaluation.AuthenticationKey;
import org.xtls.auth.openpgp.Evaluation.Binding;
import org.xtls.auth.openpgp.Evaluation.RejectedKey;
import org.xtls.auth.openpgp.Evaluation.Unusable;
import org.xtls.auth.openpgp.Evaluation.Usable;
import org.xtls.auth.openpgp.Evaluation.UserId;

/**
 * Judges one certificate at one moment. Every signature is checked by the library, {@link SignaturePolicy} included;
 * those that do not hold are left out. What is left is read here, for the reason of a refusal and where the library is
 * lenient (it lets a subkey inherit flags from the primary key, and lets a newer signature undo a revocation); then the
 * library judges it too, and both have to agree.
 */
final class Evaluator {
    private static final OpenPGPImplementation LIBRARY = new BcOpenPGPImplementation();
    private static final SignaturePolicy POLICY = new SignaturePolicy();

    private final Certificate certificate;
    private final OpenPGPCertificate parsed;
    private final PGPPublicKey primary;
    private final Instant time;
    private final Date date;

    private Evaluator(Certificate certificate, Instant time) {
        this.certificate = certificate;
        this.parsed = new OpenPGPCertificate(certificate.ring(), LIBRARY, POLICY);
        this.primary = certificate.ring().getPublicKey();
        this.time = time;
        this.date = Date.from(time);
    }

    static Evaluation evaluate(Certificate certificate, Instant time) {
        try {
            return new Evaluator(certificate, time).evaluate();
        } catch (Refused e) {
            return new Unusable(certificate, e.flaw, e.detail, e.userIds);
        } catch (RuntimeException e) {
            // The library meets a malformed subpacket only when somebody asks for it.
            return new Unusable(certificate, Flaw.UNREADABLE, "", List.of());
        }
    }

    /** The User IDs that the owner of a certificate stands by, when its primary key may certify others; or nothing. */
    static Optional<List<UserId>> certifier(Certificate certificate, Instant time) {
        try {
            Sound sound = new Evaluator(certificate, time).sound();
            PGPSignature by = sound.held.direct.isEmpty() ? sound.held.newest() : newest(sound.held.direct);
            // A primary key certifies unless it says otherwise.
            return by.getHashedSubPackets().hasSubpacket(SignatureSubpacketTags.KEY_FLAGS)
                            && (flags(by) & KeyFlags.CERTIFY_OTHER) == 0
                    ? Optional.empty()
                    : Optional.of(sound.userIds);
        } catch (Refused | RuntimeException e) {
            return Optional.empty();
        }
    }

    /** A certificate reduced to what a stranger needs to judge one key of it under one of these User IDs. */
    static Optional<byte[]> minimised(Usable usable, Instant time, Predicate<String> wanted, int most) {
        try {
            return new Evaluator(usable.certificate(), time).minimise(usable, wanted, most);
        } catch (Refused | IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    /**
     * A certificate as it may be kept: all that its owner has said in it, in force now or not, and of others' words what
     * there is room for. Whoever passes a certificate on can put any number of signatures into it, and one more copy of
     * a sound one with other unhashed data: those would take the room of a revocation.
     */
    static Optional<byte[]> lasting(Certificate certificate, Instant time, int most) {
        try {
            return new Evaluator(certificate, time).lasting(most);
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private Evaluation evaluate() throws Refused {
        Sound sound = sound();
        Held held = sound.held;
        List<UserId> userIds = sound.userIds;
        Binding binding = new Binding(made(held.newest()), sound.expires);
        List<AuthenticationKey> keys = new ArrayList<>();
        List<RejectedKey> rejected = new ArrayList<>();
        judge(keys, rejected, primary, () -> authenticates(primary, flags(held), binding));
        for (Subkey subkey : held.subkeys) {
            judge(keys, rejected, subkey.key, () -> authenticates(subkey, sound.library));
        }
        if (keys.isEmpty()) {
            // What is nearest to an authentication key says most about why there is none.
            RejectedKey nearest = rejected.stream()
                    .max(Comparator.comparing(key -> !isForSomethingElse(key.flaw())))
                    .orElseThrow();
            boolean none = isForSomethingElse(nearest.flaw());
            throw new Refused(
                    none ? Flaw.NO_AUTHENTICATION_KEY : nearest.flaw(), none ? "" : nearest.detail(), userIds);
        }
        keys.sort(Comparator.comparing(AuthenticationKey::created)
                .thenComparing(key -> key.binding().since())
                .reversed());
        return new Usable(certificate, binding, keys, userIds, rejected);
    }

    /** What has to be right before anything is said by or of the primary key. */
    private Sound sound() throws Refused {
        if (!POLICY.isAcceptablePublicKey(primary)) {
            throw new Refused(
                    Flaw.WEAK_PRIMARY,
                    "algorithm " + primary.getAlgorithm() + ", " + primary.getBitStrength() + " bits");
        }
        Held held = hold();
        List<UserId> userIds = held.userIds.stream()
                .map(id -> new UserId(id.text, made(id.newest())))
                .toList();
        if (made(primary).isAfter(time)) {
            throw new Refused(Flaw.NOT_YET_VALID, day(made(primary)), userIds);
        }
        if (!held.revocations.isEmpty()) {
            boolean hard = held.revocations.stream().anyMatch(PGPSignature::isHardRevocation);
            throw new Refused(hard ? Flaw.PRIMARY_REVOKED : Flaw.PRIMARY_GIVEN_UP, reason(held.revocations), userIds);
        }
        if (held.direct.isEmpty() && held.userIds.isEmpty()) {
            throw held.revokedUserIds
                    ? new Refused(Flaw.USER_IDS_REVOKED)
                    : held.worst.orElseGet(() -> new Refused(Flaw.NO_SELF_SIGNATURE));
        }
        Instant expires = primaryExpiry(held);
        if (expires != null && !time.isBefore(expires)) {
            throw new Refused(Flaw.PRIMARY_EXPIRED, "on " + day(expires), userIds);
        }
        OpenPGPCertificate filtered = library(held);
        if (!filtered.getPrimaryKey().isBoundAt(date)) {
            throw new Refused(Flaw.NO_SELF_SIGNATURE, "so says the library", userIds);
        }
        return new Sound(held, filtered, expires, userIds);
    }

    private static boolean isForSomethingElse(Flaw flaw) {
        return flaw == Flaw.NOT_FOR_AUTHENTICATION || flaw == Flaw.ENCRYPTION_ONLY;
    }

    private interface Judgement {
        AuthenticationKey judge() throws Refused, UnusableKeyException;
    }

    private static void judge(
            List<AuthenticationKey> keys, List<RejectedKey> rejected, PGPPublicKey key, Judgement judgement) {
        KeyKind.@Nullable Known known;
        try {
            known = KeyKind.of(key);
        } catch (UnusableKeyException e) {
            known = null;
        }
        try {
            keys.add(judgement.judge());
        } catch (Refused e) {
            rejected.add(new RejectedKey(fingerprint(key), known, e.flaw, e.detail));
        } catch (UnusableKeyException e) {
            rejected.add(new RejectedKey(fingerprint(key), known, e.flaw(), String.valueOf(e.getMessage())));
        }
    }

    private static AuthenticationKey authenticates(PGPPublicKey key, int flags, Binding binding)
            throws Refused, UnusableKeyException {
        if ((flags & KeyFlags.AUTHENTICATION) == 0) {
            int encrypts = KeyFlags.ENCRYPT_COMMS | KeyFlags.ENCRYPT_STORAGE;
            throw new Refused(
                    (flags & encrypts) != 0 && (flags & ~encrypts) == 0
                            ? Flaw.ENCRYPTION_ONLY
                            : Flaw.NOT_FOR_AUTHENTICATION);
        }
        return new AuthenticationKey(fingerprint(key), KeyKind.of(key), made(key), binding);
    }

    private AuthenticationKey authenticates(Subkey subkey, OpenPGPCertificate filtered)
            throws Refused, UnusableKeyException {
        if (made(subkey.key).isAfter(time)) {
            throw new Refused(Flaw.NOT_YET_VALID, day(made(subkey.key)), List.of());
        }
        if (!subkey.revocations.isEmpty()) {
            throw new Refused(Flaw.SUBKEY_REVOKED, reason(subkey.revocations), List.of());
        }
        if (subkey.bindings.isEmpty()) {
            throw subkey.worst.orElseGet(() -> new Refused(Flaw.NOT_BOUND));
        }
        PGPSignature binding = newest(subkey.bindings);
        Instant expires = expiry(subkey.key, binding);
        if (expires != null && !time.isBefore(expires)) {
            int flags = flags(binding);
            throw new Refused(
                    (flags & KeyFlags.AUTHENTICATION) != 0 ? Flaw.SUBKEY_EXPIRED : Flaw.NOT_FOR_AUTHENTICATION,
                    "on " + day(expires),
                    List.of());
        }
        AuthenticationKey key = authenticates(subkey.key, flags(binding), new Binding(made(binding), expires));
        OpenPGPComponentKey library = filtered.getKey(subkey.key.getKeyIdentifier());
        if (library == null || !library.isBoundAt(date)) {
            throw new Refused(Flaw.NOT_BOUND, "so says the library", List.of());
        }
        return key;
    }

    /** All that the owner has said and that holds, or held until it was revoked. */
    private Held hold() {
        List<PGPSignature> direct = new ArrayList<>();
        List<PGPSignature> revocations = new ArrayList<>();
        List<Refused> bad = new ArrayList<>();
        OpenPGPComponentKey owner = parsed.getPrimaryKey();
        for (Iterator<PGPSignature> it = primary.getKeySignatures(); it.hasNext(); ) {
            PGPSignature signature = it.next();
            int type = signature.getSignatureType();
            if ((type == PGPSignature.DIRECT_KEY || type == PGPSignature.KEY_REVOCATION)
                    && isOwn(signature)
                    && holds(signature, owner, owner, bad)) {
                (type == PGPSignature.DIRECT_KEY ? direct : revocations).add(signature);
            }
        }
        List<HeldUserId> userIds = new ArrayList<>();
        boolean revoked = false;
        for (OpenPGPUserId id : parsed.getAllUserIds()) {
            HeldUserId one = hold(id, owner, bad);
            revoked |= one.revoked;
            if (!one.revoked && !one.certifications.isEmpty()) {
                userIds.add(one);
            }
        }
        List<Subkey> subkeys = new ArrayList<>();
        for (OpenPGPComponentKey subkey : parsed.getSubkeys().values()) {
            subkeys.add(hold(subkey, owner));
        }
        return new Held(direct, revocations, userIds, revoked, subkeys, worst(bad));
    }

    private HeldUserId hold(OpenPGPUserId id, OpenPGPComponentKey owner, List<Refused> bad) {
        List<PGPSignature> certifications = new ArrayList<>();
        List<PGPSignature> revocations = new ArrayList<>();
        for (Iterator<PGPSignature> it = primary.getSignaturesForID(id.getUserId()); it != null && it.hasNext(); ) {
            PGPSignature signature = it.next();
            boolean revocation = signature.getSignatureType() == PGPSignature.CERTIFICATION_REVOCATION;
            if ((revocation || signature.isCertification()) && isOwn(signature) && holds(signature, owner, id, bad)) {
                (revocation ? revocations : certifications).add(signature);
            }
        }
        if (certifications.isEmpty()) {
            return new HeldUserId(id.getUserId(), certifications, !revocations.isEmpty());
        }
        // A User ID can be taken back and given again (RFC 9580 §5.2.1.8); a key cannot.
        Instant newest = made(newest(certifications));
        boolean revoked = revocations.stream()
                .anyMatch(revocation ->
                        revocation.isHardRevocation() || !made(revocation).isBefore(newest));
        return new HeldUserId(id.getUserId(), certifications, revoked);
    }

    private Subkey hold(OpenPGPComponentKey subkey, OpenPGPComponentKey owner) {
        List<PGPSignature> bindings = new ArrayList<>();
        List<PGPSignature> revocations = new ArrayList<>();
        List<Refused> bad = new ArrayList<>();
        for (Iterator<PGPSignature> it = subkey.getPGPPublicKey().getSignatures(); it.hasNext(); ) {
            PGPSignature signature = it.next();
            int type = signature.getSignatureType();
            if ((type == PGPSignature.SUBKEY_BINDING || type == PGPSignature.SUBKEY_REVOCATION)
                    && holds(signature, owner, subkey, bad)) {
                (type == PGPSignature.SUBKEY_BINDING ? bindings : revocations).add(signature);
            }
        }
        return new Subkey(subkey.getPGPPublicKey(), bindings, revocations, worst(bad));
    }

    private boolean isOwn(PGPSignature signature) {
        return signature.getKeyIdentifiers().stream().anyMatch(primary.getKeyIdentifier()::matchesExplicit);
    }

    /** Whether it is correct, acceptable and in force; a hard revocation is in force from the beginning of time. */
    private boolean holds(
            PGPSignature signature, OpenPGPComponentKey issuer, OpenPGPCertificateComponent target, List<Refused> bad) {
        OpenPGPComponentSignature component = new OpenPGPComponentSignature(signature, issuer, target);
        try {
            if (!component.isEffectiveAt(date)) {
                return false;
            }
            return isCorrect(component);
        } catch (PGPSignatureException | RuntimeException e) {
            bad.add(new Refused(flaw(signature)));
            return false;
        }
    }

    private static boolean isCorrect(OpenPGPComponentSignature signature) throws PGPSignatureException {
        signature.verify(LIBRARY.pgpContentVerifierBuilderProvider(), POLICY);
        return signature.isTestedCorrect();
    }

    private static Flaw flaw(PGPSignature signature) {
        if (!POLICY.hasAcceptableSignatureHashAlgorithm(signature)) {
            return Flaw.WEAK_SIGNATURE;
        }
        PGPSignatureSubpacketVector hashed = signature.getHashedSubPackets();
        if (hashed == null) {
            return Flaw.NOT_BOUND;
        }
        for (NotationData notation : hashed.getNotationDataOccurrences()) {
            if (notation.isCritical()) {
                return Flaw.UNKNOWN_CRITICAL;
            }
        }
        for (SignatureSubpacket subpacket : hashed.toArray()) {
            if (subpacket.isCritical() && subpacket.getClass().equals(SignatureSubpacket.class)) {
                return Flaw.UNKNOWN_CRITICAL;
            }
        }
        if (signature.getSignatureType() == PGPSignature.SUBKEY_BINDING) {
            return (flags(signature) & KeyFlags.SIGN_DATA) != 0 && !hasBackSignature(signature)
                    ? Flaw.NO_BACK_SIGNATURE
                    : Flaw.NOT_BOUND;
        }
        return Flaw.NO_SELF_SIGNATURE;
    }

    private static boolean hasBackSignature(PGPSignature binding) {
        try {
            return !binding.getHashedSubPackets().getEmbeddedSignatures().isEmpty()
                    || !binding.getUnhashedSubPackets().getEmbeddedSignatures().isEmpty();
        } catch (PGPException | RuntimeException e) {
            return false;
        }
    }

    private static Optional<Refused> worst(List<Refused> bad) {
        return bad.stream()
                .filter(refused -> refused.flaw != Flaw.NO_SELF_SIGNATURE && refused.flaw != Flaw.NOT_BOUND)
                .findFirst()
                .or(() -> bad.stream().findFirst());
    }

    private @Nullable Instant primaryExpiry(Held held) {
        // GnuPG writes it into the self-signature of each User ID, others into the direct-key signature.
        if (!held.direct.isEmpty()
                && newest(held.direct).getHashedSubPackets().hasSubpacket(SignatureSubpacketTags.KEY_EXPIRE_TIME)) {
            return expiry(primary, newest(held.direct));
        }
        return expiry(primary, held.newest());
    }

    private static @Nullable Instant expiry(PGPPublicKey key, PGPSignature by) {
        SignatureSubpacket subpacket = by.getHashedSubPackets().getSubpacket(SignatureSubpacketTags.KEY_EXPIRE_TIME);
        if (!(subpacket instanceof KeyExpirationTime expiration) || expiration.getTime() == 0) {
            return null;
        }
        return made(key).plusSeconds(expiration.getTime());
    }

    private static int flags(Held held) {
        return flags(held.direct.isEmpty() ? held.newest() : newest(held.direct));
    }

    private static int flags(PGPSignature signature) {
        PGPSignatureSubpacketVector hashed = signature.getHashedSubPackets();
        return hashed == null ? 0 : hashed.getKeyFlags();
    }

    private static PGPSignature newest(List<PGPSignature> signatures) {
        return signatures.stream()
                .max(Comparator.comparing(PGPSignature::getCreationTime))
                .orElseThrow();
    }

    /** The same certificate with nothing in it but what holds, for the library to judge. */
    private OpenPGPCertificate library(Held held) throws Refused {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.writeBytes(primary.getPublicKeyPacket().getEncoded());
            write(out, held.direct);
            for (HeldUserId id : held.userIds) {
                out.writeBytes(new UserIDPacket(id.text).getEncoded());
                write(out, id.certifications);
            }
            for (Subkey subkey : held.subkeys) {
                if (!subkey.bindings.isEmpty()) {
                    out.writeBytes(subkey.key.getPublicKeyPacket().getEncoded());
                    write(out, subkey.bindings);
                    write(out, subkey.revocations);
                }
            }
            return new OpenPGPCertificate(
                    new PGPPublicKeyRing(new ByteArrayInputStream(out.toByteArray()), new BcKeyFingerprintCalculator()),
                    LIBRARY,
                    POLICY);
        } catch (IOException e) {
            throw new Refused(Flaw.UNREADABLE);
        }
    }

    private Optional<byte[]> lasting(int most) throws IOException {
        OpenPGPComponentKey owner = parsed.getPrimaryKey();
        List<Part> parts = new ArrayList<>();
        parts.add(new Part(
                primary.getPublicKeyPacket().getEncoded(),
                own(primary.getKeySignatures(), owner, PGPSignature.DIRECT_KEY, PGPSignature.KEY_REVOCATION),
                List.of()));
        for (OpenPGPUserId id : parsed.getAllUserIds()) {
            List<PGPSignature> others = new ArrayList<>();
            for (Iterator<PGPSignature> it = primary.getSignaturesForID(id.getUserId()); it != null && it.hasNext(); ) {
                PGPSignature signature = it.next();
                if (!isOwn(signature)) {
                    others.add(signature);
                }
            }
            Iterator<PGPSignature> all = primary.getSignaturesForID(id.getUserId());
            List<PGPSignature> own = all == null
                    ? List.of()
                    : own(
                            all,
                            id,
                            PGPSignature.DEFAULT_CERTIFICATION,
                            PGPSignature.NO_CERTIFICATION,
                            PGPSignature.CASUAL_CERTIFICATION,
                            PGPSignature.POSITIVE_CERTIFICATION,
                            PGPSignature.CERTIFICATION_REVOCATION);
            if (!own.isEmpty()) {
                parts.add(new Part(new UserIDPacket(id.getUserId()).getEncoded(), own, others));
            }
        }
        for (OpenPGPComponentKey subkey : parsed.getSubkeys().values()) {
            List<PGPSignature> own = own(
                    subkey.getPGPPublicKey().getSignatures(),
                    subkey,
                    PGPSignature.SUBKEY_BINDING,
                    PGPSignature.SUBKEY_REVOCATION);
            if (!own.isEmpty()) {
                parts.add(new Part(subkey.getPGPPublicKey().getPublicKeyPacket().getEncoded(), own, List.of()));
            }
        }
        List<Part> latest = parts.stream().map(Part::latest).toList();
        return write(parts, most).or(() -> write(latest, most));
    }

    /** The owner's signatures of these types that are correct, whenever they are in force, and each word once. */
    private List<PGPSignature> own(
            Iterator<PGPSignature> signatures, OpenPGPCertificateComponent target, Integer... types) {
        Map<String, PGPSignature> words = new LinkedHashMap<>();
        while (signatures.hasNext()) {
            PGPSignature signature = signatures.next();
            boolean ofSubkey = signature.getSignatureType() == PGPSignature.SUBKEY_BINDING
                    || signature.getSignatureType() == PGPSignature.SUBKEY_REVOCATION;
            try {
                if (List.of(types).contains(signature.getSignatureType())
                        && (ofSubkey || isOwn(signature))
                        && isCorrect(new OpenPGPComponentSignature(signature, parsed.getPrimaryKey(), target))) {
                    words.merge(
                            HexFormat.of().formatHex(signature.getSignatureTrailer()),
                            signature,
                            (one, other) -> length(other) < length(one) ? other : one);
                }
            } catch (PGPSignatureException | RuntimeException e) {
                // Left out.
            }
        }
        return List.copyOf(words.values());
    }

    private static int length(PGPSignature signature) {
        return encoded(signature).length;
    }

    private static byte[] encoded(PGPSignature signature) {
        try {
            return signature.getEncoded();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All of the owner's, or nothing when that is too much; of others' what fits. */
    private static Optional<byte[]> write(List<Part> parts, int most) {
        int room = most;
        for (Part part : parts) {
            room -= part.packet.length;
            room -= part.own.stream().mapToInt(Evaluator::length).sum();
        }
        if (room < 0) {
            return Optional.empty();
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Part part : parts) {
            out.writeBytes(part.packet);
            part.own.forEach(signature -> out.writeBytes(encoded(signature)));
            for (PGPSignature signature : part.others) {
                byte[] bytes = encoded(signature);
                if (bytes.length <= room) {
                    out.writeBytes(bytes);
                    room -= bytes.length;
                }
            }
        }
        return Optional.of(out.toByteArray());
    }

    private Optional<byte[]> minimise(Usable usable, Predicate<String> wanted, int most) throws Refused, IOException {
        Held held = hold();
        List<HeldUserId> userIds =
                held.userIds.stream().filter(id -> wanted.test(id.text)).toList();
        if (userIds.isEmpty() && held.direct.isEmpty()) {
            // Something has to hold the primary key.
            userIds = held.userIds.stream()
                    .max(Comparator.comparing(id -> id.newest().getCreationTime()))
                    .stream()
                    .toList();
        }
        Subkey subkey = held.subkeys.stream()
                .filter(key -> fingerprint(key.key).equals(usable.newest().fingerprint()))
                .findFirst()
                .orElse(null);
        List<PGPSignature> certifications = new ArrayList<>();
        for (HeldUserId id : userIds) {
            for (Iterator<PGPSignature> it = primary.getSignaturesForID(id.text); it != null && it.hasNext(); ) {
                PGPSignature signature = it.next();
                if (!isOwn(signature) && signature.isCertification()) {
                    certifications.add(signature);
                }
            }
        }
        certifications.sort(Comparator.comparing(PGPSignature::getCreationTime).reversed());
        // Who has an older copy has to learn of a revocation from somewhere, but for keys that authenticate nobody.
        List<Subkey> revoked = held.subkeys.stream()
                .filter(key -> !key.revocations.isEmpty() && isForTls(key.key))
                .sorted(Comparator.comparing(
                        (Subkey key) -> newest(key.revocations).getCreationTime(), Comparator.reverseOrder()))
                .toList();
        int revocations = revoked.size();
        for (int count = Math.min(certifications.size(), 16); ; ) {
            byte[] bytes =
                    minimal(held, userIds, subkey, certifications.subList(0, count), revoked.subList(0, revocations));
            if (bytes.length <= most) {
                return Optional.of(bytes);
            }
            if (count > 0) {
                count--;
            } else if (revocations > 0) {
                revocations--;
            } else {
                return Optional.empty();
            }
        }
    }

    private byte[] minimal(
            Held held,
            List<HeldUserId> userIds,
            @Nullable Subkey subkey,
            List<PGPSignature> certifications,
            List<Subkey> revoked)
            throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(primary.getPublicKeyPacket().getEncoded());
        write(out, held.revocations);
        if (!held.direct.isEmpty()) {
            write(out, List.of(newest(held.direct)));
        }
        for (HeldUserId id : userIds) {
            out.writeBytes(new UserIDPacket(id.text).getEncoded());
            write(out, List.of(id.newest()));
            for (Iterator<PGPSignature> it = primary.getSignaturesForID(id.text); it != null && it.hasNext(); ) {
                PGPSignature signature = it.next();
                if (certifications.contains(signature)) {
                    write(out, List.of(signature));
                }
            }
        }
        if (subkey != null) {
            out.writeBytes(subkey.key.getPublicKeyPacket().getEncoded());
            write(out, List.of(newest(subkey.bindings)));
        }
        for (Subkey key : revoked) {
            out.writeBytes(key.key.getPublicKeyPacket().getEncoded());
            write(out, key.revocations);
        }
        return out.toByteArray();
    }

    private static boolean isForTls(PGPPublicKey key) {
        try {
            var unused = KeyKind.of(key);
            return true;
        } catch (UnusableKeyException e) {
            return false;
        }
    }

    private static void write(ByteArrayOutputStream out, List<PGPSignature> signatures) throws IOException {
        for (PGPSignature signature : signatures) {
            out.writeBytes(signature.getEncoded());
        }
    }

    private static String reason(List<PGPSignature> revocations) {
        PGPSignature revocation = revocations.stream()
                .filter(PGPSignature::isHardRevocation)
                .findFirst()
                .orElseGet(() -> newest(revocations));
        var subpacket = revocation.getHashedSubPackets().getRevocationReason();
        String why = switch (subpacket == null ? 0 : subpacket.getRevocationReason()) {
            case 1 -> "superseded";
            case 2 -> "compromised";
            case 3 -> "retired";
            default -> "no reason given";
        };
        return why + ", on " + day(made(revocation));
    }

    static String fingerprint(PGPPublicKey key) {
        return HexFormat.of().formatHex(key.getFingerprint());
    }

    private static Instant made(PGPPublicKey key) {
        return key.getCreationTime().toInstant();
    }

    private static Instant made(PGPSignature signature) {
        return signature.getCreationTime().toInstant();
    }

    private static String day(Instant time) {
        return LocalDate.ofInstant(time, ZoneOffset.UTC).toString();
    }

    /**
     * What of a certificate holds.
     *
     * @param direct the owner's signatures on the primary key
     * @param revocations of the primary key
     * @param userIds those that the owner stands by
     * @param revokedUserIds whether there are others, which the owner has revoked
     * @param subkeys all of them
     * @param worst what is wrong with the signatures that do not hold, if anything
     */
    private record Held(
            List<PGPSignature> direct,
            List<PGPSignature> revocations,
            List<HeldUserId> userIds,
            boolean revokedUserIds,
            List<Subkey> subkeys,
            Optional<Refused> worst) {
        PGPSignature newest() {
            List<PGPSignature> all = new ArrayList<>(direct);
            userIds.forEach(id -> all.addAll(id.certifications));
            return Evaluator.newest(all);
        }
    }

    private record Sound(
            Held held, OpenPGPCertificate library, @Nullable Instant expires, List<UserId> userIds) {}

    private record HeldUserId(String text, List<PGPSignature> certifications, boolean revoked) {
        PGPSignature newest() {
            return Evaluator.newest(certifications);
        }
    }

    private record Subkey(
            PGPPublicKey key, List<PGPSignature> bindings, List<PGPSignature> revocations, Optional<Refused> worst) {}

    /**
     * Of a certificate, as it is kept.
     *
     * @param packet a key or a User ID
     * @param own what the owner says of it
     * @param others what others say of it, rightly or not
     */
    @SuppressWarnings("ArrayRecordComponent") // made here, written here, never compared
    private record Part(byte[] packet, List<PGPSignature> own, List<PGPSignature> others) {
        /** The revocations, and the newest of the rest. */
        Part latest() {
            List<PGPSignature> kept =
                    new ArrayList<>(own.stream().filter(Evaluator::isRevocation).toList());
            own.stream()
                    .filter(signature -> !isRevocation(signature))
                    .max(Comparator.comparing(PGPSignature::getCreationTime))
                    .ifPresent(kept::add);
            return new Part(packet, kept, others);
        }
    }

    private static boolean isRevocation(PGPSignature signature) {
        int type = signature.getSignatureType();
        return type == PGPSignature.KEY_REVOCATION
                || type == PGPSignature.SUBKEY_REVOCATION
                || type == PGPSignature.CERTIFICATION_REVOCATION;
    }

    /** Leaves an evaluation. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        private final Flaw flaw;
        private final String detail;
        private final transient List<UserId> userIds;

        Refused(Flaw flaw) {
            this(flaw, "", List.of());
        }

        Refused(Flaw flaw, String detail) {
            this(flaw, detail, List.of());
        }

        Refused(Flaw flaw, String detail, List<UserId> userIds) {
            super(flaw.phrase());
            this.flaw = flaw;
            this.detail = detail;
            this.userIds = userIds;
        }
    }
}
