package org.xtls.tls.bc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Vector;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.tls.AbstractTlsClient;
import org.bouncycastle.tls.AbstractTlsServer;
import org.bouncycastle.tls.BasicTlsPSKExternal;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateEntry;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.CertificateType;
import org.bouncycastle.tls.CipherSuite;
import org.bouncycastle.tls.ContentType;
import org.bouncycastle.tls.HandshakeType;
import org.bouncycastle.tls.NamedGroup;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.PskKeyExchangeMode;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsClientProtocol;
import org.bouncycastle.tls.TlsCredentialedSigner;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsExtensionsUtils;
import org.bouncycastle.tls.TlsFatalAlertReceived;
import org.bouncycastle.tls.TlsPSKExternal;
import org.bouncycastle.tls.TlsProtocol;
import org.bouncycastle.tls.TlsServerCertificate;
import org.bouncycastle.tls.TlsServerProtocol;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.crypto.TlsStreamSigner;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCrypto;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsRawKeyCertificate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession;

/**
 * Peers that do what this engine never would. They run on Bouncy Castle alone, its own record protection included, so
 * each handshake that succeeds here also shows that the JDK's record protection speaks the same language.
 */
@SuppressWarnings({"rawtypes", "unchecked"})
final class RoguePeerTest {
    private static final BcTlsCrypto CRYPTO = new BcTlsCrypto(new SecureRandom());
    private static final byte[] HELLO = "But soft".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    @Test
    void a_client_without_a_certificate_is_told_that_it_needs_one() throws Exception {
        Duel duel = Duel.against(new RogueClient(null), Keys.ED25519.chain());

        TlsEngineContract.assertAlert(Alert.CERTIFICATE_REQUIRED, false, duel.failure);
        assertInstanceOf(TlsFatalAlertReceived.class, duel.rogueFailure);
    }

    @Test
    void a_server_that_asks_for_no_certificate_is_left() throws Exception {
        Duel duel = Duel.against(new RogueServer(Presented.by(Keys.ED25519), false), Keys.ED25519.chain());

        TlsEngineContract.assertAlert(Alert.HANDSHAKE_FAILURE, false, duel.failure);
    }

    @Test
    void a_server_that_sends_a_certificate_where_a_raw_key_was_agreed_is_left() throws Exception {
        RogueServer server = new RogueServer(Presented.by(Keys.ED25519), true) {
            @Override
            public Hashtable getServerExtensions() {
                return new Hashtable();
            }
        };

        Duel duel = Duel.against(server, Keys.ED25519.raw());

        TlsEngineContract.assertAlert(Alert.UNSUPPORTED_CERTIFICATE, false, duel.failure);
    }

    @Test
    void an_honest_peer_on_other_record_protection_is_understood() throws Exception {
        for (int suite : new int[] {
            CipherSuite.TLS_AES_128_GCM_SHA256,
            CipherSuite.TLS_AES_256_GCM_SHA384,
            CipherSuite.TLS_CHACHA20_POLY1305_SHA256
        }) {
            RogueClient client = new RogueClient(Presented.by(Keys.P384));
            client.suites = new int[] {suite};
            Duel duel = Duel.against(client, Keys.RSA_SHA256.chain());
            assertNull(duel.failure, () -> String.valueOf(duel.failure));

            byte[] much = TlsEngineContract.bytes(60_000);
            duel.rogue.writeApplicationData(much, 0, much.length);
            duel.session.write(much);
            duel.settle();

            assertArrayEquals(much, duel.received());
            assertArrayEquals(much, duel.receivedByRogue());
        }
    }

    @Test
    void keys_are_changed_when_the_peer_asks_for_it() throws Exception {
        KeyUpdatingClient rogue = new KeyUpdatingClient();
        Duel duel = Duel.against(new RogueClient(Presented.by(Keys.ED25519)), rogue, Keys.ED25519.chain());
        for (boolean answerWanted : new boolean[] {true, false, true}) {
            rogue.updateKey(answerWanted);
            rogue.writeApplicationData(HELLO, 0, HELLO.length);
            duel.settle();
            duel.session.write(HELLO);
            List<byte[]> records = duel.session.takeRecords();
            assertEquals(answerWanted ? 2 : 1, records.size(), "the update asked for, and the data");
            for (byte[] record : records) {
                rogue.offerInput(record);
            }

            assertArrayEquals(HELLO, duel.received());
            assertArrayEquals(HELLO, duel.receivedByRogue());
        }
    }

    @Test
    void a_chain_of_eleven_is_too_long() throws Exception {
        Presented presented = Presented.by(Keys.ED25519);
        presented.entries.addAll(Collections.nCopies(10, presented.entries.get(0)));

        assertRefusedByBothRoles(presented, Alert.INTERNAL_ERROR);
    }

    @Test
    void a_handshake_message_without_end_is_not_waited_for() throws Exception {
        Presented presented = Presented.by(Keys.ED25519);
        presented.entries.add(new byte[60_000]);

        assertRefusedByBothRoles(presented, Alert.INTERNAL_ERROR);
    }

    @Test
    void asn1_nested_without_end_ends_the_session_and_not_the_thread() throws Exception {
        for (int tag : new int[] {0x30, 0x24, 0xA0}) {
            for (byte[] bomb : List.of(nested(tag, false), nested(tag, true))) {
                Presented presented = Presented.by(Keys.ED25519);
                presented.entries.set(0, bomb);

                Duel duel = Duel.against(new RogueClient(presented), Keys.ED25519.chain());

                TlsEngineContract.assertAlert(Alert.BAD_CERTIFICATE, false, duel.failure);
                assertInstanceOf(TlsFatalAlertReceived.class, duel.rogueFailure, "the peer is told");
            }
        }
    }

    /** Thousands of constructed values, one within the other. */
    private static byte[] nested(int tag, boolean ofKnownLength) {
        int depth = 7_000;
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        for (int level = depth - 1; level >= 0; level--) {
            int length = 4 * level;
            bomb.writeBytes(
                    ofKnownLength
                            ? new byte[] {(byte) tag, (byte) 0x82, (byte) (length >>> 8), (byte) length}
                            : new byte[] {(byte) tag, (byte) 0x80});
        }
        return bomb.toByteArray();
    }

    @Test
    void a_certificate_that_is_none_is_refused() throws Exception {
        for (byte[] encoding : new byte[][] {{}, {0x30, 0}, {0x30, 3, 2, 1, 1}, TlsEngineContract.bytes(300)}) {
            Presented presented = Presented.by(Keys.ED25519);
            presented.entries.set(0, encoding);

            Duel duel = Duel.against(new RogueClient(presented), Keys.ED25519.chain());

            assertTrue(duel.failure != null && !duel.failure.fromPeer(), () -> String.valueOf(duel.failure));
            assertTrue(
                    List.of(Alert.BAD_CERTIFICATE, Alert.DECODE_ERROR).contains(duel.failure.alert()),
                    () -> String.valueOf(duel.failure));
        }
    }

    @Test
    void rsa_keys_out_of_range_are_refused_before_they_are_worked_with() throws Exception {
        BigInteger common = BigInteger.valueOf(65_537);
        for (RSAPublicKey key : new RSAPublicKey[] {
            new RSAPublicKey(odd(1024), common),
            new RSAPublicKey(odd(2040), common),
            new RSAPublicKey(odd(16_384), common),
            new RSAPublicKey(odd(2048), odd(2048)),
            new RSAPublicKey(odd(2048), BigInteger.ONE)
        }) {
            Presented presented = Presented.by(Keys.RSA_SHA256);
            presented.type = CertificateType.RawPublicKey;
            presented.entries.set(
                    0,
                    new SubjectPublicKeyInfo(
                                    new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE), key)
                            .getEncoded());

            Duel duel = Duel.against(new RogueClient(presented), Keys.ED25519.raw());

            TlsException failure = TlsEngineContract.assertAlert(Alert.BAD_CERTIFICATE, false, duel.failure);
            assertTrue(failure.getMessage().contains("RSA"), failure::getMessage);
        }
    }

    @Test
    void a_curve_that_is_not_taken_is_refused() throws Exception {
        var generator = java.security.KeyPairGenerator.getInstance("EC");
        generator.initialize(new java.security.spec.ECGenParameterSpec("secp521r1"));
        KeyPair pair = generator.generateKeyPair();
        Presented presented = new Presented(Keys.P256, pair, Keys.P256.selfSigned(pair));

        assertRefusedByBothRoles(presented, Alert.BAD_CERTIFICATE);
    }

    @Test
    void a_scheme_of_another_curve_is_refused_though_the_signature_is_right() throws Exception {
        KeyPair pair = Keys.P256.generate();
        Presented presented = new Presented(Keys.P384, pair, Keys.P256.selfSigned(pair));

        assertRefusedByBothRoles(presented, Alert.ILLEGAL_PARAMETER);
    }

    @Test
    void an_old_signature_scheme_is_refused() throws Exception {
        Presented presented = Presented.by(Keys.RSA_SHA256);
        presented.scheme = 0x0401;

        assertRefusedByBothRoles(presented, Alert.ILLEGAL_PARAMETER);
    }

    @Test
    void a_second_raw_key_is_refused() throws Exception {
        Presented presented = Presented.by(Keys.ED25519);
        presented.type = CertificateType.RawPublicKey;
        presented.entries.set(0, presented.pair.getPublic().getEncoded());
        presented.entries.add(presented.entries.get(0));

        Duel duel = Duel.against(new RogueClient(presented), Keys.ED25519.raw());

        TlsEngineContract.assertAlert(Alert.BAD_CERTIFICATE, false, duel.failure);
    }

    @Test
    void a_raw_key_that_is_not_in_der_is_refused() throws Exception {
        Presented presented = Presented.by(Keys.ED25519);
        presented.type = CertificateType.RawPublicKey;
        byte[] der = presented.pair.getPublic().getEncoded();
        byte[] ber = new byte[der.length + 1];
        ber[0] = der[0];
        ber[1] = (byte) 0x81;
        System.arraycopy(der, 1, ber, 2, der.length - 1);
        presented.entries.set(0, ber);

        Duel duel = Duel.against(new RogueClient(presented), Keys.ED25519.raw());

        TlsEngineContract.assertAlert(Alert.BAD_CERTIFICATE, false, duel.failure);
    }

    @Test
    void an_alert_behind_close_notify_is_ignored() throws Exception {
        AnyRecordClient rogue = new AnyRecordClient();
        Duel duel = Duel.against(new RogueClient(Presented.by(Keys.ED25519)), rogue, Keys.ED25519.chain());

        rogue.safeWriteRecord(ContentType.alert, new byte[] {1, 0, 2, 40}, 0, 4);
        duel.settle();

        assertNull(duel.failure, () -> String.valueOf(duel.failure));
        assertTrue(duel.session.peerClosed());
    }

    @Test
    void what_makes_no_sense_after_a_handshake_ends_the_session() throws Exception {
        Map<byte[], Alert> messages = Map.of(
                new byte[] {HandshakeType.client_hello, 0, 0, 2, 3, 3}, Alert.UNEXPECTED_MESSAGE,
                new byte[] {HandshakeType.hello_request, 0, 0, 0}, Alert.UNEXPECTED_MESSAGE,
                new byte[] {HandshakeType.finished, 0, 0, 0}, Alert.UNEXPECTED_MESSAGE,
                new byte[] {HandshakeType.certificate, 0, 0, 0}, Alert.UNEXPECTED_MESSAGE,
                new byte[] {99, 0, 0, 0}, Alert.UNEXPECTED_MESSAGE,
                new byte[] {HandshakeType.key_update, 0, 0, 1, 2}, Alert.ILLEGAL_PARAMETER,
                new byte[] {HandshakeType.key_update, 0, 0, 0}, Alert.DECODE_ERROR,
                new byte[] {HandshakeType.key_update, 1, 0, 0}, Alert.INTERNAL_ERROR);
        for (var message : messages.entrySet()) {
            AnyRecordClient rogue = new AnyRecordClient();
            Duel duel = Duel.against(new RogueClient(Presented.by(Keys.ED25519)), rogue, Keys.ED25519.chain());

            rogue.safeWriteRecord(ContentType.handshake, message.getKey(), 0, message.getKey().length);
            duel.settle();

            TlsEngineContract.assertAlert(message.getValue(), false, duel.failure);
            assertInstanceOf(TlsFatalAlertReceived.class, duel.rogueFailure, "the peer is told");
        }
    }

    @Test
    void a_client_that_tries_two_psks_at_once_is_refused() throws Exception {
        RogueClient client = new RogueClient(null);
        for (String identity : List.of("urn:x-xtls:1 srp-psk", "another")) {
            client.psks.add(new BasicTlsPSKExternal(
                    identity.getBytes(java.nio.charset.StandardCharsets.US_ASCII),
                    CRYPTO.createSecret(TlsEngineContract.psk(1).key())));
        }

        Duel duel = Duel.against(client, TlsEngineContract.psk(1));

        TlsEngineContract.assertAlert(Alert.UNKNOWN_PSK_IDENTITY, false, duel.failure);
    }

    @Test
    void a_client_that_would_do_without_a_fresh_key_exchange_is_refused() throws Exception {
        RogueClient client = new RogueClient(null);
        client.psks.add(psk());
        client.pskModes = new short[] {PskKeyExchangeMode.psk_ke};

        Duel duel = Duel.against(client, TlsEngineContract.psk(1));

        TlsEngineContract.assertAlert(Alert.HANDSHAKE_FAILURE, false, duel.failure);
    }

    @Test
    void the_age_of_a_psk_means_nothing() throws Exception {
        RogueClient client = new RogueClient(null);
        client.psks.add(psk());

        Duel duel = Duel.against(client, new AgeingClient(), TlsEngineContract.psk(1));

        assertNull(duel.failure, () -> String.valueOf(duel.failure));
        assertEquals(TlsSession.State.ESTABLISHED, duel.session.state());
    }

    @Test
    void a_client_that_knows_tls_1_2_only_is_refused() throws Exception {
        RogueClient client = new RogueClient(Presented.by(Keys.ED25519));
        client.versions = ProtocolVersion.TLSv12.only();
        client.suites = new int[] {CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256};

        Duel duel = Duel.against(client, Keys.ED25519.chain());

        TlsEngineContract.assertAlert(Alert.PROTOCOL_VERSION, false, duel.failure);
    }

    private static void assertRefusedByBothRoles(Presented presented, Alert alert) throws Exception {
        Duel atServer = Duel.against(new RogueClient(presented), Keys.ED25519.chain());
        TlsEngineContract.assertAlert(alert, false, atServer.failure);
        assertInstanceOf(TlsFatalAlertReceived.class, atServer.rogueFailure, "the peer is told");

        Duel atClient = Duel.against(new RogueServer(presented, true), Keys.ED25519.chain());
        TlsEngineContract.assertAlert(alert, false, atClient.failure);
        assertInstanceOf(TlsFatalAlertReceived.class, atClient.rogueFailure, "the peer is told");
    }

    private static BigInteger odd(int bits) {
        return BigInteger.ONE.shiftLeft(bits).subtract(BigInteger.ONE);
    }

    /** A rogue and a session of the engine's, joined in memory. */
    private static final class Duel {
        final TlsProtocol rogue;
        final TlsSession session;

        @Nullable
        TlsException failure;

        @Nullable
        IOException rogueFailure;

        private Duel(TlsProtocol rogue, TlsSession session) {
            this.rogue = rogue;
            this.session = session;
        }

        static Duel against(RogueClient client, Credential credential) throws Exception {
            return against(client, new TlsClientProtocol(), credential);
        }

        static Duel against(RogueClient client, TlsClientProtocol protocol, Credential credential) throws Exception {
            Duel duel = new Duel(protocol, new BcTlsEngine().open(TlsRole.SERVER, credential));
            duel.session.begin();
            protocol.connect(client);
            duel.settle();
            return duel;
        }

        static Duel against(RogueServer server, Credential credential) throws Exception {
            TlsServerProtocol protocol = new TlsServerProtocol();
            Duel duel = new Duel(protocol, new BcTlsEngine().open(TlsRole.CLIENT, credential));
            duel.session.begin();
            protocol.accept(server);
            duel.settle();
            return duel;
        }

        void settle() {
            boolean moved = true;
            while (moved) {
                byte[] out = new byte[rogue.getAvailableOutputBytes()];
                rogue.readOutput(out, 0, out.length);
                byte[] in = Wire.flight(session);
                moved = out.length + in.length > 0;
                if (out.length > 0) {
                    try {
                        session.receive(out);
                    } catch (TlsException e) {
                        failure = e;
                    }
                }
                if (in.length > 0 && !rogue.isClosed()) {
                    try {
                        rogue.offerInput(in);
                    } catch (IOException e) {
                        rogueFailure = e;
                    }
                }
            }
        }

        byte[] received() {
            return session.takePlaintext();
        }

        byte[] receivedByRogue() {
            byte[] bytes = new byte[rogue.getAvailableInputBytes()];
            rogue.readInput(bytes, 0, bytes.length);
            return bytes;
        }
    }

    /** A certificate message of any content, signed with any scheme. */
    private static final class Presented {
        final Keys keys;
        final KeyPair pair;
        final List<byte[]> entries = new ArrayList<>();
        short type = CertificateType.X509;
        int scheme;

        Presented(Keys keys, KeyPair pair, X509Certificate certificate) throws Exception {
            this.keys = keys;
            this.pair = pair;
            this.entries.add(certificate.getEncoded());
            this.scheme = keys.scheme().code();
        }

        static Presented by(Keys keys) throws Exception {
            KeyPair pair = keys.generate();
            return new Presented(keys, pair, keys.selfSigned(pair));
        }

        TlsCredentialedSigner credentials() {
            CertificateEntry[] list = entries.stream()
                    .map(encoding -> new CertificateEntry(new AnyBytes(pair, encoding), null))
                    .toArray(CertificateEntry[]::new);
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            TlsStreamSigner stream = new TlsStreamSigner() {
                @Override
                public java.io.OutputStream getOutputStream() {
                    return content;
                }

                @Override
                public byte[] getSignature() throws IOException {
                    try {
                        SignatureScheme real = keys.scheme();
                        return keys.signer(pair.getPrivate()).sign(real, content.toByteArray());
                    } catch (java.security.GeneralSecurityException e) {
                        throw new IOException(e);
                    }
                }
            };
            return new TlsCredentialedSigner() {
                @Override
                public byte[] generateRawSignature(byte[] hash) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public SignatureAndHashAlgorithm getSignatureAndHashAlgorithm() {
                    return SignatureSchemes.algorithm(scheme);
                }

                @Override
                public TlsStreamSigner getStreamSigner() {
                    return stream;
                }

                @Override
                public Certificate getCertificate() {
                    return new Certificate(type, new byte[0], list);
                }
            };
        }
    }

    private static final class AnyBytes extends BcTlsRawKeyCertificate {
        private final byte[] encoding;

        AnyBytes(KeyPair pair, byte[] encoding) {
            super(CRYPTO, pair.getPublic().getEncoded());
            this.encoding = encoding;
        }

        @Override
        public byte[] getEncoded() {
            return encoding;
        }
    }

    private static final class RogueClient extends AbstractTlsClient implements TlsAuthentication {
        private final @Nullable Presented presented;
        final Vector<Object> psks = new Vector<>();
        int[] suites = {CipherSuite.TLS_AES_128_GCM_SHA256};
        ProtocolVersion[] versions = ProtocolVersion.TLSv13.only();
        short[] pskModes = {PskKeyExchangeMode.psk_dhe_ke};

        RogueClient(@Nullable Presented presented) {
            super(CRYPTO);
            this.presented = presented;
        }

        @Override
        protected ProtocolVersion[] getSupportedVersions() {
            return versions;
        }

        @Override
        protected int[] getSupportedCipherSuites() {
            return suites;
        }

        @Override
        public short[] getPskKeyExchangeModes() {
            return pskModes;
        }

        @Override
        public @Nullable Vector getExternalPSKs() {
            return psks.isEmpty() ? null : psks;
        }

        @Override
        protected short[] getAllowedClientCertificateTypes() {
            return new short[] {presented == null ? CertificateType.X509 : presented.type};
        }

        @Override
        protected short[] getAllowedServerCertificateTypes() {
            return getAllowedClientCertificateTypes();
        }

        @Override
        public TlsAuthentication getAuthentication() {
            return this;
        }

        @Override
        public void notifyServerCertificate(TlsServerCertificate certificate) {}

        @Override
        public @Nullable TlsCredentials getClientCredentials(CertificateRequest request) {
            return presented == null ? null : presented.credentials();
        }
    }

    private static class RogueServer extends AbstractTlsServer {
        private final Presented presented;
        private final boolean asks;

        RogueServer(Presented presented, boolean asks) {
            super(CRYPTO);
            this.presented = presented;
            this.asks = asks;
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
        public int[] getSupportedGroups() {
            return new int[] {NamedGroup.x25519};
        }

        @Override
        public @Nullable CertificateRequest getCertificateRequest() throws IOException {
            return asks ? new CertificateRequest(new byte[0], SignatureSchemes.forHandshakes(), null, null) : null;
        }

        @Override
        public void notifyClientCertificate(Certificate certificate) {}

        @Override
        public TlsCredentials getCredentials() {
            return presented.credentials();
        }
    }

    private static final class KeyUpdatingClient extends TlsClientProtocol {
        void updateKey(boolean answerWanted) throws IOException {
            send13KeyUpdate(answerWanted);
        }
    }

    private static final class AnyRecordClient extends TlsClientProtocol {
        @Override
        protected void safeWriteRecord(short type, byte[] content, int offset, int length) throws IOException {
            super.safeWriteRecord(type, content, offset, length);
        }
    }

    /** Says that its PSK is seven milliseconds old. */
    private static final class AgeingClient extends TlsClientProtocol {
        @Override
        protected void sendClientHelloMessage() throws IOException {
            byte[] offered =
                    TlsUtils.getExtensionData(clientHello.getExtensions(), TlsExtensionsUtils.EXT_pre_shared_key);
            offered[offered.length - 1] = 7;
            super.sendClientHelloMessage();
        }
    }

    private static TlsPSKExternal psk() {
        Credential.ExternalPsk psk = TlsEngineContract.psk(1);
        return new BasicTlsPSKExternal(psk.identity(), CRYPTO.createSecret(psk.key()));
    }
}
