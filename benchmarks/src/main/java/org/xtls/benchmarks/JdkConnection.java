package org.xtls.benchmarks;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** Two engines of the JDK, with certificates from both. */
final class JdkConnection implements Connection {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SSLEngine client;
    private final SSLEngine server;
    private final ByteBuffer toServer = ByteBuffer.allocate(40_000);
    private final ByteBuffer toClient = ByteBuffer.allocate(40_000);
    private final ByteBuffer read = ByteBuffer.allocate(20_000);

    JdkConnection(SSLContext clients, SSLContext servers, String suite) throws SSLException {
        client = engine(clients, true, suite);
        server = engine(servers, false, suite);
        boolean moved = true;
        while (moved) {
            moved = step(client, toClient, toServer);
            moved |= step(server, toServer, toClient);
        }
        Connection.require(isDone(client) && isDone(server), "the handshake did not complete");
        Connection.require(
                server.getSession().getCipherSuite().equals(suite)
                        && server.getSession().getPeerCertificates().length == 1,
                "something else was negotiated");
    }

    static SSLContext context(Ed25519Identity identity) throws GeneralSecurityException, IOException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("own", identity.key(), new char[0], new Certificate[] {identity.certificate()});
        // The default, PKIX, would decrypt the key anew for each handshake.
        KeyManagerFactory managers = KeyManagerFactory.getInstance("SunX509");
        managers.init(keys, new char[0]);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(managers.getKeyManagers(), new TrustManager[] {new TakesAnyKey()}, null);
        // A session would otherwise be kept for each handshake, for a resumption that never comes.
        context.getServerSessionContext().setSessionCacheSize(1);
        return context;
    }

    @Override
    public ByteBuffer carry(byte[] plaintext) throws SSLException {
        toServer.clear();
        client.wrap(ByteBuffer.wrap(plaintext), toServer);
        toServer.flip();
        read.clear();
        server.unwrap(toServer, read);
        return read.flip();
    }

    private static SSLEngine engine(SSLContext context, boolean isClient, String suite) throws SSLException {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(isClient);
        engine.setNeedClientAuth(!isClient);
        engine.setEnabledCipherSuites(new String[] {suite});
        engine.beginHandshake();
        return engine;
    }

    private static boolean isDone(SSLEngine engine) {
        return engine.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NOT_HANDSHAKING;
    }

    /** Does all that one side can do with what has arrived; false when that is nothing. */
    private boolean step(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
        boolean moved = false;
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> engine.getDelegatedTask().run();
                case NEED_WRAP -> engine.wrap(NOTHING, out);
                default -> {
                    if (in.position() == 0) {
                        return moved;
                    }
                    in.flip();
                    read.clear();
                    engine.unwrap(in, read);
                    in.compact();
                }
            }
            moved = true;
        }
    }

    /** As in our engine: that the peer holds the key is checked, whose key it is is judged elsewhere. */
    private static final class TakesAnyKey extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
