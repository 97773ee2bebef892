package org.xtls.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class AlertTest {
    @ParameterizedTest
    @CsvSource({
        "0, close_notify",
        "20, bad_record_mac",
        "40, handshake_failure",
        "42, bad_certificate",
        "51, decrypt_error",
        "109, missing_extension",
        "115, unknown_psk_identity",
        "116, certificate_required",
    })
    void an_alert_has_the_code_and_name_of_the_rfc(int code, String name) {
        assertEquals(Optional.of(name), Alert.of(code).map(Alert::toString));
    }

    @ParameterizedTest
    @EnumSource(Alert.class)
    void every_alert_is_found_by_its_code(Alert alert) {
        assertEquals(Optional.of(alert), Alert.of(alert.code()));
    }

    @Test
    void a_code_that_nobody_defined_is_no_alert() {
        assertEquals(Optional.empty(), Alert.of(255));
        assertEquals(Optional.empty(), Alert.of(-1));
    }

    @Test
    void signature_schemes_have_codes_of_their_own() {
        Set<Integer> codes = new HashSet<>();
        for (SignatureScheme scheme : SignatureScheme.values()) {
            codes.add(scheme.code());
        }

        assertEquals(SignatureScheme.values().length, codes.size());
        assertEquals(0x0807, SignatureScheme.ED25519.code());
    }

    @Test
    void a_credential_is_handled_by_the_function_of_its_shape_and_shows_no_key() {
        Credential psk = new Credential.ExternalPsk(new byte[] {1}, new byte[32]);
        Credential client = new Credential.SrpClient("romeo@montague.example", new byte[] {115, 101, 99});
        Credential server = new Credential.SrpServer(
                "romeo@montague.example", SrpGroup.RFC5054_2048, new byte[] {1}, new byte[] {115, 101, 99});

        assertEquals("psk", shape(psk));
        assertEquals("srp", shape(client));
        assertEquals("srp", shape(server));
        assertEquals("ExternalPsk[1 bytes of identity]", psk.toString());
        assertEquals("SrpClient[romeo@montague.example]", client.toString());
        assertEquals("SrpServer[romeo@montague.example, RFC5054_2048]", server.toString());
    }

    private static String shape(Credential credential) {
        return credential.fold(chain -> "chain", key -> "key", external -> "psk", srp -> "srp");
    }

    @Test
    void what_no_handshake_can_use_is_no_credential() {
        assertThrows(IllegalArgumentException.class, () -> new Credential.ExternalPsk(new byte[0], new byte[32]));
        assertThrows(IllegalArgumentException.class, () -> new Credential.ExternalPsk(new byte[65_536], new byte[32]));
        assertThrows(IllegalArgumentException.class, () -> new Credential.ExternalPsk(new byte[1], new byte[31]));
        assertThrows(IllegalArgumentException.class, () -> new Proof.CertificateChain(List.of()));
        assertThrows(IllegalArgumentException.class, () -> new Credential.SrpClient("", new byte[1]));
        assertThrows(IllegalArgumentException.class, () -> new Credential.SrpClient("é".repeat(128), new byte[1]));
        assertThrows(IllegalArgumentException.class, () -> new Credential.SrpClient("romeo", new byte[0]));
        for (int[] lengths : new int[][] {{0, 1}, {256, 1}, {1, 0}, {1, 257}}) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new Credential.SrpServer(
                            "romeo", SrpGroup.RFC5054_2048, new byte[lengths[0]], new byte[lengths[1]]));
        }
    }
}
