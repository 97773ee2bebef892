package org.xtls.auth.x509;

import java.net.IDN;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.Security;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.NameConstraintValidatorException;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.PKIXNameConstraintValidator;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.tls.Alert;
import org.xtls.tls.TlsRole;

/**
 * A way from a certificate to a trusted CA, by the names of issuers and subjects. The JDK validates it (RFC 5280 §6); what
 * is done here before and after is what it leaves to its caller.
 *
 * @param certificates the end entity's first, each issued by the next, the last by the CA
 * @param authority the CA
 */
record CertificationPath(List<X509Certificate> certificates, Authority authority) {
    /** Against certificates that all name one another: there are nine factorial ways through nine of them. */
    private static final int MOST_PATHS = 32;

    private static final int MOST_STEPS = 1_000;
    private static final String ANY_PURPOSE = KeyPurposeId.anyExtendedKeyUsage.getId();
    private static final String CLIENT = KeyPurposeId.id_kp_clientAuth.getId();
    private static final String SERVER = KeyPurposeId.id_kp_serverAuth.getId();

    CertificationPath {
        certificates = List.copyOf(certificates);
    }

    /**
     * The ways there are, the shortest first where they part.
     *
     * @param certificate where they begin
     * @param others what came with it, in any order, of use or not
     * @param authorities where they may end
     */
    static List<CertificationPath> from(
            X509Certificate certificate, Collection<X509Certificate> others, List<Authority> authorities) {
        List<CertificationPath> paths = new ArrayList<>();
        new Search(List.copyOf(others), authorities, paths).go(List.of(certificate));
        return paths;
    }

    /** All certificates, the CA's last. */
    List<X509Certificate> withAuthority() {
        return Stream.concat(certificates.stream(), Stream.of(authority.certificate()))
                .toList();
    }

    /**
     * Whether it holds at this time.
     *
     * @param mostIntermediates the most certificates between the two ends
     * @param peer the role that the end entity has in the handshake
     * @throws CertificateRefusal when it does not
     */
    void validate(Instant now, int mostIntermediates, TlsRole peer) throws CertificateRefusal {
        for (X509Certificate certificate : certificates) {
            try {
                SignatureAlgorithm.requireSound(signatureAlgorithm(certificate));
                CertificateForm.requireSoundKey(certificate.getPublicKey());
            } catch (CertificateRefusal e) {
                throw said(e, certificate);
            }
        }
        requireLength(mostIntermediates);
        requireCurrentAuthority(now);
        validateByJdk(now);
        requireNames();
        requirePurpose(peer);
    }

    private void requireLength(int most) throws CertificateRefusal {
        int intermediates = certificates.size() - 1;
        if (intermediates > most) {
            throw CertificateRefusal.malformed("has " + intermediates + " CAs between it and " + authority.name()
                    + "; at most " + most + " are taken");
        }
        // What a CA's certificate says of itself is not the JDK's business (RFC 5280 §6.2; RFC 5937 §3).
        int allowed = authority.certificate().getBasicConstraints();
        long counted = certificates.stream()
                .skip(1)
                .filter(above -> !above.getSubjectX500Principal().equals(above.getIssuerX500Principal()))
                .count();
        if (counted > allowed) {
            throw CertificateRefusal.malformed("has more CAs above it than " + authority.name() + " allows below it");
        }
    }

    private void requireCurrentAuthority(Instant now) throws CertificateRefusal {
        X509Certificate certificate = authority.certificate();
        if (now.isAfter(certificate.getNotAfter().toInstant())) {
            throw expired("cannot be relied on: the trusted CA " + authority.name() + " expired on "
                    + Revocation.day(certificate.getNotAfter()));
        }
        if (now.isBefore(certificate.getNotBefore().toInstant())) {
            throw expired("cannot be relied on: the trusted CA " + authority.name() + " is not valid before "
                    + Revocation.day(certificate.getNotBefore()));
        }
    }

    private void validateByJdk(Instant now) throws CertificateRefusal {
        try {
            PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(authority.certificate(), null)));
            // Revocation is looked at elsewhere: here it would be by way of the network.
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            CertPath path = CertificateFactory.getInstance("X.509").generateCertPath(certificates);
            validator().validate(path, parameters);
        } catch (CertPathValidatorException e) {
            throw refusal(e);
        } catch (CertificateException | NoSuchAlgorithmException | InvalidAlgorithmParameterException e) {
            throw CertificateRefusal.malformed("cannot be validated");
        } catch (RuntimeException e) {
            // How the JDK says that it does not know what to make of a constraint on names of other forms.
            String which = violation();
            throw CertificateRefusal.malformed(
                    which.isEmpty() ? "is under name constraints that cannot be judged" : violates(which));
        }
    }

    private CertificateRefusal refusal(CertPathValidatorException e) {
        int index = Math.max(0, Math.min(e.getIndex(), certificates.size() - 1));
        X509Certificate at = certificates.get(index);
        CertPathValidatorException.Reason reason = e.getReason();
        if (reason == CertPathValidatorException.BasicReason.EXPIRED) {
            return said(expired("expired on " + Revocation.day(at.getNotAfter())), at);
        }
        if (reason == CertPathValidatorException.BasicReason.NOT_YET_VALID) {
            return said(expired("is not valid before " + Revocation.day(at.getNotBefore())), at);
        }
        if (reason == CertPathValidatorException.BasicReason.INVALID_SIGNATURE) {
            return said(
                    CertificateRefusal.unsigned("is not signed by the key of "
                            + Authority.name(withAuthority().get(index + 1)) + ", which it names as its issuer"),
                    at);
        }
        if (reason == CertPathValidatorException.BasicReason.ALGORITHM_CONSTRAINED) {
            return said(CertificateRefusal.unsuitable("uses an algorithm that this Java has disabled"), at);
        }
        if (reason == PKIXReason.NOT_CA_CERT) {
            return said(CertificateRefusal.malformed("is not that of a CA: its basic constraints do not say so"), at);
        }
        if (reason == PKIXReason.INVALID_KEY_USAGE) {
            return said(
                    CertificateRefusal.malformed("may not sign certificates: its key usage has no keyCertSign"), at);
        }
        if (reason == PKIXReason.PATH_TOO_LONG) {
            return said(
                    CertificateRefusal.malformed("may not be there: a CA above it allows no more CAs below itself"),
                    at);
        }
        if (reason == PKIXReason.UNRECOGNIZED_CRIT_EXT) {
            return said(CertificateRefusal.unsuitable("has a critical extension that is not understood"), at);
        }
        if (reason == PKIXReason.INVALID_NAME) {
            return said(CertificateRefusal.malformed(violates(violation())), at);
        }
        if (reason == PKIXReason.INVALID_POLICY) {
            return said(CertificateRefusal.malformed("violates the certificate policies of its CAs"), at);
        }
        return said(CertificateRefusal.malformed("is not valid"), at);
    }

    /** The constraints of the trusted CA itself, and those on hosts for the domains of addresses. */
    private void requireNames() throws CertificateRefusal {
        String which = violation();
        if (!which.isEmpty()) {
            throw CertificateRefusal.malformed(violates(which));
        }
    }

    private static String violates(String which) {
        return "violates the name constraints of its CAs: "
                + (which.isEmpty() ? "its common name is taken for that of a host, which is not permitted" : which);
    }

    /**
     * What a name of the end entity violates, or nothing. A CA that is limited to the hosts of some domains is limited to
     * their users too: no standard says so, and no CA that means otherwise would be limited.
     */
    private String violation() {
        try {
            PKIXNameConstraintValidator validator = new PKIXNameConstraintValidator();
            List<X509Certificate> all = withAuthority();
            for (int i = all.size() - 1; i > 0; i--) {
                constrain(validator, all.get(i));
            }
            X509Certificate certificate = certificates.get(0);
            X500Name subject =
                    X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
            Map<GeneralName, String> names = new LinkedHashMap<>();
            if (subject.getRDNs().length > 0) {
                names.put(new GeneralName(subject), "the subject");
            }
            byte[] extension = certificate.getExtensionValue(Extension.subjectAlternativeName.getId());
            if (extension != null) {
                for (GeneralName name : GeneralNames.getInstance(
                                ASN1OctetString.getInstance(extension).getOctets())
                        .getNames()) {
                    names.put(name, kind(name));
                }
            }
            for (BareJid address : XmppNames.of(certificate)) {
                String which = "the domain of the XMPP address " + address;
                Optional<String> domain = ascii(address.domain());
                if (domain.isPresent()) {
                    names.putIfAbsent(new GeneralName(GeneralName.dNSName, domain.get()), which);
                } else if (all.stream().skip(1).anyMatch(CertificationPath::isConstraining)) {
                    return which + " cannot be compared with them";
                }
            }
            return violation(validator, names);
        } catch (CertificateException | RuntimeException e) {
            return "they, or its names, cannot be read";
        }
    }

    private static String violation(PKIXNameConstraintValidator validator, Map<GeneralName, String> names) {
        for (Map.Entry<GeneralName, String> name : names.entrySet()) {
            try {
                validator.checkPermitted(name.getKey());
            } catch (NameConstraintValidatorException e) {
                return name.getValue() + " is not among what is permitted";
            }
            try {
                validator.checkExcluded(name.getKey());
            } catch (NameConstraintValidatorException e) {
                return name.getValue() + " is excluded";
            }
        }
        return "";
    }

    private static void constrain(PKIXNameConstraintValidator validator, X509Certificate authority) {
        byte[] extension = authority.getExtensionValue(Extension.nameConstraints.getId());
        if (extension == null) {
            return;
        }
        NameConstraints constraints = NameConstraints.getInstance(
                ASN1OctetString.getInstance(extension).getOctets());
        if (constraints.getPermittedSubtrees() != null) {
            validator.intersectPermittedSubtree(constraints.getPermittedSubtrees());
        }
        if (constraints.getExcludedSubtrees() != null) {
            for (GeneralSubtree subtree : constraints.getExcludedSubtrees()) {
                validator.addExcludedSubtree(subtree);
            }
        }
    }

    private static boolean isConstraining(X509Certificate authority) {
        return authority.getExtensionValue(Extension.nameConstraints.getId()) != null;
    }

    /**
     * Constraints are in A-labels. The JDK's IDNA is an old one: where it makes another domain of it, or none, there is no
     * such form here. As it is the domain would be cut down to octets, and so pass for another's.
     */
    private static Optional<String> ascii(String domain) {
        try {
            String ascii = IDN.toASCII(domain);
            return IDN.toUnicode(ascii).equals(domain) ? Optional.of(ascii) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static String kind(GeneralName name) {
        return switch (name.getTagNo()) {
            case GeneralName.otherName -> "an XMPP address or other name";
            case GeneralName.dNSName -> "a host name";
            case GeneralName.rfc822Name -> "a mail address";
            default -> "a name";
        };
    }

    /**
     * Public CAs certify servers for whoever holds a domain, so a server's certificate is no user's. The other way round
     * there is no such danger: who answers a start is the same user as who begins one, and a company's certificates for
     * its users are often made for clients only.
     */
    private void requirePurpose(TlsRole peer) throws CertificateRefusal {
        for (X509Certificate certificate : certificates) {
            List<String> purposes;
            try {
                purposes = certificate.getExtendedKeyUsage();
            } catch (CertificateException e) {
                throw said(
                        CertificateRefusal.malformed("is malformed: its extended key usage cannot be read"),
                        certificate);
            }
            if (purposes == null || purposes.contains(ANY_PURPOSE) || purposes.contains(CLIENT)) {
                continue;
            }
            if (!purposes.contains(SERVER)) {
                throw said(CertificateRefusal.unsuitable("is made for other purposes than TLS"), certificate);
            }
            if (peer == TlsRole.CLIENT) {
                throw said(
                        CertificateRefusal.unsuitable("is made for a server, and was presented by a client"),
                        certificate);
            }
        }
    }

    private CertificateRefusal said(CertificateRefusal refusal, X509Certificate of) {
        return of.equals(certificates.get(0)) ? refusal : refusal.of("the certificate of the CA " + Authority.name(of));
    }

    private static CertificateRefusal expired(String what) {
        return new CertificateRefusal(
                Alert.CERTIFICATE_EXPIRED, what, "The peer needs a new one, or a clock is wrong.");
    }

    static AlgorithmIdentifier signatureAlgorithm(X509Certificate certificate) throws CertificateRefusal {
        try {
            return Certificate.getInstance(certificate.getEncoded()).getSignatureAlgorithm();
        } catch (GeneralSecurityException | RuntimeException e) {
            throw CertificateRefusal.malformed("is malformed: it cannot be encoded");
        }
    }

    private static CertPathValidator validator() throws NoSuchAlgorithmException {
        @Nullable Provider provider = Security.getProvider("SUN");
        return provider == null
                ? CertPathValidator.getInstance("PKIX")
                : CertPathValidator.getInstance("PKIX", provider);
    }

    /** Depth first, no certificate twice. */
    private static final class Search {
        private final List<X509Certificate> others;
        private final List<Authority> authorities;
        private final List<CertificationPath> found;
        private int steps;

        Search(List<X509Certificate> others, List<Authority> authorities, List<CertificationPath> found) {
            this.others = others;
            this.authorities = authorities;
            this.found = found;
        }

        void go(List<X509Certificate> path) {
            X509Certificate last = path.get(path.size() - 1);
            for (Authority authority : authorities) {
                if (found.size() < MOST_PATHS && last.getIssuerX500Principal().equals(authority.subject())) {
                    found.add(new CertificationPath(path, authority));
                }
            }
            for (X509Certificate next : others) {
                if (found.size() >= MOST_PATHS || ++steps > MOST_STEPS) {
                    return;
                }
                if (last.getIssuerX500Principal().equals(next.getSubjectX500Principal()) && !path.contains(next)) {
                    go(Stream.concat(path.stream(), Stream.of(next)).toList());
                }
            }
        }
    }
}
