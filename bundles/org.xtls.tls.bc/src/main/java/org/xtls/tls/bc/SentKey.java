package org.xtls.tls.bc;

import java.io.IOException;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.crypto.Tls13Verifier;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCertificate;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCrypto;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsRawKeyCertificate;

/**
 * A certificate or raw key that keeps the very bytes it was sent in, since pins are made of them, and lets itself be
 * used with the schemes of its own kind of key only (RFC 8446 §4.2.3: the curve is part of the scheme).
 */
sealed interface SentKey {
    byte[] encoding();

    SubjectPublicKeyInfo key();

    private static void check(SubjectPublicKeyInfo key, int scheme) throws IOException {
        try {
            if (SignatureSchemes.of(key).stream().noneMatch(usable -> usable.code() == scheme)) {
                throw new Refusal(
                        AlertDescription.illegal_parameter, "the peer signed with a scheme that is not of its key");
            }
        } catch (UnusableKeyException e) {
            throw new Refusal(AlertDescription.bad_certificate, "the peer's key is not taken: " + e.getMessage(), e);
        }
    }

    final class OfCertificate extends BcTlsCertificate implements SentKey {
        private final byte[] encoding;

        OfCertificate(BcTlsCrypto crypto, byte[] encoding) throws IOException {
            super(crypto, encoding);
            this.encoding = encoding.clone();
        }

        @Override
        public byte[] encoding() {
            return encoding.clone();
        }

        @Override
        public SubjectPublicKeyInfo key() {
            return keyInfo;
        }

        @Override
        public byte[] getEncoded() {
            return encoding.clone();
        }

        @Override
        public Tls13Verifier createVerifier(int scheme) throws IOException {
            SentKey.check(keyInfo, scheme);
            return super.createVerifier(scheme);
        }
    }

    final class Raw extends BcTlsRawKeyCertificate implements SentKey {
        private final byte[] encoding;

        Raw(BcTlsCrypto crypto, byte[] encoding) {
            super(crypto, encoding);
            this.encoding = encoding.clone();
        }

        @Override
        public byte[] encoding() {
            return encoding.clone();
        }

        @Override
        public SubjectPublicKeyInfo key() {
            return keyInfo;
        }

        @Override
        public byte[] getEncoded() {
            return encoding.clone();
        }

        @Override
        public Tls13Verifier createVerifier(int scheme) throws IOException {
            SentKey.check(keyInfo, scheme);
            return super.createVerifier(scheme);
        }
    }
}
