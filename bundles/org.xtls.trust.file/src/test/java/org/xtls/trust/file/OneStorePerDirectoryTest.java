package org.xtls.trust.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.trust.file.Stages.await;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OneStorePerDirectoryTest {
    @TempDir
    Path home;

    @Test
    void a_second_store_in_this_jvm_is_refused_until_the_first_is_closed() throws Exception {
        try (FileTrustStore first = new FileTrustStore(home)) {
            IOException refused = assertThrows(IOException.class, () -> new FileTrustStore(home));
            assertTrue(refused.getMessage().contains("in use by another trust store in this JVM"));
            assertTrue(await(first.peers()).isEmpty());
        }
        new FileTrustStore(home).close();
    }

    @Test
    void another_process_is_refused_even_after_a_second_store_here_has_tried() throws Exception {
        try (FileTrustStore first = new FileTrustStore(home)) {
            assertThrows(IOException.class, () -> new FileTrustStore(home));
            try (OtherProcess other = OtherProcess.deciding(home, 1)) {
                String said = other.line();
                assertTrue(
                        said.startsWith("refused " + home + " is in use by another process ("
                                + ProcessHandle.current().pid() + ")"),
                        said);
            }
            assertTrue(await(first.peers()).isEmpty());
        }
    }

    @Test
    void this_process_is_refused_while_another_has_the_store() throws Exception {
        try (OtherProcess other = OtherProcess.deciding(home, 1)) {
            assertEquals("1", other.line());
            for (int attempt = 0; attempt < 2; attempt++) {
                IOException refused = assertThrows(IOException.class, () -> new FileTrustStore(home));
                assertTrue(
                        refused.getMessage().contains("in use by another process (" + other.pid() + ")"),
                        refused.getMessage());
            }
        }
        new FileTrustStore(home).close();
    }
}
