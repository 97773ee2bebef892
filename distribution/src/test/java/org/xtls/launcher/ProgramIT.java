package org.xtls.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The program and its container, without a network. */
@Timeout(180)
class ProgramIT {
    @TempDir
    Path folder;

    @Test
    void help_and_version_are_told_without_a_container() throws Exception {
        try (Xtls help = Xtls.start("--help");
                Xtls version = Xtls.start("--version")) {
            assertEquals(0, help.status());
            assertTrue(help.output().contains("run FILE"));
            assertEquals(0, version.status());
            assertTrue(version.output().startsWith("xtls " + System.getProperty("xtls.version") + " on Java "));
        }
    }

    @Test
    void wrong_usage_is_told_apart_from_failure() throws Exception {
        for (String[] wrong : List.of(
                new String[] {"dance"}, new String[] {"run"}, new String[] {"run", "a", "b"}, new String[] {"--home"
                })) {
            try (Xtls xtls = Xtls.start(wrong)) {
                assertEquals(2, xtls.status());
                assertTrue(xtls.errors().contains("Try: xtls --help"), xtls.errors());
            }
        }
    }

    @Test
    void every_bundle_of_the_distribution_is_active() throws Exception {
        try (Xtls xtls = Xtls.listening(folder)) {
            List<String> bundles = xtls.tell("felix:lb -s")
                    .lines()
                    .filter(line -> line.contains("|"))
                    .skip(1)
                    .toList();
            assertTrue(bundles.size() > 40, bundles::toString);
            bundles.forEach(bundle -> assertTrue(bundle.contains("|Active"), bundle));
            assertTrue(xtls.tell("methods").contains("x509"));
            xtls.leave();
        }
        String log = Files.readString(folder.resolve("log/xtls.log"));
        assertTrue(log.contains("INFO") && !log.contains("WARN") && !log.contains("ERROR"), log);
    }

    @Test
    void the_commands_of_a_file_are_run_up_to_the_first_that_fails() throws Exception {
        Path file = Files.writeString(
                folder.resolve("commands"),
                "# what nobody may do\n\nmethods\nopen nobody@nowhere.example/here\npolicy\n");
        try (Xtls xtls = run(file)) {
            assertEquals(1, xtls.status());
            assertTrue(xtls.output().contains("x509"));
            assertFalse(xtls.output().contains("first-use"));
            assertEquals(1, xtls.errors().lines().count(), xtls.errors());
            assertTrue(xtls.errors().startsWith("xtls: line 4: "), xtls.errors());
        }
        try (Xtls xtls = run(folder.resolve("not there"))) {
            assertEquals(1, xtls.status());
            assertTrue(xtls.errors().startsWith("xtls: cannot read "), xtls.errors());
        }
    }

    @Test
    void a_policy_outlives_its_container() throws Exception {
        try (Xtls xtls = Xtls.listening(folder)) {
            assertEquals("first-use ask\nrequire-confirmed-offers false\n", xtls.tell("policy"));
            assertEquals("first-use reject\n", xtls.tell("policy first-use reject"));
            assertEquals("require-confirmed-offers true\n", xtls.tell("policy require-confirmed-offers true"));
            xtls.leave();
        }
        try (Xtls xtls = Xtls.listening(folder)) {
            assertEquals("first-use reject\nrequire-confirmed-offers true\n", xtls.tell("policy"));
            xtls.leave();
        }
    }

    @Test
    void a_line_of_standard_input_is_run_as_it_comes() throws Exception {
        try (Xtls xtls = Xtls.listening(folder)) {
            xtls.type("# a comment");
            xtls.type("echo on");
            assertEquals("echo is on", xtls.line());
            xtls.type("echo off");
            assertEquals("echo is off", xtls.line());
            xtls.leave();
        }
    }

    @Test
    void without_a_terminal_a_conversation_goes_on_after_a_failure() throws Exception {
        try (Xtls xtls = Xtls.start("--home", folder.toString())) {
            xtls.type("wherefore");
            xtls.type("echo on");
            assertEquals("echo is on", xtls.line());
            xtls.endInput();
            assertEquals(0, xtls.status());
            assertTrue(xtls.errors().contains("wherefore"));
        }
    }

    @Test
    void the_container_s_own_help_knows_the_commands() throws Exception {
        try (Xtls xtls = Xtls.listening(folder)) {
            assertTrue(xtls.tell("help").contains("send-xml FULLJID XML"));
            assertTrue(xtls.tell("help xtls:connect").contains("--server-tls"));
            assertTrue(xtls.tell("felix:help xtls:connect").contains("--server-tls"));
            assertTrue(xtls.tell("help felix:lb").contains("list"));
            xtls.leave();
        }
    }

    @Test
    void a_second_container_is_kept_out_of_a_home_in_use() throws Exception {
        try (Xtls first = Xtls.listening(folder)) {
            first.tell("methods");
            try (Xtls second = Xtls.listening(folder)) {
                assertEquals(1, second.status());
                assertEquals(
                        "xtls: The home " + folder + " is in use by another container (process " + first.pid()
                                + "). Stop that one, or choose another home with --home.\n",
                        second.errors());
            }
            first.tell("methods");
            first.leave();
        }
        try (Xtls third = Xtls.listening(folder)) {
            third.leave();
        }
    }

    @Test
    void a_home_that_cannot_be_is_a_clear_failure() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");
        try (Xtls xtls = Xtls.listening(file.resolve("home"))) {
            assertEquals(1, xtls.status());
            assertTrue(xtls.errors().startsWith("xtls: The home "), xtls.errors());
            assertEquals(1, xtls.errors().lines().count(), xtls.errors());
        }
    }

    @Test
    void a_new_home_is_its_owner_s_alone() throws Exception {
        Path home = folder.resolve("deep/home");
        try (Xtls xtls = Xtls.listening(home)) {
            xtls.leave();
        }
        assertEquals(PosixFilePermissions.fromString("rwx------"), Files.getPosixFilePermissions(home));
    }

    @Test
    void sigterm_stops_the_container_in_good_order() throws Exception {
        try (Xtls xtls = Xtls.listening(folder)) {
            xtls.tell("methods");
            xtls.terminate();
            assertEquals(128 + 15, xtls.status());
            assertEquals("", xtls.errors());
        }
        assertTrue(Files.readString(folder.resolve("log/xtls.log")).contains("method x509 is gone"));
    }

    @Test
    void a_container_that_is_told_to_stop_ends_without_waiting_for_input() throws Exception {
        try (Xtls xtls = Xtls.listening(folder)) {
            xtls.type("felix:stop 0");
            assertEquals(0, xtls.status());
        }
    }

    @Test
    void what_is_put_into_deploy_is_installed() throws Exception {
        Path deploy = Files.createDirectories(folder.resolve("deploy"));
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Bundle-ManifestVersion", "2");
        manifest.getMainAttributes().putValue("Bundle-SymbolicName", "mercutio");
        try (OutputStream file = Files.newOutputStream(deploy.resolve("mercutio.jar"));
                JarOutputStream jar = new JarOutputStream(file, manifest)) {
            jar.finish();
        }
        try (Xtls xtls = Xtls.listening(folder)) {
            // File Install looks once a second, at what it cannot tell us of; the test's time-out is the bound.
            while (!xtls.tell("felix:lb -s mercutio").contains("|Active")) {
                LockSupport.parkNanos(100_000_000);
            }
            xtls.leave();
        }
    }

    @Test
    void the_program_finds_itself_through_links_and_says_which_java_it_needs() throws Exception {
        Path link = Files.createSymbolicLink(
                Files.createDirectories(folder.resolve("a b")).resolve("xtls"),
                Xtls.INSTALLATION.resolve("bin").resolve("xtls").toAbsolutePath());
        Path linkToLink = Files.createSymbolicLink(folder.resolve("x"), Path.of("a b/xtls"));
        try (Xtls xtls = Xtls.start(linkToLink, "--version")) {
            assertEquals(0, xtls.status(), xtls::errors);
        }

        Path old = Files.createDirectories(folder.resolve("jdk-11/bin")).resolve("java");
        Files.writeString(old, "#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n");
        Files.setPosixFilePermissions(old, PosixFilePermissions.fromString("rwxr-xr-x"));
        ProcessBuilder builder = Xtls.builder(linkToLink, "--version");
        builder.environment().put("JAVA_HOME", folder.resolve("jdk-11").toString());
        try (Xtls xtls = Xtls.start(builder)) {
            assertEquals(1, xtls.status());
            assertTrue(xtls.errors().startsWith("xtls: Java 17 or later is needed, and "), xtls.errors());
            assertTrue(xtls.errors().contains("11.0.2"));
        }
        builder.environment().put("JAVA_HOME", folder.resolve("nowhere").toString());
        try (Xtls xtls = Xtls.start(builder)) {
            assertEquals(1, xtls.status());
            assertTrue(xtls.errors().contains("JAVA_HOME is "), xtls.errors());
        }
        // JUnit would warn of a link that leads out of its folder.
        Files.delete(link);
    }

    @Test
    void the_zip_holds_the_same_with_the_program_executable() throws Exception {
        String version = System.getProperty("xtls.version");
        Path zip = Xtls.INSTALLATION.resolveSibling("xtls-" + version + ".zip");
        try (FileSystem files = FileSystems.newFileSystem(
                URI.create("jar:" + zip.toUri()), Map.of("enablePosixFileAttributes", true))) {
            Path root = files.getPath("/xtls-" + version);
            assertTrue(Files.getPosixFilePermissions(root.resolve("bin/xtls"))
                    .contains(PosixFilePermission.OWNER_EXECUTE));
            try (var unpacked = Files.walk(Xtls.INSTALLATION)) {
                for (Path file : unpacked.filter(Files::isRegularFile).toList()) {
                    Path packed =
                            root.resolve(Xtls.INSTALLATION.relativize(file).toString());
                    assertEquals(-1, Files.mismatch(file, packed), file::toString);
                }
            }
        }
    }

    private Xtls run(Path file) throws Exception {
        return Xtls.start("--home", folder.resolve("home").toString(), "run", file.toString());
    }
}
