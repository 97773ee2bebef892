package org.xtls.tls.bc;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xtls.tls.Credential;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession;

/** A client and a server joined in memory. */
final class Wire {
    final TlsSession client;
    final TlsSession server;
    private final List<Flight> flights = new ArrayList<>();
    private final ByteArrayOutputStream atClient = new ByteArrayOutputStream();
    private final ByteArrayOutputStream atServer = new ByteArrayOutputStream();

    @Nullable
    TlsException clientFailure;

    @Nullable
    TlsException serverFailure;

    Wire(TlsEngine engine, Credential client, Credential server) throws TlsException {
        this(engine, client, engine, server);
    }

    Wire(TlsEngine clients, Credential client, TlsEngine servers, Credential server) throws TlsException {
        this.client = clients.open(TlsRole.CLIENT, client);
        this.server = servers.open(TlsRole.SERVER, server);
        this.client.begin();
        this.server.begin();
    }

    /** Carries bytes to and fro until nobody has any. */
    Wire settle() {
        boolean moved = true;
        while (moved) {
            moved = toServer(flight(client)) | toClient(flight(server));
        }
        return this;
    }

    static byte[] flight(TlsSession from) {
        ByteArrayOutputStream flight = new ByteArrayOutputStream();
        from.takeRecords().forEach(flight::writeBytes);
        return flight.toByteArray();
    }

    boolean toServer(byte[] bytes) {
        if (bytes.length == 0) {
            return false;
        }
        flights.add(new Flight("client", bytes.length));
        try {
            server.receive(bytes);
        } catch (TlsException e) {
            serverFailure = e;
        }
        atServer.writeBytes(server.takePlaintext());
        return true;
    }

    boolean toClient(byte[] bytes) {
        if (bytes.length == 0) {
            return false;
        }
        flights.add(new Flight("server", bytes.length));
        try {
            client.receive(bytes);
        } catch (TlsException e) {
            clientFailure = e;
        }
        atClient.writeBytes(client.takePlaintext());
        return true;
    }

    List<Flight> flights() {
        return flights;
    }

    /** What went one way at once. */
    record Flight(String sender, int size) {}

    byte[] receivedByClient() {
        return atClient.toByteArray();
    }

    byte[] receivedByServer() {
        return atServer.toByteArray();
    }
}
