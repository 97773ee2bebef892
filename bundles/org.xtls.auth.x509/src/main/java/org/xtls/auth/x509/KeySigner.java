package org.xtls.auth.x509;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.ProviderException;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.jspecify.annotations.Nullable;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.Signer;

/**
 * A private key, in memory or on a token. It signs through {@link Signature}, but for Ed25519 in memory, which is most of
 * a handshake's cost with the JDK and a small part of it with Bouncy Castle ({@code docs/benchmarking.md}).
 */
final class KeySigner implements Signer {
    private static final long TURN_MILLIS = 1_000;

    private final PrivateKey key;
    private final KeyKind kind;
    private final @Nullable Token token;
    private final @Nullable Ed25519PrivateKeyParameters edwards;

    /**
     * A signer.
     *
     * @param token where the key is; null for a key in memory
     */
    KeySigner(PrivateKey key, KeyKind kind, @Nullable Token token) {
        this.key = key;
        this.kind = kind;
        this.token = token;
        this.edwards = token == null ? edwards(key) : null;
    }

    /** The same key for Bouncy Castle, or null for another kind of key, or one whose bytes are not to be had. */
    private static @Nullable Ed25519PrivateKeyParameters edwards(PrivateKey key) {
        if (key instanceof EdECPrivateKey curve && curve.getParams().getName().equals("Ed25519")) {
            return curve.getBytes().map(Ed25519PrivateKeyParameters::new).orElse(null);
        }
        return null;
    }

    @Override
    public List<SignatureScheme> schemes() {
        return kind.schemes();
    }

    @Override
    public byte[] sign(SignatureScheme scheme, byte[] content) throws GeneralSecurityException {
        if (!schemes().contains(scheme)) {
            throw new GeneralSecurityException("a key of the kind " + kind + " does not sign with " + scheme);
        }
        if (scheme == SignatureScheme.ED25519 && edwards != null) {
            Ed25519Signer signer = new Ed25519Signer();
            signer.init(true, edwards);
            signer.update(content, 0, content.length);
            return signer.generateSignature();
        }
        if (token == null) {
            return sign(scheme, content, null);
        }
        token.await();
        try {
            return sign(scheme, content, token.provider);
        } finally {
            token.turns.release();
        }
    }

    private byte[] sign(SignatureScheme scheme, byte[] content, @Nullable Provider provider)
            throws GeneralSecurityException {
        try {
            Signature signature = signature(scheme, provider);
            signature.initSign(key);
            signature.update(content);
            return signature.sign();
        } catch (ProviderException e) {
            // What a token throws that has been pulled out, or has lost the key.
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new InvalidKeyException("the token does not sign: " + cause.getMessage(), e);
        }
    }

    static Signature signature(SignatureScheme scheme) throws GeneralSecurityException {
        return signature(scheme, null);
    }

    private static Signature signature(SignatureScheme scheme, @Nullable Provider token)
            throws GeneralSecurityException {
        return switch (scheme) {
            case ED25519 -> instance("Ed25519", token);
            case ED448 -> instance("Ed448", token);
            case ECDSA_SECP256R1_SHA256 -> instance("SHA256withECDSA", token);
            case ECDSA_SECP384R1_SHA384 -> instance("SHA384withECDSA", token);
            case RSA_PSS_RSAE_SHA256 -> pss("SHA-256", MGF1ParameterSpec.SHA256, 32, token);
            case RSA_PSS_RSAE_SHA384 -> pss("SHA-384", MGF1ParameterSpec.SHA384, 48, token);
            case RSA_PSS_RSAE_SHA512 -> pss("SHA-512", MGF1ParameterSpec.SHA512, 64, token);
        };
    }

    private static Signature pss(String hash, MGF1ParameterSpec mask, int salt, @Nullable Provider token)
            throws GeneralSecurityException {
        Signature signature = instance("RSASSA-PSS", token);
        signature.setParameter(new PSSParameterSpec(hash, "MGF1", mask, salt, PSSParameterSpec.TRAILER_FIELD_BC));
        return signature;
    }

    private static Signature instance(String algorithm, @Nullable Provider token) throws GeneralSecurityException {
        return token == null ? Signature.getInstance(algorithm) : Signature.getInstance(algorithm, token);
    }

    /**
     * Where a key is that is not in memory.
     *
     * @param provider it alone can use the key
     * @param turns one for each signature that may wait for the token at a time, and so for its user
     */
    record Token(Provider provider, Semaphore turns) {
        /** How many of them. */
        static final int TURNS = 2;

        /** Strangers' handshakes, each waiting for a touch, must not take all threads that tunnels share. */
        private void await() throws GeneralSecurityException {
            try {
                if (turns.tryAcquire(TURN_MILLIS, TimeUnit.MILLISECONDS)) {
                    return;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            throw new GeneralSecurityException(
                    "the token is busy with other signatures; answer what it asks or touch it, and try again");
        }
    }
}
