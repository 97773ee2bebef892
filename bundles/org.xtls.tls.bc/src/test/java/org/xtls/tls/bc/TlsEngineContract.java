package org.xtls.tls.bc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.X500Name;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.Handshake;
import org.xtls.tls.OcspResponse;
import org.xtls.tls.Proof;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.Signer;
import org.xtls.tls.SrpGroup;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession;
import org.xtls.tls.TlsSession.State;

/** What every engine keeps, whoever wrote it. It knows the api only. */
abstract class TlsEngineContract {
    private static final byte[] IDENTITY = "urn:x-xtls:1 srp-psk".getBytes(StandardCharsets.US_ASCII);
    private static final String USER_NAME = "romeo@montague.example";

    abstract TlsEngine engine();

    // Handshakes

    @ParameterizedTest
    @EnumSource(Keys.class)
    void two_chains_authenticate_each_other(Keys keys) throws Exception {
        var romeo = keys.chain();
        var juliet = keys.chain();

        Wire wire = established(romeo, juliet);

        assertEquals(
                new Proof.CertificateChain(juliet.certificates()),
                wire.client.handshake().proof());
        assertEquals(
                new Proof.CertificateChain(romeo.certificates()),
                wire.server.handshake().proof());
    }

    @ParameterizedTest
    @EnumSource(Keys.class)
    void two_raw_keys_authenticate_each_other(Keys keys) throws Exception {
        var romeo = keys.raw();
        var juliet = keys.raw();

        Wire wire = established(romeo, juliet);

        assertEquals(
                new Proof.RawPublicKey(juliet.key()), wire.client.handshake().proof());
        assertEquals(
                new Proof.RawPublicKey(romeo.key()), wire.server.handshake().proof());
    }

    @Test
    void two_holders_of_a_psk_authenticate_each_other() throws Exception {
        Wire wire = established(psk(1), psk(1));

        assertEquals(new Proof.ExternalPsk(), wire.client.handshake().proof());
        assertEquals(new Proof.ExternalPsk(), wire.server.handshake().proof());
        assertTrue(wire.client.handshake().suite().endsWith("_SHA256"), "an external PSK goes with SHA-256");
    }

    @ParameterizedTest
    @EnumSource(SrpGroup.class)
    void a_password_and_its_verifier_authenticate_each_other(SrpGroup group) throws Exception {
        Wire wire = established(password("capulet"), verifier(group, "capulet"));

        for (Handshake handshake : List.of(wire.client.handshake(), wire.server.handshake())) {
            assertEquals(new Proof.Srp(), handshake.proof());
            assertEquals("TLSv1.2", handshake.version());
            assertEquals(group.name(), handshake.group());
            assertEquals("TLS_SRP_SHA_WITH_AES_256_CBC_SHA", handshake.suite());
        }
    }

    @Test
    void nothing_but_srp_is_ever_tls_1_2() throws Exception {
        for (Shape shape : Shape.values()) {
            Wire wire = established(shape.make(TlsRole.CLIENT), shape.make(TlsRole.SERVER));
            String version = shape == Shape.SRP ? "TLSv1.2" : "TLSv1.3";

            assertEquals(version, wire.client.handshake().version());
            assertEquals(version, wire.server.handshake().version());
        }
    }

    @Test
    void keys_of_different_kinds_meet() throws Exception {
        established(Keys.RSA_SHA256.chain(), Keys.ED25519.chain());
        established(Keys.P384.raw(), Keys.ED448.raw());
    }

    @Test
    void a_handshake_takes_three_flights_and_ends_with_the_strongest_group() throws Exception {
        Wire wire = established(Keys.ED25519.chain(), Keys.ED25519.chain());

        assertEquals(List.of("client", "server", "client"), senders(wire.flights()));
        for (Handshake handshake : List.of(wire.client.handshake(), wire.server.handshake())) {
            assertEquals("TLSv1.3", handshake.version());
            assertEquals("X25519MLKEM768", handshake.group());
            assertEquals("TLS_AES_128_GCM_SHA256", handshake.suite());
        }
    }

    @Test
    void a_chain_is_reported_as_it_was_sent_and_its_issuers_are_not_judged() throws Exception {
        KeyPair root = Keys.RSA_SHA256.generate();
        KeyPair leaf = Keys.ED25519.generate();
        X500Name issuer = new X500Name("CN=Friar Laurence");
        var certificate = Keys.certificate(leaf, new X500Name("CN=Romeo"), root.getPrivate(), issuer, "SHA256withRSA");
        var romeo = new Credential.CertificateChain(
                List.of(
                        certificate,
                        Keys.certificate(root, issuer, root.getPrivate(), issuer, "SHA256withRSA"),
                        Keys.P256.chain().certificates().get(0)),
                Keys.ED25519.signer(leaf.getPrivate()));

        Wire wire = established(romeo, Keys.ED25519.chain());

        assertEquals(
                new Proof.CertificateChain(romeo.certificates()),
                wire.server.handshake().proof());
    }

    // OCSP stapling

    @Test
    void an_ocsp_response_comes_with_the_chain_it_is_for() throws Exception {
        for (int[] sizes : new int[][] {{300, 0}, {0, 300}, {1, OcspResponse.MAX_BYTES}, {OcspResponse.MAX_BYTES, 2}}) {
            var romeo = stapled(Keys.ED25519.chain(), sizes[0]);
            var juliet = stapled(Keys.P256.chain(), sizes[1]);

            Wire wire = established(romeo, juliet);

            assertEquals(
                    new Proof.CertificateChain(romeo.certificates(), romeo.ocsp()),
                    wire.server.handshake().proof());
            assertEquals(
                    new Proof.CertificateChain(juliet.certificates(), juliet.ocsp()),
                    wire.client.handshake().proof());
        }
    }

    static Credential.CertificateChain stapled(Credential.CertificateChain chain, int size) {
        return new Credential.CertificateChain(
                chain.certificates(), chain.signer(), size == 0 ? null : new OcspResponse(bytes(size)));
    }

    @Test
    void a_signer_is_given_the_content_and_not_a_hash_of_it() throws Exception {
        KeyPair pair = Keys.P256.generate();
        Signer signer = Keys.P256.signer(pair.getPrivate());
        List<byte[]> signed = new ArrayList<>();
        var romeo = new Credential.CertificateChain(List.of(Keys.P256.selfSigned(pair)), new Signer() {
            @Override
            public List<SignatureScheme> schemes() {
                return signer.schemes();
            }

            @Override
            public byte[] sign(SignatureScheme scheme, byte[] content) throws GeneralSecurityException {
                signed.add(content);
                return signer.sign(scheme, content);
            }
        });

        established(romeo, Keys.ED25519.chain());

        assertEquals(1, signed.size());
        String start = " ".repeat(64) + "TLS 1.3, client CertificateVerify\0";
        assertEquals(start.length() + 32, signed.get(0).length);
        assertEquals(start, new String(signed.get(0), 0, start.length(), StandardCharsets.US_ASCII));
    }

    // Refusals

    @Test
    void a_key_that_is_too_short_is_refused_before_anything_is_sent() throws Exception {
        var generator = java.security.KeyPairGenerator.getInstance("RSA");
        generator.initialize(1024);
        KeyPair pair = generator.generateKeyPair();
        var weak = new Credential.CertificateChain(
                List.of(Keys.RSA_SHA256.selfSigned(pair)), Keys.RSA_SHA256.signer(pair.getPrivate()));

        TlsException refused = assertThrows(TlsException.class, () -> engine().open(TlsRole.CLIENT, weak));

        assertTrue(refused.getMessage().contains("2048"), refused.getMessage());
        assertFalse(refused.fromPeer());
    }

    @Test
    void a_signer_that_is_not_the_certificates_is_refused_before_anything_is_sent() throws Exception {
        var mixed = new Credential.CertificateChain(
                Keys.ED25519.chain().certificates(),
                Keys.P256.signer(Keys.P256.generate().getPrivate()));

        assertThrows(TlsException.class, () -> engine().open(TlsRole.SERVER, mixed));
    }

    @Test
    void a_signature_of_another_key_is_refused_by_either_side() throws Exception {
        var thief = new Credential.CertificateChain(
                Keys.ED25519.chain().certificates(),
                Keys.ED25519.signer(Keys.ED25519.generate().getPrivate()));
        var honest = Keys.ED25519.chain();

        Wire atServer = new Wire(engine(), thief, honest).settle();
        assertAlert(Alert.DECRYPT_ERROR, false, atServer.serverFailure);
        assertAlert(Alert.DECRYPT_ERROR, true, atServer.clientFailure);
        assertThrows(IllegalStateException.class, atServer.server::handshake);

        Wire atClient = new Wire(engine(), honest, thief).settle();
        assertAlert(Alert.DECRYPT_ERROR, false, atClient.clientFailure);
        assertAlert(Alert.DECRYPT_ERROR, true, atClient.serverFailure);
        assertThrows(IllegalStateException.class, atClient.client::handshake);
    }

    @Test
    void a_signer_that_fails_tells_the_user_why() throws Exception {
        var chain = Keys.ED25519.chain();
        var broken = new Credential.CertificateChain(chain.certificates(), new Signer() {
            @Override
            public List<SignatureScheme> schemes() {
                return List.of(SignatureScheme.ED25519);
            }

            @Override
            public byte[] sign(SignatureScheme scheme, byte[] content) throws GeneralSecurityException {
                throw new GeneralSecurityException("the token was pulled out");
            }
        });

        Wire wire = new Wire(engine(), chain, broken).settle();

        TlsException failure = assertAlert(Alert.INTERNAL_ERROR, false, wire.serverFailure);
        assertTrue(failure.getMessage().contains("the token was pulled out"), failure.getMessage());
        assertAlert(Alert.INTERNAL_ERROR, true, wire.clientFailure);
    }

    static Stream<Shape[]> shapesThatDiffer() {
        return Stream.of(Shape.values())
                .flatMap(one ->
                        Stream.of(Shape.values()).filter(other -> other != one).map(other -> new Shape[] {one, other}));
    }

    @ParameterizedTest
    @MethodSource("shapesThatDiffer")
    void credentials_of_different_shapes_never_meet(Shape client, Shape server) throws Exception {
        Wire wire = new Wire(engine(), client.make(TlsRole.CLIENT), server.make(TlsRole.SERVER)).settle();

        assertNotNull(wire.clientFailure);
        assertNotNull(wire.serverFailure);
        assertNotEquals(wire.clientFailure.fromPeer(), wire.serverFailure.fromPeer());
        assertEquals(wire.clientFailure.alert(), wire.serverFailure.alert());
        if (client == Shape.SRP || server == Shape.SRP) {
            assertAlert(Alert.PROTOCOL_VERSION, false, wire.serverFailure);
        } else if (client != Shape.PSK && server != Shape.PSK) {
            assertAlert(Alert.UNSUPPORTED_CERTIFICATE, false, wire.serverFailure);
        }
        assertThrows(IllegalStateException.class, wire.client::handshake);
        assertThrows(IllegalStateException.class, wire.server::handshake);
    }

    @Test
    void a_wrong_psk_fails_the_same_way_on_both_sides() throws Exception {
        Wire wire = new Wire(engine(), psk(1), psk(2)).settle();

        assertAlert(Alert.DECRYPT_ERROR, false, wire.serverFailure);
        assertAlert(Alert.DECRYPT_ERROR, true, wire.clientFailure);
    }

    @Test
    void another_psk_identity_is_unknown() throws Exception {
        var other = new Credential.ExternalPsk("another".getBytes(StandardCharsets.US_ASCII), psk(1).key());

        Wire wire = new Wire(engine(), other, psk(1)).settle();

        assertAlert(Alert.UNKNOWN_PSK_IDENTITY, false, wire.serverFailure);
        assertAlert(Alert.UNKNOWN_PSK_IDENTITY, true, wire.clientFailure);
    }

    @Test
    void a_wrong_password_fails_and_the_server_has_proved_nothing_before() throws Exception {
        Wire wire = new Wire(engine(), password("capulet"), verifier("montague")).settle();

        assertAlert(Alert.BAD_RECORD_MAC, false, wire.serverFailure);
        assertAlert(Alert.BAD_RECORD_MAC, true, wire.clientFailure);
        assertThrows(IllegalStateException.class, wire.client::handshake);
    }

    @Test
    void another_user_name_is_unknown() throws Exception {
        byte[] password = "capulet".getBytes(StandardCharsets.US_ASCII);
        for (String other : List.of("romeo@montague.exampl", "romeo@montague.example2", "Romeo@montague.example")) {
            Wire wire = new Wire(engine(), new Credential.SrpClient(other, password), verifier("capulet")).settle();

            assertAlert(Alert.UNKNOWN_PSK_IDENTITY, false, wire.serverFailure);
            assertAlert(Alert.UNKNOWN_PSK_IDENTITY, true, wire.clientFailure);
        }
    }

    @Test
    void a_password_is_for_the_client_and_a_verifier_for_the_server() throws Exception {
        assertThrows(TlsException.class, () -> engine().open(TlsRole.SERVER, password("capulet")));
        assertThrows(TlsException.class, () -> engine().open(TlsRole.CLIENT, verifier("capulet")));
    }

    @Test
    void a_verifier_that_proves_nothing_is_refused_before_anything_is_sent() throws Exception {
        byte[] tooLarge = new byte[256];
        Arrays.fill(tooLarge, (byte) 0xFF);
        for (byte[] none : List.of(new byte[1], new byte[256], new byte[] {1}, tooLarge)) {
            var verifier = new Credential.SrpServer("romeo", SrpGroup.RFC5054_2048, new byte[16], none);

            assertThrows(TlsException.class, () -> engine().open(TlsRole.SERVER, verifier));
        }
    }

    @Test
    void a_client_leaves_a_server_that_selects_no_psk() throws Exception {
        TlsSession client = engine().open(TlsRole.CLIENT, psk(1));
        client.begin();
        Wire.flight(client);

        TlsException refused = assertThrows(TlsException.class, () -> client.receive(serverHelloWithoutPsk()));

        assertAlert(Alert.HANDSHAKE_FAILURE, false, refused);
        assertFalse(client.takeRecords().isEmpty());
        assertEquals(State.ENDED, client.state());
    }

    // Bytes

    @Test
    void bytes_may_come_one_by_one() throws Exception {
        Wire wire = new Wire(engine(), Keys.ED25519.chain(), Keys.ED25519.chain());

        carryInPieces(wire, () -> 1);
        wire.client.write(bytes(40_000));
        carryInPieces(wire, () -> 1);

        assertArrayEquals(bytes(40_000), wire.receivedByServer());
    }

    @Test
    void bytes_may_be_split_anywhere() throws Exception {
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            Wire wire = new Wire(engine(), Keys.ED25519.raw(), Keys.ED25519.raw());

            carryInPieces(wire, () -> 1 + random.nextInt(700));
            wire.server.write(bytes(50_000));
            carryInPieces(wire, () -> 1 + random.nextInt(20_000));

            assertArrayEquals(bytes(50_000), wire.receivedByClient(), "seed " + seed);
        }
    }

    @Test
    void plaintext_of_any_size_arrives_in_records_of_at_most_16_KiB() throws Exception {
        Wire wire = established(Keys.ED25519.chain(), Keys.ED25519.chain());
        for (int size : new int[] {0, 1, 16_383, 16_384, 16_385, 200 * 1024}) {
            wire.client.write(bytes(size));
            List<byte[]> records = wire.client.takeRecords();

            assertEquals((size + 16_383) / 16_384, records.size(), size + " bytes");
            for (byte[] record : records) {
                assertEquals(record.length - 5, (record[3] & 0xFF) << 8 | (record[4] & 0xFF));
                assertTrue(record.length <= 5 + 16_384 + 1 + 16, "a record of " + record.length);
                wire.server.receive(record);
            }
            assertArrayEquals(bytes(size), wire.server.takePlaintext());
        }
    }

    @Test
    void each_record_and_each_byte_is_handed_out_once() throws Exception {
        Wire wire = established(Keys.ED25519.chain(), Keys.ED25519.chain());
        wire.client.write(bytes(10));
        wire.client.takeRecords().forEach(record -> wire.toServer(record));

        assertTrue(wire.client.takeRecords().isEmpty());
        assertEquals(0, wire.server.takePlaintext().length);
        assertArrayEquals(bytes(10), wire.receivedByServer());
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void a_changed_record_ends_the_session_on_both_sides(Shape shape) throws Exception {
        Wire wire = established(shape.make(TlsRole.CLIENT), shape.make(TlsRole.SERVER));
        wire.client.write(bytes(100));
        byte[] record = wire.client.takeRecords().get(0);
        record[50] ^= 1;

        wire.toServer(record);
        wire.settle();

        assertAlert(Alert.BAD_RECORD_MAC, false, wire.serverFailure);
        assertAlert(Alert.BAD_RECORD_MAC, true, wire.clientFailure);
        assertEquals(0, wire.receivedByServer().length);
        assertThrows(IllegalStateException.class, () -> wire.server.write(bytes(1)));
        assertThrows(IllegalStateException.class, () -> wire.client.write(bytes(1)));
        wire.server.receive(bytes(100));
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void a_record_that_is_replayed_dropped_or_reordered_ends_the_session(Shape shape) throws Exception {
        for (int[] order : new int[][] {{0, 0}, {1}, {0, 2}, {1, 0}}) {
            Wire wire = established(shape.make(TlsRole.CLIENT), shape.make(TlsRole.SERVER));
            List<byte[]> records = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                wire.client.write(bytes(10));
                records.addAll(wire.client.takeRecords());
            }

            for (int index : order) {
                wire.toServer(records.get(index).clone());
            }

            assertAlert(Alert.BAD_RECORD_MAC, false, wire.serverFailure);
        }
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void an_oversized_record_is_refused_at_its_header(Shape shape) throws Exception {
        Wire wire = established(shape.make(TlsRole.CLIENT), shape.make(TlsRole.SERVER));

        int tooLong = shape == Shape.SRP ? 0x4801 : 0x4101; // RFC 5246 §6.2.3, RFC 8446 §5.2
        wire.toServer(new byte[] {23, 3, 3, (byte) (tooLong >> 8), 1});
        wire.settle();

        assertAlert(Alert.RECORD_OVERFLOW, false, wire.serverFailure);
        assertAlert(Alert.RECORD_OVERFLOW, true, wire.clientFailure);
    }

    @Test
    void garbage_ends_a_session_and_nothing_else() throws Exception {
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            for (TlsRole role : TlsRole.values()) {
                TlsSession session = engine().open(role, Shape.values()[seed % Shape.values().length].make(role));
                session.begin();
                byte[] garbage = new byte[random.nextInt(2000) + 5];
                random.nextBytes(garbage);
                if (seed % 2 == 0) {
                    byte[] header = {22, 3, (byte) (seed % 5), 0, (byte) random.nextInt(256), (byte) (1 + seed % 2)};
                    System.arraycopy(header, 0, garbage, 0, Math.min(header.length, garbage.length));
                }
                onlyTlsExceptionFrom(() -> session.receive(garbage), "seed " + seed);
            }
        }
    }

    @Test
    void whatever_is_changed_in_a_handshake_nobody_is_deceived() throws Exception {
        Credential[][] pairs = {
            {stapled(Keys.ED25519.chain(), 100), stapled(Keys.P256.chain(), 100)},
            {Keys.ED25519.raw(), Keys.ED448.raw()},
            {psk(1), psk(1)},
            {password("capulet"), verifier("capulet")}
        };
        for (int seed = 0; seed < 800; seed++) {
            RandomGenerator random = new Random(seed);
            Credential[] pair = pairs[seed % pairs.length];
            Wire wire = new Wire(engine(), pair[0], pair[1]);
            int flightToChange = random.nextInt(3);
            boolean moved = true;
            for (int flight = 0; moved; flight++) {
                byte[] bytes = Wire.flight(flight % 2 == 0 ? wire.client : wire.server);
                moved = bytes.length > 0;
                if (flight == flightToChange) {
                    bytes = changed(bytes, random);
                }
                moved |= flight % 2 == 0 ? wire.toServer(bytes) : wire.toClient(bytes);
            }
            if (wire.client.state() == State.ESTABLISHED && wire.server.state() == State.ESTABLISHED) {
                assertArrayEquals(
                        wire.client.export("EXPORTER-same", new byte[0], 32),
                        wire.server.export("EXPORTER-same", new byte[0], 32),
                        "seed " + seed);
            }
        }
    }

    // Closing

    @ParameterizedTest
    @EnumSource(Shape.class)
    void each_direction_closes_by_itself(Shape shape) throws Exception {
        Wire wire = established(shape.make(TlsRole.CLIENT), shape.make(TlsRole.SERVER));

        wire.client.write(bytes(3));
        wire.client.closeNotify();
        wire.client.closeNotify();
        List<byte[]> records = wire.client.takeRecords();
        records.forEach(wire::toServer);
        assertEquals(2, records.size(), "the data and one alert");

        assertEquals(State.ENDED, wire.client.state());
        assertThrows(IllegalStateException.class, () -> wire.client.write(bytes(1)));
        assertTrue(wire.server.peerClosed());
        assertEquals(State.ESTABLISHED, wire.server.state());
        assertTrue(wire.server.takeRecords().isEmpty(), "nothing is answered by itself");

        wire.server.write(bytes(70_000));
        wire.settle();
        assertArrayEquals(bytes(70_000), wire.receivedByClient());
        assertFalse(wire.client.peerClosed());

        wire.server.closeNotify();
        wire.settle();
        assertTrue(wire.client.peerClosed());
        assertNull(wire.clientFailure);
        assertNull(wire.serverFailure);
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void closes_that_cross_are_both_seen(Shape shape) throws Exception {
        Wire wire = established(shape.make(TlsRole.CLIENT), shape.make(TlsRole.SERVER));

        wire.client.closeNotify();
        wire.server.closeNotify();
        wire.settle();

        assertTrue(wire.client.peerClosed());
        assertTrue(wire.server.peerClosed());
        assertNull(wire.clientFailure);
        assertNull(wire.serverFailure);
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void what_comes_after_close_notify_is_ignored(Shape shape) throws Exception {
        Wire wire = established(shape.make(TlsRole.CLIENT), shape.make(TlsRole.SERVER));
        wire.client.write(bytes(5));
        wire.client.closeNotify();
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        stream.writeBytes(Wire.flight(wire.client));
        stream.writeBytes(new byte[300]);

        wire.toServer(stream.toByteArray());
        wire.toServer(new byte[300]);

        assertNull(wire.serverFailure);
        assertTrue(wire.server.peerClosed());
        assertArrayEquals(bytes(5), wire.receivedByServer());
    }

    @Test
    void a_stream_that_is_cut_off_was_not_closed() throws Exception {
        Wire wire = established(Keys.ED25519.chain(), Keys.ED25519.chain());
        wire.client.write(bytes(1000));
        wire.client.closeNotify();
        byte[] stream = Wire.flight(wire.client);

        for (byte[] piece : List.of(Arrays.copyOf(stream, 500), Arrays.copyOfRange(stream, 500, stream.length - 1))) {
            wire.toServer(piece);
            assertFalse(wire.server.peerClosed());
        }
        assertArrayEquals(bytes(1000), wire.receivedByServer());
    }

    @Test
    void a_handshake_can_be_given_up() throws Exception {
        Wire wire = new Wire(engine(), Keys.ED25519.chain(), Keys.ED25519.chain());
        wire.toServer(Wire.flight(wire.client));
        wire.toClient(Wire.flight(wire.server));
        wire.server.closeNotify();

        wire.settle();

        assertEquals(State.ENDED, wire.server.state());
        assertThrows(IllegalStateException.class, wire.server::handshake);
        assertTrue(wire.client.peerClosed());
    }

    @Test
    void a_handshake_that_is_given_up_early_is_told_as_that() throws Exception {
        Wire wire = new Wire(engine(), Keys.ED25519.chain(), Keys.ED25519.chain());
        wire.client.closeNotify();

        wire.settle();

        assertAlert(Alert.USER_CANCELED, true, wire.serverFailure);
        assertEquals(State.ENDED, wire.client.state());
        assertNull(wire.clientFailure);
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void giving_up_after_the_handshake_is_closing(Shape shape) throws Exception {
        Wire wire = established(shape.make(TlsRole.CLIENT), shape.make(TlsRole.SERVER));

        wire.server.abort(Alert.USER_CANCELED);
        wire.settle();

        assertEquals(State.ENDED, wire.server.state());
        assertTrue(wire.client.peerClosed());
        assertNull(wire.clientFailure);
    }

    @ParameterizedTest
    @EnumSource(
            value = Alert.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"CLOSE_NOTIFY", "USER_CANCELED"})
    void a_verdict_that_comes_later_goes_out_as_an_alert(Alert alert) throws Exception {
        Wire wire = established(Keys.ED25519.chain(), Keys.ED25519.chain());

        wire.server.abort(alert);
        wire.server.abort(Alert.INTERNAL_ERROR);
        wire.settle();

        assertAlert(alert, true, wire.clientFailure);
        assertEquals(State.ENDED, wire.server.state());
        assertEquals(State.ENDED, wire.client.state());
        assertNull(wire.serverFailure, "an alert is not answered");
    }

    @Test
    void aborting_is_not_closing() throws Exception {
        Wire wire = established(Keys.ED25519.chain(), Keys.ED25519.chain());

        assertThrows(IllegalArgumentException.class, () -> wire.client.abort(Alert.CLOSE_NOTIFY));
        wire.client.closeNotify();
        wire.client.abort(Alert.ACCESS_DENIED);
        wire.settle();

        assertNull(wire.serverFailure);
        assertTrue(wire.server.peerClosed());
    }

    // The rest of the contract

    @ParameterizedTest
    @EnumSource(Shape.class)
    void exported_material_is_the_same_on_both_sides_and_bound_to_label_context_and_session(Shape shape)
            throws Exception {
        Wire wire = established(shape.make(TlsRole.CLIENT), shape.make(TlsRole.SERVER));
        Wire other = established(shape.make(TlsRole.CLIENT), shape.make(TlsRole.SERVER));
        byte[] context = bytes(9);
        byte[] material = wire.client.export("EXPORTER-xtls-possession", context, 32);

        assertEquals(32, material.length);
        assertArrayEquals(material, wire.server.export("EXPORTER-xtls-possession", context, 32));
        assertArrayEquals(material, wire.client.export("EXPORTER-xtls-possession", context, 32), "again");
        assertFalse(Arrays.equals(material, wire.client.export("EXPORTER-xtls-verify", context, 32)));
        assertFalse(Arrays.equals(material, wire.client.export("EXPORTER-xtls-possession", new byte[0], 32)));
        assertFalse(Arrays.equals(material, other.client.export("EXPORTER-xtls-possession", context, 32)));
        assertEquals(255, wire.client.export("EXPORTER-xtls-possession", context, 255).length);
        assertThrows(IllegalArgumentException.class, () -> wire.client.export("EXPORTER-x", context, 256));
        assertThrows(IllegalArgumentException.class, () -> wire.client.export("EXPORTER-x", context, 0));
        wire.client.closeNotify();
        assertArrayEquals(material, wire.client.export("EXPORTER-xtls-possession", context, 32), "what was said stays");
    }

    @Test
    void a_session_refuses_what_its_state_does_not_allow() throws Exception {
        TlsSession session = engine().open(TlsRole.CLIENT, Keys.ED25519.chain());
        assertEquals(State.HANDSHAKING, session.state());
        assertThrows(IllegalStateException.class, () -> session.receive(bytes(1)));
        session.begin();
        assertThrows(IllegalStateException.class, session::begin);
        assertThrows(IllegalStateException.class, () -> session.write(bytes(1)));
        assertThrows(IllegalStateException.class, session::handshake);
        assertThrows(IllegalStateException.class, () -> session.export("EXPORTER-x", bytes(1), 32));
        assertEquals(0, session.takePlaintext().length);
        assertFalse(session.peerClosed());
    }

    @Test
    void a_destroyed_session_is_silent_and_its_psk_is_gone() throws Exception {
        var own = psk(1);
        Wire wire = established(own, psk(1));
        wire.server.write(bytes(10));

        wire.client.destroy();
        wire.client.destroy();
        wire.settle();

        assertArrayEquals(new byte[32], own.key());
        assertEquals(State.ENDED, wire.client.state());
        assertEquals(0, wire.receivedByClient().length);
        assertTrue(wire.client.takeRecords().isEmpty());
        assertThrows(IllegalStateException.class, () -> wire.client.write(bytes(1)));
        assertThrows(IllegalStateException.class, () -> wire.client.export("EXPORTER-x", bytes(1), 32));
    }

    @Test
    void a_destroyed_session_has_wiped_password_and_verifier() throws Exception {
        var password = password("capulet");
        var verifier = verifier("capulet");
        Wire wire = established(password, verifier);

        wire.client.destroy();
        wire.server.destroy();

        assertArrayEquals(new byte[7], password.password());
        assertArrayEquals(new byte[verifier.verifier().length], verifier.verifier());
        assertThrows(IllegalStateException.class, () -> wire.client.export("EXPORTER-x", bytes(1), 32));
    }

    @Test
    void plaintext_of_any_size_arrives_in_tls_1_2_too() throws Exception {
        Wire wire = established(password("capulet"), verifier("capulet"));
        for (int size : new int[] {0, 1, 15, 16, 16_383, 16_384, 16_385, 200 * 1024}) {
            wire.client.write(bytes(size));
            List<byte[]> records = wire.client.takeRecords();

            assertEquals((size + 16_383) / 16_384, records.size(), size + " bytes");
            records.forEach(wire::toServer);
        }
        wire.server.write(bytes(70_000));
        wire.settle();

        assertArrayEquals(bytes(70_000), wire.receivedByClient());
        assertNull(wire.serverFailure);
    }

    @Test
    void no_thread_is_started() throws Exception {
        var before = Thread.getAllStackTraces().keySet();
        for (Shape shape : Shape.values()) {
            Wire wire = established(shape.make(TlsRole.CLIENT), shape.make(TlsRole.SERVER));
            wire.client.write(bytes(1));
            wire.settle();
        }
        var after = new ArrayList<>(Thread.getAllStackTraces().keySet());
        after.removeAll(before);

        assertEquals(List.of(), after);
    }

    // Parts

    enum Shape {
        CHAIN {
            @Override
            Credential make(TlsRole role) throws GeneralSecurityException {
                return Keys.ED25519.chain();
            }
        },
        RAW_KEY {
            @Override
            Credential make(TlsRole role) throws GeneralSecurityException {
                return Keys.ED25519.raw();
            }
        },
        PSK {
            @Override
            Credential make(TlsRole role) {
                return psk(1);
            }
        },
        SRP {
            @Override
            Credential make(TlsRole role) {
                return role == TlsRole.CLIENT ? password("capulet") : verifier("capulet");
            }
        };

        abstract Credential make(TlsRole role) throws GeneralSecurityException;
    }

    private interface Act {
        void run() throws TlsException;
    }

    private interface Sizes {
        int next();
    }

    Wire established(Credential client, Credential server) throws TlsException {
        Wire wire = new Wire(engine(), client, server).settle();
        assertNull(wire.clientFailure, () -> "client: " + wire.clientFailure);
        assertNull(wire.serverFailure, () -> "server: " + wire.serverFailure);
        assertEquals(State.ESTABLISHED, wire.client.state());
        assertEquals(State.ESTABLISHED, wire.server.state());
        return wire;
    }

    static Credential.ExternalPsk psk(int secret) {
        byte[] key = new byte[32];
        Arrays.fill(key, (byte) secret);
        return new Credential.ExternalPsk(IDENTITY.clone(), key);
    }

    static Credential.SrpClient password(String password) {
        return new Credential.SrpClient(USER_NAME, password.getBytes(StandardCharsets.UTF_8));
    }

    static Credential.SrpServer verifier(String password) {
        return verifier(SrpGroup.RFC5054_2048, password);
    }

    static Credential.SrpServer verifier(SrpGroup group, String password) {
        return Srp6a.in(group).verifier(USER_NAME, password);
    }

    static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    static TlsException assertAlert(Alert alert, boolean fromPeer, @Nullable TlsException failure) {
        assertNotNull(failure, "nothing failed");
        assertEquals(alert, failure.alert(), failure::toString);
        assertEquals(fromPeer, failure.fromPeer(), failure::toString);
        return failure;
    }

    static List<String> senders(List<Wire.Flight> flights) {
        return flights.stream().map(Wire.Flight::sender).toList();
    }

    private static void carryInPieces(Wire wire, Sizes sizes) {
        boolean moved = true;
        for (boolean toServer = true; moved; toServer = !toServer) {
            byte[] there = Wire.flight(toServer ? wire.client : wire.server);
            byte[] back = there.length > 0 ? new byte[0] : Wire.flight(toServer ? wire.server : wire.client);
            moved = there.length + back.length > 0;
            carry(wire, toServer, there, sizes);
            carry(wire, !toServer, back, sizes);
        }
        assertNull(wire.clientFailure);
        assertNull(wire.serverFailure);
    }

    private static void carry(Wire wire, boolean toServer, byte[] bytes, Sizes sizes) {
        for (int from = 0; from < bytes.length; ) {
            int to = Math.min(bytes.length, from + sizes.next());
            byte[] piece = Arrays.copyOfRange(bytes, from, to);
            if (toServer) {
                wire.toServer(piece);
            } else {
                wire.toClient(piece);
            }
            from = to;
        }
    }

    private static byte[] changed(byte[] bytes, RandomGenerator random) {
        if (bytes.length == 0) {
            return bytes;
        }
        int at = random.nextInt(bytes.length);
        return switch (random.nextInt(4)) {
            case 0 -> Arrays.copyOf(bytes, at);
            case 1 -> {
                byte[] longer = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(50));
                System.arraycopy(bytes, at, longer, at + longer.length - bytes.length, bytes.length - at);
                yield longer;
            }
            default -> {
                byte[] flipped = bytes.clone();
                flipped[at] ^= (byte) (1 << random.nextInt(8));
                yield flipped;
            }
        };
    }

    private static void onlyTlsExceptionFrom(Act act, String what) {
        try {
            act.run();
        } catch (TlsException e) {
            assertFalse(e.fromPeer() && e.alert() == Alert.INTERNAL_ERROR && e.getCause() == null, what);
        }
    }

    private static byte[] serverHelloWithoutPsk() {
        ByteArrayOutputStream hello = new ByteArrayOutputStream();
        hello.writeBytes(new byte[] {3, 3});
        hello.writeBytes(bytes(32));
        hello.writeBytes(new byte[] {0, 0x13, 0x01, 0});
        hello.writeBytes(new byte[] {0, 6 + 40, 0, 0x2b, 0, 2, 3, 4, 0, 0x33, 0, 36, 0, 0x1d, 0, 32});
        hello.writeBytes(bytes(32));
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        record.writeBytes(new byte[] {22, 3, 3, 0, (byte) (hello.size() + 4), 2, 0, 0, (byte) hello.size()});
        record.writeBytes(hello.toByteArray());
        return record.toByteArray();
    }
}
