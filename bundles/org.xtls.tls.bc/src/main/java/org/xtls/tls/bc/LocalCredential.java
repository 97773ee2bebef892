package org.xtls.tls.bc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.BasicTlsPSKExternal;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateEntry;
import org.bouncycastle.tls.CertificateType;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.bouncycastle.tls.TlsCredentialedSigner;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsPSKExternal;
import org.bouncycastle.tls.crypto.TlsSecret;
import org.bouncycastle.tls.crypto.TlsStreamSigner;
import org.jspecify.annotations.Nullable;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.Signer;
import org.xtls.tls.TlsException;

/** What this side presents, in Bouncy Castle's terms. */
sealed interface LocalCredential {
    /** The largest handshake message taken, from either side: ten large certificates, and no room for more. */
    int LARGEST_MESSAGE = 32 * 1024;

    static LocalCredential of(Credential credential, HandshakeCrypto crypto) throws TlsException {
        try {
            if (credential instanceof Credential.CertificateChain chain) {
                return Certified.of(chain, crypto);
            }
            if (credential instanceof Credential.RawPublicKey raw) {
                return Certified.of(raw, crypto);
            }
            return new Psk((Credential.ExternalPsk) credential, crypto);
        } catch (GeneralSecurityException | IOException | RuntimeException e) {
            throw new TlsException(
                    Alert.UNSUPPORTED_CERTIFICATE,
                    false,
                    "the own key cannot be used for TLS: " + e.getMessage() + "; use another one",
                    e);
        }
    }

    /** The handshake has ended, well or not: what only it needs is let go. */
    void release();

    /** The session has ended: what it was lent to be wiped is wiped. */
    void wipe();

    /** A certificate chain, or a raw public key in a certificate's place. */
    final class Certified implements LocalCredential {
        private final short type;
        private final Certificate certificate;
        private final List<SignatureScheme> schemes;
        private @Nullable Signer signer;

        private Certified(short type, Certificate certificate, List<SignatureScheme> schemes, Signer signer) {
            this.type = type;
            this.certificate = certificate;
            this.schemes = schemes;
            this.signer = signer;
        }

        private static Certified of(Credential.CertificateChain chain, HandshakeCrypto crypto)
                throws GeneralSecurityException, IOException {
            List<byte[]> encodings = new ArrayList<>();
            for (X509Certificate certificate : chain.certificates()) {
                encodings.add(certificate.getEncoded());
            }
            PublicKey key = chain.certificates().get(0).getPublicKey();
            return of(CertificateType.X509, encodings, key, chain.signer(), crypto);
        }

        private static Certified of(Credential.RawPublicKey raw, HandshakeCrypto crypto)
                throws GeneralSecurityException, IOException {
            return of(CertificateType.RawPublicKey, List.of(raw.key().getEncoded()), raw.key(), raw.signer(), crypto);
        }

        private static Certified of(
                short type, List<byte[]> encodings, PublicKey key, Signer signer, HandshakeCrypto crypto)
                throws GeneralSecurityException, IOException {
            if (encodings.stream().mapToInt(encoding -> encoding.length + 5).sum() > LARGEST_MESSAGE - 4) {
                throw new UnusableKeyException("the chain has more than " + LARGEST_MESSAGE + " bytes");
            }
            Set<SignatureScheme> usable = SignatureSchemes.of(SubjectPublicKeyInfo.getInstance(key.getEncoded()));
            List<SignatureScheme> schemes =
                    signer.schemes().stream().filter(usable::contains).toList();
            if (schemes.isEmpty()) {
                throw new UnusableKeyException("its signer has " + signer.schemes() + ", the public key " + usable);
            }
            CertificateEntry[] entries = new CertificateEntry[encodings.size()];
            for (int i = 0; i < entries.length; i++) {
                entries[i] = new CertificateEntry(crypto.createCertificate(type, encodings.get(i)), null);
            }
            return new Certified(type, new Certificate(type, new byte[0], entries), schemes, signer);
        }

        short type() {
            return type;
        }

        /** The credential with the first of its schemes that the peer takes. */
        TlsCredentialedSigner with(Collection<?> peersSchemes) throws TlsFatalAlert {
            SignatureScheme scheme = SignatureSchemes.select(schemes, peersSchemes)
                    .orElseThrow(() -> new Refusal(
                            AlertDescription.handshake_failure,
                            "the peer takes none of the own key's signature schemes " + schemes));
            return new HandshakeSigner(certificate, scheme, signer);
        }

        @Override
        public void release() {
            signer = null;
        }

        @Override
        public void wipe() {
            release();
        }
    }

    /** An external PSK. */
    final class Psk implements LocalCredential {
        private final Credential.ExternalPsk credential;
        private final TlsSecret secret;

        private Psk(Credential.ExternalPsk credential, HandshakeCrypto crypto) {
            this.credential = credential;
            this.secret = crypto.createSecret(credential.key());
        }

        byte[] identity() {
            return credential.identity();
        }

        TlsPSKExternal external() {
            return new BasicTlsPSKExternal(credential.identity(), secret);
        }

        @Override
        public void release() {
            secret.destroy();
        }

        @Override
        public void wipe() {
            release();
            Arrays.fill(credential.key(), (byte) 0);
        }
    }

    /** Hands a {@link Signer} the whole content, as the contract says; Bouncy Castle would rather hash it first. */
    final class HandshakeSigner implements TlsCredentialedSigner, TlsStreamSigner {
        private final Certificate certificate;
        private final SignatureScheme scheme;
        private final @Nullable Signer signer;
        private final ByteArrayOutputStream content = new ByteArrayOutputStream();

        private HandshakeSigner(Certificate certificate, SignatureScheme scheme, @Nullable Signer signer) {
            this.certificate = certificate;
            this.scheme = scheme;
            this.signer = signer;
        }

        @Override
        public Certificate getCertificate() {
            return certificate;
        }

        @Override
        public SignatureAndHashAlgorithm getSignatureAndHashAlgorithm() {
            return SignatureSchemes.algorithm(scheme.code());
        }

        @Override
        public TlsStreamSigner getStreamSigner() {
            return this;
        }

        @Override
        public OutputStream getOutputStream() {
            return content;
        }

        @Override
        public byte[] getSignature() throws IOException {
            if (signer == null) {
                throw new TlsFatalAlert(AlertDescription.internal_error);
            }
            try {
                return signer.sign(scheme, content.toByteArray());
            } catch (GeneralSecurityException | RuntimeException e) {
                throw new Refusal(AlertDescription.internal_error, "the own key could not sign: " + e.getMessage(), e);
            }
        }

        @Override
        public byte[] generateRawSignature(byte[] hash) throws IOException {
            throw new TlsFatalAlert(AlertDescription.internal_error);
        }
    }
}
