package org.xtls.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Vector;
import org.bouncycastle.tls.AbstractTlsClient;
import org.bouncycastle.tls.AbstractTlsServer;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.BasicTlsPSKExternal;
import org.bouncycastle.tls.CipherSuite;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsClientProtocol;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsPSKExternal;
import org.bouncycastle.tls.TlsProtocol;
import org.bouncycastle.tls.TlsServerProtocol;
import org.bouncycastle.tls.crypto.TlsCrypto;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCrypto;
import org.jspecify.annotations.Nullable;

/** Bouncy Castle's protocol machines with its own ciphers. The handshake, by a PSK, is the shortest there is. */
@SuppressWarnings({"rawtypes", "JdkObsolete"}) // Bouncy Castle's TLS API speaks raw Vector
final class BouncyCastleConnection implements Connection {
    private final TlsClientProtocol client = new TlsClientProtocol();
    private final TlsServerProtocol server = new TlsServerProtocol();

    BouncyCastleConnection(String suite) throws IOException {
        int code = switch (suite) {
            case "TLS_AES_128_GCM_SHA256" -> CipherSuite.TLS_AES_128_GCM_SHA256;
            case "TLS_CHACHA20_POLY1305_SHA256" -> CipherSuite.TLS_CHACHA20_POLY1305_SHA256;
            default -> throw new IllegalArgumentException(suite);
        };
        TlsCrypto crypto = new BcTlsCrypto(new SecureRandom());
        server.accept(new Server(crypto, code));
        client.connect(new Client(crypto, code));
        boolean moved = true;
        while (moved) {
            moved = move(client, server);
            moved |= move(server, client);
        }
        Connection.require(client.isConnected() && server.isConnected(), "the handshake did not complete");
    }

    @Override
    public byte[] carry(byte[] plaintext) throws IOException {
        client.writeApplicationData(plaintext, 0, plaintext.length);
        move(client, server);
        byte[] read = new byte[server.getAvailableInputBytes()];
        server.readInput(read, 0, read.length);
        return read;
    }

    private static boolean move(TlsProtocol from, TlsProtocol to) throws IOException {
        byte[] records = new byte[from.getAvailableOutputBytes()];
        if (records.length == 0) {
            return false;
        }
        from.readOutput(records, 0, records.length);
        to.offerInput(records);
        return true;
    }

    private static TlsPSKExternal psk(TlsCrypto crypto) {
        return new BasicTlsPSKExternal(
                "benchmark".getBytes(StandardCharsets.US_ASCII), crypto.createSecret(new byte[32]));
    }

    private static final class Client extends AbstractTlsClient {
        private final TlsCrypto crypto;
        private final int suite;

        Client(TlsCrypto crypto, int suite) {
            super(crypto);
            this.crypto = crypto;
            this.suite = suite;
        }

        @Override
        protected ProtocolVersion[] getSupportedVersions() {
            return ProtocolVersion.TLSv13.only();
        }

        @Override
        protected int[] getSupportedCipherSuites() {
            return new int[] {suite};
        }

        @Override
        public Vector getExternalPSKs() {
            return new Vector<>(List.of(psk(crypto)));
        }

        @Override
        public TlsAuthentication getAuthentication() throws IOException {
            throw new TlsFatalAlert(AlertDescription.unexpected_message);
        }
    }

    private static final class Server extends AbstractTlsServer {
        private final TlsCrypto crypto;
        private final int suite;

        Server(TlsCrypto crypto, int suite) {
            super(crypto);
            this.crypto = crypto;
            this.suite = suite;
        }

        @Override
        protected ProtocolVersion[] getSupportedVersions() {
            return ProtocolVersion.TLSv13.only();
        }

        @Override
        protected int[] getSupportedCipherSuites() {
            return new int[] {suite};
        }

        @Override
        public TlsPSKExternal getExternalPSK(Vector identities) {
            return psk(crypto);
        }

        @Override
        public @Nullable TlsCredentials getCredentials() {
            return null;
        }
    }
}
