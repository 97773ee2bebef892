package org.xtls.tls.bc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
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
import org.bouncycastle.tls.SecurityParameters;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.bouncycastle.tls.TlsCredentialedSigner;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsPSKExternal;
import org.bouncycastle.tls.TlsSRPConfigVerifier;
import org.bouncycastle.tls.TlsSRPIdentity;
import org.bouncycastle.tls.TlsSRPLoginParameters;
import org.bouncycastle.tls.crypto.TlsSRPConfig;
import org.bouncycastle.tls.crypto.TlsSecret;
import org.bouncycastle.tls.crypto.TlsStreamSigner;
import org.jspecify.annotations.Nullable;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.Handshake;
import org.xtls.tls.OcspResponse;
import org.xtls.tls.Proof;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.Signer;
import org.xtls.tls.SrpGroup;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;

/** What this side presents, in Bouncy Castle's terms. */
sealed interface LocalCredential {
    /** Ten large certificates, and no room for more. */
    int LARGEST_CHAIN = 32 * 1024;

    /** The largest handshake message taken, from either side: a chain, and an OCSP response with it. */
    int LARGEST_MESSAGE = LARGEST_CHAIN + OcspResponse.MAX_BYTES;

    static LocalCredential of(TlsRole role, Credential credential, HandshakeCrypto crypto) throws TlsException {
        try {
            if (credential instanceof Credential.CertificateChain chain) {
                return Certified.of(chain, crypto);
            }
            if (credential instanceof Credential.RawPublicKey raw) {
                return Certified.of(raw, crypto);
            }
            if (credential instanceof Credential.ExternalPsk psk) {
                return new Psk(psk, crypto);
            }
            return srp(role, (Credential.Srp) credential);
        } catch (GeneralSecurityException | IOException | RuntimeException e) {
            throw new TlsException(
                    Alert.UNSUPPORTED_CERTIFICATE,
                    false,
                    "the own key cannot be used for TLS: " + e.getMessage() + "; use another one",
                    e);
        }
    }

    private static LocalCredential srp(TlsRole role, Credential.Srp credential) throws UnusableKeyException {
        if (role == TlsRole.CLIENT && credential instanceof Credential.SrpClient client) {
            return new SrpPassword(client);
        }
        if (role == TlsRole.SERVER && credential instanceof Credential.SrpServer server) {
            return SrpVerifier.of(server);
        }
        throw new UnusableKeyException("with SRP a client has a password and a server its verifier");
    }

    /** What a completed handshake with this credential comes to. */
    Handshake completed(SecurityParameters negotiated, @Nullable Proof presented) throws TlsFatalAlert;

    private static Handshake completedTls13(SecurityParameters negotiated, Proof proof) {
        return new Handshake(
                "TLSv1.3",
                Parameters.Group.nameOf(negotiated.getNegotiatedGroup()),
                Parameters.Suite.nameOf(negotiated.getCipherSuite()),
                proof);
    }

    private static Handshake completedTls12(SecurityParameters negotiated, SrpGroup group) {
        return new Handshake(
                "TLSv1.2", group.name(), Rfc5054.Suite.nameOf(negotiated.getCipherSuite()), new Proof.Srp());
    }

    /** The handshake has ended, well or not: what only it needs is let go. */
    void release();

    /** The session has ended: what it was lent to be wiped is wiped. */
    void wipe();

    /** A certificate chain, or a raw public key in a certificate's place. */
    final class Certified implements LocalCredential {
        private final short type;
        private final Certificate certificate;
        private final Certificate stapled;
        private final List<SignatureScheme> schemes;
        private @Nullable Signer signer;

        private Certified(
                short type,
                Certificate certificate,
                Certificate stapled,
                List<SignatureScheme> schemes,
                Signer signer) {
            this.type = type;
            this.certificate = certificate;
            this.stapled = stapled;
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
            return of(CertificateType.X509, encodings, chain.ocsp(), key, chain.signer(), crypto);
        }

        private static Certified of(Credential.RawPublicKey raw, HandshakeCrypto crypto)
                throws GeneralSecurityException, IOException {
            List<byte[]> encoding = List.of(raw.key().getEncoded());
            return of(CertificateType.RawPublicKey, encoding, null, raw.key(), raw.signer(), crypto);
        }

        private static Certified of(
                short type,
                List<byte[]> encodings,
                @Nullable OcspResponse ocsp,
                PublicKey key,
                Signer signer,
                HandshakeCrypto crypto)
                throws GeneralSecurityException, IOException {
            if (encodings.stream().mapToInt(encoding -> encoding.length + 5).sum() > LARGEST_CHAIN - 16) {
                throw new UnusableKeyException("the chain has more than " + LARGEST_CHAIN + " bytes");
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
            Certificate certificate = new Certificate(type, new byte[0], entries);
            if (ocsp == null) {
                return new Certified(type, certificate, certificate, schemes, signer);
            }
            CertificateEntry[] stapled = entries.clone();
            stapled[0] = new CertificateEntry(entries[0].getCertificate(), Stapling.inCertificate(ocsp));
            return new Certified(type, certificate, new Certificate(type, new byte[0], stapled), schemes, signer);
        }

        short type() {
            return type;
        }

        /** The credential with the first of its schemes that the peer takes, and its status if the peer asks. */
        TlsCredentialedSigner with(Collection<?> peersSchemes, boolean statusAsked) throws TlsFatalAlert {
            SignatureScheme scheme = SignatureSchemes.select(schemes, peersSchemes)
                    .orElseThrow(() -> new Refusal(
                            AlertDescription.handshake_failure,
                            "the peer takes none of the own key's signature schemes " + schemes));
            return new HandshakeSigner(statusAsked ? stapled : certificate, scheme, signer);
        }

        @Override
        public Handshake completed(SecurityParameters negotiated, @Nullable Proof presented) throws TlsFatalAlert {
            if (presented == null) {
                throw new TlsFatalAlert(AlertDescription.internal_error);
            }
            return completedTls13(negotiated, presented);
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
        public Handshake completed(SecurityParameters negotiated, @Nullable Proof presented) {
            return completedTls13(negotiated, new Proof.ExternalPsk());
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

    /** A password, and the judge of the group that a server would have it used in. */
    final class SrpPassword implements LocalCredential, TlsSRPIdentity, TlsSRPConfigVerifier {
        private final Credential.SrpClient credential;
        private @Nullable SrpGroup group;

        private SrpPassword(Credential.SrpClient credential) {
            this.credential = credential;
        }

        @Override
        public byte[] getSRPIdentity() {
            return credential.userName().getBytes(StandardCharsets.UTF_8);
        }

        /** Not a copy: it is wiped. */
        @Override
        public byte[] getSRPPassword() {
            return credential.password();
        }

        @Override
        public boolean accept(TlsSRPConfig config) {
            group = Rfc5054.groupOf(config).orElse(null);
            return group != null;
        }

        @Override
        public Handshake completed(SecurityParameters negotiated, @Nullable Proof presented) throws TlsFatalAlert {
            if (group == null) {
                throw new TlsFatalAlert(AlertDescription.internal_error);
            }
            return completedTls12(negotiated, group);
        }

        @Override
        public void release() {}

        @Override
        public void wipe() {
            Arrays.fill(credential.password(), (byte) 0);
        }
    }

    /** A verifier. */
    final class SrpVerifier implements LocalCredential {
        private final Credential.SrpServer credential;

        private SrpVerifier(Credential.SrpServer credential) {
            this.credential = credential;
        }

        private static SrpVerifier of(Credential.SrpServer credential) throws UnusableKeyException {
            BigInteger verifier = new BigInteger(1, credential.verifier());
            BigInteger modulus = Rfc5054.config(credential.group()).getExplicitNG()[0];
            if (verifier.compareTo(BigInteger.ONE) <= 0 || verifier.compareTo(modulus) >= 0) {
                throw new UnusableKeyException("the SRP verifier is none in the group " + credential.group());
            }
            return new SrpVerifier(credential);
        }

        byte[] userName() {
            return credential.userName().getBytes(StandardCharsets.UTF_8);
        }

        TlsSRPLoginParameters login() {
            return new TlsSRPLoginParameters(
                    userName(),
                    Rfc5054.config(credential.group()),
                    new BigInteger(1, credential.verifier()),
                    credential.salt());
        }

        @Override
        public Handshake completed(SecurityParameters negotiated, @Nullable Proof presented) {
            return completedTls12(negotiated, credential.group());
        }

        @Override
        public void release() {}

        @Override
        public void wipe() {
            Arrays.fill(credential.verifier(), (byte) 0);
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
