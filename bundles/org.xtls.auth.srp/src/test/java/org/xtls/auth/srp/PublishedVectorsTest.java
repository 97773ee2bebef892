package org.xtls.auth.srp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.nimbusds.srp6.SRP6CryptoParams;
import com.nimbusds.srp6.SRP6Routines;
import com.nimbusds.srp6.SRP6VerifierGenerator;
import com.nimbusds.srp6.XRoutineWithUserIdentity;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;
import org.junit.jupiter.api.Test;

/** The libraries that the exchange is made of, on the vectors of their specifications. */
class PublishedVectorsTest {
    /** RFC 5054 Appendix B: 1024 bits, SHA-1. */
    @Test
    void nimbus_agrees_with_rfc_5054() throws Exception {
        SRP6CryptoParams parameters = SRP6CryptoParams.getInstance(1024, "SHA-1");
        SRP6Routines routines = new SRP6Routines();
        MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
        byte[] salt = HexFormat.of().parseHex("BEB25379D1A8581EB5A727673A2441EE");
        byte[] alice = "alice".getBytes(StandardCharsets.US_ASCII);
        byte[] password = "password123".getBytes(StandardCharsets.US_ASCII);
        BigInteger a = number("60975527035CF2AD1989806F0407210BC81EDC04E2762A56AFD529DDDA2D4393");
        BigInteger b = number("E487CB59D31AC550471E81F00F6928E01DDA08E974A004F49E61F5D105284D20");

        BigInteger k = routines.computeK(sha1, parameters.N, parameters.g);
        assertEquals(number("7556AA045AEF2CDD07ABAF0F665C3E818913186F"), k);
        BigInteger x = new XRoutineWithUserIdentity().computeX(sha1, salt, alice, password);
        assertEquals(number("94B7555AABE9127CC58CCF4993DB6CF84D16C124"), x);
        SRP6VerifierGenerator generator = new SRP6VerifierGenerator(parameters);
        generator.setXRoutine(new XRoutineWithUserIdentity());
        BigInteger v = generator.generateVerifier(salt, alice, password);
        assertEquals(
                number("7E273DE8696FFC4F4E337D05B4B375BEB0DDE1569E8FA00A9886D812"
                        + "9BADA1F1822223CA1A605B530E379BA4729FDC59F105B4787E5186F5"
                        + "C671085A1447B52A48CF1970B4FB6F8400BBF4CEBFBB168152E08AB5"
                        + "EA53D15C1AFF87B2B9DA6E04E058AD51CC72BFC9033B564E26480D78"
                        + "E955A5E29E7AB245DB2BE315E2099AFB"),
                v);
        BigInteger publicA = routines.computePublicClientValue(parameters.N, parameters.g, a);
        assertEquals(
                number("61D5E490F6F1B79547B0704C436F523DD0E560F0C64115BB72557EC4"
                        + "4352E8903211C04692272D8B2D1A5358A2CF1B6E0BFCF99F921530EC"
                        + "8E39356179EAE45E42BA92AEACED825171E1E8B9AF6D9C03E1327F44"
                        + "BE087EF06530E69F66615261EEF54073CA11CF5858F0EDFDFE15EFEA"
                        + "B349EF5D76988A3672FAC47B0769447B"),
                publicA);
        BigInteger publicB = routines.computePublicServerValue(parameters.N, parameters.g, k, v, b);
        assertEquals(
                number("BD0C61512C692C0CB6D041FA01BB152D4916A1E77AF46AE105393011"
                        + "BAF38964DC46A0670DD125B95A981652236F99D9B681CBF87837EC99"
                        + "6C6DA04453728610D0C6DDB58B318885D7D82C7F8DEB75CE7BD4FBAA"
                        + "37089E6F9C6059F388838E7A00030B331EB76840910440B1B27AAEAE"
                        + "EB4012B7D7665238A8E3FB004B117B58"),
                publicB);
        BigInteger u = routines.computeU(sha1, parameters.N, publicA, publicB);
        assertEquals(number("CE38B9593487DA98554ED47D70A7AE5F462EF019"), u);
        BigInteger premaster = number("B0DC82BABCF30674AE450C0287745E7990A3381F63B387AAF271A10D"
                + "233861E359B48220F7C4693C9AE12B0A6F67809F0876E2D013800D6C"
                + "41BB59B6D5979B5C00A172B4A2A5903A0BDCAF8A709585EB2AFAFA8F"
                + "3499B200210DCC1F10EB33943CD67FC88A2F39A4BE5BEC4EC0A3212D"
                + "C346D7E474B29EDE8A469FFECA686E5A");
        assertEquals(premaster, routines.computeSessionKey(parameters.N, parameters.g, k, x, u, a, publicB));
        assertEquals(premaster, routines.computeSessionKey(parameters.N, v, u, publicA, b));
    }

    /** RFC 9106 §5.3. */
    @Test
    void argon2id_agrees_with_rfc_9106() {
        Argon2BytesGenerator argon2 = new Argon2BytesGenerator();
        argon2.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
                .withVersion(Argon2Parameters.ARGON2_VERSION_13)
                .withMemoryAsKB(32)
                .withIterations(3)
                .withParallelism(4)
                .withSalt(filled(16, 2))
                .withSecret(filled(8, 3))
                .withAdditional(filled(12, 4))
                .build());
        byte[] tag = new byte[32];
        argon2.generateBytes(filled(32, 1), tag);
        assertEquals(
                "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659",
                HexFormat.of().formatHex(tag));
    }

    /** The reference implementation's own test: version 1.3, two passes over 64 MiB, one lane. */
    @Test
    void x_is_argon2id_of_the_reference_implementation() {
        BigInteger x = new PasswordKey(new Cost(65_536, 2, 1))
                .x("somesalt".getBytes(StandardCharsets.US_ASCII), "password".getBytes(StandardCharsets.US_ASCII));
        assertEquals(number("09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"), x);
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static BigInteger number(String hex) {
        return new BigInteger(hex, 16);
    }
}
