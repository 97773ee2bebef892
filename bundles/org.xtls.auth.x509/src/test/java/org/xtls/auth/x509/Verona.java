package org.xtls.auth.x509;

import static org.xtls.auth.x509.Stages.await;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.BasicOCSPRespBuilder;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.bouncycastle.cert.ocsp.RespID;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.xtls.BareJid;
import org.xtls.auth.Verdict;
import org.xtls.tls.OcspResponse;
import org.xtls.tls.Proof;
import org.xtls.tls.TlsRole;
import org.xtls.trust.KnownPeer;

/** The Capulets' CA, what Romeo knows of it, and what somebody presents to him as Juliet. */
final class Verona {
    static final String JULIET = "juliet@capulet.lit";
    static final Instant NOW = Draft.NOW;

    final Draft.Made root = Draft.authority("Capulet Root").selfSigned();
    final Draft.Made users = Draft.authority("Capulet Users").by(root);

    /** Who is said to present it. */
    BareJid peer = BareJid.parse(JULIET);
    /** The role of who presents it. */
    TlsRole role = TlsRole.SERVER;

    Revocation.Mode revocation = Revocation.Mode.SOFT;
    int pathLength = TrustSettings.PATH_LENGTH;
    OcspResponse handed;

    private final Path home;
    private final List<TrustSettings.Anchors> anchors = new ArrayList<>();
    private final List<Path> crls = new ArrayList<>();
    private final List<Path> ocsp = new ArrayList<>();

    Verona(Path home) {
        this.home = home;
    }

    /** A certificate that nothing is wrong with. */
    Draft juliet() {
        return Draft.user(JULIET);
    }

    Verona trusts(Draft.Made authority) throws IOException {
        return trusts("*", authority);
    }

    Verona trusts(String domains, Draft.Made authority) throws IOException {
        anchors.add(new TrustSettings.Anchors(Authority.Domains.parse(domains), file(authority.der())));
        return this;
    }

    Verona crl(byte[] crl) throws IOException {
        crls.add(file(crl));
        return this;
    }

    Verona ocsp(byte[] response) throws IOException {
        ocsp.add(file(response));
        return this;
    }

    Verona hands(byte[] response) {
        handed = new OcspResponse(response);
        return this;
    }

    /** What Romeo makes of it; without any CA named, he trusts the Capulets' root. */
    Verdict judge(List<byte[]> chain) throws IOException {
        if (anchors.isEmpty()) {
            trusts(root);
        }
        try (CertificationAuthorities authorities = authorities()) {
            return judge(authorities, chain);
        }
    }

    Verdict judge(CertificationAuthorities authorities, List<byte[]> chain) {
        List<X509Certificate> sent =
                chain.stream().<X509Certificate>map(AsSent::new).toList();
        return await(authorities.ask(
                new CompletableFuture<>(),
                trusted -> new PeerChain(peer, role, new Proof.CertificateChain(sent, handed))
                        .judge(KnownPeer.stranger(peer), trusted, NOW)));
    }

    CertificationAuthorities authorities() {
        return new CertificationAuthorities(
                new TrustSettings(anchors, crls, ocsp, revocation, pathLength, TrustSettings.CHAIN_LENGTH));
    }

    static List<byte[]> chain(Draft.Made... certificates) {
        return Arrays.stream(certificates).map(Draft.Made::der).toList();
    }

    /** A list of the revoked, current today unless it is made for other days. */
    static byte[] crl(Draft.Made ca, BigInteger... revoked) {
        return crl(ca, ca.keys(), -1, 6, null, revoked);
    }

    static byte[] crl(
            Draft.Made ca, KeyPair keys, int from, int until, IssuingDistributionPoint scope, BigInteger... revoked) {
        X509v2CRLBuilder list = new X509v2CRLBuilder(ca.subject(), day(from)).setNextUpdate(day(until));
        for (BigInteger serial : revoked) {
            list.addCRLEntry(serial, day(-2), CRLReason.keyCompromise);
        }
        try {
            if (scope != null) {
                list.addExtension(Extension.issuingDistributionPoint, true, scope);
            }
            return list.build(signer(keys)).getEncoded();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** What a responder says of a certificate. */
    record Response(Draft.Made about, Draft.Made issuer, Draft.Made responder, int from, int until) {
        static Response of(Draft.Made about, Draft.Made issuer) {
            return new Response(about, issuer, issuer, -1, 6);
        }

        Response by(Draft.Made other) {
            return new Response(about, issuer, other, from, until);
        }

        Response valid(int fromDay, int untilDay) {
            return new Response(about, issuer, responder, fromDay, untilDay);
        }

        byte[] saying(CertificateStatus status) {
            try {
                X509CertificateHolder ca = new JcaX509CertificateHolder(issuer.certificate());
                CertificateID id = new CertificateID(
                        new JcaDigestCalculatorProviderBuilder().build().get(CertificateID.HASH_SHA1),
                        ca,
                        about.certificate().getSerialNumber());
                BasicOCSPResp basic = new BasicOCSPRespBuilder(new RespID(responder.subject()))
                        .addResponse(id, status, day(from), day(until), null)
                        .build(
                                signer(responder.keys()),
                                responder == issuer
                                        ? new X509CertificateHolder[0]
                                        : new X509CertificateHolder[] {new X509CertificateHolder(responder.der())},
                                day(from));
                return new OCSPRespBuilder()
                        .build(OCSPRespBuilder.SUCCESSFUL, basic)
                        .getEncoded();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    static BigInteger serial(Draft.Made certificate) {
        return certificate.certificate().getSerialNumber();
    }

    static Date day(int fromNow) {
        return Date.from(NOW.plus(Duration.ofDays(fromNow)));
    }

    private static ContentSigner signer(KeyPair keys) {
        try {
            return new JcaContentSignerBuilder(Draft.signatureFor(keys)).build(keys.getPrivate());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private Path file(byte[] content) throws IOException {
        return Files.write(Files.createTempFile(home, "trust", ".der"), content);
    }
}
