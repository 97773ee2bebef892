package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.xtls.auth.x509.Verona.chain;
import static org.xtls.auth.x509.Verona.crl;

import java.math.BigInteger;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERIA5String;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.OtherName;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.auth.Verdict;
import org.xtls.auth.x509.Verona.Response;
import org.xtls.tls.TlsRole;
import org.xtls.trust.KeyName;

/** What code that is too strict refuses, and what code that is too lax verifies. Romeo trusts the Capulets' CA. */
class GoodCertificatesTest {
    private static final String CERTIFIED = "certified by 'CN=Capulet Root', ";
    private static final String UNKNOWN = "revocation not known";

    @TempDir
    Path home;

    @ParameterizedTest(name = "{0}")
    @MethodSource("certified")
    void is_verified(Case good) throws Exception {
        Verona verona = new Verona(home);
        List<byte[]> chain = good.scene.chain(verona);
        assertEquals(new Verdict.Verified(name(chain), good.evidence), verona.judge(chain));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("strangers")
    void is_unknown(Case stranger) throws Exception {
        Verona verona = new Verona(home);
        List<byte[]> chain = stranger.scene.chain(verona);
        assertEquals(new Verdict.Unknown(name(chain)), verona.judge(chain));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*.capulet.lit",
                "*.lit",
                "host.capulet.lit",
                "c*.capulet.lit",
                "*.chat.capulet.lit",
                "xn--*.capulet.lit",
                "*",
                "127.0.0.1"
            })
    void a_wildcard_is_one_whole_label_of_a_service(String host) throws Exception {
        Verona verona = new Verona(home);
        verona.peer = BareJid.parse(host.equals("127.0.0.1") ? host : "chat.capulet.lit");
        List<byte[]> chain = chain(
                Draft.of("CN=somebody")
                        .forTls()
                        .named(new GeneralName(GeneralName.dNSName, host))
                        .by(verona.users),
                verona.users);
        assertEquals(host.equals("*.capulet.lit"), verona.judge(chain) instanceof Verdict.Verified);
    }

    private interface Scene {
        List<byte[]> chain(Verona verona) throws Exception;
    }

    private record Case(String name, String evidence, Scene scene) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Case good(String name, Scene scene) {
        return new Case(name, CERTIFIED + UNKNOWN, scene);
    }

    static Stream<Arguments> certified() {
        return Stream.of(paths(), names(), kinds(), revocation())
                .flatMap(List::stream)
                .map(Arguments::of);
    }

    private static List<Case> paths() {
        return List.of(
                good("by the root", verona -> chain(verona.juliet().by(verona.root))),
                good("by an intermediate", verona -> chain(verona.juliet().by(verona.users), verona.users)),
                good("root sent too", verona -> chain(verona.juliet().by(verona.users), verona.users, verona.root)),
                good("reordered", verona -> {
                    Draft.Made guests = Draft.authority("Guests").by(verona.users);
                    return chain(verona.juliet().by(guests), verona.root, verona.users, guests);
                }),
                good("extra certificates", verona -> {
                    Draft.Made other = Draft.authority("Montague").selfSigned();
                    return chain(
                            verona.juliet().by(verona.users),
                            Draft.user("nurse@capulet.lit").by(verona.users),
                            other,
                            verona.users,
                            Draft.authority("Montague Users").by(other));
                }),
                good(
                        "extra certificate that is weak",
                        verona -> chain(
                                verona.juliet().by(verona.users),
                                Draft.authority("Weak")
                                        .key(Draft.key("RSA", 1024))
                                        .by(verona.root),
                                verona.users)),
                good("cross-signed, the unknown root's first", verona -> crossSigned(verona, true)),
                good("cross-signed, the trusted root's first", verona -> crossSigned(verona, false)),
                good("cross-signed, one of the two expired", verona -> {
                    Draft.Made old = Draft.authority("Capulet Users")
                            .key(verona.users.keys())
                            .valid(-9, -1)
                            .by(verona.root);
                    return chain(verona.juliet().by(verona.users), old, verona.users);
                }),
                good("another CA of the same name sent before", verona -> {
                    Draft.Made namesake = Draft.authority("Capulet Users").by(verona.root);
                    return chain(verona.juliet().by(verona.users), namesake, verona.users);
                }),
                good("new key of a CA, certified by its old one, beyond the path length", verona -> {
                    Draft.Made old = Draft.authority("Rolling")
                            .with(Extension.basicConstraints, true, new BasicConstraints(0))
                            .by(verona.root);
                    Draft.Made fresh = Draft.authority("Rolling").by(old);
                    return chain(verona.juliet().by(fresh), old, fresh);
                }),
                new Case("trusted intermediate", "certified by 'CN=Capulet Users', " + UNKNOWN, verona -> {
                    verona.trusts(verona.users);
                    return chain(verona.juliet().by(verona.users));
                }),
                good("a CA for these domains", verona -> {
                    verona.trusts("montague.lit, *.capulet.lit, Capulet.LIT.", verona.root);
                    return chain(verona.juliet().by(verona.users), verona.users);
                }),
                good("a CA for the domains below one", verona -> {
                    verona.trusts("*.lit", verona.root);
                    return chain(verona.juliet().by(verona.users), verona.users);
                }),
                good("name constraints that are kept", verona -> {
                    Draft.Made narrow = Draft.authority("Narrow")
                            .with(
                                    Extension.nameConstraints,
                                    true,
                                    new NameConstraints(
                                            new GeneralSubtree[] {
                                                new GeneralSubtree(new GeneralName(GeneralName.dNSName, "capulet.lit"))
                                            },
                                            new GeneralSubtree[] {
                                                new GeneralSubtree(
                                                        new GeneralName(GeneralName.dNSName, "lab.capulet.lit"))
                                            }))
                            .by(verona.root);
                    return chain(verona.juliet().by(narrow), narrow);
                }),
                good("name constraints in A-labels", verona -> {
                    verona.peer = BareJid.parse("julia@caf\u00e9.lit");
                    Draft.Made narrow = Draft.authority("Narrow")
                            .with(
                                    Extension.nameConstraints,
                                    true,
                                    new NameConstraints(
                                            new GeneralSubtree[] {
                                                new GeneralSubtree(
                                                        new GeneralName(GeneralName.dNSName, "xn--caf-dma.lit"))
                                            },
                                            null))
                            .by(verona.root);
                    return chain(Draft.user("julia@caf\u00e9.lit").by(narrow), narrow);
                }));
    }

    private static List<byte[]> crossSigned(Verona verona, boolean unknownFirst) {
        Draft.Made unknown = Draft.authority("Verona").selfSigned();
        Draft.Made cross =
                Draft.authority("Capulet Users").key(verona.users.keys()).by(unknown);
        Draft.Made juliets = verona.juliet().by(verona.users);
        return unknownFirst
                ? chain(juliets, cross, unknown, verona.users)
                : chain(juliets, verona.users, cross, unknown);
    }

    private static List<Case> names() {
        return List.of(
                named("UTF8String", Verona.JULIET, xmpp(new DERUTF8String(Verona.JULIET))),
                named("IA5String", Verona.JULIET, xmpp(new DERIA5String(Verona.JULIET))),
                named("other case", Verona.JULIET, xmpp(new DERUTF8String("Juliet@CAPULET.Lit"))),
                named("full-width letters", Verona.JULIET, xmpp(new DERUTF8String("\uff4auliet@capulet.lit"))),
                named(
                        "A-label in the certificate",
                        "julia@caf\u00e9.lit",
                        xmpp(new DERUTF8String("julia@xn--caf-dma.lit"))),
                named(
                        "U-label in the certificate",
                        "julia@xn--caf-dma.lit",
                        xmpp(new DERUTF8String("julia@caf\u00e9.lit"))),
                named("decomposed letters", "zo\u00eb@capulet.lit", xmpp(new DERUTF8String("zoe\u0308@capulet.lit"))),
                named(
                        "one of several",
                        Verona.JULIET,
                        new GeneralName(GeneralName.dNSName, "capulet.lit"),
                        xmpp(new DERUTF8String("nurse@capulet.lit")),
                        xmpp(new DERUTF8String(Verona.JULIET)),
                        new GeneralName(GeneralName.rfc822Name, "j@capulet.lit")),
                named("a service by its address", "chat.capulet.lit", xmpp(new DERUTF8String("chat.capulet.lit"))),
                named(
                        "a service by its host name",
                        "chat.capulet.lit",
                        new GeneralName(GeneralName.dNSName, "Chat.Capulet.LIT")),
                named(
                        "a service by the A-label of its host name",
                        "caf\u00e9.lit",
                        new GeneralName(GeneralName.dNSName, "xn--caf-dma.lit")),
                named(
                        "a service by its SRV name",
                        "chat.capulet.lit",
                        new GeneralName(
                                GeneralName.otherName,
                                new OtherName(
                                        XmppNames.ID_ON_DNS_SRV, new DERIA5String("_xmpp-server.chat.capulet.lit")))));
    }

    private static Case named(String name, String peer, GeneralName... names) {
        return good(name, verona -> {
            verona.peer = BareJid.parse(peer);
            return chain(Draft.of("CN=somebody").forTls().named(names).by(verona.users), verona.users);
        });
    }

    private static List<Case> kinds() {
        return List.of(
                good(
                        "for clients only, by the server",
                        verona -> chain(
                                verona.juliet()
                                        .purposes(KeyPurposeId.id_kp_clientAuth)
                                        .by(verona.users),
                                verona.users)),
                good(
                        "for servers only, by the server",
                        verona -> chain(
                                verona.juliet()
                                        .purposes(KeyPurposeId.id_kp_serverAuth)
                                        .by(verona.users),
                                verona.users)),
                good("for clients, by the client", verona -> {
                    verona.role = TlsRole.CLIENT;
                    return chain(
                            verona.juliet()
                                    .purposes(KeyPurposeId.id_kp_clientAuth)
                                    .by(verona.users),
                            verona.users);
                }),
                good("for anything", verona -> {
                    verona.role = TlsRole.CLIENT;
                    return chain(
                            verona.juliet()
                                    .purposes(KeyPurposeId.anyExtendedKeyUsage)
                                    .by(verona.users),
                            verona.users);
                }),
                good("without usages", verona -> {
                    verona.role = TlsRole.CLIENT;
                    return chain(
                            Draft.of("CN=Juliet")
                                    .named(XmppNames.name(verona.peer))
                                    .by(verona.users),
                            verona.users);
                }),
                good(
                        "CA:FALSE spelt out",
                        verona -> chain(
                                verona.juliet()
                                        .also(Extension.basicConstraints, false, new byte[] {0x30, 3, 1, 1, 0})
                                        .by(verona.users),
                                verona.users)),
                good(
                        "empty subject, critical names",
                        verona -> chain(
                                Draft.of("")
                                        .forTls()
                                        .with(
                                                Extension.subjectAlternativeName,
                                                true,
                                                new GeneralNames(XmppNames.name(verona.peer)))
                                        .by(verona.users),
                                verona.users)),
                good(
                        "unknown extensions that are not critical",
                        verona -> chain(
                                verona.juliet()
                                        .with(new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.1"), false, DERNull.INSTANCE)
                                        .by(verona.users),
                                verona.users)),
                good(
                        "16,384 bytes",
                        verona -> List.of(
                                Draft.filled(verona.juliet(), CertificateForm.MOST_BYTES, verona.users),
                                verona.users.der())),
                good(
                        "serial number of 20 octets",
                        verona -> chain(
                                verona.juliet()
                                        .serial(BigInteger.ONE.shiftLeft(159).subtract(BigInteger.ONE))
                                        .by(verona.users),
                                verona.users)),
                good(
                        "serial number zero",
                        verona -> chain(verona.juliet().serial(BigInteger.ZERO).by(verona.users), verona.users)),
                good(
                        "P-256 key",
                        verona ->
                                chain(verona.juliet().key(Draft.key("EC", 256)).by(verona.users), verona.users)),
                good(
                        "Ed448 key",
                        verona ->
                                chain(verona.juliet().key(Draft.key("Ed448", 0)).by(verona.users), verona.users)),
                by("RSA, SHA-256", Draft.key("RSA", 2048), "SHA256withRSA"),
                by("RSA, SHA-512", Draft.key("RSA", 2048), "SHA512withRSA"),
                by("RSASSA-PSS", Draft.key("RSA", 2048), Draft.PSS),
                by("P-384, SHA-384", Draft.key("EC", 384), "SHA384withECDSA"),
                by("Ed448", Draft.key("Ed448", 0), "Ed448"));
    }

    private static Case by(String name, KeyPair key, String algorithm) {
        return good("signed by " + name, verona -> {
            Draft.Made authority = Draft.authority("Signers").key(key).by(verona.root);
            return chain(verona.juliet().signedWith(algorithm).by(authority), authority);
        });
    }

    private static List<Case> revocation() {
        return List.of(
                new Case("revocation off, and revoked", CERTIFIED + "revocation not looked at", verona -> {
                    verona.revocation = Revocation.Mode.OFF;
                    Draft.Made juliets = verona.juliet().by(verona.users);
                    verona.crl(crl(verona.users, Verona.serial(juliets)));
                    return chain(juliets, verona.users);
                }),
                good("a CRL of another CA that lists its serial number", verona -> {
                    Draft.Made juliets = verona.juliet().by(verona.users);
                    verona.crl(crl(Draft.authority("Montague").selfSigned(), Verona.serial(juliets)));
                    return chain(juliets, verona.users);
                }),
                good("a forged CRL that lists it", verona -> {
                    Draft.Made juliets = verona.juliet().by(verona.users);
                    verona.crl(crl(verona.users, Draft.key("Ed25519", 0), -1, 3, null, Verona.serial(juliets)));
                    return chain(juliets, verona.users);
                }),
                new Case("CRLs of both CAs, hard", CERTIFIED + "not revoked by the CRL of 2026-05-31", verona -> {
                    verona.revocation = Revocation.Mode.HARD;
                    verona.crl(crl(verona.root)).crl(crl(verona.users, BigInteger.TEN));
                    return chain(verona.juliet().by(verona.users), verona.users);
                }),
                new Case("the CRL that it names, hard", CERTIFIED + "not revoked by the CRL of 2026-05-31", verona -> {
                    verona.revocation = Revocation.Mode.HARD;
                    DistributionPointName point = new DistributionPointName(new GeneralNames(
                            new GeneralName(GeneralName.uniformResourceIdentifier, "http://crl.lit/7")));
                    verona.crl(crl(
                            verona.root,
                            verona.root.keys(),
                            -1,
                            3,
                            new IssuingDistributionPoint(point, true, false, null, false, false)));
                    return chain(verona.juliet()
                            .with(Extension.cRLDistributionPoints, false, new CRLDistPoint(new DistributionPoint[] {
                                new DistributionPoint(point, null, null)
                            }))
                            .by(verona.root));
                }),
                new Case(
                        "an OCSP response that its CA signed, hard",
                        CERTIFIED + "not revoked by the OCSP response of 2026-05-31",
                        verona -> {
                            verona.revocation = Revocation.Mode.HARD;
                            Draft.Made juliets = verona.juliet().by(verona.root);
                            verona.hands(Response.of(juliets, verona.root).saying(CertificateStatus.GOOD));
                            return chain(juliets);
                        }),
                answered("RSA", Draft.key("RSA", 2048)),
                answered("P-256", Draft.key("EC", 256)),
                answered("Ed448", Draft.key("Ed448", 0)),
                new Case(
                        "an OCSP response by a delegate, and one from a file for the intermediate, hard",
                        CERTIFIED + "not revoked by the OCSP response of 2026-05-31",
                        verona -> {
                            verona.revocation = Revocation.Mode.HARD;
                            Draft.Made juliets = verona.juliet().by(verona.users);
                            Draft.Made responder = Draft.of("CN=Responder")
                                    .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                                    .purposes(KeyPurposeId.id_kp_OCSPSigning)
                                    .by(verona.users);
                            verona.hands(Response.of(juliets, verona.users)
                                            .by(responder)
                                            .saying(CertificateStatus.GOOD))
                                    .ocsp(Response.of(verona.users, verona.root).saying(CertificateStatus.GOOD));
                            return chain(juliets, verona.users);
                        }));
    }

    private static Case answered(String name, KeyPair key) {
        return new Case(
                "a CRL and an OCSP response signed by " + name + ", hard",
                CERTIFIED + "not revoked by the OCSP response of 2026-05-31",
                verona -> {
                    verona.revocation = Revocation.Mode.HARD;
                    Draft.Made authority = Draft.authority("Answers").key(key).by(verona.root);
                    Draft.Made juliets = verona.juliet().by(authority);
                    verona.crl(crl(verona.root))
                            .hands(Response.of(juliets, authority).saying(CertificateStatus.GOOD));
                    return chain(juliets, authority);
                });
    }

    static Stream<Arguments> strangers() {
        return Stream.of(
                        good("self-signed", verona -> chain(verona.juliet().selfSigned())),
                        good(
                                "self-signed, without names",
                                verona -> chain(Draft.of("CN=Juliet").forTls().selfSigned())),
                        good(
                                "self-signed, with the root of somebody",
                                verona -> chain(verona.juliet().selfSigned(), verona.root)),
                        good("a CA that nobody knows", verona -> {
                            Draft.Made unknown = Draft.authority("Verona").selfSigned();
                            return chain(verona.juliet().by(unknown), unknown);
                        }),
                        good(
                                "an intermediate that is missing",
                                verona -> chain(verona.juliet().by(verona.users))),
                        good("a CA for other domains", verona -> {
                            verona.trusts("montague.lit,*.capulet.lit", verona.root);
                            return chain(verona.juliet().by(verona.users), verona.users);
                        }))
                .map(Arguments::of);
    }

    private static GeneralName xmpp(ASN1Encodable address) {
        return new GeneralName(GeneralName.otherName, new OtherName(XmppNames.ID_ON_XMPP_ADDR, address));
    }

    private static KeyName name(List<byte[]> chain) {
        return new KeyName("x509", Fingerprint.sha256(chain.get(0)));
    }
}
