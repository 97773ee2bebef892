package org.xtls.auth.srp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.xtls.auth.srp.RefusedException.Refusal;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.auth.Offer;
import org.xtls.xml.Element;

/** Everything that a peer, or somebody in between, could put into the exchange. */
class BadValuesTest {
    private static final Group GROUP = Group.BITS_3072;
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Cost COST = new Cost(Cost.MIN_MEMORY, Cost.MIN_ITERATIONS, 1);
    private static final Verifier VERIFIER = new Verifier(GROUP, COST, new byte[16], new BigInteger(3000, RANDOM));

    private final SrpClient client = new SrpClient(GROUP, RANDOM);
    private final Element begin = client.begin().toElement();
    private final Element challenge = challenge();

    @Test
    void what_is_sent_is_taken() throws Exception {
        assertEquals(GROUP, Values.Begin.of(begin).group());
        assertEquals(COST, client.read(challenge).cost());
        client.read(challenge.with("A", begin.attribute("A").orElseThrow()));
    }

    @Test
    void an_a_of_zero() {
        refused(Refusal.ZERO_PUBLIC_VALUE, () -> Values.Begin.of(begin.with("A", padded(BigInteger.ZERO))));
    }

    @Test
    void an_a_of_n() {
        refused(Refusal.ZERO_PUBLIC_VALUE, () -> Values.Begin.of(begin.with("A", padded(GROUP.n()))));
    }

    @Test
    void an_a_above_n() {
        refused(
                Refusal.PUBLIC_VALUE_TOO_LARGE,
                () -> Values.Begin.of(begin.with("A", padded(GROUP.n().add(BigInteger.ONE)))));
    }

    @Test
    void a_b_of_zero_or_n() {
        refused(Refusal.ZERO_PUBLIC_VALUE, () -> client.read(challenge.with("B", padded(BigInteger.ZERO))));
        refused(Refusal.ZERO_PUBLIC_VALUE, () -> client.read(challenge.with("B", padded(GROUP.n()))));
    }

    @Test
    void a_b_above_n() {
        refused(
                Refusal.PUBLIC_VALUE_TOO_LARGE,
                () -> client.read(challenge.with("B", padded(GROUP.n().add(BigInteger.TWO)))));
    }

    @Test
    void a_u_of_zero_on_either_side() throws Exception {
        Arithmetic unlucky = new Arithmetic(GROUP, (parameters, context) -> BigInteger.ZERO);
        SrpClient unluckyClient = new SrpClient(unlucky, BigInteger.valueOf(1_000));
        SrpServer unluckyServer = new SrpServer(unlucky, unluckyClient.begin(), VERIFIER, BigInteger.valueOf(2_000));
        Values.Challenge answer = unluckyClient.read(unluckyServer.challenge().toElement());
        refused(Refusal.ZERO_U, () -> unluckyClient.secret(answer, new byte[] {1}));
        refused(Refusal.ZERO_U, unluckyServer::secret);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1024", "2048", "2", "03072", "3072 ", "RFC3526-3072", ""})
    void a_group_that_is_small_or_unknown(String group) {
        refused(Refusal.FOREIGN_GROUP, () -> Values.Begin.of(begin.with("group", group)));
    }

    @Test
    void an_answer_in_another_group() {
        Element other = new SrpClient(Group.BITS_4096, RANDOM).begin().toElement();
        String b = other.attribute("A").orElseThrow();
        refused(
                Refusal.OTHER_GROUP,
                () -> client.read(challenge.with("group", "4096").with("B", b)));
    }

    @Test
    void a_group_in_which_there_is_no_verifier() {
        Values.Begin other = new SrpClient(Group.BITS_4096, RANDOM).begin();
        refused(Refusal.NO_VERIFIER_IN_GROUP, () -> new SrpServer(other, VERIFIER, RANDOM));
    }

    @ParameterizedTest
    @ValueSource(strings = {"SHA-1", "sha-256", "SHA-512", ""})
    void a_foreign_hash(String hash) {
        refused(Refusal.FOREIGN_HASH, () -> client.read(challenge.with("hash", hash)));
    }

    @Test
    void a_generator_of_the_senders_own() {
        refused(Refusal.FOREIGN_ATTRIBUTE, () -> Values.Begin.of(begin.with("g", "2")));
        refused(Refusal.FOREIGN_ATTRIBUTE, () -> client.read(challenge.with("generator", "2")));
    }

    /** With another generator the two do not meet, and the group has but one. */
    @Test
    void a_generator_swapped_in_silence_leads_to_another_secret() throws Exception {
        byte[] password = {1, 2, 3};
        BigInteger a = new BigInteger(256, RANDOM);
        BigInteger x = new PasswordKey(COST).x(new byte[16], password);
        Arithmetic arithmetic = new Arithmetic(GROUP);
        BigInteger swappedA = BigInteger.TWO.modPow(a, GROUP.n());
        Verifier verifier = Verifier.of(password, GROUP, COST, new byte[16]);
        SrpServer server =
                new SrpServer(arithmetic, new Values.Begin(GROUP, swappedA), verifier, BigInteger.valueOf(7_777));
        byte[] swapped = arithmetic.clientSecret(a, swappedA, server.challenge().b(), x);
        assertEquals(false, java.util.Arrays.equals(server.secret(), swapped));
    }

    @Test
    void a_salt_too_short_or_too_long() {
        refused(Refusal.SALT_TOO_SHORT, () -> client.read(challenge.with("salt", base64(new byte[15]))));
        refused(Refusal.SALT_TOO_LONG, () -> client.read(challenge.with("salt", base64(new byte[65]))));
    }

    @ParameterizedTest
    @CsvSource({"memory,19455", "iterations,1"})
    void a_cost_below_the_floor(String name, String value) {
        refused(Refusal.TOO_CHEAP, () -> client.read(challenge.with(name, value)));
    }

    @ParameterizedTest
    @CsvSource({"memory,262145", "memory,999999999", "iterations,11", "parallelism,5"})
    void a_cost_above_the_ceiling(String name, String value) {
        refused(Refusal.TOO_DEAR, () -> client.read(challenge.with(name, value)));
    }

    @ParameterizedTest
    @CsvSource({
        "memory,-65536",
        "memory,065536",
        "iterations,+3",
        "iterations,3.0",
        "parallelism,0",
        "memory,9999999999"
    })
    void a_cost_that_is_no_number(String name, String value) {
        refused(Refusal.NO_NUMBER, () -> client.read(challenge.with(name, value)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"group", "hash", "A"})
    void a_beginning_without(String name) {
        refused(Refusal.MISSING_ATTRIBUTE, () -> Values.Begin.of(begin.with(name, (String) null)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"group", "hash", "salt", "memory", "iterations", "parallelism", "B"})
    void an_answer_without(String name) {
        refused(Refusal.MISSING_ATTRIBUTE, () -> client.read(challenge.with(name, (String) null)));
    }

    @Test
    void base64_that_could_be_written_in_another_way() {
        String b = challenge.attribute("B").orElseThrow();
        String salt = base64(new byte[16]);
        for (String bad :
                List.of(b.substring(0, 8) + " " + b.substring(8), b + "=", " " + b, b.replace(b.charAt(0), '-'), "")) {
            if (bad.isEmpty()) {
                refused(Refusal.WRONG_LENGTH, () -> client.read(challenge.with("B", bad)));
            } else {
                refused(Refusal.NOT_BASE64, () -> client.read(challenge.with("B", bad)));
            }
        }
        refused(Refusal.NOT_BASE64, () -> client.read(challenge.with("salt", salt.replace("=", ""))));
        // Bits that nobody reads: AAAAAAAAAAAAAAAAAAAAAA== and …AB== decode to the same.
        refused(Refusal.NOT_BASE64, () -> client.read(challenge.with("salt", salt.replace("A==", "B=="))));
    }

    @Test
    void a_value_that_is_not_padded_to_n() {
        refused(Refusal.WRONG_LENGTH, () -> Values.Begin.of(begin.with("A", base64(new byte[] {5}))));
        refused(Refusal.WRONG_LENGTH, () -> Values.Begin.of(begin.with("A", base64(new byte[385]))));
    }

    @Test
    void an_a_sent_back_as_b() {
        String a = begin.attribute("A").orElseThrow();
        refused(Refusal.REFLECTED, () -> client.read(challenge.with("B", a)));
    }

    @Test
    void an_answer_to_another_beginning() {
        String a =
                new SrpClient(GROUP, RANDOM).begin().toElement().attribute("A").orElseThrow();
        refused(Refusal.OTHER_EXCHANGE, () -> client.read(challenge.with("A", a)));
    }

    @Test
    void a_beginning_sent_back_as_the_answer() {
        refused(Refusal.MISSING_ATTRIBUTE, () -> client.read(begin));
    }

    @Test
    void something_inside() {
        refused(Refusal.UNEXPECTED_CONTENT, () -> Values.Begin.of(begin.withText("more")));
        refused(Refusal.UNEXPECTED_CONTENT, () -> Values.Begin.of(begin.with(begin)));
    }

    @Test
    void two_exchanges_in_one_offer() {
        refused(Refusal.SENT_TWICE, () -> Values.in(Offer.of(List.of(begin, begin))));
    }

    @Test
    void an_offer_that_will_not_be_confirmed() {
        refused(Refusal.UNCONFIRMED, () -> Values.requireConfirmation(Offer.of(List.of(begin))));
    }

    /**
     * N is a safe prime, so g generates everything below it exactly when it is no square. RFC 3526's g = 2 is one: of
     * each B, half of all passwords would be seen not to have made it.
     */
    @ParameterizedTest
    @EnumSource(Group.class)
    void the_generator_rules_out_no_password(Group group) {
        BigInteger half = group.n().subtract(BigInteger.ONE).shiftRight(1);
        assertEquals(group.n().subtract(BigInteger.ONE), group.g().modPow(half, group.n()));
        assertEquals(BigInteger.ONE, BigInteger.TWO.modPow(half, group.n()));
    }

    private Element challenge() {
        try {
            return new SrpServer(client.begin(), VERIFIER, RANDOM).challenge().toElement();
        } catch (RefusedException e) {
            throw new AssertionError(e);
        }
    }

    private static String padded(BigInteger value) {
        return base64(GROUP.pad(value));
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static void refused(Refusal refusal, Executable reading) {
        assertEquals(refusal, assertThrows(RefusedException.class, reading).refusal());
    }
}
