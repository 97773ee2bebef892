package org.xtls.tunnel.protocol;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
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
import org.xtls.trust.KeyName;

/** Credentials for tests. */
final class Keys {
    /** What each side calls the other's key. */
    static final KeyName NAME = new KeyName("x509", "cd".repeat(32));

    static final Credential ROMEO = certificate("romeo");
    static final Credential JULIET = certificate("juliet");

    private Keys() {}

    /** A PSK of its own, for the engine wipes it when a session ends. */
    static Credential psk() {
        return new Credential.ExternalPsk("test".getBytes(StandardCharsets.US_ASCII), new byte[32]);
    }

    static Credential certificate(String name) {
        try {
            KeyPair keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            X500Name subject = new X500Name("CN=" + name);
            Instant now = Instant.now();
            X509Certificate certificate = new JcaX509CertificateConverter()
                    .getCertificate(new JcaX509v3CertificateBuilder(
                                    subject,
                                    BigInteger.ONE,
                                    Date.from(now.minusSeconds(60)),
                                    Date.from(now.plusSeconds(3600)),
                                    subject,
                                    keys.getPublic())
                            .build(new JcaContentSignerBuilder("Ed25519").build(keys.getPrivate())));
            return new Credential.CertificateChain(List.of(certificate), signer(keys.getPrivate()));
        } catch (GeneralSecurityException | OperatorCreationException e) {
            throw new AssertionError(e);
        }
    }

    private static Signer signer(PrivateKey key) {
        return new Signer() {
            @Override
            public List<SignatureScheme> schemes() {
                return List.of(SignatureScheme.ED25519);
            }

            @Override
            public byte[] sign(SignatureScheme scheme, byte[] content) throws GeneralSecurityException {
                Signature signature = Signature.getInstance("Ed25519");
                signature.initSign(key);
                signature.update(content);
                return signature.sign();
            }
        };
    }
}
