package org.xtls.auth.x509;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.SingleResp;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.jspecify.annotations.Nullable;
import org.xtls.auth.x509.Revocation.Word;

/**
 * A basic OCSP response (RFC 6960 §4.2).
 *
 * @param response the response
 */
record OcspAnswer(BasicOCSPResp response) {
    private static final int MOST_CERTIFICATES = 5;

    static OcspAnswer read(byte[] der) throws CertificateRefusal {
        try {
            OCSPResp response = new OCSPResp(der);
            if (response.getStatus() != OCSPResp.SUCCESSFUL) {
                throw CertificateRefusal.malformed("is an error, " + response.getStatus());
            }
            if (response.getResponseObject() instanceof BasicOCSPResp basic) {
                SignatureAlgorithm.requireSound(basic.getSignatureAlgorithmID());
                return new OcspAnswer(basic);
            }
        } catch (IOException | OCSPException | RuntimeException e) {
            // Said below.
        }
        throw CertificateRefusal.malformed("cannot be read");
    }

    /** What it says of a certificate. That it is revoked counts even when the response is out of date. */
    Word on(X509Certificate certificate, X509Certificate issuer, Instant now) {
        SingleResp single = about(certificate, issuer);
        if (single == null) {
            return new Word(Word.Kind.SILENT, "");
        }
        String name = "the OCSP response of " + Revocation.day(single.getThisUpdate());
        if (!response.getCriticalExtensionOIDs().isEmpty()) {
            return new Word(Word.Kind.VOID, name + " has a critical extension that is not understood");
        }
        String unauthorised = unauthorised(issuer, now);
        if (!unauthorised.isEmpty()) {
            return new Word(Word.Kind.VOID, name + " " + unauthorised);
        }
        CertificateStatus status = single.getCertStatus();
        if (status instanceof RevokedStatus revoked) {
            return new Word(Word.Kind.REVOKED, name + " says so, since " + Revocation.day(revoked.getRevocationTime()));
        }
        if (status != CertificateStatus.GOOD) {
            return new Word(Word.Kind.VOID, name + " says that its CA does not know it");
        }
        if (single.getThisUpdate().toInstant().isAfter(now.plus(Revocation.SKEW))) {
            return new Word(Word.Kind.VOID, name + " is not valid yet");
        }
        Date end = single.getNextUpdate();
        if (end == null) {
            return new Word(Word.Kind.VOID, name + " does not say until when it is valid");
        }
        if (end.toInstant().isBefore(now)) {
            return new Word(Word.Kind.VOID, name + " is out of date since " + Revocation.day(end));
        }
        return new Word(Word.Kind.GOOD, name);
    }

    private @Nullable SingleResp about(X509Certificate certificate, X509Certificate issuer) {
        BigInteger serial = certificate.getSerialNumber();
        try {
            X509CertificateHolder authority = new JcaX509CertificateHolder(issuer);
            DigestCalculatorProvider digests = new JcaDigestCalculatorProviderBuilder().build();
            for (SingleResp single : response.getResponses()) {
                if (single.getCertID().getSerialNumber().equals(serial)
                        && single.getCertID().matchesIssuer(authority, digests)) {
                    return single;
                }
            }
        } catch (CertificateEncodingException | OCSPException | OperatorCreationException | RuntimeException e) {
            // A response in terms that are not understood is about nothing.
        }
        return null;
    }

    /** The issuer signs it, or whom the issuer has certified for this and nothing else will do (RFC 6960 §4.2.2.2). */
    private String unauthorised(X509Certificate issuer, Instant now) {
        if (isSignedBy(issuer.getPublicKey())) {
            return "";
        }
        X509CertificateHolder[] sent = response.getCerts();
        for (X509CertificateHolder holder : Arrays.asList(sent).subList(0, Math.min(sent.length, MOST_CERTIFICATES))) {
            try {
                X509Certificate responder = CertificateForm.read(holder.getEncoded());
                CertificateForm.requireSoundKey(responder.getPublicKey());
                if (isSignedBy(responder.getPublicKey())) {
                    return unauthorised(responder, holder, issuer, now);
                }
            } catch (CertificateRefusal | IOException e) {
                // What cannot be read has signed nothing.
            }
        }
        return "is not signed by its CA, nor by anybody who is named in it";
    }

    private static String unauthorised(
            X509Certificate responder, X509CertificateHolder holder, X509Certificate issuer, Instant now) {
        String who = "is signed by " + Authority.name(responder) + ", ";
        try {
            SignatureAlgorithm.requireSound(holder.getSignatureAlgorithm());
            responder.verify(issuer.getPublicKey());
            if (!responder.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
                return who + "whom another CA has certified";
            }
            responder.checkValidity(Date.from(now));
            List<String> purposes = responder.getExtendedKeyUsage();
            return purposes != null && purposes.contains(KeyPurposeId.id_kp_OCSPSigning.getId())
                    ? ""
                    : who + "who is not certified for that";
        } catch (GeneralSecurityException | CertificateRefusal e) {
            return who + "whom its CA has not certified for now";
        }
    }

    private boolean isSignedBy(PublicKey key) {
        return SignatureAlgorithm.verifies(
                response.getSignatureAlgorithmID(), key, response.getTBSResponseData(), response.getSignature());
    }
}
