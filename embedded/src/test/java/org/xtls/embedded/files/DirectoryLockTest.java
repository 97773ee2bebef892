package org.xtls.embedded.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryLockTest {
    @TempDir
    Path home;

    @TempDir
    Path place;

    @Test
    void a_second_one_in_this_jvm_is_refused_until_the_first_is_released() throws Exception {
        try (DirectoryLock first = DirectoryLock.acquire(home, "larder")) {
            assertEquals(
                    home + " is in use by another larder in this JVM; give each container a directory of its own",
                    refusal());
        }
        DirectoryLock.acquire(home, "larder").close();
    }

    @Test
    void another_process_is_refused_even_after_a_second_one_here_has_tried() throws Exception {
        try (DirectoryLock first = DirectoryLock.acquire(home, "larder")) {
            refusal();
            try (OtherJvm other = holder()) {
                assertEquals(inUseBy(ProcessHandle.current().pid()), other.line());
            }
        }
    }

    @Test
    void this_process_is_refused_while_another_has_it_and_not_when_that_was_killed() throws Exception {
        try (OtherJvm other = holder()) {
            assertEquals("locked", other.line());
            // The first refusal must not take the other's lock away.
            for (int attempt = 0; attempt < 2; attempt++) {
                assertEquals(inUseBy(other.pid()), refusal());
            }
        }
        DirectoryLock.acquire(home, "larder").close();
    }

    @Test
    void what_it_leaves_in_the_directory_is_the_owners_alone() throws Exception {
        DirectoryLock.acquire(home, "larder").close();
        for (String name : List.of("lock", "lock.jvm")) {
            assertEquals("rw-------", OwnerOnlyTest.permissions(home.resolve(name)));
        }
        assertEquals(ProcessHandle.current().pid() + "\n", Files.readString(home.resolve("lock")));
    }

    private String refusal() {
        return assertThrows(IOException.class, () -> DirectoryLock.acquire(home, "larder"))
                .getMessage();
    }

    private String inUseBy(long process) {
        return home + " is in use by another process (" + process
                + "); stop that one, or give each container a directory of its own";
    }

    private OtherJvm holder() throws IOException {
        return OtherJvm.start(place, List.of(), List.of(), Holder.class, home);
    }

    /** Locks a directory, and holds it until it is killed. */
    static final class Holder {
        public static void main(String[] arguments) throws Exception {
            try {
                DirectoryLock lock = DirectoryLock.acquire(Path.of(arguments[0]), "larder");
                System.out.println("locked");
                System.in.read();
                lock.close();
            } catch (IOException e) {
                System.out.println(e.getMessage());
            }
        }
    }
}
