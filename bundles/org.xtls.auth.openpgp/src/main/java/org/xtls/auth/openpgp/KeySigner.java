package org.xtls.auth.openpgp;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.bouncycastle.crypto.util.PrivateKeyInfoFactory;
import org.jspecify.annotations.Nullable;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.Signer;

/** A private key in memory. */
final class KeySigner implements Signer {
    private final KeyKind kind;
    private final @Nullable PrivateKey key;
    private final @Nullable Ed25519PrivateKeyParameters edwards;

    private KeySigner(KeyKind kind, @Nullable PrivateKey key, @Nullable Ed25519PrivateKeyParameters edwards) {
        this.kind = kind;
        this.key = key;
        this.edwards = edwards;
    }

    /** Ed25519 stays with Bouncy Castle, which is much faster at it; the rest goes to the JDK, for its randomness. */
    static KeySigner of(KeyKind kind, AsymmetricKeyParameter key) throws GeneralSecurityException {
        if (key instanceof Ed25519PrivateKeyParameters ed25519) {
            return new KeySigner(kind, null, ed25519);
        }
        byte[] encoded = new byte[0];
        try {
            encoded = PrivateKeyInfoFactory.createPrivateKeyInfo(key).getEncoded();
            return new KeySigner(
                    kind, KeyFactory.getInstance(kind.jca()).generatePrivate(new PKCS8EncodedKeySpec(encoded)), null);
        } catch (IOException e) {
            throw new GeneralSecurityException("the secret key cannot be encoded", e);
        } finally {
            Arrays.fill(encoded, (byte) 0);
        }
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
        if (edwards != null) {
            Ed25519Signer signer = new Ed25519Signer();
            signer.init(true, edwards);
            signer.update(content, 0, content.length);
            return signer.generateSignature();
        }
        Signature signature = TlsSignatures.instance(scheme);
        signature.initSign(key);
        signature.update(content);
        return signature.sign();
    }
}
