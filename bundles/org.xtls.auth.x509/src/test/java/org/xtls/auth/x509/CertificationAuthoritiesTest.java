package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.x509.Stages.await;
import static org.xtls.auth.x509.Stages.failure;
import static org.xtls.auth.x509.Verona.NOW;
import static org.xtls.auth.x509.Verona.crl;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Role;
import org.xtls.auth.Verdict;
import org.xtls.tls.Alert;
import org.xtls.tls.Proof;
import org.xtls.tls.TlsRole;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policy;
import org.xtls.trust.file.FileTrustStore;

/** The configuration of trusted CAs, and its files. */
class CertificationAuthoritiesTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");

    @TempDir
    Path home;

    private final Draft.Made root = Draft.authority("Capulet Root").selfSigned();

    @Test
    void a_file_can_hold_several_cas_among_other_text() throws Exception {
        Draft.Made other = Draft.authority("Montague").selfSigned();
        Path file = write(
                "cas.pem",
                ("The CAs of Verona\n" + pem("CERTIFICATE", root.der()) + "and\n" + pem("CERTIFICATE", other.der()))
                        .getBytes(StandardCharsets.UTF_8));
        try (CertificationAuthorities authorities = configured(Map.of("anchors", file.toString()))) {
            assertVerified(judge(authorities, Draft.user(JULIET.toString()).by(root)));
            assertVerified(judge(authorities, Draft.user(JULIET.toString()).by(other)));
        }
    }

    @Test
    void a_file_that_changes_is_read_again() throws Exception {
        Draft.Made juliets = Draft.user(JULIET.toString()).by(root);
        Path anchors = write("ca.pem", pem("CERTIFICATE", root.der()).getBytes(StandardCharsets.UTF_8));
        Path lists = Files.createDirectory(home.resolve("crls"));
        try (CertificationAuthorities authorities =
                configured(Map.of("anchors", anchors.toString(), "crls", lists.toString()))) {
            assertVerified(judge(authorities, juliets));

            Files.write(lists.resolve("capulet.crl"), crl(root, Verona.serial(juliets)));
            assertEquals(
                    Alert.CERTIFICATE_REVOKED,
                    refused(judge(authorities, juliets)).alert());

            Files.delete(lists.resolve("capulet.crl"));
            assertVerified(judge(authorities, juliets));

            Files.write(anchors, Draft.authority("Somebody Else").selfSigned().der());
            assertInstanceOf(Verdict.Unknown.class, judge(authorities, juliets));
        }
    }

    @Test
    void a_file_that_turns_bad_lets_nobody_in_until_it_is_corrected() throws Exception {
        Draft.Made juliets = Draft.user(JULIET.toString()).by(root);
        Path anchors = write("ca.der", root.der());
        Path list = write("ca.crl", crl(root));
        try (CertificationAuthorities authorities =
                configured(Map.of("anchors", anchors.toString(), "crls", list.toString()))) {
            assertVerified(judge(authorities, juliets));
            Files.write(list, Arrays.copyOf(crl(root), 100));
            Failure failure = failure(ask(authorities, juliets));
            assertEquals(
                    "configuration org.xtls.auth.x509.trust: crls: " + list + " holds a CRL that cannot be read.",
                    failure.message());
            assertEquals(Failure.Fault.LOCAL, failure.fault());
            Files.write(list, crl(root));
            assertVerified(judge(authorities, juliets));
        }
    }

    @Test
    void a_method_whose_cas_cannot_be_read_offers_nothing_and_takes_nobody() throws Exception {
        Path missing = home.resolve("missing.pem");
        try (CertificationAuthorities authorities = configured(Map.of("anchors", missing.toString()));
                Identities identities = new Identities(home.resolve("identity"));
                FileTrustStore store = new FileTrustStore(home.resolve("trust"))) {
            X509Method method = new X509Method(identities, store, authorities);
            Negotiation negotiation = new Negotiation(
                    FullJid.parse("romeo@montague.lit/orchard"),
                    JULIET.at("balcony"),
                    Role.INITIATOR,
                    false,
                    Policy.DEFAULT,
                    null,
                    null);
            String reason = "configuration org.xtls.auth.x509.trust: anchors: " + missing
                    + " cannot be read: it does not exist.";
            assertEquals(reason, failure(method.offer(negotiation)).message());
            assertEquals(reason, failure(method.answer(negotiation)).message());
            Verdict.Refused refused = refused(await(method.verify(
                    negotiation,
                    new Proof.CertificateChain(
                            List.of(Draft.user(JULIET.toString()).selfSigned().certificate())))));
            assertEquals(Alert.INTERNAL_ERROR, refused.alert());
            assertEquals(reason, refused.failure().message());
        }
    }

    private record BadFile(String attribute, String reason, byte[] content) {
        @Override
        public String toString() {
            return attribute + " " + reason;
        }
    }

    static Stream<Arguments> badFiles() throws Exception {
        Draft.Made ca = Draft.authority("CA").selfSigned();
        IssuingDistributionPoint indirect = new IssuingDistributionPoint(null, false, false, null, true, false);
        return Stream.of(
                        new BadFile("anchors", "is neither PEM nor DER", "-----BEGIN CERTIFICATE-----\nMII".getBytes()),
                        new BadFile("anchors", "holds no CERTIFICATE", "nothing\n".getBytes()),
                        new BadFile("anchors", "holds no CERTIFICATE", new byte[0]),
                        new BadFile(
                                "anchors",
                                "holds a PRIVATE KEY where a CERTIFICATE belongs",
                                pem("PRIVATE KEY", ca.keys().getPrivate().getEncoded())
                                        .getBytes()),
                        new BadFile(
                                "anchors",
                                "holds a certificate that is no CA's: 'CN=Some Body'",
                                Draft.user("nurse@capulet.lit").selfSigned().der()),
                        new BadFile(
                                "anchors",
                                "holds a certificate that is no CA's: 'CN=Old'",
                                Draft.authority("Old")
                                        .with(Extension.basicConstraints, true, new BasicConstraints(false))
                                        .selfSigned()
                                        .der()),
                        new BadFile(
                                "anchors",
                                "holds a certificate that may not sign certificates: 'CN=Mute'",
                                Draft.authority("Mute")
                                        .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.cRLSign))
                                        .selfSigned()
                                        .der()),
                        new BadFile(
                                "anchors",
                                "holds a certificate that has an unsuitable key: an RSA key has at least 2048 bits, not"
                                        + " 1024",
                                Draft.authority("Weak")
                                        .key(Draft.key("RSA", 1024))
                                        .selfSigned()
                                        .der()),
                        new BadFile(
                                "anchors",
                                "holds a certificate that is malformed: 1 bytes follow where it should end",
                                Arrays.copyOf(ca.der(), ca.der().length + 1)),
                        new BadFile("anchors", "is larger than 1048576 bytes", new byte[(1 << 20) + 1]),
                        new BadFile("crls", "holds a CRL that cannot be read", ca.der()),
                        new BadFile(
                                "crls",
                                "holds a CERTIFICATE where a X509 CRL belongs",
                                pem("CERTIFICATE", ca.der()).getBytes()),
                        new BadFile(
                                "crls",
                                "holds a CRL that is about other things than its issuer's certificates",
                                crl(ca, ca.keys(), -1, 3, indirect)),
                        new BadFile(
                                "ocsp", "holds an OCSP response that cannot be read", new byte[] {0x30, 3, 2, 1, 1}))
                .map(Arguments::of);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badFiles")
    void a_bad_file_is_named(BadFile bad) throws Exception {
        Path file = write("bad", bad.content);
        try (CertificationAuthorities authorities = configured(Map.of(bad.attribute, file.toString()))) {
            Failure failure = failure(ask(authorities, root));
            assertEquals(
                    "configuration org.xtls.auth.x509.trust: " + bad.attribute + ": " + file + " " + bad.reason + ".",
                    failure.message());
            assertEquals("Correct the file or the configuration.", failure.advice());
        }
    }

    @Test
    void a_file_that_everybody_can_write_to_is_nobodys_word() throws Exception {
        Path file = write("ca.der", root.der());
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
        try (CertificationAuthorities authorities = configured(Map.of("anchors", file.toString()))) {
            assertTrue(failure(ask(authorities, root)).message().contains("can be written to by everybody"));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "anchors     | montague.lit=             | anchors: a path is missing",
                "anchors     | mon tague.lit=ca.pem      | anchors: 'mon tague.lit=ca.pem': ",
                "anchors     | a.lit,,b.lit=ca.pem       | anchors: 'a.lit,,b.lit=ca.pem': ",
                "anchors     | juliet@capulet.lit=ca.pem | anchors: 'juliet@capulet.lit=ca.pem': ",
                "anchors     | *.*.lit=ca.pem            | anchors: '*.*.lit=ca.pem': ",
                "anchors     | NUL                       | anchors: ",
                "crls        | NUL                       | crls: ",
                "ocsp        | NUL                       | ocsp: ",
                "revocation  | maybe                     | revocation: 'maybe' is none of off, soft, hard",
                "pathLength  | 10                        | pathLength: 10 is not from 0 to 9",
                "pathLength  | -1                        | pathLength: -1 is not from 0 to 9",
                "chainLength | 0                         | chainLength: 0 is not from 1 to 10",
                "chainLength | 11                        | chainLength: 11 is not from 1 to 10"
            })
    void a_value_that_makes_no_sense_is_refused_until_it_is_corrected(String attribute, String value, String reason)
            throws Exception {
        Path file = write("ca.der", root.der());
        Draft.Made juliets = Draft.user(JULIET.toString()).by(root);
        TrustConfiguration good = configuration(Map.of("anchors", file.toString()));
        TrustConfiguration bad = configuration(Map.of(attribute, value.replace("NUL", "\0")));
        try (CertificationAuthorities authorities = new CertificationAuthorities(bad)) {
            Failure failure = failure(ask(authorities, juliets));
            assertTrue(
                    failure.message().startsWith("configuration org.xtls.auth.x509.trust: " + reason),
                    failure.message());
            assertEquals("Correct it.", failure.advice());
            authorities.modified(good);
            assertVerified(judge(authorities, juliets));
            // From now on it changes nothing.
            authorities.modified(bad);
            assertVerified(judge(authorities, juliets));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pathLength", "chainLength"})
    void a_value_of_the_wrong_type_is_refused_too(String attribute) {
        TrustConfiguration good = configuration(Map.of());
        TrustConfiguration bad = (TrustConfiguration) Proxy.newProxyInstance(
                TrustConfiguration.class.getClassLoader(),
                new Class<?>[] {TrustConfiguration.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals(attribute)) {
                        throw new IllegalStateException("cannot be turned into a number");
                    }
                    return method.invoke(good);
                });
        try (CertificationAuthorities authorities = new CertificationAuthorities(bad)) {
            assertTrue(failure(ask(authorities, root)).message().contains(attribute + ": it is no whole number"));
        }
    }

    @Test
    void the_defaults_are_those_of_authorities_without_any_configuration() {
        assertEquals(TrustSettings.NONE, TrustSettings.of(configuration(Map.of())));
    }

    @Test
    void outside_of_a_framework_a_value_that_makes_no_sense_is_thrown() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new CertificationAuthorities(List.of(), List.of(), "maybe").close());
    }

    @Test
    void a_path_may_hold_an_equals_sign() throws Exception {
        Path file = write("a=b.der", root.der());
        try (CertificationAuthorities authorities = configured(Map.of("anchors", file.toString()))) {
            assertVerified(judge(authorities, Draft.user(JULIET.toString()).by(root)));
        }
    }

    @Test
    void nothing_is_left_when_it_is_closed() throws Exception {
        CertificationAuthorities authorities = configured(Map.of());
        Thread worker = await(authorities.ask(new CompletableFuture<>(), trusted -> Thread.currentThread()));
        assertTrue(worker.getName().startsWith("xtls-auth-x509"), worker.getName());
        authorities.close();
        assertFalse(worker.isAlive());
        assertEquals(Failure.Code.SERVICE_GONE, failure(ask(authorities, root)).code());
    }

    private Path write(String name, byte[] content) throws IOException {
        return Files.write(home.resolve(name), content);
    }

    private static String pem(String type, byte[] der) throws IOException {
        StringWriter text = new StringWriter();
        try (PemWriter writer = new PemWriter(text)) {
            writer.writeObject(new PemObject(type, der));
        }
        return text.toString();
    }

    private static Verdict judge(CertificationAuthorities authorities, Draft.Made certificate) {
        return await(ask(authorities, certificate));
    }

    private static CompletionStage<Verdict> ask(CertificationAuthorities authorities, Draft.Made certificate) {
        return authorities.ask(
                new CompletableFuture<>(),
                trusted -> new PeerChain(
                                JULIET, TlsRole.SERVER, new Proof.CertificateChain(List.of(certificate.certificate())))
                        .judge(KnownPeer.stranger(JULIET), trusted, NOW));
    }

    private static void assertVerified(Verdict verdict) {
        assertInstanceOf(Verdict.Verified.class, verdict);
    }

    private static Verdict.Refused refused(Verdict verdict) {
        return assertInstanceOf(Verdict.Refused.class, verdict);
    }

    private static CertificationAuthorities configured(Map<String, String> values) {
        return new CertificationAuthorities(configuration(values));
    }

    private static TrustConfiguration configuration(Map<String, String> values) {
        Map<String, Object> all = new HashMap<>(Map.of(
                "anchors",
                new String[0],
                "crls",
                new String[0],
                "ocsp",
                new String[0],
                "revocation",
                "soft",
                "pathLength",
                5,
                "chainLength",
                10));
        values.forEach((name, value) -> all.put(
                name,
                name.endsWith("Length")
                        ? (Object) Integer.valueOf(value)
                        : name.equals("revocation") ? value : new String[] {value, " "}));
        return (TrustConfiguration) Proxy.newProxyInstance(
                TrustConfiguration.class.getClassLoader(),
                new Class<?>[] {TrustConfiguration.class},
                (proxy, method, arguments) -> all.get(method.getName()));
    }
}
