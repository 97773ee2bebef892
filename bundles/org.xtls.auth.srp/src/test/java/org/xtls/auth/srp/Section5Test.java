package org.xtls.auth.srp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xtls.FullJid;
import org.xtls.auth.Role;

/** The exchange beside an independent one, {@code section5.py}, in a process of its own. */
class Section5Test {
    private static final FullJid ROMEO = FullJid.parse("romeo@montague.lit/garden");
    private static final FullJid JULIET = FullJid.parse("julia@straße.example/balcón");
    private static final SecureRandom RANDOM = new SecureRandom();

    @ParameterizedTest
    @EnumSource(Group.class)
    void every_value_is_that_of_the_independent_implementation(Group group) throws Exception {
        Arithmetic arithmetic = new Arithmetic(group);
        compare(arithmetic, arithmetic.ephemeral(RANDOM), arithmetic.ephemeral(RANDOM), new BigInteger(256, RANDOM));
    }

    @Test
    void values_with_leading_zeros_are_padded_as_there() throws Exception {
        compare(new Arithmetic(Group.BITS_3072), BigInteger.valueOf(5), BigInteger.valueOf(7), BigInteger.valueOf(9));
    }

    @Test
    void a_secret_with_a_leading_zero_is_padded_as_there() throws Exception {
        Group group = Group.BITS_3072;
        Arithmetic arithmetic = new Arithmetic(group);
        BigInteger x = BigInteger.valueOf(9);
        BigInteger v = group.g().modPow(x, group.n());
        BigInteger a = BigInteger.valueOf(1_000);
        for (int b = 500; ; b++) {
            BigInteger ephemeral = BigInteger.valueOf(b);
            byte[] secret = arithmetic.serverSecret(ephemeral, arithmetic.a(a), arithmetic.b(ephemeral, v), v);
            if (secret[0] == 0) {
                assertEquals(384, secret.length);
                compare(arithmetic, a, ephemeral, x);
                return;
            }
        }
    }

    @Test
    void both_sides_come_to_one_psk_and_a_wrong_password_to_another() throws Exception {
        Cost cost = new Cost(Cost.MIN_MEMORY, Cost.MIN_ITERATIONS, 1);
        byte[] right = "wherefore".getBytes(StandardCharsets.UTF_8);
        Verifier verifier = Verifier.of(right, Group.BITS_3072, cost, RANDOM);
        SrpClient client = new SrpClient(Group.BITS_3072, RANDOM);
        SrpServer server = new SrpServer(Values.Begin.of(client.begin().toElement()), verifier, RANDOM);
        Values.Challenge challenge = client.read(server.challenge().toElement());
        Keys keys = new Keys(ROMEO, JULIET);

        byte[] serverPsk = keys.psk(server.secret());
        assertArrayEquals(serverPsk, keys.psk(client.secret(challenge, right)));
        byte[] wrong = "therefore".getBytes(StandardCharsets.UTF_8);
        assertNotEquals(
                HexFormat.of().formatHex(serverPsk),
                HexFormat.of().formatHex(keys.psk(client.secret(challenge, wrong))));
    }

    @Test
    void the_roles_are_in_the_psk_so_that_a_mirrored_start_authenticates_nobody_to_himself() {
        byte[] secret = new byte[384];
        byte[] mine = Keys.of(Role.INITIATOR, ROMEO, JULIET).psk(secret.clone());
        byte[] mirrored = Keys.of(Role.RESPONDER, ROMEO, JULIET).psk(secret.clone());
        assertNotEquals(HexFormat.of().formatHex(mine), HexFormat.of().formatHex(mirrored));
    }

    @Test
    void the_secret_is_wiped_when_a_key_has_been_made_of_it() {
        byte[] secret = new byte[384];
        java.util.Arrays.fill(secret, (byte) 7);
        new Keys(ROMEO, JULIET).psk(secret);
        assertArrayEquals(new byte[384], secret);
    }

    private static void compare(Arithmetic arithmetic, BigInteger a, BigInteger b, BigInteger x) throws Exception {
        Group group = arithmetic.group();
        byte[] exported = new byte[32];
        RANDOM.nextBytes(exported);
        Map<String, String> theirs = python(Map.of(
                "group", group.toString(),
                "a", a.toString(16),
                "b", b.toString(16),
                "x", x.toString(16),
                "initiator", ROMEO.toString(),
                "responder", JULIET.toString(),
                "exported", HexFormat.of().formatHex(exported)));

        BigInteger v = group.g().modPow(x, group.n());
        BigInteger publicA = arithmetic.a(a);
        BigInteger publicB = arithmetic.b(b, v);
        assertEquals(theirs.get("N"), hex(group.pad(group.n())));
        assertEquals(theirs.get("v"), hex(group.pad(v)));
        assertEquals(theirs.get("A"), hex(group.pad(publicA)));
        assertEquals(theirs.get("B"), hex(group.pad(publicB)));
        assertEquals(theirs.get("S"), hex(arithmetic.clientSecret(a, publicA, publicB, x)));
        byte[] secret = arithmetic.serverSecret(b, publicA, publicB, v);
        assertEquals(theirs.get("S"), hex(secret));
        Keys keys = new Keys(ROMEO, JULIET);
        assertEquals(theirs.get("psk"), hex(keys.psk(secret.clone())));
        byte[] verifyKey = keys.verifyKey(secret);
        assertEquals(theirs.get("by-initiator"), hex(Keys.proof(verifyKey, Role.INITIATOR, exported)));
        assertEquals(theirs.get("by-responder"), hex(Keys.proof(verifyKey, Role.RESPONDER, exported)));
    }

    private static Map<String, String> python(Map<String, String> given) throws Exception {
        Path script = Path.of(Section5Test.class.getResource("/section5.py").toURI());
        Process process = new ProcessBuilder("python3", script.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        StringBuilder input = new StringBuilder();
        given.forEach(
                (name, value) -> input.append(name).append(' ').append(value).append('\n'));
        process.getOutputStream().write(input.toString().getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue());
        Map<String, String> results = new HashMap<>();
        output.lines().map(line -> line.split(" ")).forEach(line -> results.put(line[0], line[1]));
        return results;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
