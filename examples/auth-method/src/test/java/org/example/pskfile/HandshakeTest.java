package org.example.pskfile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.FullJid;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession;
import org.xtls.tls.bc.BcTlsEngine;
import org.xtls.trust.Policy;

/** What the contract takes on trust: that the engine makes a handshake of it, and of no other key. */
class HandshakeTest {
    private static final FullJid ROMEO = FullJid.parse("romeo@montague.lit/orchard");
    private static final FullJid JULIET = FullJid.parse("juliet@capulet.lit/balcony");
    private static final String KEY = "0f".repeat(32);

    @TempDir
    Path home;

    @Test
    void the_same_key_makes_a_handshake_and_a_proof() throws Exception {
        TlsSession client = session(Role.INITIATOR, ROMEO, JULIET, KEY);
        TlsSession server = session(Role.RESPONDER, JULIET, ROMEO, KEY);
        shakeHands(client, server);
        assertInstanceOf(Proof.ExternalPsk.class, client.handshake().proof());
        assertInstanceOf(Proof.ExternalPsk.class, server.handshake().proof());
        assertEquals("TLSv1.3", server.handshake().version());
    }

    @Test
    void another_key_makes_none() throws Exception {
        TlsSession client = session(Role.INITIATOR, ROMEO, JULIET, KEY);
        TlsSession server = session(Role.RESPONDER, JULIET, ROMEO, "1f".repeat(32));
        assertEquals(
                Alert.DECRYPT_ERROR,
                assertThrows(TlsException.class, () -> shakeHands(client, server))
                        .alert());
    }

    @Test
    void what_is_led_back_to_its_sender_makes_none() throws Exception {
        TlsSession client = session(Role.INITIATOR, ROMEO, JULIET, KEY);
        TlsSession himself = session(Role.RESPONDER, ROMEO, JULIET, KEY);
        assertThrows(TlsException.class, () -> shakeHands(client, himself));
    }

    private static void shakeHands(TlsSession client, TlsSession server) throws TlsException {
        client.begin();
        server.begin();
        for (int flights = 0; flights < 10; flights++) {
            for (byte[] records : client.takeRecords()) {
                server.receive(records);
            }
            for (byte[] records : server.takeRecords()) {
                client.receive(records);
            }
        }
        assertEquals(TlsSession.State.ESTABLISHED, client.state());
        assertEquals(TlsSession.State.ESTABLISHED, server.state());
    }

    private TlsSession session(Role role, FullJid local, FullJid peer, String key) throws Exception {
        Path folder = Files.createTempDirectory(home, "keys");
        Path file = Files.writeString(folder.resolve(peer.bare() + ".psk"), key);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        KeyFiles files = new KeyFiles(PskFileMethodTest.directory(folder));
        try {
            Offer none = Offer.of(List.of());
            Credential credential = new PskFileMethod(files)
                    .credential(new Negotiation(local, peer, role, false, Policy.DEFAULT, none, none))
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
            assertTrue(credential instanceof Credential.ExternalPsk);
            return new BcTlsEngine().open(role == Role.INITIATOR ? TlsRole.CLIENT : TlsRole.SERVER, credential);
        } finally {
            files.close();
        }
    }
}
