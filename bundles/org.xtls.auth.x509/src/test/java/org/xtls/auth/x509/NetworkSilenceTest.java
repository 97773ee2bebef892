package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.xtls.auth.x509.Verona.chain;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.security.Security;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xtls.auth.Verdict;

/** Nobody named in a certificate is called up, whatever else in this Java wants it so. */
class NetworkSilenceTest {
    @TempDir
    Path home;

    private ServerSocket server;
    private String before;

    @BeforeEach
    void listen() throws IOException {
        server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        before = Security.getProperty("ocsp.enable");
        Security.setProperty("ocsp.enable", "true");
        System.setProperty("com.sun.security.enableCRLDP", "true");
        System.setProperty("com.sun.security.enableAIAcaIssuers", "true");
    }

    @AfterEach
    void close() throws IOException {
        Security.setProperty("ocsp.enable", before == null ? "false" : before);
        System.clearProperty("com.sun.security.enableCRLDP");
        System.clearProperty("com.sun.security.enableAIAcaIssuers");
        server.close();
    }

    @ParameterizedTest
    @EnumSource(Revocation.Mode.class)
    void responders_crls_and_issuers_that_a_certificate_names_are_left_alone(Revocation.Mode mode) throws Exception {
        Verona verona = new Verona(home);
        verona.revocation = mode;
        // The second one wants its issuer, which did not come with it.
        for (List<byte[]> chain : List.of(
                chain(calling(verona.juliet()).by(verona.users), verona.users),
                chain(calling(verona.juliet()).by(verona.users)))) {
            Verdict verdict = verona.judge(chain);
            assertEquals(
                    chain.size() == 1
                            ? Verdict.Unknown.class
                            : mode == Revocation.Mode.HARD ? Verdict.Refused.class : Verdict.Verified.class,
                    verdict.getClass());
        }
        assertNobodyCalled();
    }

    @Test
    void the_jdks_own_checker_would_call_them() throws Exception {
        Verona verona = new Verona(home);
        CompletableFuture<Integer> caller = CompletableFuture.supplyAsync(
                () -> {
                    // It would try again, and wait.
                    try (Socket connection = server.accept();
                            ServerSocket closed = server) {
                        return connection.getPort();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                },
                work -> new Thread(work, "server").start());
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(verona.root.certificate(), null)));
        parameters.setDate(Date.from(Verona.NOW));
        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        checker.setOptions(Set.of(PKIXRevocationChecker.Option.NO_FALLBACK));
        parameters.addCertPathChecker(checker);
        assertThrows(
                CertPathValidatorException.class,
                () -> validator.validate(
                        CertificateFactory.getInstance("X.509")
                                .generateCertPath(List.of(
                                        calling(verona.juliet()).by(verona.root).certificate())),
                        parameters));
        assertNotEquals(0, caller.get(20, TimeUnit.SECONDS));
    }

    private Draft calling(Draft draft) {
        GeneralName url = new GeneralName(
                GeneralName.uniformResourceIdentifier, "http://127.0.0.1:" + server.getLocalPort() + "/called");
        return draft.with(Extension.authorityInfoAccess, false, new AuthorityInformationAccess(new AccessDescription[] {
                    new AccessDescription(AccessDescription.id_ad_ocsp, url),
                    new AccessDescription(AccessDescription.id_ad_caIssuers, url)
                }))
                .with(Extension.cRLDistributionPoints, false, new CRLDistPoint(new DistributionPoint[] {
                    new DistributionPoint(new DistributionPointName(new GeneralNames(url)), null, null)
                }));
    }

    /** The first connection there is to be accepted is this test's own. */
    private void assertNobodyCalled() throws IOException {
        try (Socket own = new Socket(server.getInetAddress(), server.getLocalPort());
                Socket first = server.accept()) {
            assertEquals(own.getLocalPort(), first.getPort());
        }
    }
}
