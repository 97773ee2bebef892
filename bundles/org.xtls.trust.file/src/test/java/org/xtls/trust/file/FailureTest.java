package org.xtls.trust.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.trust.file.Stages.await;
import static org.xtls.trust.file.Stages.failure;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;

/** What cannot be written fails with the reason, and nothing has changed. */
class FailureTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final KeyName KEY = new KeyName("x509", "ab".repeat(32));
    private static final KeyName STOLEN = new KeyName("x509", "cd".repeat(32));

    @TempDir
    Path directory;

    @Test
    void a_disk_that_is_full_at_any_byte_takes_nothing_and_goes_on_when_there_is_room() throws Exception {
        int failed = 0;
        for (int room = 0; ; room++) {
            Path home = directory.resolve("room" + room);
            FullDisk disk = new FullDisk();
            try (FileTrustStore store = new FileTrustStore(home, TrustDirectory.open(home, disk))) {
                await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
                String before = Model.text(store);
                byte[] file = Files.readAllBytes(file(home));
                disk.room = room;
                var put =
                        store.put(JULIET, STOLEN, KeyState.DISTRUSTED, "stolen").toCompletableFuture();
                put.handle((done, failure) -> failure).get();
                if (!put.isCompletedExceptionally()) {
                    break;
                }
                assertEquals(
                        Failure.of(
                                Failure.Code.LOCAL,
                                Failure.Fault.LOCAL,
                                "The trust store cannot be used: " + file(home)
                                        + " cannot be written (No space left on device), and nothing has changed."),
                        failure(put));
                assertEquals(before, Model.text(store));
                assertArrayEquals(file, Files.readAllBytes(file(home)));
                disk.room = Integer.MAX_VALUE;
                await(store.put(JULIET, STOLEN, KeyState.DISTRUSTED, "stolen"));
                failed++;
            }
            assertEquals(List.of(KeyState.VERIFIED, KeyState.DISTRUSTED), states(home));
        }
        assertTrue(failed > 150, failed + " bytes");
    }

    @Test
    void what_was_written_and_could_not_be_forced_is_taken_back() throws Exception {
        Path home = directory.resolve("home");
        FullDisk disk = new FullDisk();
        try (FileTrustStore store = new FileTrustStore(home, TrustDirectory.open(home, disk))) {
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
            byte[] file = Files.readAllBytes(file(home));
            disk.forcing = 1;
            Failure failure = failure(store.put(JULIET, STOLEN, KeyState.VERIFIED, "wrong"));
            assertTrue(failure.message().contains("(Input/output error)"), failure.message());
            assertArrayEquals(file, Files.readAllBytes(file(home)));

            disk.forcing = 2;
            failure(store.put(JULIET, STOLEN, KeyState.VERIFIED, "cannot even be taken back"));
            await(store.put(JULIET, STOLEN, KeyState.DISTRUSTED, "stolen"));
            assertEquals(2, await(store.history(JULIET)).size());
        }
        assertEquals(List.of(KeyState.VERIFIED, KeyState.DISTRUSTED), states(home));
    }

    @Test
    void material_that_finds_no_room_leaves_what_was_there() throws Exception {
        Path home = directory.resolve("home");
        FullDisk disk = new FullDisk();
        try (FileTrustStore store = new FileTrustStore(home, TrustDirectory.open(home, disk))) {
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
            await(store.keep(JULIET, KEY, bytes("old")));
            disk.room = 10;
            Failure failure = failure(store.keep(JULIET, KEY, bytes("new")));
            assertTrue(failure.message().contains("(No space left on device), and nothing has changed"));
            assertArrayEquals(bytes("old"), await(store.material(JULIET, KEY)).orElseThrow());
            disk.room = Integer.MAX_VALUE;
            await(store.keep(JULIET, KEY, bytes("new")));
            assertArrayEquals(bytes("new"), await(store.material(JULIET, KEY)).orElseThrow());
        }
    }

    /** A real kernel that takes a part of a write and refuses the rest. */
    @Test
    void a_process_that_may_write_no_more_says_so_and_has_kept_what_it_confirmed() throws Exception {
        Path home = directory.resolve("home");
        Model model = new Model();
        Random decisions = new Random(7);
        int number = 0;
        List<String> limited = List.of("/bin/sh", "-c", "ulimit -f 32; exec \"$@\"", "sh");
        try (OtherProcess process = OtherProcess.deciding(home, 7, limited)) {
            String line = process.line();
            for (; !line.startsWith("failed "); line = process.line()) {
                number++;
                assertEquals(Integer.toString(number), line);
                model.apply(Decision.next(decisions, number));
            }
            assertEquals(
                    "failed The trust store cannot be used: " + file(home)
                            + " cannot be written (File too large), and nothing has changed.",
                    line);
        }
        assertTrue(number > 50, number + " decisions");
        byte[] file = Files.readAllBytes(file(home));
        try (FileTrustStore store = new FileTrustStore(home)) {
            assertEquals(model.text(), Model.text(store));
        }
        assertEquals('\n', file[file.length - 1], "what the kernel took of the last write has been cut off again");
    }

    /** As a user who may do less than the one that runs the tests, who may be root. */
    @Test
    void a_file_that_may_not_be_written_is_named() throws Exception {
        Path home = directory.resolve("home");
        try (FileTrustStore store = new FileTrustStore(home)) {
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        }
        byte[] file = Files.readAllBytes(file(home));
        Files.setPosixFilePermissions(file(home), PosixFilePermissions.fromString("r--------"));
        try (OtherProcess process = OtherProcess.deciding(home, 1, withoutPrivileges())) {
            String line = process.line();
            assertEquals("failed The trust store cannot be used: no permission for " + file(home) + ".", line);
        }
        assertArrayEquals(file, Files.readAllBytes(file(home)));
    }

    @Test
    void a_directory_that_may_not_be_written_is_named() throws Exception {
        Path home = directory.resolve("home");
        Files.createDirectory(home, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-x------")));
        try (OtherProcess process = OtherProcess.deciding(home, 1, withoutPrivileges())) {
            assertEquals("refused no permission for " + home.resolve("lock.jvm"), process.line());
        } finally {
            Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));
        }
    }

    @Test
    void nothing_is_confirmed_into_a_directory_that_is_gone() throws Exception {
        Path home = directory.resolve("home");
        Path away = directory.resolve("away");
        try (FileTrustStore store = new FileTrustStore(home)) {
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
            String before = Model.text(store);
            Files.move(home, away);
            for (var stage : List.of(
                    store.put(JULIET, STOLEN, KeyState.DISTRUSTED, "stolen"),
                    store.remember(JULIET, "x509", true),
                    store.keep(JULIET, KEY, bytes("certificate")))) {
                assertEquals(
                        "The trust store cannot be used: " + file(home)
                                + " is gone; put it back. Nothing is written until then.",
                        failure(stage).message());
            }
            assertEquals(before, Model.text(store), "what is known is known");
            Files.move(away, home);
            await(store.put(JULIET, STOLEN, KeyState.DISTRUSTED, "stolen"));
        }
        assertEquals(List.of(KeyState.VERIFIED, KeyState.DISTRUSTED), states(home));
    }

    @Test
    void a_file_that_is_taken_away_while_it_is_written_confirms_nothing() throws Exception {
        Path home = directory.resolve("home");
        FullDisk disk = new FullDisk();
        try (FileTrustStore store = new FileTrustStore(home, TrustDirectory.open(home, disk))) {
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
            String before = Model.text(store);
            disk.takeAway = file(home);
            Failure failure = failure(store.put(JULIET, STOLEN, KeyState.DISTRUSTED, "stolen"));
            assertTrue(failure.message().contains("was taken away while it was written"), failure.message());
            assertEquals(before, Model.text(store));
        }
    }

    private static List<String> withoutPrivileges() throws IOException {
        boolean root = "root".equals(System.getProperty("user.name"));
        return root ? List.of("setpriv", "--inh-caps=-all", "--bounding-set=-all") : List.of();
    }

    private static List<KeyState> states(Path home) throws IOException {
        try (FileTrustStore store = new FileTrustStore(home)) {
            return await(store.peer(JULIET)).keys().stream()
                    .map(key -> key.state())
                    .toList();
        }
    }

    private static Path file(Path home) {
        return home.resolve(Journal.NAME);
    }

    private static byte[] bytes(String text) {
        return (text + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Has room for so many bytes, and fails to force so many times. */
    private static final class FullDisk implements Disk {
        private volatile int room = Integer.MAX_VALUE;
        private volatile int forcing;
        private volatile Path takeAway = Path.of("");

        @Override
        public void write(FileChannel file, long position, ByteBuffer content) throws IOException {
            int bytes = Math.min(room, content.remaining());
            boolean all = bytes == content.remaining();
            REAL.write(file, position, content.slice(content.position(), bytes));
            if (!all) {
                throw new IOException("No space left on device");
            }
        }

        @Override
        public void force(FileChannel file) throws IOException {
            if (forcing > 0) {
                forcing = forcing - 1;
                throw new IOException("Input/output error");
            }
            REAL.force(file);
            if (!takeAway.toString().isEmpty()) {
                Files.delete(takeAway);
            }
        }
    }
}
