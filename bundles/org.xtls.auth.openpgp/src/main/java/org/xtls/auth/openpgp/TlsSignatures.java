package org.xtls.auth.openpgp;

import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import org.xtls.tls.SignatureScheme;

/** The signatures of TLS 1.3 with the JDK. */
final class TlsSignatures {
    private TlsSignatures() {}

    static Signature instance(SignatureScheme scheme) throws GeneralSecurityException {
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

    static boolean verify(SignatureScheme scheme, PublicKey key, byte[] content, byte[] signature)
            throws GeneralSecurityException {
        Signature verifier = instance(scheme);
        verifier.initVerify(key);
        verifier.update(content);
        return verifier.verify(signature);
    }

    /** The hash that a scheme signs, for those that sign one. */
    static String hash(SignatureScheme scheme) {
        return switch (scheme) {
            case ECDSA_SECP384R1_SHA384, RSA_PSS_RSAE_SHA384 -> "SHA-384";
            case RSA_PSS_RSAE_SHA512 -> "SHA-512";
            default -> "SHA-256";
        };
    }

    private static Signature pss(String hash, MGF1ParameterSpec mask, int salt) throws GeneralSecurityException {
        Signature signature = Signature.getInstance("RSASSA-PSS");
        signature.setParameter(new PSSParameterSpec(hash, "MGF1", mask, salt, PSSParameterSpec.TRAILER_FIELD_BC));
        return signature;
    }
}
