package org.xtls.benchmarks;

import org.xtls.tls.Credential;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession;

/** Two sessions of an engine of ours. */
final class XtlsConnection implements Connection {
    private final TlsSession client;
    private final TlsSession server;

    XtlsConnection(TlsEngine engine, Credential clients, Credential servers) throws TlsException {
        client = engine.open(TlsRole.CLIENT, clients);
        server = engine.open(TlsRole.SERVER, servers);
        client.begin();
        server.begin();
        boolean moved = true;
        while (moved) {
            moved = move(client, server);
            moved |= move(server, client);
        }
        Connection.require(
                client.state() == TlsSession.State.ESTABLISHED && server.state() == TlsSession.State.ESTABLISHED,
                "the handshake did not complete");
    }

    String suite() {
        return server.handshake().suite();
    }

    String group() {
        return server.handshake().group();
    }

    @Override
    public byte[] carry(byte[] plaintext) throws TlsException {
        client.write(plaintext);
        move(client, server);
        return server.takePlaintext();
    }

    private static boolean move(TlsSession from, TlsSession to) throws TlsException {
        boolean moved = false;
        for (byte[] record : from.takeRecords()) {
            to.receive(record);
            moved = true;
        }
        return moved;
    }
}
