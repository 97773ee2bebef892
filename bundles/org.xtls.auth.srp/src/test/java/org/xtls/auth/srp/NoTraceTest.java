package org.xtls.auth.srp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.srp.Side.JULIET;
import static org.xtls.auth.srp.Side.ROMEO;
import static org.xtls.auth.srp.Stages.await;
import static org.xtls.auth.srp.Stages.failure;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.lang.reflect.Field;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.xtls.password.PairingCode;
import org.xtls.password.Passwords.Use;

/**
 * Searches the log at its most talkative, and a dump of the heap, for every secret of an exchange whose tunnel is up. The
 * test itself knows the secrets only under a mask.
 */
class NoTraceTest {
    private static final byte MASK = 0x5a;
    private static final int LEAST = 9;

    @TempDir
    Path home;

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final Map<String, byte[]> masked = new LinkedHashMap<>();
    private Level before;

    @BeforeEach
    void listen() {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        before = root.getLevel();
        root.setLevel(Level.TRACE);
        log.start();
        root.addAppender(log);
    }

    @AfterEach
    void stopListening() {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.detachAppender(log);
        root.setLevel(before);
    }

    @Test
    void of_a_password_its_verifier_and_its_keys_nothing_is_left() throws Exception {
        try (Side romeo = new Side(ROMEO, home.resolve("romeo"));
                Side juliet = new Side(JULIET, home.resolve("juliet"))) {
            char[] password = letters(24);
            keep("password in UTF-8", new String(password).getBytes(StandardCharsets.UTF_8));
            keep("password in UTF-16", new String(password).getBytes(StandardCharsets.UTF_16BE));
            keep("password in UTF-16, little-endian", new String(password).getBytes(StandardCharsets.UTF_16LE));
            await(romeo.secrets.set(ROMEO.bare(), JULIET.bare(), password.clone(), Use.BOTH));
            await(juliet.secrets.set(JULIET.bare(), ROMEO.bare(), password, Use.BOTH));
            assertEquals(0, password[0], "wiped");

            Attempt up = handshake(romeo, juliet);
            assertNoTrace(up, romeo, juliet);
        }
    }

    @Test
    void of_a_password_that_could_not_be_kept_nothing_is_left() throws Exception {
        try (Side holder = new Side(ROMEO, home.resolve("romeo"));
                Side second = new Side(ROMEO, home.resolve("romeo"))) {
            await(holder.secrets.list());
            char[] password = letters(24);
            // Not by way of a String: garbage of the test's own would be found as well.
            byte[] utf8 = new byte[password.length];
            for (int at = 0; at < utf8.length; at++) {
                utf8[at] = (byte) password[at];
            }
            keep("password in UTF-8", utf8);
            Arrays.fill(utf8, (byte) 0);
            CompletionStage<?> refused = second.secrets.set(ROMEO.bare(), JULIET.bare(), password, Use.BOTH);
            assertTrue(failure(refused).message().contains("is in use by another"));
            assertEquals(new TreeSet<String>(), found(false), "nor in what the collector has not taken yet");
        }
    }

    @Test
    void of_a_pairing_code_nothing_is_left() throws Exception {
        try (Side romeo = new Side(ROMEO, home.resolve("romeo"));
                Side juliet = new Side(JULIET, home.resolve("juliet"))) {
            PairingCode code = await(romeo.secrets.pair(ROMEO.bare(), JULIET.bare()));
            keep("code", new String(code.characters()).replace(" ", "").getBytes(StandardCharsets.UTF_8));
            keep(
                    "code in UTF-16",
                    new String(code.characters()).replace(" ", "").getBytes(StandardCharsets.UTF_16BE));
            keep("code in groups", new String(code.characters()).getBytes(StandardCharsets.UTF_8));
            keep("code in groups, UTF-16", new String(code.characters()).getBytes(StandardCharsets.UTF_16BE));
            await(juliet.secrets.enter(
                    JULIET.bare(), ROMEO.bare(), code.characters().clone()));
            code.wipe();

            Attempt up = handshake(romeo, juliet);
            assertNoTrace(up, romeo, juliet);
        }
    }

    /** The search finds what is there. */
    @Test
    void a_secret_that_is_left_is_found() throws Exception {
        byte[] left = new byte[32];
        new SecureRandom().nextBytes(left);
        keep("left", left);
        BigInteger number = new BigInteger(1, left);
        char[] characters = letters(20);
        keep("characters", new String(characters).getBytes(StandardCharsets.UTF_16BE));
        assertEquals(new TreeSet<>(List.of("left", "characters")), found());
        Reference.reachabilityFence(number);
        Reference.reachabilityFence(characters);
    }

    private Attempt handshake(Side initiator, Side responder) throws Exception {
        Attempt attempt = new Attempt(initiator, responder);
        assertTrue(attempt.agree());
        SrpServer server = (SrpServer) field(attempt.responding, "server");
        Verifier verifier = (Verifier) field(server, "verifier");
        keep("verifier", verifier.group().pad(verifier.v()));
        byte[] secret = server.secret();
        keep("S", secret);
        keep("PSK", new Keys(ROMEO, JULIET).psk(secret));
        SrpClient client = (SrpClient) field(attempt.initiating, "client");
        keep("a", Group.BITS_3072.pad((BigInteger) field(client, "ephemeral")));
        keep("b", Group.BITS_3072.pad((BigInteger) field(server, "ephemeral")));
        attempt.shakeHands();
        assertTrue(attempt.verified());
        ((SrpMethod) attempt.initiating).close();
        ((SrpMethod) attempt.responding).close();
        return attempt;
    }

    private void assertNoTrace(Attempt up, Side... open) throws IOException {
        assertFalse(log.list.isEmpty(), "the log is listened to");
        StringBuilder lines = new StringBuilder();
        for (ILoggingEvent event : log.list) {
            lines.append(event.getFormattedMessage()).append('\n');
            if (event.getThrowableProxy() != null) {
                lines.append(ThrowableProxyUtil.asString(event.getThrowableProxy()));
            }
        }
        for (String name : masked.keySet()) {
            byte[] secret = unmasked(name);
            for (String form : List.of(
                    new String(secret, StandardCharsets.UTF_8),
                    HexFormat.of().formatHex(secret),
                    HexFormat.of().withUpperCase().formatHex(secret),
                    Base64.getEncoder().encodeToString(secret),
                    Arrays.toString(secret))) {
                assertEquals(-1, lines.indexOf(form), name);
            }
            Arrays.fill(secret, (byte) 0);
        }
        lines.setLength(0);
        log.list.clear();
        for (Side side : open) {
            // Whoever waits for a result is woken from under the frames that made it: not before the next step are they
            // gone.
            await(side.secrets.compute(() -> "idle"));
            await(side.secrets.list());
        }
        assertEquals(new TreeSet<String>(), found());
        Reference.reachabilityFence(up);
        Reference.reachabilityFence(open);
    }

    /** The names of the secrets of which at least a part is in a dump of what is alive. */
    private TreeSet<String> found() throws IOException {
        return found(true);
    }

    private TreeSet<String> found(boolean aliveOnly) throws IOException {
        Path dump = home.resolve("heap.hprof");
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).dumpHeap(dump.toString(), aliveOnly);
        TreeSet<String> found = new TreeSet<>();
        for (String name : masked.keySet()) {
            // The last bytes: those of a number stand in its array of ints as they stand in bytes.
            byte[] all = masked.get(name);
            byte[] tail = Arrays.copyOfRange(all, Math.max(0, all.length - 32), all.length);
            assertTrue(tail.length >= LEAST, name);
            try (InputStream in = new BufferedInputStream(Files.newInputStream(dump), 1 << 20)) {
                if (contains(in, tail)) {
                    found.add(name);
                }
            }
        }
        Files.delete(dump);
        return found;
    }

    /** Knuth, Morris and Pratt, on a pattern that stays masked. */
    private static boolean contains(InputStream in, byte[] pattern) throws IOException {
        int[] border = new int[pattern.length + 1];
        border[0] = -1;
        for (int i = 0, j = -1; i < pattern.length; ) {
            while (j >= 0 && pattern[i] != pattern[j]) {
                j = border[j];
            }
            border[++i] = ++j;
        }
        int matched = 0;
        byte[] chunk = new byte[1 << 16];
        for (int read = in.read(chunk); read > 0; read = in.read(chunk)) {
            for (int i = 0; i < read; i++) {
                byte b = (byte) (chunk[i] ^ MASK);
                while (matched >= 0 && pattern[matched] != b) {
                    matched = border[matched];
                }
                if (++matched == pattern.length) {
                    return true;
                }
            }
        }
        return false;
    }

    private void keep(String name, byte[] secret) {
        byte[] copy = secret.clone();
        for (int i = 0; i < copy.length; i++) {
            copy[i] ^= MASK;
        }
        masked.put(name, copy);
    }

    private byte[] unmasked(String name) {
        byte[] copy = masked.get(name).clone();
        for (int i = 0; i < copy.length; i++) {
            copy[i] ^= MASK;
        }
        return copy;
    }

    private static char[] letters(int length) {
        SecureRandom random = new SecureRandom();
        char[] letters = new char[length];
        for (int i = 0; i < length; i++) {
            letters[i] = (char) ('a' + random.nextInt(26));
        }
        return letters;
    }

    private static Object field(Object of, String name) throws ReflectiveOperationException {
        Field field = of.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(of);
    }
}
