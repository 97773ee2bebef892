package org.xtls.trust.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.xtls.trust.file.Stages.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.TrustStore;

class CrashTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final KeyName KEY = new KeyName("x509", "ab".repeat(32));
    private static final KeyName STOLEN = new KeyName("x509", "cd".repeat(32));
    private static final String FORMER = "xtls-trust 1\n"
            + "key juliet@capulet.lit x509 " + "ab".repeat(32) + " distrusted 2026-11-24T10:15:30Z stolen\n"
            + "method juliet@capulet.lit x509\n"
            + "confirms juliet@capulet.lit\n"
            + "end\n";

    @TempDir
    Path directory;

    private Path home;

    @BeforeEach
    void name_the_home() {
        home = directory.resolve("home");
    }

    static Stream<Arguments> writes() {
        Work nothing = home -> {};
        Work pinned = with(store -> store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        Work kept = with(
                store -> store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"),
                store -> store.keep(JULIET, KEY, bytes("a first certificate")));
        Work torn = home -> {
            pinned.on(home);
            Path file = home.resolve(Journal.NAME);
            Files.writeString(file, Files.readString(file) + "0123456789abcdef key 2026-");
        };
        Work former = home -> {
            Files.createDirectory(home);
            Files.writeString(home.resolve(Journal.NAME), FORMER);
        };
        Decided distrust = store -> store.put(JULIET, STOLEN, KeyState.DISTRUSTED, "stolen");
        return Stream.of(
                arguments("the first decision", nothing, distrust, 170),
                arguments("a later decision", pinned, distrust, 150),
                arguments(
                        "a change of a key",
                        pinned,
                        (Decided) store -> store.vouch(JULIET, STOLEN, "handed over"),
                        150),
                arguments("a tunnel", pinned, (Decided) store -> store.remember(JULIET, "srp-psk", true), 50),
                arguments("a decision behind a torn tail", torn, distrust, 150),
                arguments("material", pinned, (Decided) store -> store.keep(JULIET, KEY, bytes("new")), 150),
                arguments("other material", kept, (Decided) store -> store.keep(JULIET, KEY, bytes("new")), 150),
                arguments("the former format", former, (Decided) TrustStore::peers, 150));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("writes")
    void a_crash_at_any_byte_leaves_the_old_state_or_the_new(String name, Work before, Decided decided, int leastSteps)
            throws Exception {
        before.on(home);
        Path template = directory.resolve("template");
        copy(home, template);
        String old = held(home);
        with(decided).on(home);
        String now = held(home);
        int steps = 0;
        int olds = 0;
        for (; dies(template, decided, steps); steps++) {
            String held = held(home);
            assertTrue(held.equals(old) || held.equals(now), "after " + steps + " steps: " + held);
            olds += held.equals(old) ? 1 : 0;
            with(decided).on(home);
            assertEquals(now, held(home), "after " + steps + " steps, and the same again");
        }
        assertEquals(now, held(home));
        assertTrue(steps > leastSteps, steps + " steps");
        assertTrue(olds >= leastSteps, olds + " times the old state");
    }

    @Test
    void a_file_cut_off_in_its_last_writes_holds_what_came_before() throws Exception {
        int writes = 4;
        long[] lengths = new long[writes];
        byte[][] marks = new byte[writes][];
        String[] states = new String[writes];
        for (int i = 0; i < writes; i++) {
            KeyName key = new KeyName("x509", "%064x".formatted(i));
            with(store -> store.put(JULIET, key, KeyState.DISTRUSTED, "stolen")).on(home);
            states[i] = held(home);
            lengths[i] = Files.size(file());
            marks[i] = Files.readAllBytes(mark());
        }
        byte[] whole = Files.readAllBytes(file());
        int opened = 0;
        for (int length = (int) lengths[0]; length <= whole.length; length++) {
            int last = 0;
            while (last + 1 < writes && lengths[last + 1] <= length) {
                last++;
            }
            Files.write(file(), Arrays.copyOf(whole, length));
            for (int confirmed = 0; confirmed <= last; confirmed++) {
                Files.write(mark(), marks[confirmed]);
                assertEquals(states[last], held(home), length + " bytes, " + confirmed);
                opened++;
            }
            for (int confirmed = last + 1; confirmed < writes; confirmed++) {
                Files.write(mark(), marks[confirmed]);
                String message =
                        assertThrows(IOException.class, () -> held(home)).getMessage();
                assertTrue(
                        message.startsWith(file() + " lacks " + (lengths[confirmed] - lengths[last])
                                + " bytes at its end that had been confirmed; restore the latest copy."),
                        message);
                assertArrayEquals(Arrays.copyOf(whole, length), Files.readAllBytes(file()), "it is left as it is");
            }
        }
        assertTrue(opened > whole.length - lengths[0], "every length was tried");
    }

    @Test
    void a_torn_tail_is_overwritten_and_leaves_no_trace() throws Exception {
        with(store -> store.put(JULIET, KEY, KeyState.VERIFIED, "pinned")).on(home);
        byte[] good = Files.readAllBytes(file());
        byte[] torn = Arrays.copyOf(good, good.length + 3_000);
        Arrays.fill(torn, good.length, torn.length, (byte) 'x');
        Files.write(file(), torn);
        String before = held(home);
        assertArrayEquals(torn, Files.readAllBytes(file()), "to read changes nothing");
        with(store -> store.remember(JULIET, "x509", false)).on(home);
        byte[] after = Files.readAllBytes(file());
        assertArrayEquals(good, Arrays.copyOf(after, good.length));
        assertEquals(
                "tunnel juliet@capulet.lit x509 unconfirmed\n",
                new String(after, good.length, after.length - good.length, StandardCharsets.UTF_8)
                        .substring(Chain.DIGITS + 1));
        assertTrue(before.contains("VERIFIED"), before);
    }

    /** Runs it from the template on a machine that dies after some steps; whether it did. */
    private boolean dies(Path template, Decided decided, int steps) throws Exception {
        delete(home);
        copy(template, home);
        try (FileTrustStore store = new FileTrustStore(home, TrustDirectory.open(home, new DyingDisk(steps)))) {
            decided.by(store).toCompletableFuture().get(20, TimeUnit.SECONDS);
            return false;
        } catch (DyingDisk.Killed e) {
            return true;
        } catch (ExecutionException e) {
            assertInstanceOf(DyingDisk.Killed.class, e.getCause());
            return true;
        }
    }

    private static Work with(Decided... decisions) {
        return home -> {
            try (FileTrustStore store = new FileTrustStore(home)) {
                for (Decided decided : decisions) {
                    await(decided.by(store));
                }
            }
        };
    }

    private static String held(Path home) throws IOException {
        try (FileTrustStore store = new FileTrustStore(home)) {
            return Model.text(store);
        }
    }

    private Path file() {
        return home.resolve(Journal.NAME);
    }

    private Path mark() {
        return home.resolve(Journal.NAME + ".confirmed");
    }

    private static void copy(Path from, Path to) throws IOException {
        if (Files.exists(from)) {
            try (Stream<Path> files = Files.walk(from)) {
                for (Path file : files.toList()) {
                    Files.copy(file, to.resolve(from.relativize(file)));
                }
            }
        }
    }

    private static void delete(Path directory) throws IOException {
        if (Files.exists(directory)) {
            List<Path> files;
            try (Stream<Path> walked = Files.walk(directory)) {
                files = walked.sorted(Comparator.reverseOrder()).toList();
            }
            for (Path file : files) {
                Files.delete(file);
            }
        }
    }

    private static byte[] bytes(String text) {
        return (text + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private interface Work {
        void on(Path home) throws Exception;
    }

    private interface Decided {
        CompletionStage<?> by(TrustStore store);
    }
}
