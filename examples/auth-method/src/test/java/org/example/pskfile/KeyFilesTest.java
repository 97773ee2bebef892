package org.example.pskfile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.XtlsException;

class KeyFilesTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final String KEY = "0f".repeat(32);

    @TempDir
    Path folder;

    private KeyFiles files;

    @BeforeEach
    void open() {
        files = new KeyFiles(PskFileMethodTest.directory(folder));
    }

    @AfterEach
    void close() {
        files.close();
    }

    @Test
    void a_key_is_lent_and_wiped() throws Exception {
        write(KEY + "\n", "rw-------");
        byte[] lent = get(key -> key).orElseThrow();
        assertEquals(32, lent.length);
        assertEquals(Optional.of(15), get(key -> (int) key[0]));
        assertEquals(0, lent[0]);
    }

    @Test
    void where_there_is_no_file_there_is_no_key() throws Exception {
        assertEquals(Optional.empty(), get(key -> key));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "wherefore art thou", "0f0f", "0f 0f", "zz"})
    void what_is_no_key_is_reported_and_not_shown(String content) throws Exception {
        write(content.equals("zz") ? "zz".repeat(32) : content, "rw-------");
        String told = failure();
        assertTrue(told.contains("juliet@capulet.lit.psk"), told);
        assertFalse(!content.isEmpty() && told.contains(content), told);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw-rw-rw-"})
    void a_key_that_others_can_read_is_none(String permissions) throws Exception {
        write(KEY, permissions);
        assertTrue(failure().contains("only its owner"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "/no/such/folder"})
    void a_wrong_folder_is_refused_and_the_old_one_stays(String wrong) throws Exception {
        write(KEY, "rw-------");
        KeyFiles.Settings settings = PskFileMethodTest.directory(Path.of(wrong));
        assertThrows(IllegalArgumentException.class, () -> files.modified(settings));
        assertThrows(IllegalArgumentException.class, () -> new KeyFiles(settings));
        assertTrue(get(key -> key).isPresent());
    }

    private <T> Optional<T> get(Function<byte[], T> what) throws Exception {
        return files.use(JULIET, what).toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private String failure() {
        ExecutionException failed = assertThrows(ExecutionException.class, () -> get(key -> key));
        return assertInstanceOf(XtlsException.class, failed.getCause())
                .failure()
                .message();
    }

    private void write(String content, String permissions) throws IOException {
        Path file = Files.writeString(folder.resolve(JULIET + ".psk"), content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }
}
