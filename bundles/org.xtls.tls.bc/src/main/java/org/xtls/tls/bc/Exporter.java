package org.xtls.tls.bc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.bouncycastle.tls.SecurityParameters;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.crypto.TlsCryptoUtils;
import org.bouncycastle.tls.crypto.TlsHash;
import org.bouncycastle.tls.crypto.TlsSecret;

/** Exporters after the handshake; Bouncy Castle forgets their secret when the handshake ends. */
abstract sealed class Exporter {
    final TlsSecret secret;

    private Exporter(TlsSecret secret) {
        this.secret = secret;
    }

    static Exporter of(SecurityParameters negotiated, HandshakeCrypto crypto) {
        return TlsUtils.isTLSv13(negotiated.getNegotiatedVersion())
                ? new Tls13(negotiated, crypto)
                : new Tls12(negotiated, crypto);
    }

    final byte[] export(String label, byte[] context, int length) {
        try {
            return derive(label, context, length);
        } catch (IOException e) {
            throw new IllegalArgumentException("'" + label + "' is no label, or its context too long", e);
        }
    }

    abstract byte[] derive(String label, byte[] context, int length) throws IOException;

    final void wipe() {
        secret.destroy();
    }

    /** RFC 8446 §7.5. */
    private static final class Tls13 extends Exporter {
        private final HandshakeCrypto crypto;
        private final int hash;

        private Tls13(SecurityParameters negotiated, HandshakeCrypto crypto) {
            super(crypto.adoptSecret(negotiated.getExporterMasterSecret()));
            this.crypto = crypto;
            this.hash = negotiated.getPRFCryptoHashAlgorithm();
        }

        @Override
        byte[] derive(String label, byte[] context, int length) throws IOException {
            byte[] ofNothing = hash(new byte[0]);
            TlsSecret derived = TlsCryptoUtils.hkdfExpandLabel(secret, hash, label, ofNothing, ofNothing.length);
            TlsSecret material = TlsCryptoUtils.hkdfExpandLabel(derived, hash, "exporter", hash(context), length);
            derived.destroy();
            return material.extract();
        }

        private byte[] hash(byte[] content) {
            TlsHash digest = crypto.createHash(hash);
            digest.update(content, 0, content.length);
            return digest.calculateHash();
        }
    }

    /** RFC 5705 §4, over the extended master secret (RFC 7627 §5.4). */
    private static final class Tls12 extends Exporter {
        private final int prf;
        private final byte[] randoms;

        private Tls12(SecurityParameters negotiated, HandshakeCrypto crypto) {
            super(crypto.adoptSecret(negotiated.getMasterSecret()));
            this.prf = negotiated.getPRFAlgorithm();
            ByteArrayOutputStream both = new ByteArrayOutputStream();
            both.writeBytes(negotiated.getClientRandom());
            both.writeBytes(negotiated.getServerRandom());
            this.randoms = both.toByteArray();
        }

        @Override
        byte[] derive(String label, byte[] context, int length) throws IOException {
            ByteArrayOutputStream seed = new ByteArrayOutputStream();
            seed.writeBytes(randoms);
            if (context.length > 0) {
                TlsUtils.writeOpaque16(context, seed);
            }
            return secret.deriveUsingPRF(prf, label, seed.toByteArray(), length).extract();
        }
    }
}
