package org.xtls.tls.bc;

import java.io.IOException;
import org.bouncycastle.tls.SecurityParameters;
import org.bouncycastle.tls.crypto.TlsCryptoUtils;
import org.bouncycastle.tls.crypto.TlsHash;
import org.bouncycastle.tls.crypto.TlsSecret;

/** Exporters after the handshake (RFC 8446 §7.5); Bouncy Castle forgets their secret when the handshake ends. */
final class Exporter {
    private final HandshakeCrypto crypto;
    private final TlsSecret secret;
    private final int hash;

    Exporter(SecurityParameters negotiated, HandshakeCrypto crypto) {
        this.crypto = crypto;
        this.secret = crypto.adoptSecret(negotiated.getExporterMasterSecret());
        this.hash = negotiated.getPRFCryptoHashAlgorithm();
    }

    byte[] export(String label, byte[] context, int length) {
        try {
            byte[] ofNothing = hash(new byte[0]);
            TlsSecret derived = TlsCryptoUtils.hkdfExpandLabel(secret, hash, label, ofNothing, ofNothing.length);
            TlsSecret material = TlsCryptoUtils.hkdfExpandLabel(derived, hash, "exporter", hash(context), length);
            derived.destroy();
            return material.extract();
        } catch (IOException e) {
            throw new IllegalArgumentException("'" + label + "' is no label", e);
        }
    }

    private byte[] hash(byte[] content) {
        TlsHash digest = crypto.createHash(hash);
        digest.update(content, 0, content.length);
        return digest.calculateHash();
    }

    void wipe() {
        secret.destroy();
    }
}
