package org.xtls.auth.openpgp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyConverter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.xtls.tls.SignatureScheme;

/**
 * An agent that says what its script says: the commands of later versions than the one at hand, and nonsense.
 */
class ScriptedAgentTest {
    private static final byte[] CONTENT = "x\n%\r".repeat(200).getBytes(StandardCharsets.US_ASCII);
    private static final String GRIP = "AB".repeat(20);

    private final List<String> said = Collections.synchronizedList(new ArrayList<>());
    private Path directory;
    private ServerSocketChannel listening;
    private Thread serving;
    private final Semaphore turns = new Semaphore(AgentSigner.TURNS);

    @BeforeEach
    void start() throws IOException {
        directory = Files.createTempDirectory(Path.of("/tmp"), "xs");
        listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listening.bind(UnixDomainSocketAddress.of(directory.resolve("s")));
    }

    @AfterEach
    void stop() throws Exception {
        listening.close();
        if (serving != null) {
            serving.join(10_000);
        }
        Files.deleteIfExists(directory.resolve("s"));
        Files.delete(directory);
    }

    @Test
    void a_later_agent_inquires_for_what_ed25519_signs() throws Exception {
        PGPKeyPair key = Pgp.ed25519();
        Ed25519PrivateKeyParameters secret =
                (Ed25519PrivateKeyParameters) new BcPGPKeyConverter().getPrivateKey(key.getPrivateKey());
        later(data -> {
            Ed25519Signer signer = new Ed25519Signer();
            signer.init(true, secret);
            signer.update(data, 0, data.length);
            byte[] signature = signer.generateSignature();
            return join(
                    "(7:sig-val(5:eddsa(1:r",
                    CanonicalSexp.atom(Arrays.copyOf(signature, 32)),
                    ")(1:s",
                    CanonicalSexp.atom(Arrays.copyOfRange(signature, 32, 64)),
                    ")))");
        });
        verifies(key, SignatureScheme.ED25519);
        assertTrue(said.contains("SETHASH --inquire"), said.toString());
    }

    @Test
    void a_later_agent_inquires_for_what_rsa_pss_signs() throws Exception {
        PGPKeyPair key = Pgp.rsa(2048);
        RSAKeyParameters secret = (RSAKeyParameters) new BcPGPKeyConverter().getPrivateKey(key.getPrivateKey());
        later(data -> join(
                "(7:sig-val(3:rsa(1:s",
                CanonicalSexp.atom(new BigInteger(1, data)
                        .modPow(secret.getExponent(), secret.getModulus())
                        .toByteArray()),
                ")))"));
        verifies(key, SignatureScheme.RSA_PSS_RSAE_SHA384);
        assertTrue(said.contains("SETHASH --pss --inquire"), said.toString());
    }

    private void verifies(PGPKeyPair key, SignatureScheme scheme) throws Exception {
        KeyKind.Known known = KeyKind.of(key.getPublicKey());
        byte[] signature = signer(known, Duration.ofSeconds(20)).sign(scheme, CONTENT);
        assertTrue(TlsSignatures.verify(scheme, known.toPublicKey(), CONTENT, signature));
    }

    @Test
    void a_signature_of_another_key_is_not_passed_on() throws Exception {
        script("OK", "OK", "OK", "OK", "D (7:sig-val(5:ecdsa(1:r1:a)(1:s1:b)))\nOK");
        fails(AgentException.Kind.FAILED, "does not verify");
    }

    @Test
    void a_malformed_s_expression() throws Exception {
        for (String bad :
                List.of("(", "(1:r", "(9999999:r)", "(1:r)x", "1", "(5:ab)", "()".repeat(2), "(".repeat(50))) {
            assertThrows(AgentException.class, () -> CanonicalSexp.parse(bad.getBytes(StandardCharsets.US_ASCII)), bad);
        }
        script("OK", "OK", "OK", "OK", "D (7:sig-val(5:ecdsa\nOK");
        fails(AgentException.Kind.FAILED, "malformed S-expression");
    }

    @Test
    void a_line_that_never_ends() throws Exception {
        script("OK " + "x".repeat(2_000));
        fails(AgentException.Kind.FAILED, "too long a line");
    }

    @Test
    void an_agent_that_talks_without_end() throws Exception {
        script("# x\n".repeat(2_000) + "OK");
        fails(AgentException.Kind.FAILED, "talks too much");
    }

    @Test
    void an_agent_that_goes_away_in_mid_sentence() throws Exception {
        script("OK", "OK", "OK", "OK", null);
        fails(AgentException.Kind.GONE, "went away");
    }

    @Test
    void an_agent_that_says_nothing() throws Exception {
        script("OK", "OK", "");
        AgentSigner signer = signer(KeyKind.of(Pgp.p256().getPublicKey()), Duration.ofMillis(300));
        AgentException slow =
                assertThrows(AgentException.class, () -> signer.sign(SignatureScheme.ECDSA_SECP256R1_SHA256, CONTENT));
        assertEquals(AgentException.Kind.SLOW, slow.kind());
    }

    @Test
    void an_agent_at_which_others_wait_is_busy() throws Exception {
        // Two at a prompt that nobody answers.
        turns.acquire(AgentSigner.TURNS);
        fails(AgentException.Kind.BUSY, "busy with other signatures");
        // One of them is cancelled.
        turns.release();
        script("OK", "OK", "OK", "OK", "ERR 83886179 Operation cancelled <Pinentry>");
        fails(AgentException.Kind.CANCELLED, "was cancelled");
        assertEquals(1, turns.availablePermits());
    }

    @Test
    void a_user_who_cancels() throws Exception {
        script("OK", "OK", "OK", "OK", "ERR 83886179 Operation cancelled <Pinentry>");
        fails(AgentException.Kind.CANCELLED, "was cancelled");
    }

    private void fails(AgentException.Kind kind, String reason) throws Exception {
        AgentSigner signer = signer(KeyKind.of(Pgp.p256().getPublicKey()), Duration.ofSeconds(20));
        AgentException failed =
                assertThrows(AgentException.class, () -> signer.sign(SignatureScheme.ECDSA_SECP256R1_SHA256, CONTENT));
        assertEquals(kind, failed.kind(), failed.getMessage());
        assertTrue(failed.getMessage().contains(reason), failed.getMessage());
    }

    private AgentSigner signer(KeyKind.Known key, Duration patience) {
        return new AgentSigner(directory.resolve("s"), directory.resolve("none"), GRIP, key, patience, turns);
    }

    /** The greeting, then one answer to each line; null hangs up, empty says nothing more. */
    private void script(String... answers) {
        serve(channel -> {
            for (int i = 0; i < answers.length; i++) {
                if (i > 0) {
                    line(channel);
                }
                if (answers[i] == null) {
                    return;
                }
                if (answers[i].isEmpty()) {
                    // Until the other side has had enough.
                    while (channel.read(ByteBuffer.allocate(100)) >= 0) {}
                    return;
                }
                write(channel, answers[i] + "\n");
            }
        });
    }

    private interface Signing {
        byte[] sign(byte[] data) throws IOException;
    }

    /** As GnuPG 2.4 speaks. */
    private void later(Signing signing) {
        serve(channel -> {
            write(channel, "OK Pleased to meet you\n");
            byte[] data = new byte[0];
            while (true) {
                String line = line(channel);
                if (line == null) {
                    return;
                }
                if (line.equals("HELP SETHASH")) {
                    write(
                            channel,
                            "# SETHASH (--hash=<name>)|(<algonumber>) <hexstring>]\n# SETHASH [--pss] --inquire\n");
                } else if (line.startsWith("SETHASH")) {
                    write(channel, "S INQUIRE_MAXLEN 2048\nINQUIRE TBSDATA\n");
                    ByteArrayOutputStream inquired = new ByteArrayOutputStream();
                    for (String part = line(channel); part != null && !part.equals("END"); part = line(channel)) {
                        inquired.writeBytes(unescape(part.substring(2)));
                    }
                    data = inquired.toByteArray();
                } else if (line.equals("PKSIGN")) {
                    write(channel, "INQUIRE PINENTRY_LAUNCHED 1 curses\n");
                    assertEquals("END", line(channel));
                    write(channel, "D " + escape(signing.sign(data)) + "\n");
                }
                write(channel, "OK\n");
            }
        });
    }

    private interface Serving {
        void serve(SocketChannel channel) throws IOException;
    }

    private void serve(Serving what) {
        serving = new Thread(() -> {
            try (SocketChannel channel = listening.accept()) {
                what.serve(channel);
            } catch (IOException e) {
                // The client hung up first, or the test is over.
                said.add(e.toString());
            }
        });
        serving.start();
    }

    private String line(SocketChannel channel) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        ByteBuffer one = ByteBuffer.allocate(1);
        while (channel.read(one.clear()) > 0) {
            if (one.get(0) == '\n') {
                String text = line.toString(StandardCharsets.ISO_8859_1);
                said.add(text);
                return text;
            }
            line.write(one.get(0));
        }
        return null;
    }

    private static void write(SocketChannel channel, String text) throws IOException {
        Channels.newOutputStream(channel).write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String escape(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (byte octet : bytes) {
            text.append(
                    octet == '%' || octet == '\n' || octet == '\r'
                            ? String.format("%%%02X", octet)
                            : String.valueOf((char) (octet & 0xff)));
        }
        return text.toString();
    }

    private static byte[] unescape(String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '%') {
                out.write(Integer.parseInt(text, i + 1, i + 3, 16));
                i += 2;
            } else {
                out.write(text.charAt(i));
            }
        }
        return out.toByteArray();
    }

    private static byte[] join(Object... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Object part : parts) {
            out.writeBytes(part instanceof byte[] bytes ? bytes : ((String) part).getBytes(StandardCharsets.US_ASCII));
        }
        return out.toByteArray();
    }
}
