package org.xtls.server.loopback.sasl;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Base64;
import org.junit.jupiter.api.Test;

class ScramTest {

    @Test
    void the_exchange_of_rfc_5802_ends_as_printed_there() {
        Scram scram = scram(ScramHash.SHA_1, "3rfcNHYJY1ZVvWVs7j", "QSXCR+Q6sek8bf92");
        assertEquals(
                new Step.Challenge("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"),
                respond(scram, "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"));
        assertEquals(
                new Step.Success("user", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
                respond(scram, "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="));
    }

    @Test
    void the_exchange_of_rfc_7677_ends_as_printed_there() {
        Scram scram = rfc7677();
        assertEquals(
                new Step.Success("user", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
                respond(scram, "c=biws," + NONCE + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
    }

    @Test
    void a_proof_for_another_nonce_is_none() {
        Scram scram = rfc7677();
        assertEquals(
                new Step.Failure("not-authorized"),
                respond(
                        scram,
                        "c=biws," + NONCE.replace("%", "$") + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
    }

    @Test
    void a_changed_gs2_header_is_seen() {
        Scram scram = rfc7677();
        assertEquals(
                new Step.Failure("not-authorized"),
                respond(scram, "c=eSws," + NONCE + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
    }

    @Test
    void a_proof_of_another_length_is_malformed() {
        assertEquals(
                new Step.Failure("malformed-request"), respond(rfc7677(), "c=biws," + NONCE + ",p=dHzbZapWIk4jUhN+"));
    }

    @Test
    void a_message_of_commas_is_malformed_and_costs_no_stack() {
        assertEquals(
                new Step.Failure("malformed-request"),
                respond(scram(ScramHash.SHA_256, "x", "W22ZaJ0SNY7soEsUEjb6gQ=="), "n,a=" + "=2C=3D,".repeat(10_000)));
    }

    private static Scram rfc7677() {
        Scram scram = scram(ScramHash.SHA_256, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "W22ZaJ0SNY7soEsUEjb6gQ==");
        assertEquals(
                new Step.Challenge(NONCE + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
                respond(scram, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
        return scram;
    }

    private static Scram scram(ScramHash hash, String nonce, String salt) {
        Credentials pencil = Credentials.of("pencil", Base64.getDecoder().decode(salt));
        Accounts accounts = new Accounts() {
            @Override
            public Credentials of(String username) {
                return pencil;
            }

            @Override
            public boolean isOwn(String username, String authzid) {
                return false;
            }
        };
        return new Scram(hash, accounts, nonce);
    }

    private static Step respond(Scram scram, String message) {
        return scram.respond(message.getBytes(UTF_8));
    }

    private static final String NONCE = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
}
