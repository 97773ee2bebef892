package org.xtls.benchmarks;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.EdECPrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.xtls.tls.Credential;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.Signer;

/** A fresh Ed25519 key, which signs by Bouncy Castle as those of org.xtls.auth.x509 do, and its self-signed certificate. */
record Ed25519Identity(PrivateKey key, X509Certificate certificate) {
    static Ed25519Identity generate() throws GeneralSecurityException {
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        X500Name name = new X500Name("CN=benchmark");
        Instant now = Instant.now();
        try {
            return new Ed25519Identity(
                    pair.getPrivate(),
                    new JcaX509CertificateConverter()
                            .getCertificate(new JcaX509v3CertificateBuilder(
                                            name,
                                            BigInteger.ONE,
                                            Date.from(now.minus(Duration.ofHours(1))),
                                            Date.from(now.plus(Duration.ofDays(1))),
                                            name,
                                            pair.getPublic())
                                    .build(new JcaContentSignerBuilder("Ed25519").build(pair.getPrivate()))));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }

    Credential credential() {
        byte[] bytes = ((EdECPrivateKey) key).getBytes().orElseThrow();
        return new Credential.CertificateChain(
                List.of(certificate), new MemorySigner(new Ed25519PrivateKeyParameters(bytes)));
    }

    private record MemorySigner(Ed25519PrivateKeyParameters key) implements Signer {
        @Override
        public List<SignatureScheme> schemes() {
            return List.of(SignatureScheme.ED25519);
        }

        @Override
        public byte[] sign(SignatureScheme scheme, byte[] content) {
            Ed25519Signer signer = new Ed25519Signer();
            signer.init(true, key);
            signer.update(content, 0, content.length);
            return signer.generateSignature();
        }
    }
}
