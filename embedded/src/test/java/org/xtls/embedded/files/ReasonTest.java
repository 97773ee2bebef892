package org.xtls.embedded.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ReasonTest {
    @Test
    void a_message_for_people_is_passed_on_and_a_bare_file_name_gets_the_kind_of_failure() {
        assertEquals("no space left", Reason.of(new IOException("no space left")));
        assertEquals("-1 is too small", Reason.of(new IllegalArgumentException("-1 is too small")));
        assertEquals("no permission for /key", Reason.of(new AccessDeniedException("/key")));
        assertEquals("NoSuchFileException /key", Reason.of(new NoSuchFileException("/key")));
        assertEquals("/key: is busy", Reason.of(new FileSystemException("/key", null, "is busy")));
    }

    @Test
    void what_is_not_for_people_keeps_its_kind() {
        assertEquals("java.lang.NullPointerException: key", Reason.of(new NullPointerException("key")));
        assertEquals("java.io.IOException", Reason.of(new IOException()));
    }

    @Test
    void what_cannot_be_written_is_named() {
        IOException cause = new IOException("no space left");
        IOException failure = Reason.unwritable(Path.of("/key"), cause);
        assertEquals("/key cannot be written (no space left), and nothing has changed", failure.getMessage());
        assertEquals(cause, failure.getCause());
    }
}
