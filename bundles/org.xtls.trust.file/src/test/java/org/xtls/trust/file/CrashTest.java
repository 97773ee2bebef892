package org.xtls.trust.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.trust.file.Stages.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;

class CrashTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final KeyName KEY = new KeyName("x509", "ab".repeat(32));
    private static final KeyName STOLEN = new KeyName("x509", "cd".repeat(32));

    @TempDir
    Path home;

    @Test
    void a_crash_at_any_byte_of_a_write_leaves_the_state_before_it() throws Exception {
        KnownPeer before;
        try (FileTrustStore store = new FileTrustStore(home)) {
            before = await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        }
        int killed = 0;
        int length = Integer.MAX_VALUE;
        for (int bytes = 0; bytes <= length; bytes++) {
            DyingDisk disk = new DyingDisk(bytes);
            try (FileTrustStore store = new FileTrustStore(home, TrustFile.open(home, disk))) {
                ExecutionException died = assertThrows(
                        ExecutionException.class,
                        () -> store.put(JULIET, STOLEN, KeyState.DISTRUSTED, "stolen")
                                .toCompletableFuture()
                                .get(20, TimeUnit.SECONDS));
                assertInstanceOf(Killed.class, died.getCause());
                length = disk.length;
                killed++;
            }
            assertEquals(bytes, Files.size(home.resolve("known-keys.new")));
            try (FileTrustStore store = new FileTrustStore(home)) {
                assertEquals(before, await(store.peer(JULIET)));
                assertFalse(Files.exists(home.resolve("known-keys.new")));
            }
        }
        assertEquals(length + 1, killed);
        assertTrue(length > 200, "it was the whole file");
        try (FileTrustStore store = new FileTrustStore(home)) {
            assertEquals(List.of(KEY, STOLEN), names(await(store.put(JULIET, STOLEN, KeyState.DISTRUSTED, "stolen"))));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 23, 170})
    void a_killed_process_loses_nothing_that_it_had_confirmed(int confirmed) throws Exception {
        try (OtherProcess writer = OtherProcess.writing(home)) {
            for (int i = 1; i <= confirmed; i++) {
                assertEquals(Integer.toString(i), writer.line());
            }
            writer.kill();
        }
        try (FileTrustStore store = new FileTrustStore(home)) {
            List<KeyName> found = names(await(store.peer(OtherProcess.PEER)));
            assertTrue(found.size() >= confirmed, found.size() + " of " + confirmed);
            for (int i = 0; i < found.size(); i++) {
                assertEquals(OtherProcess.key(i + 1), found.get(i));
            }
        }
    }

    private static List<KeyName> names(KnownPeer peer) {
        return peer.keys().stream().map(KnownKey::name).toList();
    }

    /** Takes so many bytes, and then the machine is dead. */
    private static final class DyingDisk implements TrustFile.Writing {
        private final int bytes;
        private volatile int length;

        DyingDisk(int bytes) {
            this.bytes = bytes;
        }

        @Override
        public void write(ByteBuffer content, FileChannel file) throws IOException {
            length = content.remaining();
            ByteBuffer first = content.limit(bytes);
            while (first.hasRemaining()) {
                file.write(first);
            }
            throw new Killed();
        }
    }

    private static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }
}
