package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.x509.Stages.await;
import static org.xtls.auth.x509.Stages.failure;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.InvalidKeyException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.auth.KeyTransfer.HandedKey;
import org.xtls.auth.KeyTransfer.Taken;
import org.xtls.tls.SignatureScheme;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/** Juliet hands her certificates to Romeo inside a tunnel, and he looks at them. */
class CertificateTransferTest {
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.lit");
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final String PUBKEY = "urn:xmpp:tmp:pubkey";
    private static final byte[] STATEMENT = (" ".repeat(64) + "urn:x-xtls:1 possession\0" + JULIET
                    + "\0thirty-two bytes of the exporter")
            .getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path home;

    private final MovingClock clock = new MovingClock(Draft.NOW);
    private Identities identities;
    private CertificateTransfer juliets;
    private CertificateTransfer romeos;

    @BeforeEach
    void open() {
        identities = new Identities(home, clock);
        juliets = new CertificateTransfer(identities, clock);
        romeos = new CertificateTransfer(identities, clock);
    }

    @AfterEach
    void close() {
        identities.close();
    }

    @Test
    void what_is_handed_is_taken() throws Exception {
        Identity own = await(identities.of(JULIET));
        List<HandedKey> handed = await(juliets.hand(JULIET, STATEMENT.clone()));
        assertEquals(1, handed.size());
        assertEquals(
                "<keyinfo xmlns='urn:xmpp:tmp:pubkey'><name>" + own.sha256() + "</name><x509cert>"
                        + Base64.getEncoder().encodeToString(own.certificate().getEncoded())
                        + "</x509cert></keyinfo>",
                handed.get(0).keyinfo().toXml().replace('"', '\''));
        Taken.Held held = assertInstanceOf(Taken.Held.class, take(handed.get(0)));
        assertEquals(own.name(), held.key());
        assertArrayEquals(own.certificate().getEncoded(), held.material());
    }

    @Test
    void the_old_key_vouches_for_the_new_one_in_the_tunnel_that_it_made() throws Exception {
        KeyName current = await(identities.of(JULIET)).name();
        clock.forward(Duration.ofDays(700));
        List<HandedKey> handed = await(juliets.hand(JULIET, STATEMENT));
        assertEquals(2, handed.size());
        Taken.Held first = assertInstanceOf(Taken.Held.class, take(handed.get(0)));
        Taken.Held next = assertInstanceOf(Taken.Held.class, take(handed.get(1)));
        assertEquals(current, first.key());
        clock.forward(Duration.ofDays(31));
        assertEquals(next.key(), await(identities.of(JULIET)).name(), "it is what Romeo expects by then");
        assertEquals(
                next.key(),
                assertInstanceOf(
                                Taken.Held.class,
                                take(await(juliets.hand(JULIET, STATEMENT)).get(0)))
                        .key());
    }

    @ParameterizedTest
    @CsvSource({"Ed25519,0", "Ed448,0", "EC,256", "EC,384", "RSA,2048", "RSA,3072"})
    void every_kind_of_key_is_taken_by_its_own_scheme(String algorithm, int size) throws Exception {
        KeyPair pair = pair(algorithm, size);
        Draft.Made made = Draft.user(JULIET.toString())
                .key(pair)
                .signedWith(size == 0 ? algorithm : algorithm.equals("EC") ? "SHA256withECDSA" : "SHA256withRSA")
                .selfSigned();
        KeySigner signer = new KeySigner(pair.getPrivate(), KeyKind.of(pair.getPublic()), null);
        for (SignatureScheme scheme : signer.schemes()) {
            Taken taken = take(keyinfo(made.der()), STATEMENT, signer.sign(scheme, STATEMENT));
            if (scheme == signer.schemes().get(0)) {
                assertInstanceOf(Taken.Held.class, taken);
            } else {
                // RSA-PSS with another hash than the one that follows from the key.
                assertRefused("comes without proof", taken);
            }
        }
    }

    @Test
    void what_openssl_signs_is_taken() throws Exception {
        OpenSsl openSsl = new OpenSsl(home);
        X509Certificate certificate = openSsl.selfSigned(
                "juliet", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "-addext", OpenSsl.XMPP_JULIET);
        clock.to(Instant.now());
        Files.write(home.resolve("statement"), STATEMENT);
        openSsl.run(
                "dgst",
                "-sha256",
                "-sigopt",
                "rsa_padding_mode:pss",
                "-sigopt",
                "rsa_pss_saltlen:32",
                "-sign",
                "juliet.key",
                "-out",
                "signature",
                "statement");
        assertInstanceOf(
                Taken.Held.class,
                take(keyinfo(certificate.getEncoded()), STATEMENT, Files.readAllBytes(home.resolve("signature"))));
    }

    @Test
    void a_certificate_of_a_ca_is_handed_and_not_pinned() throws Exception {
        Draft.Made ca = Draft.authority("Verona").selfSigned();
        Draft.Made made = Draft.user(JULIET.toString()).by(ca);
        assertInstanceOf(Taken.Unpinned.class, take(made));
        Draft.Made likeIts = Draft.authority("Some Body").selfSigned();
        assertInstanceOf(
                Taken.Unpinned.class, take(Draft.user(JULIET.toString()).by(likeIts)));
    }

    @Test
    void names_are_optional_and_may_be_the_sha1_of_plain_peers() throws Exception {
        Draft.Made made = juliet().selfSigned();
        String sha256 = Fingerprint.sha256(made.der());
        String sha1 = Fingerprint.sha1(made.der());
        for (List<String> names :
                List.of(List.<String>of(), List.of(sha1), List.of(sha1, sha256), List.of(" " + sha256 + "\n"))) {
            assertInstanceOf(Taken.Held.class, take(keyinfo(made.der(), names), STATEMENT, sign(made)));
        }
    }

    @Test
    void white_space_in_the_base64_is_as_in_the_specification() throws Exception {
        Draft.Made made = juliet().selfSigned();
        String broken = Base64.getMimeEncoder(64, "\n    ".getBytes(StandardCharsets.US_ASCII))
                .encodeToString(made.der());
        assertInstanceOf(Taken.Held.class, take(element("\n    " + broken + "\n  "), STATEMENT, sign(made)));
    }

    @Test
    void a_certificate_that_names_nobody_is_taken_on_the_tunnels_word() throws Exception {
        assertInstanceOf(
                Taken.Held.class, take(Draft.of("CN=Some Body").forTls().selfSigned()));
    }

    @Test
    void a_signature_over_another_statement_is_refused() throws Exception {
        Draft.Made made = juliet().selfSigned();
        byte[] others = STATEMENT.clone();
        others[others.length - 1] ^= 1;
        assertRefused("comes without proof", take(keyinfo(made.der()), others, sign(made)));
        assertRefused("comes without proof", take(keyinfo(made.der()), new byte[0], sign(made)));
    }

    @Test
    void a_signature_by_another_key_is_refused() throws Exception {
        Draft.Made mallorys = juliet().key(pair("Ed25519", 0)).selfSigned();
        Draft.Made juliet = juliet().key(pair("Ed25519", 0)).selfSigned();
        assertRefused("comes without proof", take(keyinfo(juliet.der()), STATEMENT, sign(mallorys)));
    }

    @Test
    void a_signature_that_is_none_is_refused() throws Exception {
        Draft.Made made = juliet().selfSigned();
        byte[] good = sign(made);
        for (byte[] bad : new byte[][] {
            {}, {0}, new byte[64], Arrays.copyOf(good, 63), Arrays.copyOf(good, 65), new byte[2_000_000]
        }) {
            assertRefused("comes without proof", take(keyinfo(made.der()), STATEMENT, bad));
        }
    }

    @Test
    void a_certificate_made_out_to_somebody_else_is_refused() throws Exception {
        assertRefused(
                "is made out to nurse@capulet.lit",
                take(Draft.user("nurse@capulet.lit").selfSigned()));
    }

    @Test
    void an_expired_or_early_certificate_is_refused() throws Exception {
        assertRefused("expired on", take(juliet().valid(-30, -1).selfSigned()));
        assertRefused("is not valid before", take(juliet().valid(1, 30).selfSigned()));
    }

    @Test
    void a_weak_or_foreign_key_is_refused() throws Exception {
        assertRefused(
                "has an unsuitable key: an RSA key has at least 2048 bits",
                take(juliet().key(pair("RSA", 1024)).signedWith("SHA256withRSA").selfSigned()));
        assertRefused(
                "has an unsuitable key: the curve of an ECDSA key must be P-256 or P-384",
                take(juliet().key(pair("EC", 521)).signedWith("SHA256withECDSA").selfSigned()));
    }

    @Test
    void a_certificate_for_other_purposes_is_refused() throws Exception {
        assertRefused(
                "may not sign handshakes",
                take(juliet().with(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyAgreement))
                        .selfSigned()));
        assertRefused(
                "is made for other purposes than TLS",
                take(juliet().purposes(KeyPurposeId.id_kp_codeSigning).selfSigned()));
        assertRefused(
                "has a critical extension that is not understood",
                take(juliet().with(new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.1"), true, DERNull.INSTANCE)
                        .selfSigned()));
    }

    @Test
    void trailing_bytes_are_refused() throws Exception {
        Draft.Made made = juliet().selfSigned();
        byte[] longer = Arrays.copyOf(made.der(), made.der().length + 2);
        assertRefused("2 bytes follow where it should end", take(keyinfo(longer), STATEMENT, sign(made)));
    }

    @Test
    void what_is_no_certificate_is_refused() throws Exception {
        Draft.Made made = juliet().selfSigned();
        byte[] signature = sign(made);
        assertRefused("is malformed", take(keyinfo(new byte[] {1, 2, 3}), STATEMENT, signature));
        assertRefused("is malformed", take(keyinfo(Arrays.copyOf(made.der(), 200)), STATEMENT, signature));
        assertRefused("is malformed", take(keyinfo(new byte[] {0x30, 0}), STATEMENT, signature));
    }

    @Test
    void two_certificates_in_one_keyinfo_are_refused() throws Exception {
        Draft.Made made = juliet().selfSigned();
        Element one = keyinfo(made.der()).child(PUBKEY, "x509cert").orElseThrow();
        assertRefused("comes with 1 more", take(keyinfo(made.der()).with(one), STATEMENT, sign(made)));
    }

    @Test
    void a_wrong_name_is_refused() throws Exception {
        Draft.Made made = juliet().selfSigned();
        String sha256 = Fingerprint.sha256(made.der());
        String other = Fingerprint.sha256(juliet().selfSigned().der());
        for (List<String> names : List.of(
                List.of(other),
                List.of(sha256, other),
                List.of(""),
                List.of(sha256.substring(1)),
                // XEP-0189: MUST be written in lower case.
                List.of(sha256.toUpperCase(Locale.ROOT)),
                List.of(sha256, sha256, sha256, sha256, sha256))) {
            assertRefused(
                    "comes under a name that is not its own", take(keyinfo(made.der(), names), STATEMENT, sign(made)));
        }
    }

    @Test
    void what_is_no_base64_is_refused() throws Exception {
        Draft.Made made = juliet().selfSigned();
        String good = Base64.getEncoder().encodeToString(made.der());
        for (String bad : List.of(
                "",
                " ",
                "*",
                good + "*",
                good.substring(1),
                good + "====",
                "&#0;",
                "QQ",
                "QR==",
                good.replace('+', '-').replace('/', '_') + "-_")) {
            assertRefused("is no Base64", take(element(bad), STATEMENT, sign(made)));
        }
        Element nested = Element.of(PUBKEY, "keyinfo")
                .with(Element.of(PUBKEY, "x509cert").withText(good).with(Element.of(PUBKEY, "x")));
        assertRefused("is no Base64", take(nested, STATEMENT, sign(made)));
    }

    @Test
    void a_huge_certificate_is_refused_before_it_is_read() throws Exception {
        assertRefused("characters of Base64", take(element("A".repeat(1 << 20)), STATEMENT, new byte[64]));
        assertRefused(
                "at most 16384 are taken",
                take(keyinfo(new byte[CertificateForm.MOST_BYTES + 1]), STATEMENT, new byte[64]));
    }

    @Test
    void another_methods_key_is_foreign() {
        for (Element foreign : List.of(
                Element.of(PUBKEY, "keyinfo")
                        .with(
                                Element.of(PUBKEY, "name").withText("00"),
                                Element.of(PUBKEY, "pgpdata").withText("AAAA")),
                Element.of(PUBKEY, "keyinfo"),
                Element.of(PUBKEY, "keyinfo")
                        .with(Element.of("urn:other", "x509cert").withText("AAAA")),
                Element.of("urn:other", "keyinfo")
                        .with(Element.of(PUBKEY, "x509cert").withText("AAAA")))) {
            assertInstanceOf(Taken.Foreign.class, take(foreign, STATEMENT, new byte[64]), foreign.toXml());
        }
    }

    @Test
    void without_a_usable_key_nothing_is_handed_and_the_failure_says_why() {
        try (Identities broken =
                new Identities(home, clock, Sources.keyStore(home.resolve("missing.p12"), "", "", clock))) {
            Failure failure = failure(new CertificateTransfer(broken, clock).hand(ROMEO, STATEMENT));
            assertTrue(failure.message().contains("missing.p12 cannot be read"), failure.text());
        }
    }

    private static Draft juliet() {
        return Draft.user(JULIET.toString());
    }

    private Taken take(Draft.Made made) throws Exception {
        return take(keyinfo(made.der()), STATEMENT, sign(made));
    }

    private Taken take(HandedKey handed) {
        return take(handed.keyinfo(), STATEMENT, handed.signature());
    }

    private Taken take(Element keyinfo, byte[] statement, byte[] signature) {
        return await(romeos.take(JULIET, keyinfo, statement, signature));
    }

    private static byte[] sign(Draft.Made made) throws Exception {
        try {
            KeySigner signer = new KeySigner(
                    made.keys().getPrivate(), KeyKind.of(made.keys().getPublic()), null);
            return signer.sign(signer.schemes().get(0), STATEMENT);
        } catch (InvalidKeyException e) {
            // A key that signs nothing here: what is refused is the certificate.
            return new byte[64];
        }
    }

    private static Element keyinfo(byte[] der) {
        return keyinfo(der, List.of(Fingerprint.sha256(der)));
    }

    private static Element keyinfo(byte[] der, List<String> names) {
        return Element.of(PUBKEY, "keyinfo")
                .with(names.stream()
                        .map(name -> Element.of(PUBKEY, "name").withText(name))
                        .toList())
                .with(Element.of(PUBKEY, "x509cert")
                        .withText(Base64.getEncoder().encodeToString(der)));
    }

    private static Element element(String base64) {
        return Element.of(PUBKEY, "keyinfo").with(Element.of(PUBKEY, "x509cert").withText(base64));
    }

    private static KeyPair pair(String algorithm, int size) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        if (algorithm.equals("EC")) {
            generator.initialize(new ECGenParameterSpec("secp" + size + "r1"));
        } else if (size > 0) {
            generator.initialize(size);
        }
        return generator.generateKeyPair();
    }

    private static void assertRefused(String reason, Taken taken) {
        Taken.Refused refused = assertInstanceOf(Taken.Refused.class, taken, reason);
        assertTrue(
                refused.reason().startsWith("The certificate ")
                        && refused.reason().endsWith("."),
                refused.reason());
        assertTrue(refused.reason().contains(reason), refused.reason());
    }
}
