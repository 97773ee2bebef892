package org.xtls.auth.x509;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.jspecify.annotations.Nullable;
import org.xtls.auth.x509.Revocation.Word;

/**
 * A complete CRL of the CA that issued what it lists (RFC 5280 §5). One that is limited to some certificates is taken
 * for those.
 *
 * @param crl the list
 * @param scope what it is limited to, or null
 */
record RevocationList(X509CRL crl, @Nullable IssuingDistributionPoint scope) {
    private static final int CRL_SIGN = 6;
    private static final String SCOPE = Extension.issuingDistributionPoint.getId();

    static RevocationList read(byte[] der) throws CertificateRefusal {
        X509CRL crl;
        try {
            crl = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(der));
            byte[] parameters = crl.getSigAlgParams();
            SignatureAlgorithm.requireSound(new AlgorithmIdentifier(
                    new ASN1ObjectIdentifier(crl.getSigAlgOID()),
                    parameters == null ? null : ASN1Primitive.fromByteArray(parameters)));
        } catch (GeneralSecurityException | IOException | RuntimeException e) {
            throw CertificateRefusal.malformed("cannot be read");
        }
        Set<String> critical = crl.getCriticalExtensionOIDs();
        if (crl.getExtensionValue(Extension.deltaCRLIndicator.getId()) != null) {
            throw CertificateRefusal.unsuitable("is a delta CRL; a complete one is wanted");
        }
        if (critical != null && !Set.of(SCOPE).containsAll(critical)) {
            throw CertificateRefusal.unsuitable("has a critical extension that is not understood");
        }
        IssuingDistributionPoint scope = scope(crl);
        if (scope != null && (scope.isIndirectCRL() || scope.onlyContainsAttributeCerts())) {
            throw CertificateRefusal.unsuitable("is about other things than its issuer's certificates");
        }
        return new RevocationList(crl, scope);
    }

    X500Principal issuer() {
        return crl.getIssuerX500Principal();
    }

    /**
     * What it says of a certificate. That it is revoked counts even when the list is out of date, limited to others, or
     * signed under a certificate of its CA that is not for CRLs: which of a CA's certificates it comes with the peer
     * chooses.
     *
     * @param issuers who may have signed it
     */
    Word on(X509Certificate certificate, List<X509Certificate> issuers, Instant now) {
        String name = "the CRL of " + Revocation.day(crl.getThisUpdate());
        List<X509Certificate> signers =
                issuers.stream().filter(this::isSignedBy).toList();
        if (signers.isEmpty()) {
            return new Word(Word.Kind.VOID, name + " is not signed by the CA that issued it");
        }
        X509CRLEntry entry = crl.getRevokedCertificate(certificate);
        if (entry != null) {
            String reason = entry.getRevocationReason() == null ? "" : ", " + entry.getRevocationReason();
            return new Word(
                    Word.Kind.REVOKED, name + " lists it since " + Revocation.day(entry.getRevocationDate()) + reason);
        }
        if (signers.stream().noneMatch(RevocationList::maySignLists)) {
            return new Word(Word.Kind.VOID, name + " is signed by a CA that may not sign CRLs");
        }
        if (!covers(certificate)) {
            return new Word(Word.Kind.VOID, name + " does not cover it");
        }
        if (crl.getThisUpdate().toInstant().isAfter(now.plus(Revocation.SKEW))) {
            return new Word(Word.Kind.VOID, name + " is not valid yet");
        }
        if (crl.getNextUpdate() == null) {
            return new Word(Word.Kind.VOID, name + " does not say until when it is valid");
        }
        if (crl.getNextUpdate().toInstant().isBefore(now)) {
            return new Word(Word.Kind.VOID, name + " is out of date since " + Revocation.day(crl.getNextUpdate()));
        }
        return new Word(Word.Kind.GOOD, name);
    }

    private static boolean maySignLists(X509Certificate issuer) {
        boolean[] usage = issuer.getKeyUsage();
        return usage == null || usage[CRL_SIGN];
    }

    private boolean isSignedBy(X509Certificate issuer) {
        if (!issuer.getSubjectX500Principal().equals(issuer())) {
            return false;
        }
        try {
            crl.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private boolean covers(X509Certificate certificate) {
        if (scope == null) {
            return true;
        }
        boolean authority = certificate.getBasicConstraints() >= 0;
        if (scope.getOnlySomeReasons() != null
                || (scope.onlyContainsUserCerts() && authority)
                || (scope.onlyContainsCACerts() && !authority)) {
            return false;
        }
        DistributionPointName point = scope.getDistributionPoint();
        return point == null || isDistributedThrough(point, certificate);
    }

    private static boolean isDistributedThrough(DistributionPointName point, X509Certificate certificate) {
        byte[] extension = certificate.getExtensionValue(Extension.cRLDistributionPoints.getId());
        if (extension == null || point.getType() != DistributionPointName.FULL_NAME) {
            return false;
        }
        try {
            List<GeneralName> wanted =
                    List.of(GeneralNames.getInstance(point.getName()).getNames());
            for (DistributionPoint named : CRLDistPoint.getInstance(
                            ASN1OctetString.getInstance(extension).getOctets())
                    .getDistributionPoints()) {
                DistributionPointName name = named.getDistributionPoint();
                if (name != null
                        && name.getType() == DistributionPointName.FULL_NAME
                        && Arrays.stream(
                                        GeneralNames.getInstance(name.getName()).getNames())
                                .anyMatch(wanted::contains)) {
                    return true;
                }
            }
        } catch (RuntimeException e) {
            // A certificate that names its CRL in a way that cannot be read is covered by none.
        }
        return false;
    }

    private static @Nullable IssuingDistributionPoint scope(X509CRL crl) throws CertificateRefusal {
        byte[] extension = crl.getExtensionValue(SCOPE);
        try {
            return extension == null
                    ? null
                    : IssuingDistributionPoint.getInstance(
                            ASN1OctetString.getInstance(extension).getOctets());
        } catch (RuntimeException e) {
            throw CertificateRefusal.malformed("does not say clearly what it is limited to");
        }
    }
}
