package org.xtls.embedded.files;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class OwnerOnlyTest {
    private static final String SOMEBODY_ELSE = "nobody";

    private static final Path SETPRIV = Path.of("/usr/bin/setpriv");
    private static final int USER = 54321;
    private static final List<String> AS_USER =
            List.of("setpriv", "--reuid=" + USER, "--regid=" + USER, "--clear-groups");

    @TempDir
    Path home;

    /** What is asked of something that is there. */
    enum Check {
        UNWRITABLE("; make sure that nobody made use of it, then take that right away (chmod go-w)") {
            @Override
            void of(Path path) throws IOException {
                OwnerOnly.requireUnwritableByOthers(path);
            }
        },
        CLOSED("; make sure that nobody made use of it, then take that right away (chmod go-rwx)") {
            @Override
            void of(Path path) throws IOException {
                OwnerOnly.requireClosedToOthers(path);
            }
        },
        CLOSED_TO_WORLD("; make sure that nobody made use of it, then take that right away (chmod o-rwx)") {
            @Override
            void of(Path path) throws IOException {
                OwnerOnly.requireClosedToWorld(path);
            }
        };

        final String advice;

        Check(String advice) {
            this.advice = advice;
        }

        abstract void of(Path path) throws IOException;
    }

    @Test
    void what_is_made_is_the_owners_alone() throws Exception {
        Path directory = home.resolve("a/b");
        OwnerOnly.createDirectory(directory);
        assertEquals("rwx------", permissions(home.resolve("a")));
        assertEquals("rwx------", permissions(directory));
        Path file = directory.resolve("key");
        FileChannel.open(
                        file,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        OwnerOnly.file(directory))
                .close();
        assertEquals("rw-------", permissions(file));
        OwnerOnly.createDirectory(directory);
        OwnerOnly.requireClosedToOthers(file);
        OwnerOnly.forceDirectory(directory);
    }

    @ParameterizedTest
    @CsvSource({
        "UNWRITABLE, rw-r--r--, rw-rw-r--, can be written by others",
        "UNWRITABLE, rwxr-xr-x, rwxr-xrwx, can be written by others",
        "CLOSED, rw-------, rw-r-----, is open to others",
        "CLOSED, rwx------, rwx-----x, is open to others",
        "CLOSED_TO_WORLD, rw-rw----, rw-rw-r--, is open to everybody"
    })
    void what_is_open_to_others_is_refused(Check check, String enough, String tooMuch, String what) throws Exception {
        Path file = file(enough);
        check.of(file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(tooMuch));
        assertEquals(file + " " + what + " (" + tooMuch + ")" + check.advice, refusal(check, file));
    }

    @Test
    void a_directory_that_others_may_write_to_is_refused() throws Exception {
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwx---"));
        String message = assertThrows(IOException.class, () -> OwnerOnly.createDirectory(home))
                .getMessage();
        assertEquals(home + " can be written by others (rwxrwx---)" + Check.UNWRITABLE.advice, message);
    }

    @ParameterizedTest
    @EnumSource
    void somebody_elses_file_is_refused_however_closed_it_is(Check check) throws Exception {
        Path file = file("rw-------");
        giveAway(file);
        assertEquals(belongs(file, "root"), refusal(check, file));
    }

    @Test
    void somebody_elses_directory_is_refused() throws Exception {
        giveAway(home);
        String message = assertThrows(IOException.class, () -> OwnerOnly.createDirectory(home))
                .getMessage();
        assertEquals(belongs(home, "root"), message);
    }

    @Test
    void a_link_is_whoevers_the_file_is() throws Exception {
        Path file = file("rw-------");
        Path link = Files.createSymbolicLink(home.resolve("link"), file);
        OwnerOnly.requireClosedToOthers(link);
        giveAway(file);
        assertEquals(belongs(link, "root"), refusal(Check.CLOSED, link));
    }

    /** As in a container whose user has no name. */
    @Test
    void a_user_that_is_not_root_takes_its_own_and_roots_files_only(@TempDir Path place) throws Exception {
        assumeTrue(isRoot() && Files.isExecutable(SETPRIV), "not root, or no setpriv");
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path roots = Files.writeString(home.resolve("roots"), "");
        Path own = Files.writeString(home.resolve("own"), "");
        Path others = Files.writeString(home.resolve("others"), "");
        Files.setAttribute(own, "unix:uid", USER);
        giveAway(others);
        try (OtherJvm user = OtherJvm.start(place, AS_USER, List.of(), User.class, roots, own, others)) {
            assertEquals("taken", user.line());
            assertEquals("taken", user.line());
            assertEquals(belongs(others, "54321"), user.line());
        }
    }

    @Test
    void who_can_make_a_file_in_its_own_directory_needs_no_other(@TempDir Path place) throws Exception {
        assumeTrue(isRoot() && Files.isExecutable(SETPRIV), "not root, or no setpriv");
        Path own = file("rw-------");
        Files.setAttribute(own, "unix:uid", USER);
        Files.setAttribute(home, "unix:uid", USER);
        List<String> noTemporary = List.of("-Djava.io.tmpdir=" + home.resolve("gone"));
        try (OtherJvm user = OtherJvm.start(place, AS_USER, noTemporary, User.class, own, home)) {
            assertEquals("taken", user.line());
            assertEquals("taken", user.line());
        }
        try (Stream<Path> left = Files.list(home)) {
            assertEquals(List.of(own), left.toList());
        }
    }

    @Test
    void who_cannot_make_a_file_anywhere_is_told_what_to_do(@TempDir Path place) throws Exception {
        assumeTrue(isRoot() && Files.isExecutable(SETPRIV), "not root, or no setpriv");
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path file = file("rw-------");
        giveAway(file);
        Path gone = home.resolve("gone");
        List<String> noTemporary = List.of("-Djava.io.tmpdir=" + gone);
        try (OtherJvm user = OtherJvm.start(place, AS_USER, noTemporary, User.class, file)) {
            assertEquals(
                    "whether " + file + " is this user's cannot be told, for no file can be made in " + home
                            + " nor in " + gone + "; let java.io.tmpdir name a directory where one can",
                    user.line());
        }
    }

    @Test
    void what_is_not_there_is_said_as_such() {
        Path missing = home.resolve("missing");
        for (Check check : Check.values()) {
            assertThrows(NoSuchFileException.class, () -> check.of(missing));
        }
        assertThrows(NoSuchFileException.class, () -> OwnerOnly.forceDirectory(missing));
    }

    /** A ZIP file, for one: as on Windows there is nothing to ask. */
    @Test
    void a_file_system_without_posix_permissions_is_asked_nothing() throws Exception {
        URI archive = URI.create("jar:" + home.resolve("home.zip").toUri());
        try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
            Path directory = zip.getPath("/a/b");
            OwnerOnly.createDirectory(directory);
            OwnerOnly.createDirectory(directory);
            assertEquals(0, OwnerOnly.file(directory).length);
            Path file = Files.writeString(directory.resolve("key"), "");
            for (Check check : Check.values()) {
                assertDoesNotThrow(() -> check.of(file));
            }
            OwnerOnly.forceDirectory(directory);
        }
    }

    static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private Path file(String permissions) throws IOException {
        Path file = Files.writeString(home.resolve("key"), "");
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }

    private static String refusal(Check check, Path path) {
        return assertThrows(IOException.class, () -> check.of(path)).getMessage();
    }

    private static String belongs(Path path, String self) {
        return path + " belongs to " + SOMEBODY_ELSE + ", and this process runs as " + self
                + "; make sure that nobody made use of it, then take it over (chown)";
    }

    private static void giveAway(Path path) throws IOException {
        assumeTrue(isRoot(), "only root can give a file away");
        Files.setOwner(
                path, path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(SOMEBODY_ELSE));
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    /** Says of each file whether it is taken. */
    static final class User {
        public static void main(String[] files) {
            for (String file : files) {
                try {
                    OwnerOnly.requireUnwritableByOthers(Path.of(file));
                    System.out.println("taken");
                } catch (IOException e) {
                    System.out.println(e.getMessage());
                }
            }
        }
    }
}
