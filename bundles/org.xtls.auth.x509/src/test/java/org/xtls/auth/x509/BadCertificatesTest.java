package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.x509.Verona.chain;
import static org.xtls.auth.x509.Verona.crl;
import static org.xtls.auth.x509.Verona.serial;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1BitString;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.BERSequence;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERIA5String;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.pkcs.RSASSAPSSparams;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.OtherName;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.UnknownStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.auth.Verdict;
import org.xtls.auth.x509.Verona.Response;
import org.xtls.tls.Alert;
import org.xtls.tls.TlsRole;

/** What is presented to Romeo as Juliet and is not taken, each for a reason of its own. He trusts the Capulets' CA. */
class BadCertificatesTest {
    private static final ASN1ObjectIdentifier PRIVATE = new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.1");

    @TempDir
    Path home;

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void is_refused(Case bad) throws Exception {
        Verona verona = new Verona(home);
        Verdict verdict = verona.judge(bad.scene.chain(verona));
        Verdict.Refused refused = assertInstanceOf(Verdict.Refused.class, verdict);
        Failure failure = refused.failure();
        assertEquals("The certificate that " + verona.peer + " presented " + bad.reason + ".", failure.message());
        assertEquals(bad.alert, refused.alert());
        assertEquals(Failure.Code.UNTRUSTED, failure.code());
        assertEquals(Failure.Fault.PEER, failure.fault());
        assertTrue(!failure.advice().isEmpty(), "what to do next");
    }

    @Test
    void each_has_a_reason_of_its_own() {
        List<Case> cases = cases().map(arguments -> (Case) arguments.get()[0]).toList();
        assertTrue(cases.size() >= 45, "there are " + cases.size());
        Set<String> reasons = new HashSet<>();
        cases.forEach(bad -> assertTrue(reasons.add(bad.reason), bad.reason));
    }

    /** A parser that went down 4,000 levels would run out of stack, and take more with it than one handshake. */
    @Test
    void a_certificate_nested_4000_deep_is_malformed_and_no_more() {
        CertificateRefusal refusal = assertThrows(CertificateRefusal.class, () -> CertificateForm.read(nested(4_000)));
        assertEquals("is malformed: it cannot be read as ASN.1", refusal.what());
    }

    @Test
    void no_byte_of_a_chain_can_be_changed() throws Exception {
        Verona verona = new Verona(home);
        verona.trusts(verona.root);
        Draft.Made juliets = verona.juliet().by(verona.users);
        try (CertificationAuthorities authorities = verona.authorities()) {
            assertInstanceOf(Verdict.Verified.class, verona.judge(authorities, chain(juliets, verona.users)));
            for (int at = 0; at < juliets.der().length + verona.users.der().length; at++) {
                byte[] first = juliets.der().clone();
                byte[] second = verona.users.der().clone();
                if (at < first.length) {
                    first[at] ^= 1;
                } else {
                    second[at - first.length] ^= 1;
                }
                Verdict verdict = verona.judge(authorities, List.of(first, second));
                assertTrue(!(verdict instanceof Verdict.Verified), "byte " + at + ": " + verdict);
            }
        }
    }

    @Test
    void nine_cas_that_all_name_one_another_are_no_maze() throws Exception {
        Verona verona = new Verona(home);
        Draft.Made forger = Draft.authority("Capulet Root").selfSigned();
        List<byte[]> chain = new ArrayList<>();
        chain.add(verona.juliet().by(forger).der());
        for (int i = 0; i < 9; i++) {
            chain.add(Draft.authority("Capulet Root")
                    .key(forger.keys())
                    .by(forger)
                    .der());
        }
        verona.trusts(verona.root);
        try (CertificationAuthorities authorities = verona.authorities()) {
            assertInstanceOf(Verdict.Refused.class, verona.judge(authorities, chain));
        }
        List<X509Certificate> others = new ArrayList<>();
        for (byte[] der : chain) {
            others.add(CertificateForm.read(der));
        }
        Authority authority = new Authority(verona.root.certificate(), Authority.Domains.ALL, home);
        assertEquals(
                32,
                CertificationPath.from(others.get(0), others.subList(1, 10), List.of(authority))
                        .size());
    }

    /** How a certificate comes to be presented, and what else Romeo has been told. */
    private interface Scene {
        List<byte[]> chain(Verona verona) throws Exception;
    }

    private record Case(String name, Alert alert, String reason, Scene scene) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Arguments> cases() {
        return Stream.of(names(), times(), authorities(), constraints(), purposes(), cryptography(), forms(), revoked())
                .flatMap(List::stream)
                .map(Arguments::of);
    }

    private static Case bad(String name, String reason, Scene scene) {
        return new Case(name, Alert.BAD_CERTIFICATE, reason, scene);
    }

    private static Case unsupported(String name, String reason, Scene scene) {
        return new Case(name, Alert.UNSUPPORTED_CERTIFICATE, reason, scene);
    }

    private static Case expired(String name, String reason, Scene scene) {
        return new Case(name, Alert.CERTIFICATE_EXPIRED, reason, scene);
    }

    // Names

    private static List<Case> names() {
        return List.of(
                bad(
                        "wrong JID",
                        "is made out to nurse@capulet.lit",
                        verona -> chain(Draft.user("nurse@capulet.lit").by(verona.users), verona.users)),
                bad("another user's valid certificate", "is made out to mercutio@montague.lit", verona -> {
                    Draft.Made montague = Draft.authority("Montague").selfSigned();
                    verona.trusts(montague).trusts(verona.root);
                    return chain(Draft.user("mercutio@montague.lit").by(montague));
                }),
                bad(
                        "JID in the common name only",
                        "names juliet@capulet.lit as a common name only, not as an XMPP address",
                        verona ->
                                chain(Draft.of("CN=juliet@capulet.lit").forTls().by(verona.users), verona.users)),
                bad(
                        "JID as a mail address",
                        "names juliet@capulet.lit as a mail address, not as an XMPP address",
                        named(new GeneralName(GeneralName.rfc822Name, Verona.JULIET))),
                bad(
                        "JID in a URI",
                        "names juliet@capulet.lit in a URI, not as an XMPP address",
                        named(new GeneralName(GeneralName.uniformResourceIdentifier, "xmpp:juliet@capulet.lit"))),
                bad(
                        "JID under another type of other name",
                        "names no XMPP address",
                        named(other(new ASN1ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), utf8(Verona.JULIET)))),
                bad(
                        "the certificate of her server",
                        "is a server's, and names no XMPP address",
                        named(new GeneralName(GeneralName.dNSName, "capulet.lit"))),
                bad("another host than the service's", "is made out to another host", verona -> {
                    verona.peer = BareJid.parse("chat.capulet.lit");
                    return chain(
                            Draft.of("CN=chat.capulet.lit")
                                    .forTls()
                                    .named(new GeneralName(GeneralName.dNSName, "mail.capulet.lit"))
                                    .by(verona.users),
                            verona.users);
                }),
                bad(
                        "NUL in the XMPP address",
                        "is malformed: its XMPP address has a control character",
                        named(xmpp(utf8("juliet@capulet.lit\0.mallory.lit")))),
                bad(
                        "control character in a host name",
                        "is malformed: its host name has a control character",
                        named(xmpp(utf8(Verona.JULIET)), new GeneralName(GeneralName.dNSName, "capulet.lit\0.lit"))),
                bad(
                        "host name in Latin-1",
                        "is malformed: its host name is an IA5String with more than ASCII in it",
                        verona -> {
                            verona.peer = BareJid.parse("caf\u00e9.lit");
                            return chain(
                                    Draft.of("CN=somebody")
                                            .forTls()
                                            .named(new GeneralName(GeneralName.dNSName, "caf\u00e9.lit"))
                                            .by(verona.users),
                                    verona.users);
                        }),
                bad(
                        "XMPP address in Latin-1",
                        "is malformed: its XMPP address is an IA5String with more than ASCII in it",
                        named(xmpp(new DERIA5String("zo\u00eb@capulet.lit")))),
                bad(
                        "control character in a mail address",
                        "is malformed: its mail address has a control character",
                        named(xmpp(utf8(Verona.JULIET)), new GeneralName(GeneralName.rfc822Name, "a\nb@capulet.lit"))),
                bad(
                        "control character in an SRV name",
                        "is malformed: its SRV name has a control character",
                        named(
                                xmpp(utf8(Verona.JULIET)),
                                other(XmppNames.ID_ON_DNS_SRV, new DERIA5String("_xmpp-server.a\0.lit")))),
                bad(
                        "control character in the common name",
                        "is malformed: its subject has a control character",
                        verona -> chain(
                                Draft.of("CN=juliet\\00")
                                        .forTls()
                                        .named(xmpp(utf8(Verona.JULIET)))
                                        .by(verona.users),
                                verona.users)),
                bad(
                        "look-alike localpart",
                        "is made out to {U+0458}uliet@capulet.lit",
                        named(xmpp(utf8("\u0458uliet@capulet.lit")))),
                bad(
                        "look-alike domain",
                        "is made out to juliet@c{U+00E1}pulet.lit",
                        named(xmpp(utf8("juliet@c\u00e1pulet.lit")))),
                bad(
                        "an address with a resource",
                        "is malformed: its alternative names hold what is no XMPP address",
                        named(xmpp(utf8("juliet@capulet.lit/balcony")))),
                bad(
                        "an alternative name that is no text",
                        "is malformed: its alternative names cannot be read",
                        named(
                                xmpp(utf8(Verona.JULIET)),
                                other(XmppNames.ID_ON_DNS_SRV, new ASN1Integer(BigInteger.TEN)))),
                bad(
                        "101 names",
                        "is malformed: it has more than 100 alternative names",
                        named(Collections.nCopies(101, xmpp(utf8(Verona.JULIET)))
                                .toArray(GeneralName[]::new))));
    }

    // Times

    private static List<Case> times() {
        return List.of(
                expired(
                        "expired",
                        "expired on 2026-05-31",
                        verona -> chain(verona.juliet().valid(-9, -1).by(verona.users), verona.users)),
                expired(
                        "not yet valid",
                        "is not valid before 2026-06-02",
                        verona -> chain(verona.juliet().valid(1, 9).by(verona.users), verona.users)),
                expired(
                        "expired intermediate",
                        "cannot be relied on: the certificate of the CA 'CN=Old Users' expired on 2026-05-31",
                        through(Draft.authority("Old Users").valid(-9, -1))),
                expired(
                        "intermediate that is not yet valid",
                        "cannot be relied on: the certificate of the CA 'CN=New Users' is not valid before 2026-06-02",
                        through(Draft.authority("New Users").valid(1, 9))),
                expired(
                        "expired trusted CA",
                        "cannot be relied on: the trusted CA 'CN=Old Root' expired on 2026-05-31",
                        under(Draft.authority("Old Root").valid(-9, -1))),
                expired(
                        "trusted CA that is not yet valid",
                        "cannot be relied on: the trusted CA 'CN=New Root' is not valid before 2026-06-02",
                        under(Draft.authority("New Root").valid(1, 9))));
    }

    // Who issued it

    private static List<Case> authorities() {
        return List.of(
                bad(
                        "issuer with CA:FALSE",
                        "cannot be relied on: the certificate of the CA 'CN=No CA' is not that of a CA: its basic"
                                + " constraints do not say so",
                        through(Draft.authority("No CA")
                                .with(Extension.basicConstraints, true, new BasicConstraints(false)))),
                bad(
                        "issuer without basic constraints",
                        "cannot be relied on: the certificate of the CA 'CN=Silent' is not that of a CA: its basic"
                                + " constraints do not say so",
                        through(Draft.authority("Silent").without(Extension.basicConstraints))),
                bad(
                        "issued by another user",
                        "cannot be relied on: the certificate of the CA 'CN=Some Body' is not that of a CA: its basic"
                                + " constraints do not say so",
                        through(Draft.user("mercutio@montague.lit")
                                .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign)))),
                bad(
                        "issuer without keyCertSign",
                        "cannot be relied on: the certificate of the CA 'CN=Mute' may not sign certificates: its key"
                                + " usage has no keyCertSign",
                        through(Draft.authority("Mute")
                                .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.cRLSign)))),
                bad(
                        "path length of an intermediate exceeded",
                        "cannot be relied on: the certificate of the CA 'CN=Below' may not be there: a CA above it"
                                + " allows no more CAs below itself",
                        verona -> {
                            Draft.Made last = Draft.authority("Last")
                                    .with(Extension.basicConstraints, true, new BasicConstraints(0))
                                    .by(verona.root);
                            Draft.Made below = Draft.authority("Below").by(last);
                            return chain(verona.juliet().by(below), below, last);
                        }),
                bad(
                        "path length of the trusted CA exceeded",
                        "has more CAs above it than 'CN=Only' allows below it",
                        verona -> {
                            Draft.Made only = Draft.authority("Only")
                                    .with(Extension.basicConstraints, true, new BasicConstraints(0))
                                    .selfSigned();
                            verona.trusts(only);
                            Draft.Made between = Draft.authority("Between").by(only);
                            return chain(verona.juliet().by(between), between);
                        }),
                bad(
                        "longer than the configuration allows",
                        "has 2 CAs between it and 'CN=Capulet Root'; at most 1 are taken",
                        verona -> {
                            verona.pathLength = 1;
                            Draft.Made below = Draft.authority("Below").by(verona.users);
                            return chain(verona.juliet().by(below), below, verona.users);
                        }),
                bad(
                        "right names, wrong intermediate",
                        "is not signed by the key of 'CN=Capulet Users', which it names as its issuer",
                        verona -> {
                            Draft.Made wrong = Draft.authority("Capulet Users").by(verona.root);
                            return chain(verona.juliet().by(verona.users), wrong);
                        }),
                bad(
                        "intermediate of another CA",
                        "is not issued by any of the CAs whose certificates came with it: its issuer is"
                                + " 'CN=Mallory'",
                        verona -> chain(
                                verona.juliet().by(Draft.authority("Mallory").selfSigned()), verona.users)),
                bad(
                        "an issuer whose name would move the cursor and turn the text round",
                        "is not issued by any of the CAs whose certificates came with it: its issuer is"
                                + " 'CN=Mallory{U+001B}[2J{U+000A}{U+202E}verified'",
                        verona -> chain(
                                verona.juliet()
                                        .by(Draft.authority("Mallory\u001b[2J\n\u202everified")
                                                .selfSigned()),
                                verona.users)),
                bad(
                        "intermediate that only says who issued it",
                        "cannot be relied on: the certificate of the CA 'CN=Capulet Guests' is not signed by the key of"
                                + " 'CN=Capulet Root', which it names as its issuer",
                        verona -> {
                            Draft.Made forged = Draft.authority("Capulet Guests")
                                    .by(Draft.authority("Capulet Root").selfSigned());
                            return chain(verona.juliet().by(forged), forged);
                        }),
                bad(
                        "changed after it was signed",
                        "is not signed by the key of 'CN=Capulet Root', which it names as its issuer",
                        verona -> {
                            Draft.Made nurses = Draft.user("nurse@capulet.lit").by(verona.root);
                            byte[] changed = nurses.der().clone();
                            replace(changed, "nurse@", "jules@");
                            verona.peer = BareJid.parse("jules@capulet.lit");
                            return List.of(changed);
                        }),
                new Case(
                        "self-issued loop",
                        Alert.UNKNOWN_CA,
                        "came with CAs that certify one another in a circle",
                        verona -> {
                            Draft.Made one = Draft.authority("Ouroboros").selfSigned();
                            Draft.Made two = Draft.authority("Ouroboros").by(one);
                            Draft.Made three =
                                    Draft.authority("Ouroboros").key(one.keys()).by(two);
                            return chain(verona.juliet().by(two), two, three);
                        }),
                bad("50 deep", "came in a chain of 50 certificates; at most 10 are taken", verona -> {
                    List<byte[]> chain = new ArrayList<>();
                    Draft.Made above = verona.root;
                    for (int i = 0; i < 49; i++) {
                        above = Draft.authority("Level " + i).by(above);
                        chain.add(0, above.der());
                    }
                    chain.add(0, verona.juliet().by(above).der());
                    return chain;
                }));
    }

    // Name constraints

    private static List<Case> constraints() {
        GeneralName juliets = xmpp(utf8(Verona.JULIET));
        GeneralName host = new GeneralName(GeneralName.dNSName, "host.capulet.lit");
        return List.of(
                bad(
                        "host name that is not permitted",
                        "violates the name constraints of its CAs: a host name is not among what is permitted",
                        constrained(permitted(GeneralName.dNSName, "montague.lit"), host, juliets)),
                bad(
                        "host name that is excluded",
                        "violates the name constraints of its CAs: a host name is excluded",
                        constrained(excluded(GeneralName.dNSName, "capulet.lit"), host, juliets)),
                bad(
                        "common name that could be a host's, and is not permitted",
                        "violates the name constraints of its CAs: its common name is taken for that of a host, which is"
                                + " not permitted",
                        verona -> {
                            Draft.Made narrow = Draft.authority("Narrow")
                                    .with(
                                            Extension.nameConstraints,
                                            true,
                                            permitted(GeneralName.dNSName, "capulet.lit"))
                                    .by(verona.root);
                            return chain(
                                    Draft.of("CN=juliet")
                                            .forTls()
                                            .named(juliets)
                                            .by(narrow),
                                    narrow);
                        }),
                bad(
                        "mail address that is not permitted",
                        "violates the name constraints of its CAs: a mail address is not among what is permitted",
                        constrained(
                                permitted(GeneralName.rfc822Name, "montague.lit"),
                                new GeneralName(GeneralName.rfc822Name, Verona.JULIET),
                                juliets)),
                bad(
                        "XMPP address at a host that is not permitted",
                        "violates the name constraints of its CAs: the domain of the XMPP address juliet@capulet.lit is"
                                + " not among what is permitted",
                        constrained(permitted(GeneralName.dNSName, "montague.lit"), juliets)),
                bad(
                        "XMPP address at a host that looks like the permitted one when cut down to octets",
                        "violates the name constraints of its CAs: the domain of the XMPP address"
                                + " juliet@c\u2c61pulet.lit cannot be compared with them",
                        verona -> {
                            verona.peer = BareJid.parse("juliet@c\u2c61pulet.lit");
                            return constrained(
                                            permitted(GeneralName.dNSName, "capulet.lit"),
                                            xmpp(utf8("juliet@c\u2c61pulet.lit")))
                                    .chain(verona);
                        }),
                bad(
                        "XMPP address at a host that is excluded",
                        "violates the name constraints of its CAs: the domain of the XMPP address juliet@capulet.lit is"
                                + " excluded",
                        constrained(excluded(GeneralName.dNSName, "capulet.lit"), juliets)),
                bad(
                        "XMPP address that is not permitted",
                        "violates the name constraints of its CAs: an XMPP address or other name is not among what is"
                                + " permitted",
                        constrained(
                                new NameConstraints(
                                        new GeneralSubtree[] {new GeneralSubtree(xmpp(utf8("nurse@capulet.lit")))},
                                        null),
                                juliets)),
                bad(
                        "XMPP address that is excluded",
                        "violates the name constraints of its CAs: an XMPP address or other name is excluded",
                        constrained(
                                new NameConstraints(null, new GeneralSubtree[] {new GeneralSubtree(juliets)}),
                                juliets)),
                bad(
                        "constraints of the trusted CA itself",
                        "violates the name constraints of its CAs: the subject is excluded",
                        under(Draft.authority("Narrow Root")
                                .with(Extension.nameConstraints, true, new NameConstraints(null, new GeneralSubtree[] {
                                    new GeneralSubtree(new GeneralName(new X500Name("CN=Some Body")))
                                })))));
    }

    // What it is made for

    private static List<Case> purposes() {
        return List.of(
                unsupported(
                        "for code signing",
                        "is made for other purposes than TLS",
                        verona -> chain(
                                verona.juliet()
                                        .purposes(KeyPurposeId.id_kp_codeSigning)
                                        .by(verona.users),
                                verona.users)),
                unsupported(
                        "a server's as a client's", "is made for a server, and was presented by a client", verona -> {
                            verona.role = TlsRole.CLIENT;
                            return chain(
                                    verona.juliet()
                                            .purposes(KeyPurposeId.id_kp_serverAuth)
                                            .by(verona.users),
                                    verona.users);
                        }),
                unsupported(
                        "issuer for mail only",
                        "cannot be relied on: the certificate of the CA 'CN=Mail' is made for other purposes than TLS",
                        through(Draft.authority("Mail").purposes(KeyPurposeId.id_kp_emailProtection))),
                unsupported(
                        "without digitalSignature",
                        "may not sign handshakes: its key usage has no digitalSignature",
                        verona -> chain(
                                verona.juliet()
                                        .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyEncipherment))
                                        .by(verona.users),
                                verona.users)),
                unsupported(
                        "unknown critical extension",
                        "has a critical extension that is not understood",
                        verona -> chain(
                                verona.juliet()
                                        .with(PRIVATE, true, DERNull.INSTANCE)
                                        .by(verona.users),
                                verona.users)),
                unsupported(
                        "unknown critical extension of an intermediate",
                        "cannot be relied on: the certificate of the CA 'CN=Odd' has a critical extension that is not"
                                + " understood",
                        through(Draft.authority("Odd").with(PRIVATE, true, DERNull.INSTANCE))));
    }

    // Keys and signatures

    private static List<Case> cryptography() {
        return List.of(
                unsupported(
                        "RSA key of 1024 bits",
                        "has an unsuitable key: an RSA key has at least 2048 bits, not 1024",
                        verona -> chain(
                                verona.juliet().key(Draft.key("RSA", 1024)).by(verona.users), verona.users)),
                unsupported(
                        "RSA key of 9000 bits",
                        "has an unsuitable key: an RSA key has at most 8192 bits, and an exponent of at most 64",
                        verona -> chain(
                                verona.juliet()
                                        .showing(rsa(
                                                BigInteger.ONE.shiftLeft(8999).setBit(0), 65537))
                                        .by(verona.users),
                                verona.users)),
                bad(
                        "RSA key with the exponent 1",
                        "is malformed: it cannot be read",
                        verona -> chain(
                                verona.juliet()
                                        .showing(rsa(
                                                BigInteger.ONE.shiftLeft(2047).setBit(0), 1))
                                        .by(verona.users),
                                verona.users)),
                unsupported(
                        "P-521 key",
                        "has an unsuitable key: the curve of an ECDSA key must be P-256 or P-384",
                        verona ->
                                chain(verona.juliet().key(Draft.key("EC", 521)).by(verona.users), verona.users)),
                unsupported(
                        "DSA key",
                        "has an unsuitable key: DSA is none of Ed25519, Ed448, ECDSA and RSA",
                        verona -> chain(
                                verona.juliet()
                                        .showing(SubjectPublicKeyInfo.getInstance(Draft.key("DSA", 2048)
                                                .getPublic()
                                                .getEncoded()))
                                        .by(verona.users),
                                verona.users)),
                unsupported(
                        "weak key of an intermediate",
                        "cannot be relied on: the certificate of the CA 'CN=Weak' has an unsuitable key: an RSA key has"
                                + " at least 2048 bits, not 1024",
                        through(Draft.authority("Weak").key(Draft.key("RSA", 1024)))),
                unsupported(
                        "signed with SHA-1",
                        "is signed with SHA-1, which can be forged",
                        underRsa(verona -> verona.juliet().signedWith("SHA1withRSA"))),
                unsupported(
                        "signed with MD5",
                        "is signed with MD5, which can be forged",
                        underRsa(verona -> verona.juliet().signedWith("MD5withRSA"))),
                unsupported(
                        "signed by RSASSA-PSS with SHA-1",
                        "is signed by RSASSA-PSS without SHA-2",
                        underRsa(verona -> verona.juliet()
                                .signedWith(
                                        "SHA256withRSA",
                                        new AlgorithmIdentifier(
                                                PKCSObjectIdentifiers.id_RSASSA_PSS, new RSASSAPSSparams())))),
                unsupported(
                        "signed by an algorithm of no standing",
                        "is signed by an algorithm that is not taken: 1.3.6.1.4.1.99999.1",
                        underRsa(verona ->
                                verona.juliet().signedWith("SHA256withRSA", new AlgorithmIdentifier(PRIVATE)))),
                unsupported(
                        "intermediate signed with SHA-1",
                        "cannot be relied on: the certificate of the CA 'CN=Old' is signed with SHA-1, which can be"
                                + " forged",
                        verona -> {
                            Draft.Made root = Draft.authority("RSA")
                                    .key(Draft.key("RSA", 2048))
                                    .selfSigned();
                            verona.trusts(root);
                            Draft.Made old = Draft.authority("Old")
                                    .signedWith("SHA1withRSA")
                                    .by(root);
                            return chain(verona.juliet().by(old), old);
                        }),
                bad(
                        "one signature algorithm inside, another outside",
                        "names one signature algorithm inside and another outside",
                        verona -> chain(
                                verona.juliet().claimingInside("SHA256withRSA").by(verona.users), verona.users)));
    }

    // The bytes

    private static List<Case> forms() {
        return List.of(
                bad(
                        "trailing bytes",
                        "is malformed: 2 bytes follow where it should end",
                        sent(der -> Arrays.copyOf(der, der.length + 2))),
                bad("indefinite length", "is malformed: it is not in DER", sent(der -> {
                    ASN1Sequence parts = ASN1Sequence.getInstance(der);
                    return new BERSequence(parts.toArray()).getEncoded("BER");
                })),
                bad(
                        "oversized",
                        "has 16385 bytes; at most 16384 are taken",
                        verona -> List.of(Draft.filled(verona.juliet(), 16_385, verona.users))),
                bad(
                        "no ASN.1",
                        "is malformed: it cannot be read as ASN.1",
                        sent(der -> "-----BEGIN CERTIFICATE-----".getBytes(StandardCharsets.US_ASCII))),
                bad(
                        "unused bits in the signature",
                        "is malformed: its signature is no whole number of bytes",
                        sent(der -> {
                            ASN1Encodable[] parts =
                                    ASN1Sequence.getInstance(der).toArray();
                            byte[] signature =
                                    ASN1BitString.getInstance(parts[2]).getOctets();
                            signature[signature.length - 1] &= (byte) 0xfe;
                            parts[2] = new DERBitString(signature, 1);
                            return new DERSequence(parts).getEncoded();
                        })),
                bad(
                        "no certificate",
                        "is malformed: it is no X.509 certificate",
                        sent(der -> new DEROctetString(new byte[3]).getEncoded())),
                bad(
                        "two parts instead of three",
                        "is malformed: it has not the three parts of a certificate",
                        sent(der -> {
                            ASN1Encodable[] parts =
                                    ASN1Sequence.getInstance(der).toArray();
                            return new DERSequence(Arrays.copyOf(parts, 2)).getEncoded();
                        })),
                bad(
                        "duplicate extension",
                        "has the extension 2.5.29.15 twice",
                        verona -> chain(
                                verona.juliet()
                                        .also(Extension.keyUsage, false, new KeyUsage(KeyUsage.digitalSignature))
                                        .by(verona.users),
                                verona.users)),
                bad("33 extensions", "has more than 32 extensions", verona -> {
                    Draft draft = verona.juliet();
                    IntStream.range(0, 30).forEach(i -> draft.also(PRIVATE.branch("" + i), false, DERNull.INSTANCE));
                    return chain(draft.by(verona.users), verona.users);
                }),
                bad(
                        "negative serial number",
                        "is malformed: its serial number is negative",
                        verona -> chain(
                                verona.juliet().serial(BigInteger.TEN.negate()).by(verona.users), verona.users)),
                bad(
                        "giant serial number",
                        "is malformed: its serial number has more than 20 octets",
                        verona -> chain(
                                verona.juliet()
                                        .serial(BigInteger.ONE.shiftLeft(159))
                                        .by(verona.users),
                                verona.users)),
                bad(
                        "trailing bytes in an extension",
                        "is malformed: 1 bytes follow where it should end",
                        verona -> chain(
                                verona.juliet()
                                        .without(Extension.keyUsage)
                                        .also(Extension.keyUsage, true, new byte[] {3, 2, 7, (byte) 0x80, 0})
                                        .by(verona.users),
                                verona.users)),
                bad(
                        "intermediate with trailing bytes",
                        "cannot be relied on: number 2 of the chain that it came in is malformed: 3 bytes follow where"
                                + " it should end",
                        verona -> List.of(
                                verona.juliet().by(verona.users).der(),
                                Arrays.copyOf(verona.users.der(), verona.users.der().length + 3))));
    }

    // Revocation

    private static List<Case> revoked() {
        return List.of(
                new Case(
                        "revoked by a CRL",
                        Alert.CERTIFICATE_REVOKED,
                        "has been revoked: the CRL of 2026-05-31 lists it since 2026-05-30, KEY_COMPROMISE",
                        verona -> {
                            Draft.Made juliets = verona.juliet().by(verona.users);
                            verona.crl(crl(verona.users, serial(juliets)));
                            return chain(juliets, verona.users);
                        }),
                new Case(
                        "revoked by a CRL that is out of date",
                        Alert.CERTIFICATE_REVOKED,
                        "has been revoked: the CRL of 2026-05-22 lists it since 2026-05-30, KEY_COMPROMISE",
                        verona -> {
                            Draft.Made juliets = verona.juliet().by(verona.users);
                            verona.crl(crl(verona.users, verona.users.keys(), -10, -3, null, serial(juliets)));
                            return chain(juliets, verona.users);
                        }),
                new Case(
                        "revoked by a CRL, and sent with a certificate of its CA that is not for CRLs",
                        Alert.CERTIFICATE_REVOKED,
                        "has been revoked: the CRL of 2026-05-29 lists it since 2026-05-30, KEY_COMPROMISE",
                        verona -> {
                            Draft.Made juliets = verona.juliet().by(verona.users);
                            Draft.Made cross = Draft.authority("Capulet Users")
                                    .key(verona.users.keys())
                                    .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign))
                                    .by(verona.root);
                            verona.crl(crl(verona.users, verona.users.keys(), -3, 5, null, serial(juliets)));
                            return chain(juliets, cross);
                        }),
                new Case(
                        "intermediate that is revoked by a CRL",
                        Alert.CERTIFICATE_REVOKED,
                        "cannot be relied on: the certificate of the CA 'CN=Capulet Users' has been revoked: the CRL of"
                                + " 2026-05-31 lists it since 2026-05-30, KEY_COMPROMISE",
                        verona -> {
                            verona.crl(crl(verona.root, serial(verona.users)));
                            return chain(verona.juliet().by(verona.users), verona.users);
                        }),
                new Case(
                        "revoked by an OCSP response from a file",
                        Alert.CERTIFICATE_REVOKED,
                        "has been revoked: the OCSP response of 2026-05-31 says so, since 2026-05-29",
                        verona -> {
                            Draft.Made juliets = verona.juliet().by(verona.users);
                            verona.ocsp(
                                    Response.of(juliets, verona.users).saying(new RevokedStatus(Verona.day(-3), 1)));
                            return chain(juliets, verona.users);
                        }),
                new Case(
                        "revoked by the OCSP response that came with it",
                        Alert.CERTIFICATE_REVOKED,
                        "has been revoked: the OCSP response of 2026-05-31 says so, since 2026-05-28",
                        verona -> {
                            Draft.Made juliets = verona.juliet().by(verona.users);
                            verona.hands(
                                    Response.of(juliets, verona.users).saying(new RevokedStatus(Verona.day(-4), 1)));
                            return chain(juliets, verona.users);
                        }),
                new Case(
                        "revoked by a CRL, good by the OCSP response that came with it",
                        Alert.CERTIFICATE_REVOKED,
                        "has been revoked: the CRL of 2026-05-30 lists it since 2026-05-30, KEY_COMPROMISE",
                        verona -> {
                            Draft.Made juliets = verona.juliet().by(verona.users);
                            verona.crl(crl(verona.users, verona.users.keys(), -2, 5, null, serial(juliets)))
                                    .hands(Response.of(juliets, verona.users).saying(CertificateStatus.GOOD));
                            return chain(juliets, verona.users);
                        }),
                unknown(
                        "no CRL at all, hard",
                        "no CRL and no OCSP response says anything of it",
                        (verona, juliets) -> {}),
                unknown(
                        "stale CRL, hard",
                        "the CRL of 2026-05-22 is out of date since 2026-05-29",
                        (verona, juliets) -> verona.crl(crl(verona.users, verona.users.keys(), -10, -3, null))),
                unknown(
                        "CRL of tomorrow, hard",
                        "the CRL of 2026-06-02 is not valid yet",
                        (verona, juliets) -> verona.crl(crl(verona.users, verona.users.keys(), 1, 3, null))),
                unknown(
                        "CRL that somebody else signed, hard",
                        "the CRL of 2026-05-31 is not signed by the CA that issued it",
                        (verona, juliets) ->
                                verona.crl(crl(verona.users, Draft.key("Ed25519", 0), -1, 3, null, serial(juliets)))),
                new Case(
                        "CRL of a CA that may not sign any, hard",
                        Alert.CERTIFICATE_UNKNOWN,
                        "is not known to be good: the CRL of 2026-05-31 is signed by a CA that may not sign CRLs",
                        verona -> {
                            verona.revocation = Revocation.Mode.HARD;
                            Draft.Made mute = Draft.authority("Mute")
                                    .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign))
                                    .by(verona.root);
                            verona.crl(crl(verona.root)).crl(crl(mute));
                            return chain(verona.juliet().by(mute), mute);
                        }),
                unknown(
                        "CRL of CAs only, hard",
                        "the CRL of 2026-05-31 does not cover it",
                        (verona, juliets) -> verona.crl(crl(
                                verona.users,
                                verona.users.keys(),
                                -1,
                                3,
                                new IssuingDistributionPoint(null, false, true, null, false, false)))),
                unknown(
                        "OCSP response from a file that is out of date, hard",
                        "the OCSP response of 2026-05-22 is out of date since 2026-05-30",
                        (verona, juliets) -> verona.ocsp(Response.of(juliets, verona.users)
                                .valid(-10, -2)
                                .saying(CertificateStatus.GOOD))),
                new Case(
                        "intermediate of unknown status, hard",
                        Alert.CERTIFICATE_UNKNOWN,
                        "cannot be relied on: the certificate of the CA 'CN=Capulet Users' is not known to be good: no"
                                + " CRL and no OCSP response says anything of it",
                        verona -> {
                            verona.revocation = Revocation.Mode.HARD;
                            verona.crl(crl(verona.users));
                            return chain(verona.juliet().by(verona.users), verona.users);
                        }),
                handed(
                        "OCSP responder that is not certified for it",
                        "the OCSP response of 2026-05-31 is signed by 'CN=Some Body', who is not certified for that",
                        (verona, juliets) -> Response.of(juliets, verona.users)
                                .by(Draft.user("mercutio@montague.lit").by(verona.users))
                                .saying(CertificateStatus.GOOD)),
                handed(
                        "OCSP responder that another CA has certified",
                        "the OCSP response of 2026-05-31 is signed by 'CN=Responder', whom its CA has not certified for"
                                + " now",
                        (verona, juliets) -> Response.of(juliets, verona.users)
                                .by(responder("Responder").by(verona.root))
                                .saying(CertificateStatus.GOOD)),
                handed(
                        "OCSP responder whose certificate has expired",
                        "the OCSP response of 2026-05-31 is signed by 'CN=Late', whom its CA has not certified for now",
                        (verona, juliets) -> Response.of(juliets, verona.users)
                                .by(responder("Late").valid(-9, -1).by(verona.users))
                                .saying(CertificateStatus.GOOD)),
                handed(
                        "OCSP response signed by the certificate it is about",
                        "the OCSP response of 2026-05-31 is signed by 'CN=Juliet', who is not certified for that",
                        (verona, juliets) -> Response.of(juliets, verona.users)
                                .by(Draft.of("CN=Juliet")
                                        .forTls()
                                        .key(juliets.keys())
                                        .by(verona.users))
                                .saying(CertificateStatus.GOOD)),
                handed(
                        "OCSP response out of date",
                        "the OCSP response of 2026-05-22 is out of date since 2026-05-29",
                        (verona, juliets) -> Response.of(juliets, verona.users)
                                .valid(-10, -3)
                                .saying(CertificateStatus.GOOD)),
                handed(
                        "OCSP response of tomorrow",
                        "the OCSP response of 2026-06-02 is not valid yet",
                        (verona, juliets) ->
                                Response.of(juliets, verona.users).valid(1, 3).saying(CertificateStatus.GOOD)),
                handed(
                        "OCSP response about another certificate",
                        "it is about another certificate",
                        (verona, juliets) -> Response.of(verona.juliet().by(verona.users), verona.users)
                                .saying(CertificateStatus.GOOD)),
                handed(
                        "OCSP responder that does not know it",
                        "the OCSP response of 2026-05-31 says that its CA does not know it",
                        (verona, juliets) -> Response.of(juliets, verona.users).saying(new UnknownStatus())),
                handed(
                        "OCSP error",
                        "the OCSP response is an error, 3",
                        (verona, juliets) -> new OCSPRespBuilder()
                                .build(OCSPRespBuilder.TRY_LATER, null)
                                .getEncoded()),
                handed("no OCSP response", "the OCSP response cannot be read", (verona, juliets) -> new byte[] {1, 2}));
    }

    private interface Told {
        void tell(Verona verona, Draft.Made juliets) throws Exception;
    }

    private interface Handed {
        byte[] by(Verona verona, Draft.Made juliets) throws Exception;
    }

    /** With revocation {@code hard}, and all well with the intermediate. */
    private static Case unknown(String name, String why, Told told) {
        return new Case(name, Alert.CERTIFICATE_UNKNOWN, "is not known to be good: " + why, verona -> {
            verona.revocation = Revocation.Mode.HARD;
            Draft.Made juliets = verona.juliet().by(verona.users);
            verona.crl(crl(verona.root));
            told.tell(verona, juliets);
            return chain(juliets, verona.users);
        });
    }

    private static Case handed(String name, String why, Handed handed) {
        return bad(name, "came with an OCSP response that does not count: " + why, verona -> {
            Draft.Made juliets = verona.juliet().by(verona.users);
            verona.hands(handed.by(verona, juliets));
            return chain(juliets, verona.users);
        });
    }

    private static Draft responder(String name) {
        return Draft.of("CN=" + name)
                .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                .purposes(KeyPurposeId.id_kp_OCSPSigning);
    }

    /** Juliet's names by the CA that Romeo trusts. */
    private static Scene named(GeneralName... names) {
        return verona -> chain(Draft.of("CN=somebody").forTls().named(names).by(verona.users), verona.users);
    }

    private static Scene through(Draft intermediate) {
        return verona -> {
            Draft.Made between = intermediate.by(verona.root);
            return chain(verona.juliet().by(between), between);
        };
    }

    private static Scene under(Draft root) {
        return verona -> {
            Draft.Made trusted = root.selfSigned();
            verona.trusts(trusted);
            return chain(verona.juliet().by(trusted));
        };
    }

    private interface Signed {
        Draft by(Verona verona);
    }

    private static Scene underRsa(Signed signed) {
        return verona -> {
            Draft.Made root = Draft.authority("RSA").key(Draft.key("RSA", 2048)).selfSigned();
            verona.trusts(root);
            return chain(signed.by(verona).by(root));
        };
    }

    private static Scene constrained(NameConstraints constraints, GeneralName... names) {
        return verona -> {
            Draft.Made narrow = Draft.authority("Narrow")
                    .with(Extension.nameConstraints, true, constraints)
                    .by(verona.root);
            return chain(Draft.of("CN=Some Body").forTls().named(names).by(narrow), narrow);
        };
    }

    private interface Mangled {
        byte[] of(byte[] der) throws IOException;
    }

    private static Scene sent(Mangled mangled) {
        return verona -> List.of(mangled.of(verona.juliet().by(verona.users).der()), verona.users.der());
    }

    private static byte[] nested(int depth) {
        byte[] whole = new byte[4 * depth];
        for (int i = 0; i < depth; i++) {
            int length = whole.length - 4 * (i + 1);
            whole[4 * i] = 0x30;
            whole[4 * i + 1] = (byte) 0x82;
            whole[4 * i + 2] = (byte) (length >> 8);
            whole[4 * i + 3] = (byte) length;
        }
        return whole;
    }

    private static NameConstraints permitted(int kind, String subtree) {
        return new NameConstraints(new GeneralSubtree[] {new GeneralSubtree(new GeneralName(kind, subtree))}, null);
    }

    private static NameConstraints excluded(int kind, String subtree) {
        return new NameConstraints(null, new GeneralSubtree[] {new GeneralSubtree(new GeneralName(kind, subtree))});
    }

    private static GeneralName xmpp(ASN1Encodable address) {
        return other(XmppNames.ID_ON_XMPP_ADDR, address);
    }

    private static GeneralName other(ASN1ObjectIdentifier type, ASN1Encodable value) {
        return new GeneralName(GeneralName.otherName, new OtherName(type, value));
    }

    private static DERUTF8String utf8(String text) {
        return new DERUTF8String(text);
    }

    private static SubjectPublicKeyInfo rsa(BigInteger modulus, long exponent) throws IOException {
        return new SubjectPublicKeyInfo(
                new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
                new RSAPublicKey(modulus, BigInteger.valueOf(exponent)));
    }

    private static void replace(byte[] in, String what, String by) {
        byte[] replacement = by.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(replacement, 0, in, indexOf(in, what.getBytes(StandardCharsets.US_ASCII)), replacement.length);
    }

    private static int indexOf(byte[] in, byte[] what) {
        return IntStream.range(0, in.length - what.length)
                .filter(i -> Arrays.equals(in, i, i + what.length, what, 0, what.length))
                .findFirst()
                .orElseThrow();
    }
}
