package org.xtls.tls.bc;

import java.io.IOException;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.CertificateType;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.crypto.TlsCertificate;
import org.bouncycastle.tls.crypto.TlsCipher;
import org.bouncycastle.tls.crypto.TlsCryptoParameters;
import org.bouncycastle.tls.crypto.impl.TlsAEADCipher;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCrypto;

/**
 * Bouncy Castle's cryptography for the handshake, which alone has ML-KEM, raw keys and RSA-PSS together; the JDK's for
 * records, which is many times faster.
 */
final class HandshakeCrypto extends BcTlsCrypto {
    private static final int TAG = 16;

    HandshakeCrypto() {
        super(Jdk.secureRandom());
    }

    @Override
    public TlsCertificate createCertificate(short type, byte[] encoding) throws IOException {
        try {
            return switch (type) {
                case CertificateType.X509 -> new SentKey.OfCertificate(this, encoding);
                case CertificateType.RawPublicKey -> new SentKey.Raw(this, encoding);
                default -> throw new TlsFatalAlert(AlertDescription.unsupported_certificate);
            };
        } catch (TlsFatalAlert e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw new Refusal(AlertDescription.bad_certificate, "a certificate or key cannot be parsed", e);
        }
    }

    @Override
    protected TlsAEADCipher createCipher_AES_GCM(TlsCryptoParameters parameters, int keySize, int macSize)
            throws IOException {
        return recordCipher(parameters, RecordCipher.Kind.AES_GCM, keySize, TlsAEADCipher.AEAD_GCM);
    }

    @Override
    protected TlsCipher createChaCha20Poly1305(TlsCryptoParameters parameters) throws IOException {
        return recordCipher(parameters, RecordCipher.Kind.CHACHA20_POLY1305, 32, TlsAEADCipher.AEAD_CHACHA20_POLY1305);
    }

    private static TlsAEADCipher recordCipher(
            TlsCryptoParameters parameters, RecordCipher.Kind kind, int keySize, int aead) throws IOException {
        return new TlsAEADCipher(
                parameters, new RecordCipher(kind, true), new RecordCipher(kind, false), keySize, TAG, aead, null);
    }
}
