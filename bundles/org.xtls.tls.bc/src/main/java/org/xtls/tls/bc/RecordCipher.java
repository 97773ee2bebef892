package org.xtls.tls.bc;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.crypto.impl.TlsAEADCipherImpl;
import org.jspecify.annotations.Nullable;

/**
 * One direction's AEAD, by the JDK, whose AES/GCM and ChaCha20-Poly1305 are compiled to the processor's own
 * instructions. The JDK refuses to encrypt twice under one nonce, and is told each nonce anew so that it can.
 */
final class RecordCipher implements TlsAEADCipherImpl {
    private static final int TAG = 16;
    private static final byte[] NONE = {};

    private final Kind kind;
    private final boolean encrypting;
    private final Cipher cipher;
    private @Nullable SecretKey key;
    private byte[] opened = NONE;

    enum Kind {
        AES_GCM("AES/GCM/NoPadding", "AES") {
            @Override
            AlgorithmParameterSpec withNonce(byte[] nonce) {
                return new GCMParameterSpec(8 * TAG, nonce);
            }
        },
        CHACHA20_POLY1305("ChaCha20-Poly1305", "ChaCha20") {
            @Override
            AlgorithmParameterSpec withNonce(byte[] nonce) {
                return new IvParameterSpec(nonce);
            }
        };

        private final String transformation;
        private final String keyAlgorithm;

        Kind(String transformation, String keyAlgorithm) {
            this.transformation = transformation;
            this.keyAlgorithm = keyAlgorithm;
        }

        abstract AlgorithmParameterSpec withNonce(byte[] nonce);
    }

    RecordCipher(Kind kind, boolean encrypting) throws TlsFatalAlert {
        this.kind = kind;
        this.encrypting = encrypting;
        try {
            this.cipher = Jdk.cipher(kind.transformation);
        } catch (GeneralSecurityException e) {
            throw new Refusal(AlertDescription.internal_error, "this JDK has no " + kind.transformation, e);
        }
    }

    @Override
    public void setKey(byte[] bytes, int offset, int length) {
        key = new SecretKeySpec(bytes, offset, length, kind.keyAlgorithm);
    }

    @Override
    public void init(byte[] nonce, int macSize) throws IOException {
        if (macSize != TAG) {
            throw new TlsFatalAlert(AlertDescription.internal_error);
        }
        try {
            cipher.init(encrypting ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE, key, kind.withNonce(nonce));
        } catch (GeneralSecurityException e) {
            throw new TlsFatalAlert(AlertDescription.internal_error, e);
        }
    }

    @Override
    public int getOutputSize(int inputLength) {
        return encrypting ? inputLength + TAG : inputLength - TAG;
    }

    @Override
    public int doFinal(byte[] additionalData, byte[] input, int inputOffset, int length, byte[] output, int offset)
            throws IOException {
        try {
            cipher.updateAAD(additionalData);
            return encrypting
                    ? cipher.doFinal(input, inputOffset, length, output, offset)
                    : open(input, inputOffset, length, output, offset);
        } catch (GeneralSecurityException e) {
            throw new TlsFatalAlert(encrypting ? AlertDescription.internal_error : AlertDescription.bad_record_mac, e);
        }
    }

    /** Bouncy Castle decrypts in place, for which the JDK would allocate a record of its own each time. */
    private int open(byte[] input, int inputOffset, int length, byte[] output, int offset)
            throws GeneralSecurityException {
        if (opened.length < length) {
            opened = new byte[length];
        }
        int plain = cipher.doFinal(input, inputOffset, length, opened, 0);
        System.arraycopy(opened, 0, output, offset, plain);
        Arrays.fill(opened, 0, plain, (byte) 0);
        return plain;
    }
}
