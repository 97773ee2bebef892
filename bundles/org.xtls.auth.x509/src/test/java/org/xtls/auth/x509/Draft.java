package org.xtls.auth.x509;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.EdECKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.operator.DefaultSignatureAlgorithmIdentifierFinder;
import org.xtls.BareJid;

/** A certificate in the making, part by part, so that each part can be wrong. */
final class Draft {
    static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");

    static final String PSS = "SHA256withRSAandMGF1";

    private static final Map<String, KeyPair> KEYS = new ConcurrentHashMap<>();
    private static final AtomicLong SERIALS = new AtomicLong(1000);

    /** A certificate with its key. */
    record Made(KeyPair keys, X500Name subject, String algorithm, byte[] der) {
        X509Certificate certificate() {
            try {
                return (X509Certificate)
                        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
            } catch (GeneralSecurityException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final X500Name subject;
    private KeyPair keys = key("Ed25519", 0);
    private SubjectPublicKeyInfo shown =
            SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded());
    private Made issuer;
    private BigInteger serial = BigInteger.valueOf(SERIALS.incrementAndGet());
    private Instant from = NOW.minus(Duration.ofDays(30));
    private Instant until = NOW.plus(Duration.ofDays(30));
    private String algorithm = "";
    private String inside = "";
    private AlgorithmIdentifier exactly;
    private final List<ASN1Encodable> extensions = new ArrayList<>();

    private Draft(String subject) {
        this.subject = new X500Name(subject);
    }

    static Draft of(String subject) {
        return new Draft(subject);
    }

    /** A CA's. */
    static Draft authority(String name) {
        return of("CN=" + name)
                .with(Extension.basicConstraints, true, new BasicConstraints(true))
                .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    }

    /** A user's, for TLS in either role. */
    static Draft user(String address) {
        return of("CN=Some Body").forTls().named(XmppNames.name(BareJid.parse(address)));
    }

    Draft forTls() {
        return with(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                .purposes(KeyPurposeId.id_kp_clientAuth, KeyPurposeId.id_kp_serverAuth);
    }

    Draft purposes(KeyPurposeId... purposes) {
        return with(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purposes));
    }

    Draft named(GeneralName... names) {
        return with(Extension.subjectAlternativeName, false, new GeneralNames(names));
    }

    /** Takes the place of one of that type. */
    Draft with(ASN1ObjectIdentifier type, boolean critical, ASN1Encodable value) {
        without(type);
        return also(type, critical, value);
    }

    Draft without(ASN1ObjectIdentifier type) {
        extensions.removeIf(
                extension -> DERSequence.getInstance(extension).getObjectAt(0).equals(type));
        return this;
    }

    Draft also(ASN1ObjectIdentifier type, boolean critical, ASN1Encodable value) {
        try {
            return also(type, critical, value.toASN1Primitive().getEncoded("DER"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    Draft also(ASN1ObjectIdentifier type, boolean critical, byte[] value) {
        extensions.add(new Extension(type, critical, value).toASN1Primitive());
        return this;
    }

    Draft key(KeyPair pair) {
        keys = pair;
        shown = SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded());
        return this;
    }

    /** Another public key than the one it could sign with. */
    Draft showing(SubjectPublicKeyInfo key) {
        shown = key;
        return this;
    }

    Draft serial(BigInteger number) {
        serial = number;
        return this;
    }

    Draft valid(int fromDays, int untilDays) {
        from = NOW.plus(Duration.ofDays(fromDays));
        until = NOW.plus(Duration.ofDays(untilDays));
        return this;
    }

    Draft signedWith(String signatureAlgorithm) {
        algorithm = signatureAlgorithm;
        return this;
    }

    Draft signedWith(String signatureAlgorithm, AlgorithmIdentifier identifier) {
        algorithm = signatureAlgorithm;
        exactly = identifier;
        return this;
    }

    /** What the signed part says, where the rest says something else. */
    Draft claimingInside(String signatureAlgorithm) {
        inside = signatureAlgorithm;
        return this;
    }

    Made by(Made ca) {
        issuer = ca;
        return make();
    }

    /** One of a certain size. */
    static byte[] filled(Draft draft, int size, Made ca) {
        ASN1ObjectIdentifier filler = new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.2");
        int start = size - 1_000;
        int made = draft.with(filler, false, new DEROctetString(new byte[start]))
                .by(ca)
                .der()
                .length;
        return draft.with(filler, false, new DEROctetString(new byte[start + size - made]))
                .by(ca)
                .der();
    }

    Made selfSigned() {
        return make();
    }

    private Made make() {
        try {
            KeyPair signing = issuer == null ? keys : issuer.keys;
            String with = algorithm.isEmpty() ? signatureFor(signing) : algorithm;
            AlgorithmIdentifier outer = exactly == null ? identifier(with) : exactly;
            ASN1EncodableVector signed = new ASN1EncodableVector();
            signed.add(new DERTaggedObject(true, 0, new ASN1Integer(2)));
            signed.add(new ASN1Integer(serial));
            signed.add(inside.isEmpty() ? outer : identifier(inside));
            signed.add(issuer == null ? subject : issuer.subject);
            signed.add(new DERSequence(new ASN1Encodable[] {new Time(Date.from(from)), new Time(Date.from(until))}));
            signed.add(subject);
            signed.add(shown);
            if (!extensions.isEmpty()) {
                signed.add(new DERTaggedObject(true, 3, new DERSequence(extensions.toArray(ASN1Encodable[]::new))));
            }
            DERSequence part = new DERSequence(signed);
            Signature signer = signer(with);
            signer.initSign(signing.getPrivate());
            signer.update(part.getEncoded("DER"));
            byte[] der = new DERSequence(new ASN1Encodable[] {part, outer, new DERBitString(signer.sign())})
                    .getEncoded("DER");
            return new Made(keys, subject, with, der);
        } catch (GeneralSecurityException | IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Signature signer(String algorithm) throws GeneralSecurityException {
        if (!algorithm.equals(PSS)) {
            return Signature.getInstance(algorithm);
        }
        Signature signer = Signature.getInstance("RSASSA-PSS");
        signer.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
        return signer;
    }

    static AlgorithmIdentifier identifier(String signatureAlgorithm) {
        return new DefaultSignatureAlgorithmIdentifierFinder().find(signatureAlgorithm);
    }

    static String signatureFor(KeyPair keys) {
        return switch (keys.getPublic().getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            case "EdDSA" -> ((EdECKey) keys.getPublic()).getParams().getName();
            default -> throw new AssertionError(keys.getPublic().getAlgorithm());
        };
    }

    /** A fresh one; RSA keys are dear, so there is one of each size. */
    static KeyPair key(String kind, int bits) {
        return kind.equals("RSA")
                ? KEYS.computeIfAbsent(kind + bits, name -> generate(kind, bits))
                : generate(kind, bits);
    }

    private static KeyPair generate(String kind, int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
            if (bits > 0) {
                generator.initialize(bits);
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
