package org.xtls.auth.srp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.srp.Side.JULIET;
import static org.xtls.auth.srp.Side.ROMEO;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Vector;
import org.bouncycastle.tls.AbstractTlsClient;
import org.bouncycastle.tls.BasicTlsPSKExternal;
import org.bouncycastle.tls.CipherSuite;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.PskKeyExchangeMode;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsClientProtocol;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCrypto;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.tls.Alert;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsSession;

/** Peers that go round the password in the handshake. */
class RoguePeerTest {
    @TempDir
    Path home;

    Side romeo;
    Side juliet;
    Attempt attempt;

    @BeforeEach
    void agreed() {
        romeo = new Side(ROMEO, home.resolve("romeo"));
        juliet = new Side(JULIET, home.resolve("juliet"));
        romeo.shares("wherefore", JULIET);
        juliet.shares("wherefore", ROMEO);
        attempt = new Attempt(romeo, juliet);
        assertTrue(attempt.agree());
    }

    @AfterEach
    void close() {
        romeo.close();
        juliet.close();
    }

    /** A server in the middle would leave the PSK out and shake hands with everybody. */
    @Test
    void a_server_that_selects_no_psk_is_left_and_the_guess_is_spent() throws Exception {
        byte[] hello = attempt.hello();
        TlsException left =
                assertThrows(TlsException.class, () -> attempt.client.receive(serverHelloWithoutPsk(hello)));
        assertFalse(left.fromPeer());
        assertNotEquals(TlsSession.State.ESTABLISHED, attempt.client.state());
        ByteArrayOutputStream alert = new ByteArrayOutputStream();
        attempt.client.takeRecords().forEach(alert::writeBytes);
        assertEquals(21, alert.toByteArray()[0], "an alert and nothing else");
        assertEquals(4, romeo.guessesLeft(JULIET));
    }

    /** Each PSK is a guess: of two in one ClientHello none is looked at. */
    @Test
    void a_second_identity_in_one_client_hello_is_refused_and_the_guess_is_spent() throws Exception {
        Guesser guesser = new Guesser(Keys.pskIdentity(), Keys.pskIdentity());
        TlsException refused = assertThrows(TlsException.class, () -> receive(guesser));
        assertEquals(Alert.UNKNOWN_PSK_IDENTITY, refused.alert());
        assertEquals(4, juliet.guessesLeft(ROMEO));
    }

    @Test
    void an_identity_of_another_name_is_refused() {
        Guesser guesser = new Guesser(new byte[] {1, 2, 3});
        TlsException refused = assertThrows(TlsException.class, () -> receive(guesser));
        assertEquals(Alert.UNKNOWN_PSK_IDENTITY, refused.alert());
    }

    @Test
    void a_guess_in_the_binder_is_told_nothing_but_that_it_is_wrong() throws Exception {
        Guesser guesser = new Guesser(Keys.pskIdentity());
        TlsException refused = assertThrows(TlsException.class, () -> receive(guesser));
        assertEquals(Alert.DECRYPT_ERROR, refused.alert());
        assertEquals(1, attempt.server.takeRecords().size());
        assertEquals(4, juliet.guessesLeft(ROMEO));
    }

    private void receive(Guesser guesser) throws Exception {
        TlsClientProtocol protocol = new TlsClientProtocol();
        protocol.connect(guesser);
        byte[] hello = new byte[protocol.getAvailableOutputBytes()];
        protocol.readOutput(hello, 0, hello.length);
        attempt.present();
        attempt.server.receive(hello);
    }

    /** A correct answer to the ClientHello (RFC 8446 §4.1.3), X25519, but for the missing pre_shared_key. */
    private static byte[] serverHelloWithoutPsk(byte[] clientHello) {
        int sessionIdLength = clientHello[5 + 4 + 2 + 32];
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        byte[] point = new byte[32];
        point[0] = 9;
        ByteBuffer body = ByteBuffer.allocate(512);
        body.putShort((short) 0x0303).put(random);
        body.put((byte) sessionIdLength).put(clientHello, 5 + 4 + 2 + 32 + 1, sessionIdLength);
        body.putShort((short) 0x1301).put((byte) 0);
        body.putShort((short) (6 + 40));
        body.putShort((short) 43).putShort((short) 2).putShort((short) 0x0304);
        body.putShort((short) 51)
                .putShort((short) 36)
                .putShort((short) 0x001d)
                .putShort((short) 32)
                .put(point);
        int length = body.position();
        ByteBuffer record = ByteBuffer.allocate(5 + 4 + length);
        record.put((byte) 22).putShort((short) 0x0303).putShort((short) (4 + length));
        record.put((byte) 2).put((byte) 0).putShort((short) length).put(body.array(), 0, length);
        return record.array();
    }

    /** Somebody who knows no password and tries. */
    @SuppressWarnings({"rawtypes", "unchecked"})
    private static final class Guesser extends AbstractTlsClient {
        private final Vector psks = new Vector();

        Guesser(byte[]... identities) {
            super(new BcTlsCrypto(new SecureRandom()));
            for (byte[] identity : identities) {
                byte[] key = new byte[32];
                key[0] = (byte) psks.size();
                psks.add(new BasicTlsPSKExternal(identity, getCrypto().createSecret(key)));
            }
        }

        @Override
        protected ProtocolVersion[] getSupportedVersions() {
            return ProtocolVersion.TLSv13.only();
        }

        @Override
        protected int[] getSupportedCipherSuites() {
            return new int[] {CipherSuite.TLS_AES_128_GCM_SHA256};
        }

        @Override
        public short[] getPskKeyExchangeModes() {
            return new short[] {PskKeyExchangeMode.psk_dhe_ke};
        }

        @Override
        public Vector getExternalPSKs() {
            return psks;
        }

        @Override
        public TlsAuthentication getAuthentication() {
            throw new UnsupportedOperationException();
        }
    }
}
