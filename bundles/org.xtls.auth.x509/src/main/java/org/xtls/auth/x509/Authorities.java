package org.xtls.auth.x509;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.xtls.tls.Alert;
import org.xtls.tls.OcspResponse;
import org.xtls.tls.TlsRole;

/**
 * The CAs that are trusted at a moment, and what is known of revocation.
 *
 * @param trusted the CAs
 * @param revocation CRLs and OCSP responses
 * @param settings bounds
 */
record Authorities(List<Authority> trusted, Revocation revocation, TrustSettings settings) {
    /** Those that an offer holds: a chain has no more that are of use. */
    private static final int MOST_ANCHORS = 10;

    Authorities {
        trusted = List.copyOf(trusted);
    }

    /** Why a peer of this domain should have a certificate of a CA, one phrase for people. */
    Optional<String> binding(String domain) {
        return trusted.stream()
                .filter(authority -> authority.domains().name(domain))
                .findFirst()
                .map(authority -> "a CA that is trusted for " + domain + ", " + authority.name());
    }

    /** Whether one of these, as an offer names them, is trusted for a domain. */
    boolean recognise(Set<String> anchors, String domain) {
        return !anchors.isEmpty()
                && trusted.stream()
                        .anyMatch(
                                authority -> authority.domains().hold(domain) && anchors.contains(authority.anchor()));
    }

    /**
     * The CAs that a chain of this side's own leads to, as an offer names them. The last, which chains mostly leave out,
     * is looked up among the trusted ones.
     */
    Set<String> anchorsOf(List<X509Certificate> chain) {
        Set<String> anchors = new LinkedHashSet<>();
        for (X509Certificate above : chain.subList(1, chain.size())) {
            anchors.add(Fingerprint.of(above.getPublicKey()));
        }
        for (Authority authority : trusted) {
            if (chain.stream().anyMatch(certificate -> isIssued(certificate, authority))) {
                anchors.add(authority.anchor());
            }
        }
        return anchors.stream().limit(MOST_ANCHORS).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** Whether any CA may speak for peers of a domain. */
    boolean holdFor(String domain) {
        return trusted.stream().anyMatch(authority -> authority.domains().hold(domain));
    }

    /**
     * What the CAs that may speak for a domain say of a certificate.
     *
     * @param others what came with it
     * @param handed the OCSP response that came with it, or null
     * @param role the peer's role in the handshake
     * @return on what grounds it is certified, one phrase for people; empty when no CA says anything of it
     * @throws CertificateRefusal when one should have certified it, and something is wrong
     */
    Optional<String> certify(
            X509Certificate certificate,
            List<X509Certificate> others,
            @Nullable OcspResponse handed,
            String domain,
            TlsRole role,
            Instant now)
            throws CertificateRefusal {
        List<Authority> speaking = trusted.stream()
                .filter(authority -> authority.domains().hold(domain))
                .toList();
        List<CertificationPath> paths = CertificationPath.from(certificate, others, speaking);
        if (paths.isEmpty()) {
            requireUnrelated(certificate, others, speaking);
            return Optional.empty();
        }
        CertificateRefusal refusal = null;
        for (CertificationPath path : paths) {
            try {
                path.validate(now, settings.pathLength(), role);
                String revoked = revocation.check(path.withAuthority(), handed, now);
                return Optional.of("certified by " + path.authority().name() + ", " + revoked);
            } catch (CertificateRefusal e) {
                refusal = refusal == null || (refusal.isUnsigned() && !e.isUnsigned()) ? e : refusal;
            }
        }
        throw refusal;
    }

    /** A certificate of a CA that nobody knows is unknown. One that is put forward as a known CA's, and is not, is a lie. */
    private static void requireUnrelated(
            X509Certificate certificate, List<X509Certificate> others, List<Authority> speaking)
            throws CertificateRefusal {
        if (isSelfIssued(certificate)) {
            return;
        }
        for (X509Certificate other : others) {
            if (!CertificationPath.from(other, others, speaking).isEmpty()) {
                throw CertificateRefusal.malformed(
                        "is not issued by any of the CAs whose certificates came with it: its issuer is "
                                + Authority.name(certificate.getIssuerX500Principal()));
            }
        }
        if (runsInACircle(certificate, others)) {
            throw new CertificateRefusal(
                    Alert.UNKNOWN_CA,
                    "came with CAs that certify one another in a circle",
                    "The peer needs to present the certificates that lead to its CA.");
        }
    }

    private static boolean runsInACircle(X509Certificate certificate, List<X509Certificate> others) {
        List<X509Certificate> reached = new ArrayList<>(List.of(certificate));
        Set<X509Certificate> seen = new HashSet<>(reached);
        for (int i = 0; i < reached.size(); i++) {
            X509Certificate at = reached.get(i);
            List<X509Certificate> above = others.stream()
                    .filter(other -> other.getSubjectX500Principal().equals(at.getIssuerX500Principal()))
                    .toList();
            if (above.isEmpty() || isSignedBy(at, at)) {
                return false;
            }
            above.stream().filter(seen::add).forEach(reached::add);
        }
        return true;
    }

    private static boolean isIssued(X509Certificate certificate, Authority authority) {
        return certificate.getIssuerX500Principal().equals(authority.subject())
                && isSignedBy(certificate, authority.certificate());
    }

    private static boolean isSelfIssued(X509Certificate certificate) {
        return certificate.getIssuerX500Principal().equals(certificate.getSubjectX500Principal());
    }

    private static boolean isSignedBy(X509Certificate certificate, X509Certificate issuer) {
        try {
            certificate.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /** For the log. */
    @Override
    public String toString() {
        return trusted.stream()
                        .map(authority -> authority.name() + " for "
                                + String.join(", ", authority.domains().patterns()))
                        .collect(Collectors.joining("; ", "[", "]"))
                + ", revocation " + revocation.mode() + " by "
                + revocation.lists().values().stream().mapToInt(List::size).sum()
                + " CRLs and " + revocation.answers().size() + " OCSP responses";
    }
}
