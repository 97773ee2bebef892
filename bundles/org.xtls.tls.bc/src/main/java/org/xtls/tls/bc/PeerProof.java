package org.xtls.tls.bc;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateType;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.crypto.TlsCertificate;
import org.jspecify.annotations.Nullable;
import org.xtls.tls.OcspResponse;
import org.xtls.tls.Proof;
import org.xtls.tls.SignatureScheme;

/**
 * Turns the peer's Certificate message into what is reported of it. Bouncy Castle checks the handshake's signature with
 * the key as it reads it, others will judge the certificate as the JDK reads it: a certificate that the two read
 * differently is refused, or the proof would be of another key than the one judged.
 */
final class PeerProof {
    private PeerProof() {}

    static Proof of(Certificate message) throws TlsFatalAlert {
        try {
            OcspResponse ocsp = ocsp(message);
            if (message.getCertificateType() == CertificateType.RawPublicKey) {
                return rawPublicKey(message);
            }
            return certificateChain(message, ocsp);
        } catch (TlsFatalAlert e) {
            throw e;
        } catch (UnusableKeyException e) {
            throw refused(e.getMessage(), e);
        } catch (GeneralSecurityException | IOException | RuntimeException e) {
            // The JDK's complaints quote what the peer wrote: they are for the cause, not for the message.
            throw new Refusal(AlertDescription.bad_certificate, "the peer's certificate cannot be read", e);
        }
    }

    private static Refusal refused(@Nullable String why, @Nullable Throwable cause) {
        return new Refusal(AlertDescription.bad_certificate, "the peer's certificate is not taken: " + why, cause);
    }

    /** Those of the issuers have to be well-formed, and are nobody's business further. */
    private static @Nullable OcspResponse ocsp(Certificate message) throws IOException {
        OcspResponse first = null;
        for (int i = 0; i < message.getLength(); i++) {
            OcspResponse response = Stapling.of(message.getCertificateEntryAt(i), message.getCertificateType());
            first = i == 0 ? response : first;
        }
        return first;
    }

    private static Proof certificateChain(Certificate message, @Nullable OcspResponse ocsp)
            throws GeneralSecurityException, IOException {
        CertificateFactory factory = Jdk.certificateFactory();
        List<X509Certificate> chain = new ArrayList<>();
        for (TlsCertificate entry : message.getCertificateList()) {
            byte[] encoding = ((SentKey) entry).encoding();
            X509Certificate certificate =
                    (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(encoding));
            if (!Arrays.equals(encoding, certificate.getEncoded())) {
                throw refused("it is not in DER", null);
            }
            chain.add(certificate);
        }
        SubjectPublicKeyInfo signed = ((SentKey) message.getCertificateAt(0)).key();
        if (!Arrays.equals(signed.getEncoded(), chain.get(0).getPublicKey().getEncoded())) {
            throw refused("its public key can be read in two ways", null);
        }
        return new Proof.CertificateChain(chain, ocsp);
    }

    private static Proof rawPublicKey(Certificate message) throws GeneralSecurityException, IOException {
        if (message.getLength() != 1) {
            throw refused("one raw public key is wanted, not " + message.getLength(), null);
        }
        SentKey sent = (SentKey) message.getCertificateAt(0);
        SignatureScheme scheme = SignatureSchemes.of(sent.key()).iterator().next();
        KeyFactory factory = Jdk.keyFactory(
                switch (scheme) {
                    case ED25519 -> "Ed25519";
                    case ED448 -> "Ed448";
                    case ECDSA_SECP256R1_SHA256, ECDSA_SECP384R1_SHA384 -> "EC";
                    case RSA_PSS_RSAE_SHA256, RSA_PSS_RSAE_SHA384, RSA_PSS_RSAE_SHA512 -> "RSA";
                });
        PublicKey key = factory.generatePublic(new X509EncodedKeySpec(sent.encoding()));
        if (!Arrays.equals(sent.encoding(), key.getEncoded())) {
            throw refused("a raw public key can be read in two ways", null);
        }
        return new Proof.RawPublicKey(key);
    }
}
