package org.xtls.tls.bc;

import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.Date;
import org.bouncycastle.asn1.ocsp.OCSPResponseStatus;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPRespBuilder;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.bouncycastle.cert.ocsp.jcajce.JcaBasicOCSPRespBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.xtls.tls.OcspResponse;

/** A CA's word on certificates. */
final class Revocation {
    private Revocation() {}

    /** A certificate, issued by a holder of a P-256 key to itself, has not been revoked. */
    static OcspResponse good(KeyPair issuer, X509Certificate certificate) throws Exception {
        var digests = new JcaDigestCalculatorProviderBuilder().build();
        var holder = new X509CertificateHolder(certificate.getEncoded());
        BasicOCSPRespBuilder basic =
                new JcaBasicOCSPRespBuilder(issuer.getPublic(), digests.get(CertificateID.HASH_SHA1));
        basic.addResponse(
                new CertificateID(digests.get(CertificateID.HASH_SHA1), holder, certificate.getSerialNumber()),
                CertificateStatus.GOOD);
        var signed = basic.build(
                new JcaContentSignerBuilder("SHA256withECDSA").build(issuer.getPrivate()), null, new Date());
        return new OcspResponse(new OCSPRespBuilder()
                .build(OCSPResponseStatus.SUCCESSFUL, signed)
                .getEncoded());
    }
}
