package org.xtls.auth.x509;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.InvalidKeyException;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.bouncycastle.asn1.ASN1BitString;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1InputStream;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * What the bytes of a certificate must be like before anything in them is believed. Whatever two parsers could read in
 * two ways, or one of them could choke on, is refused (RFC 5280 §4.1, §4.2).
 */
final class CertificateForm {
    /** Ten of these are what a peer can make this side look at. */
    static final int MOST_BYTES = 16_384;

    private static final int MOST_EXTENSIONS = 32;
    private static final int MOST_SERIAL_OCTETS = 20;
    private static final int MOST_RSA_BITS = 8192;
    private static final int MOST_RSA_EXPONENT_BITS = 64;

    /** Those that decide what a certificate is good for: their content is read strictly too. */
    private static final Set<ASN1ObjectIdentifier> DECISIVE = Set.of(
            Extension.subjectAlternativeName,
            Extension.basicConstraints,
            Extension.keyUsage,
            Extension.extendedKeyUsage,
            Extension.nameConstraints);

    private CertificateForm() {}

    /** Reads a certificate as it came. */
    static X509Certificate read(byte[] sent) throws CertificateRefusal {
        if (sent.length > MOST_BYTES) {
            throw CertificateRefusal.malformed("has " + sent.length + " bytes; at most " + MOST_BYTES + " are taken");
        }
        ASN1Primitive value = der(sent);
        try {
            requireSound(ASN1Sequence.getInstance(value));
        } catch (RuntimeException e) {
            throw CertificateRefusal.malformed("is malformed: it is no X.509 certificate");
        }
        try {
            return (X509Certificate) factory().generateCertificate(new ByteArrayInputStream(sent));
        } catch (CertificateException e) {
            throw CertificateRefusal.malformed("is malformed: it cannot be read");
        }
    }

    /**
     * The bounds of a key, beyond what {@link KeyKind} wants of one that signs handshakes: a key of a hundred thousand
     * bits is cheap to send and dear to use.
     */
    static void requireSoundKey(PublicKey key) throws CertificateRefusal {
        try {
            KeyKind.of(key);
        } catch (InvalidKeyException e) {
            throw CertificateRefusal.unsuitable("has an unsuitable key: " + e.getMessage());
        }
        SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(key.getEncoded());
        if (!info.getAlgorithm().getAlgorithm().equals(PKCSObjectIdentifiers.rsaEncryption)) {
            return;
        }
        try {
            RSAPublicKey rsa = RSAPublicKey.getInstance(info.parsePublicKey());
            if (rsa.getModulus().bitLength() > MOST_RSA_BITS
                    || rsa.getPublicExponent().bitLength() > MOST_RSA_EXPONENT_BITS) {
                throw CertificateRefusal.unsuitable("has an unsuitable key: an RSA key has at most " + MOST_RSA_BITS
                        + " bits, and an exponent of at most " + MOST_RSA_EXPONENT_BITS);
            }
        } catch (IOException e) {
            throw CertificateRefusal.unsuitable("has an unsuitable key: it cannot be read");
        }
    }

    private static void requireSound(ASN1Sequence certificate) throws CertificateRefusal {
        if (certificate.size() != 3) {
            throw CertificateRefusal.malformed("is malformed: it has not the three parts of a certificate");
        }
        ASN1Sequence signed = ASN1Sequence.getInstance(certificate.getObjectAt(0));
        int first = signed.getObjectAt(0) instanceof ASN1TaggedObject ? 1 : 0;
        BigInteger serial = ASN1Integer.getInstance(signed.getObjectAt(first)).getValue();
        if (serial.signum() < 0) {
            throw CertificateRefusal.malformed("is malformed: its serial number is negative");
        }
        if (serial.bitLength() / 8 + 1 > MOST_SERIAL_OCTETS) {
            throw CertificateRefusal.malformed("is malformed: its serial number has more than 20 octets");
        }
        AlgorithmIdentifier inside = AlgorithmIdentifier.getInstance(signed.getObjectAt(first + 1));
        if (!inside.equals(AlgorithmIdentifier.getInstance(certificate.getObjectAt(1)))) {
            // What is signed says how it is signed; what is not could be written by anybody.
            throw CertificateRefusal.malformed("names one signature algorithm inside and another outside");
        }
        if (ASN1BitString.getInstance(certificate.getObjectAt(2)).getPadBits() != 0) {
            // The JDK drops the unused bits: one signature would have two forms, and the certificate two fingerprints.
            throw CertificateRefusal.malformed("is malformed: its signature is no whole number of bytes");
        }
        for (ASN1Encodable part : signed) {
            if (part instanceof ASN1TaggedObject tagged && tagged.getTagNo() == 3) {
                requireSoundExtensions(ASN1Sequence.getInstance(tagged, true));
            }
        }
    }

    private static void requireSoundExtensions(ASN1Sequence extensions) throws CertificateRefusal {
        if (extensions.size() > MOST_EXTENSIONS) {
            throw CertificateRefusal.malformed("has more than " + MOST_EXTENSIONS + " extensions");
        }
        Set<ASN1ObjectIdentifier> seen = new HashSet<>();
        for (ASN1Encodable element : extensions) {
            ASN1Sequence extension = ASN1Sequence.getInstance(element);
            ASN1ObjectIdentifier type = ASN1ObjectIdentifier.getInstance(extension.getObjectAt(0));
            if (!seen.add(type)) {
                throw CertificateRefusal.malformed("has the extension " + type + " twice");
            }
            if (DECISIVE.contains(type)) {
                der(ASN1OctetString.getInstance(extension.getObjectAt(extension.size() - 1))
                        .getOctets());
            }
        }
    }

    /** One value in DER, and nothing behind it. */
    private static ASN1Primitive der(byte[] bytes) throws CertificateRefusal {
        try (ASN1InputStream in = new ASN1InputStream(bytes)) {
            ASN1Primitive value = in.readObject();
            int rest = in.available();
            if (rest > 0) {
                throw CertificateRefusal.malformed("is malformed: " + rest + " bytes follow where it should end");
            }
            if (value == null || !Arrays.equals(bytes, value.getEncoded(ASN1Encoding.DER))) {
                throw CertificateRefusal.malformed("is malformed: it is not in DER");
            }
            return value;
        } catch (IOException | RuntimeException e) {
            throw CertificateRefusal.malformed("is malformed: it cannot be read as ASN.1");
        }
    }

    /** The JDK's own: another that somebody put before it may read more than there is. */
    private static CertificateFactory factory() throws CertificateException {
        Provider provider = Security.getProvider("SUN");
        return provider == null
                ? CertificateFactory.getInstance("X.509")
                : CertificateFactory.getInstance("X.509", provider);
    }
}
