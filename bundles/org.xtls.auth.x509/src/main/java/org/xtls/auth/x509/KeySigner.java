package org.xtls.auth.x509;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.List;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.Signer;

/** A private key in memory that signs through {@link Signature}. */
final class KeySigner implements Signer {
    private final PrivateKey key;
    private final KeyKind kind;

    KeySigner(PrivateKey key, KeyKind kind) {
        this.key = key;
        this.kind = kind;
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
        Signature signature = signature(scheme);
        signature.initSign(key);
        signature.update(content);
        return signature.sign();
    }

    static Signature signature(SignatureScheme scheme) throws GeneralSecurityException {
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
        signature.setParameter(new PSSParameterSpec(hash, "MGF1", mask, salt, PSSParameterSpec.TRAILER_FIELD_BC));
        return signature;
    }
}
