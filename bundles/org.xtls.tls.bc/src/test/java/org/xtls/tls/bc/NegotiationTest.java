package org.xtls.tls.bc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession.State;
import org.xtls.tls.bc.Parameters.Group;
import org.xtls.tls.bc.Parameters.Suite;

/** What two engines agree on when one of them knows less. */
final class NegotiationTest {
    private static final List<Group> WITHOUT_ML_KEM = List.of(Group.X25519, Group.SECP256R1);

    @ParameterizedTest
    @EnumSource(Suite.class)
    void each_suite_carries_data_both_ways(Suite suite) throws Exception {
        BcTlsEngine only =
                new BcTlsEngine(new Parameters(Parameters.ALL.groups(), Parameters.ALL.keyShares(), List.of(suite)));

        for (boolean limitedClient : new boolean[] {true, false}) {
            Wire wire = new Wire(
                    limitedClient ? only : new BcTlsEngine(),
                    Keys.ED25519.chain(),
                    limitedClient ? new BcTlsEngine() : only,
                    Keys.ED25519.chain());
            wire.settle();
            byte[] there = TlsEngineContract.bytes(100_000);
            byte[] back = TlsEngineContract.bytes(99_999);
            wire.client.write(there);
            wire.server.write(back);
            wire.settle();

            assertEquals(suite.name(), wire.client.handshake().suite());
            assertEquals(suite.name(), wire.server.handshake().suite());
            assertArrayEquals(there, wire.receivedByServer());
            assertArrayEquals(back, wire.receivedByClient());
            assertArrayEquals(wire.client.export("EXPORTER-x", there, 64), wire.server.export("EXPORTER-x", there, 64));
        }
    }

    @Test
    void a_peer_without_ml_kem_costs_no_further_round_trip() throws Exception {
        BcTlsEngine classic = new BcTlsEngine(new Parameters(WITHOUT_ML_KEM, WITHOUT_ML_KEM, Parameters.ALL.suites()));

        for (Wire wire : List.of(wire(classic, new BcTlsEngine()), wire(new BcTlsEngine(), classic))) {
            assertEquals(3, wire.flights().size());
            assertEquals("x25519", wire.client.handshake().group());
            assertEquals("x25519", wire.server.handshake().group());
        }
    }

    @Test
    void a_peer_that_wants_another_group_gets_it_after_a_retry() throws Exception {
        List<Group> nist = List.of(Group.SECP256R1);
        BcTlsEngine old = new BcTlsEngine(new Parameters(nist, nist, Parameters.ALL.suites()));

        Wire retried = wire(new BcTlsEngine(), old);
        assertEquals(5, retried.flights().size());
        assertEquals("secp256r1", retried.client.handshake().group());
        assertEquals(3, wire(old, new BcTlsEngine()).flights().size());
    }

    @Test
    void a_psk_survives_a_retry() throws Exception {
        List<Group> nist = List.of(Group.SECP256R1);
        BcTlsEngine old = new BcTlsEngine(new Parameters(nist, nist, Parameters.ALL.suites()));

        Wire wire = new Wire(new BcTlsEngine(), TlsEngineContract.psk(1), old, TlsEngineContract.psk(1)).settle();
        assertEquals(State.ESTABLISHED, wire.server.state());
        assertEquals(State.ESTABLISHED, wire.client.state());

        Wire wrong = new Wire(new BcTlsEngine(), TlsEngineContract.psk(1), old, TlsEngineContract.psk(2)).settle();
        TlsEngineContract.assertAlert(Alert.DECRYPT_ERROR, false, wrong.serverFailure);
    }

    @Test
    void a_client_that_sent_no_share_for_ml_kem_is_asked_for_one() throws Exception {
        BcTlsEngine shy = new BcTlsEngine(
                new Parameters(Parameters.ALL.groups(), List.of(Group.X25519), Parameters.ALL.suites()));

        Wire wire = wire(shy, new BcTlsEngine());

        assertEquals("X25519MLKEM768", wire.client.handshake().group());
        assertEquals(5, wire.flights().size());
    }

    @Test
    void the_strongest_group_is_taken_though_the_client_would_rather_not() throws Exception {
        BcTlsEngine contrary = new BcTlsEngine(new Parameters(
                List.of(Group.X25519, Group.X25519MLKEM768),
                List.of(Group.X25519, Group.X25519MLKEM768),
                Parameters.ALL.suites()));

        assertEquals(
                "X25519MLKEM768",
                wire(contrary, new BcTlsEngine()).client.handshake().group());
    }

    @Test
    void an_external_psk_never_goes_with_sha_384() throws Exception {
        BcTlsEngine contrary = new BcTlsEngine(new Parameters(
                Parameters.ALL.groups(),
                Parameters.ALL.keyShares(),
                List.of(Suite.TLS_AES_256_GCM_SHA384, Suite.TLS_CHACHA20_POLY1305_SHA256)));

        Wire wire = new Wire(contrary, TlsEngineContract.psk(1), contrary, TlsEngineContract.psk(1)).settle();

        assertEquals("TLS_CHACHA20_POLY1305_SHA256", wire.server.handshake().suite());
    }

    @Test
    void a_holder_of_a_psk_asks_for_no_signature() throws Exception {
        Wire wire = new Wire(new BcTlsEngine(), TlsEngineContract.psk(1), Keys.ED25519.chain()).settle();

        TlsEngineContract.assertAlert(Alert.MISSING_EXTENSION, false, wire.serverFailure);
    }

    @Test
    void peers_with_nothing_in_common_part() throws Exception {
        BcTlsEngine one = new BcTlsEngine(new Parameters(
                Parameters.ALL.groups(), Parameters.ALL.keyShares(), List.of(Suite.TLS_AES_256_GCM_SHA384)));
        BcTlsEngine other = new BcTlsEngine(new Parameters(
                Parameters.ALL.groups(), Parameters.ALL.keyShares(), List.of(Suite.TLS_CHACHA20_POLY1305_SHA256)));

        Wire wire = new Wire(one, Keys.ED25519.chain(), other, Keys.ED25519.chain()).settle();

        TlsEngineContract.assertAlert(Alert.HANDSHAKE_FAILURE, false, wire.serverFailure);
        TlsEngineContract.assertAlert(Alert.HANDSHAKE_FAILURE, true, wire.clientFailure);
    }

    @Test
    void keys_change_by_themselves_long_before_aes_gcm_wears_out() throws Exception {
        Wire wire = wire(new BcTlsEngine(), new BcTlsEngine());
        byte[] one = {1};
        int updates = 0;
        for (int i = 0; i < (1 << 20) + 10; i++) {
            wire.client.write(one);
            List<byte[]> records = wire.client.takeRecords();
            updates += records.size() - 1;
            for (byte[] record : records) {
                wire.server.receive(record);
            }
            assertEquals(1, wire.server.takePlaintext().length);
        }
        wire.server.write(one);
        assertEquals(
                2,
                wire.server.takeRecords().stream().map(wire::toClient).toList().size(),
                "the update asked for");

        assertEquals(1, updates);
        assertArrayEquals(one, wire.receivedByClient());
        assertNull(wire.clientFailure);
    }

    @Test
    void both_shares_are_in_a_first_flight_that_stays_small() throws Exception {
        var client = new BcTlsEngine().open(TlsRole.CLIENT, Keys.ED25519.chain());
        client.begin();
        byte[] hello = Wire.flight(client);

        assertTrue(hello.length > 1184 + 32 + 32, "both shares are in");
        assertFalse(hello.length > 1500, "and it stays small: " + hello.length);
    }

    private static Wire wire(BcTlsEngine client, BcTlsEngine server) throws Exception {
        Credential romeo = Keys.ED25519.chain();
        Wire wire = new Wire(client, romeo, server, Keys.ED25519.chain()).settle();
        assertNull(wire.clientFailure, () -> String.valueOf(wire.clientFailure));
        assertNull(wire.serverFailure, () -> String.valueOf(wire.serverFailure));
        return wire;
    }
}
