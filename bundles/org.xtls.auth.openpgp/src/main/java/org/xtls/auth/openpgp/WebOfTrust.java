package org.xtls.auth.openpgp;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.bcpg.SignatureSubpacketTags;
import org.bouncycastle.bcpg.sig.TrustSignature;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureException;
import org.bouncycastle.openpgp.PGPSignatureSubpacketVector;
import org.bouncycastle.openpgp.api.OpenPGPCertificate;
import org.bouncycastle.openpgp.api.OpenPGPCertificate.OpenPGPComponentSignature;
import org.bouncycastle.openpgp.api.OpenPGPCertificate.OpenPGPUserId;
import org.bouncycastle.openpgp.api.OpenPGPImplementation;
import org.bouncycastle.openpgp.api.bc.BcOpenPGPImplementation;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.auth.openpgp.Evaluation.UserId;

/**
 * Whether the User IDs of a certificate belong to its key, by the word of those the user trusts: one certification by a
 * fully trusted key, or several by marginally trusted ones. Trust signatures extend trust as far as both they and the
 * introducer before them allow. Those scoped by a regular expression are ignored: OpenPGP's regular expressions are no
 * one else's, and one that is read wrongly lets everybody in.
 */
final class WebOfTrust {
    private static final OpenPGPImplementation LIBRARY = new BcOpenPGPImplementation();
    private static final SignaturePolicy POLICY = new SignaturePolicy();

    /** The amounts that trust signatures give (RFC 9580 §5.2.3.21). */
    private static final int MARGINAL = 60;

    private static final int FULL = 120;

    /** Against key rings made to keep their reader busy. */
    private static final int MOST_INTRODUCERS = 1_000;

    private final Map<String, Certificate> certificates;
    private final Map<String, Introducer> introducers = new LinkedHashMap<>();
    private final int marginals;
    private final Instant time;
    private final Map<String, Optional<List<UserId>>> certifiers = new HashMap<>();

    /**
     * At one moment.
     *
     * @param certificates where introducers are looked up
     * @param roots whom the user trusts
     * @param marginals how many marginally trusted introducers make one
     * @param time the moment
     */
    WebOfTrust(Collection<Certificate> certificates, List<Introducer> roots, int marginals, Instant time) {
        this.certificates = new HashMap<>();
        certificates.forEach(certificate -> this.certificates.put(certificate.fingerprint(), certificate));
        this.marginals = marginals;
        this.time = time;
        roots.forEach(this::add);
        extend();
    }

    /** On whose word the certificate belongs to the address, one phrase; empty when nobody's that counts. */
    Optional<String> binds(Certificate certificate, List<UserId> standing, BareJid address) {
        return standing.stream()
                .map(UserId::text)
                .filter(text -> UserIds.names(text, address))
                .map(text -> certified(certificate, text))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private Optional<String> certified(Certificate certificate, String userId) {
        List<String> partly = new ArrayList<>();
        for (Introducer introducer : introducers.values()) {
            if (introducer.fingerprint().equals(certificate.fingerprint())) {
                continue;
            }
            if (certification(introducer, certificate, userId).isPresent()) {
                if (introducer.full()) {
                    return Optional.of("certified by " + introducer.fingerprint());
                }
                partly.add(introducer.fingerprint());
            }
        }
        return partly.size() >= marginals ? Optional.of("certified by " + String.join(", ", partly)) : Optional.empty();
    }

    /** Layer by layer: a key that the last layer made an introducer makes those of the next. */
    private void extend() {
        List<Introducer> layer = new ArrayList<>(introducers.values());
        while (!layer.isEmpty() && introducers.size() < MOST_INTRODUCERS) {
            List<Introducer> next = new ArrayList<>();
            for (Certificate certificate : certificates.values()) {
                if (!introducers.containsKey(certificate.fingerprint())) {
                    delegated(certificate, layer).ifPresent(next::add);
                }
            }
            next.forEach(this::add);
            layer = next;
        }
    }

    private Optional<Introducer> delegated(Certificate certificate, List<Introducer> layer) {
        List<Introducer> delegating =
                layer.stream().filter(by -> by.depth() > 0).toList();
        if (delegating.isEmpty()) {
            return Optional.empty();
        }
        int partly = 0;
        int partlyDepth = Integer.MAX_VALUE;
        for (Introducer by : delegating) {
            Optional<TrustSignature> widest = Optional.empty();
            for (UserId id : certifier(certificate.fingerprint()).orElse(List.of())) {
                if (widest.isEmpty()) {
                    widest = certification(by, certificate, id.text())
                            .map(signature -> signature.getHashedSubPackets().getTrust())
                            .filter(trust -> trust.getDepth() > 0 && trust.getTrustAmount() >= MARGINAL);
                }
            }
            if (widest.isEmpty()) {
                continue;
            }
            int depth = Math.min(by.depth() - 1, widest.get().getDepth() - 1);
            if (by.full() && widest.get().getTrustAmount() >= FULL) {
                return Optional.of(new Introducer(certificate.fingerprint(), true, depth));
            }
            partly++;
            partlyDepth = Math.min(partlyDepth, depth);
        }
        return partly == 0
                ? Optional.empty()
                : Optional.of(new Introducer(certificate.fingerprint(), partly >= marginals, partlyDepth));
    }

    private void add(Introducer introducer) {
        introducers.merge(introducer.fingerprint(), introducer, (one, other) -> one.full() ? one : other);
    }

    /** The newest word of an introducer on a User ID, when it is a yes that holds. */
    private Optional<PGPSignature> certification(Introducer by, Certificate certificate, String userId) {
        @Nullable Certificate issuer = certificates.get(by.fingerprint());
        List<PGPSignature> words = issuer == null ? List.of() : words(issuer, certificate, userId);
        if (issuer == null || words.isEmpty() || certifier(by.fingerprint()).isEmpty()) {
            return Optional.empty();
        }
        OpenPGPCertificate from = new OpenPGPCertificate(issuer.ring(), LIBRARY, POLICY);
        OpenPGPUserId target = new OpenPGPCertificate(certificate.ring(), LIBRARY, POLICY).getUserId(userId);
        @Nullable PGPSignature newest = null;
        for (PGPSignature signature : words) {
            // Of two of one second the revocation counts.
            if (holds(new OpenPGPComponentSignature(signature, from.getPrimaryKey(), target))
                    && (newest == null
                            || made(signature).isAfter(made(newest))
                            || (isRevocation(signature) && !made(signature).isBefore(made(newest))))) {
                newest = signature;
            }
        }
        return Optional.ofNullable(newest).filter(word -> !isRevocation(word) && !isScoped(word));
    }

    /** What says that it is the issuer's: all signatures of a popular key are not worth checking. */
    private static List<PGPSignature> words(Certificate issuer, Certificate certificate, String userId) {
        List<PGPSignature> words = new ArrayList<>();
        @Nullable Iterator<PGPSignature> all = certificate.ring().getPublicKey().getSignaturesForID(userId);
        while (all != null && all.hasNext()) {
            PGPSignature signature = all.next();
            boolean counts = isRevocation(signature)
                    || (signature.isCertification() && signature.getSignatureType() != PGPSignature.NO_CERTIFICATION);
            if (counts
                    && signature.getKeyIdentifiers().stream()
                            .anyMatch(issuer.ring().getPublicKey().getKeyIdentifier()::matchesExplicit)) {
                words.add(signature);
            }
        }
        return words;
    }

    private static boolean isRevocation(PGPSignature signature) {
        return signature.getSignatureType() == PGPSignature.CERTIFICATION_REVOCATION;
    }

    private static Instant made(PGPSignature signature) {
        return signature.getCreationTime().toInstant();
    }

    private boolean holds(OpenPGPComponentSignature signature) {
        try {
            if (!signature.isEffectiveAt(Date.from(time))) {
                return false;
            }
            signature.verify(LIBRARY.pgpContentVerifierBuilderProvider(), POLICY);
            return signature.isTestedCorrect();
        } catch (PGPSignatureException | RuntimeException e) {
            return false;
        }
    }

    private static boolean isScoped(PGPSignature signature) {
        PGPSignatureSubpacketVector hashed = signature.getHashedSubPackets();
        return hashed.hasSubpacket(SignatureSubpacketTags.REG_EXP);
    }

    private Optional<List<UserId>> certifier(String fingerprint) {
        return certifiers.computeIfAbsent(
                fingerprint,
                key -> Optional.ofNullable(certificates.get(key))
                        .flatMap(certificate -> Evaluator.certifier(certificate, time)));
    }
}
