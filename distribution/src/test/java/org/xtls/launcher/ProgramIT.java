package org.xtls.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
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
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The program and its container, without a network. */
@Timeout(180)
class ProgramIT {
    /** A container for the stories that leave it as it was. */
    private static Xtls running;

    private static Path home;

    @TempDir
    Path folder;

    @BeforeAll
    static void start(@TempDir Path shared) throws Exception {
        home = shared.resolve("deep/home");
        running = Xtls.listening(home);
    }

    @AfterAll
    static void leave() throws Exception {
        try (Xtls last = running) {
            last.leave();
        }
        String log = Files.readString(home.resolve("log/xtls.log"));
        assertTrue(log.contains("INFO") && !log.contains("WARN") && !log.contains("ERROR"), log);
    }

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
    void a_file_that_cannot_be_run_is_told_before_a_container_is_made() throws Exception {
        Path absent = folder.resolve("not there");
        try (Xtls xtls = run(absent)) {
            assertEquals(2, xtls.status());
            assertEquals("xtls: there is no file " + absent + "\nTry: xtls --help\n", xtls.errors());
        }
        try (Xtls xtls = run(folder)) {
            assertEquals(2, xtls.status());
            assertTrue(xtls.errors().startsWith("xtls: " + folder + " is a folder"), xtls.errors());
        }
        assertFalse(Files.exists(folder.resolve("home")));
    }

    @Test
    void every_bundle_of_the_distribution_is_active() throws Exception {
        List<String> bundles = bundles("felix:lb -s");
        assertTrue(bundles.size() > 40, bundles::toString);
        bundles.forEach(bundle -> assertTrue(bundle.contains("|Active"), bundle));
        assertEquals(
                List.of("x509", "openpgp", "srp-psk"),
                running.tell("methods")
                        .lines()
                        .skip(1)
                        .map(line -> line.split(" ", 2)[0])
                        .toList());
    }

    @Test
    void the_shell_stops_before_the_tunnel_and_the_tunnel_before_what_it_stands_on() throws Exception {
        for (String bundle : bundles("felix:lb -s org.xtls")) {
            boolean looksOn = bundle.contains("org.xtls.shell ") || bundle.contains("org.xtls.jmx ");
            String level = looksOn ? "6" : bundle.contains("org.xtls.tunnel ") ? "5" : "4";
            assertTrue(bundle.contains("|    " + level + "|"), bundle);
        }
        assertEquals(11, bundles("felix:lb -s org.xtls").size());
    }

    @Test
    void a_bundle_that_needs_a_choice_first_is_shipped_and_not_started() throws Exception {
        try (var jars = Files.list(Xtls.INSTALLATION.resolve("optional"))) {
            assertTrue(jars.anyMatch(jar -> jar.getFileName().toString().startsWith("org.xtls.trust.jdbc-")));
        }
        assertEquals(List.of(), bundles("felix:lb -s org.xtls.trust.jdbc"));
    }

    @Test
    void a_password_is_kept_over_a_restart_and_asked_for_only_where_it_can_be_typed_unseen() throws Exception {
        try (Xtls xtls = Xtls.listening(folder)) {
            assertEquals(
                    "password for juliet@capulet.com is kept, for tunnels that the peer begins\n",
                    xtls.tell("password juliet@capulet.com 'the mask of night' --use answer"
                            + " --account romeo@montague.net"));
            xtls.leave();
        }
        try (Xtls xtls = Xtls.listening(folder)) {
            assertTrue(xtls.tell("passwords").contains("juliet@capulet.com  password  answer  5 left"));
            xtls.type("password juliet@capulet.com --account romeo@montague.net");
            assertEquals(1, xtls.status());
            assertTrue(
                    xtls.errors().contains(": There is no terminal here that can read without showing it: "),
                    xtls.errors());
        }
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
        running.type("# a comment");
        running.type("echo on");
        assertEquals("echo is on", running.line());
        running.type("echo off");
        assertEquals("echo is off", running.line());
    }

    @Test
    void without_a_terminal_a_conversation_goes_on_after_a_failure_that_its_status_tells() throws Exception {
        try (Xtls xtls = Xtls.start("--home", folder.toString())) {
            xtls.type("wherefore");
            xtls.type("help nonsense");
            xtls.type("echo on");
            assertEquals("echo is on", xtls.line());
            xtls.endInput();
            assertEquals(1, xtls.status());
            assertEquals(
                    List.of(
                            "xtls: line 1: There is no command 'wherefore'; try help",
                            "xtls: line 2: There is no command 'nonsense'; help lists those of XTLS, felix:help all."),
                    xtls.errors().lines().toList());
        }
    }

    @Test
    void the_container_s_own_help_knows_the_commands() throws Exception {
        String help = running.tell("help");
        assertTrue(help.contains("send-xml FULLJID XML"), help);
        assertFalse(help.contains("answer N"), help); // nobody is there to be asked
        assertTrue(running.tell("help xtls:connect").contains("--server-tls"));
        assertTrue(running.tell("felix:help xtls:connect").contains("--server-tls"));
        assertTrue(running.tell("help felix:lb").contains("list"));
    }

    @Test
    void a_second_container_is_kept_out_of_a_home_in_use() throws Exception {
        running.tell("methods");
        try (Xtls second = Xtls.listening(home)) {
            assertEquals(1, second.status());
            assertEquals(
                    "xtls: The home " + home + " is in use by another container (process " + running.pid()
                            + "). Stop that one, or choose another home with --home.\n",
                    second.errors());
        }
        running.tell("methods");
    }

    @Test
    void a_home_that_cannot_be_is_a_clear_failure() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");
        for (Path impossible : List.of(file, file.resolve("home"))) {
            try (Xtls xtls = Xtls.listening(impossible)) {
                assertEquals(1, xtls.status());
                assertTrue(
                        xtls.errors().startsWith("xtls: The home " + impossible + " cannot be made: "), xtls.errors());
                assertFalse(xtls.errors().contains("Exception"), xtls.errors());
                assertEquals(1, xtls.errors().lines().count(), xtls.errors());
            }
        }
    }

    @Test
    void a_home_that_others_may_write_to_is_refused() throws Exception {
        Path shared = Files.createDirectories(folder.resolve("shared/deploy")).getParent();
        Files.setPosixFilePermissions(shared.resolve("deploy"), PosixFilePermissions.fromString("rwxrwxrwx"));
        try (Xtls xtls = Xtls.listening(shared)) {
            assertEquals(1, xtls.status());
            assertEquals(
                    "xtls: Others may write to " + shared.resolve("deploy")
                            + ": they could start bundles in your name. Do: chmod go-w " + shared.resolve("deploy")
                            + "\n",
                    xtls.errors());
        }
    }

    @Test
    void a_new_home_is_its_owner_s_alone() throws Exception {
        running.tell("methods");
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
    void what_is_put_into_deploy_is_installed_and_goes_with_its_file() throws Exception {
        running.tell("methods");
        Path jar = bundle(folder.resolve("mercutio.jar"));
        Path deployed = Files.move(jar, home.resolve("deploy").resolve("mercutio.jar"));
        assertEquals(Mercutio.COMES, running.line());
        // It speaks while it starts: whether it is called active by now is the machine's affair.
        assertTrue(running.tell("felix:lb -s mercutio").contains("|    8|mercutio "));

        Files.delete(deployed);
        assertEquals(Mercutio.GOES, running.line());
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

    private static List<String> bundles(String command) throws Exception {
        return running.tell(command)
                .lines()
                .filter(line -> line.contains("|"))
                .skip(1)
                .toList();
    }

    private static Path bundle(Path file) throws Exception {
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.putValue("Bundle-ManifestVersion", "2");
        attributes.putValue("Bundle-SymbolicName", "mercutio");
        attributes.putValue("Bundle-Activator", Mercutio.class.getName());
        attributes.putValue("Import-Package", "org.osgi.framework");
        String activator = Mercutio.class.getName().replace('.', '/') + ".class";
        try (OutputStream out = Files.newOutputStream(file);
                JarOutputStream jar = new JarOutputStream(out, manifest);
                InputStream bytes = Mercutio.class.getResourceAsStream("/" + activator)) {
            jar.putNextEntry(new ZipEntry(activator));
            bytes.transferTo(jar);
        }
        return file;
    }
}
