package org.xtls.tls.bc;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.xtls.tls.Credential;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.Signer;

/** Keys, and the credentials made of them, for tests. */
enum Keys {
    ED25519("Ed25519", "Ed25519", SignatureScheme.ED25519),
    ED448("Ed448", "Ed448", SignatureScheme.ED448),
    P256("secp256r1", "SHA256withECDSA", SignatureScheme.ECDSA_SECP256R1_SHA256),
    P384("secp384r1", "SHA384withECDSA", SignatureScheme.ECDSA_SECP384R1_SHA384),
    RSA_SHA256("2048", "SHA256withRSA", SignatureScheme.RSA_PSS_RSAE_SHA256),
    RSA_SHA384("2048", "SHA384withRSA", SignatureScheme.RSA_PSS_RSAE_SHA384),
    RSA_SHA512("2048", "SHA512withRSA", SignatureScheme.RSA_PSS_RSAE_SHA512);

    private final String size;
    private final String certificateSignature;
    private final SignatureScheme scheme;

    Keys(String size, String certificateSignature, SignatureScheme scheme) {
        this.size = size;
        this.certificateSignature = certificateSignature;
        this.scheme = scheme;
    }

    SignatureScheme scheme() {
        return scheme;
    }

    KeyPair generate() throws GeneralSecurityException {
        KeyPairGenerator generator;
        if (size.startsWith("Ed")) {
            generator = KeyPairGenerator.getInstance(size);
        } else if (size.startsWith("secp")) {
            generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(size));
        } else {
            generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(Integer.parseInt(size));
        }
        return generator.generateKeyPair();
    }

    Credential.CertificateChain chain() throws GeneralSecurityException {
        KeyPair pair = generate();
        return new Credential.CertificateChain(List.of(selfSigned(pair)), signer(pair.getPrivate()));
    }

    Credential.RawPublicKey raw() throws GeneralSecurityException {
        KeyPair pair = generate();
        return new Credential.RawPublicKey(pair.getPublic(), signer(pair.getPrivate()));
    }

    X509Certificate selfSigned(KeyPair pair) throws GeneralSecurityException {
        return certificate(
                pair, new X500Name("CN=self"), pair.getPrivate(), new X500Name("CN=self"), certificateSignature);
    }

    static X509Certificate certificate(
            KeyPair subject, X500Name name, PrivateKey issuer, X500Name issuerName, String signature)
            throws GeneralSecurityException {
        try {
            Instant now = Instant.now();
            return new JcaX509CertificateConverter()
                    .getCertificate(new JcaX509v3CertificateBuilder(
                                    issuerName,
                                    BigInteger.ONE,
                                    Date.from(now.minus(Duration.ofHours(1))),
                                    Date.from(now.plus(Duration.ofHours(1))),
                                    name,
                                    subject.getPublic())
                            .build(new JcaContentSignerBuilder(signature).build(issuer)));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }

    Signer signer(PrivateKey key) {
        return new Signer() {
            @Override
            public List<SignatureScheme> schemes() {
                return List.of(scheme);
            }

            @Override
            public byte[] sign(SignatureScheme chosen, byte[] content) throws GeneralSecurityException {
                Signature signature = signature(chosen);
                signature.initSign(key);
                signature.update(content);
                return signature.sign();
            }
        };
    }

    private static Signature signature(SignatureScheme scheme) throws GeneralSecurityException {
        return switch (scheme) {
            case ED25519 -> Signature.getInstance("Ed25519");
            case ED448 -> Signature.getInstance("Ed448");
            case ECDSA_SECP256R1_SHA256 -> Signature.getInstance("SHA256withECDSA");
            case ECDSA_SECP384R1_SHA384 -> Signature.getInstance("SHA384withECDSA");
            case RSA_PSS_RSAE_SHA256 -> pss("SHA-256", MGF1ParameterSpec.SHA256, 32);
            case RSA_PSS_RSAE_SHA384 -> pss("SHA-384", MGF1ParameterSpec.SHA384, 48);
            case RSA_PSS_RSAE_SHA512 -> pss("SHA-512", MGF1ParameterSpec.SHA512, 64);
        };
    }

    private static Signature pss(String hash, MGF1ParameterSpec mask, int salt) throws GeneralSecurityException {
        Signature signature = Signature.getInstance("RSASSA-PSS");
        signature.setParameter(new PSSParameterSpec(hash, "MGF1", mask, salt, 1));
        return signature;
    }
}
