package org.example.pskfile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Somebody copies the tutorial, file by file and command by command, into an empty folder. He has a Maven whose repository
 * holds what the clone's build has brought, and in it the api as this build has made it; no network.
 */
@Timeout(900)
class TutorialIT {
    private static final Path CLONE =
            Path.of(System.getProperty("xtls.clone")).toAbsolutePath().normalize();
    private static final String VERSION = System.getProperty("xtls.version");

    @TempDir
    Path home;

    @Test
    void who_copies_it_arrives_at_a_bundle_that_keeps_the_contract_and_runs() throws Exception {
        Path folder = Files.createDirectory(home.resolve("work"));
        try (Program shell = Program.shell(shell(folder), 600)) {
            for (Tutorial.Step step : Tutorial.read().steps()) {
                if (step instanceof Tutorial.Write write) {
                    Path file = Path.of(shell.tell("pwd").strip()).resolve(write.file());
                    assertTrue(Files.isDirectory(file.getParent()), () -> "no folder was made for " + file);
                    assertEquals(write.more(), Files.exists(file), file::toString);
                    Files.writeString(file, (write.more() ? Files.readString(file) : "") + write.text());
                } else if (step instanceof Tutorial.Type type) {
                    String told = shell.tell(type.command() + "\necho \"status $?\"");
                    assertTrue(told.endsWith("status 0\n"), () -> type.command() + "\n" + told);
                }
            }
        }

        Path project = folder.resolve("psk-file");
        assertContractWasKept(project);
        Path jar = project.resolve("target/psk-file-1.0.0.jar");
        try (JarFile bundle = new JarFile(jar.toFile())) {
            assertEquals(
                    Set.of("org.xtls", "org.xtls.auth", "org.xtls.tls", "org.xtls.trust", "org.xtls.xml"),
                    BundleIT.imports(bundle));
            assertTrue(bundle.getManifest()
                    .getMainAttributes()
                    .getValue("Provide-Capability")
                    .contains("org.xtls.auth;method=psk-file"));
        }
        try (Program container = Program.container(home.resolve(".xtls"))) {
            String methods = container.tellUntil("methods", told -> told.contains("psk-file"));
            assertTrue(methods.contains("1.0.0"), methods);
            container.tellUntil("policy", told -> told.contains("juliet@capulet.com: require psk-file"));
            container.leave();
        }
    }

    private static void assertContractWasKept(Path project) throws IOException {
        String report =
                Files.readString(project.resolve("target/surefire-reports/org.example.pskfile.PskFileMethodTest.txt"));
        Matcher counts = Pattern.compile("Tests run: (\\d+), Failures: 0, Errors: 0, Skipped: 0")
                .matcher(report);
        assertTrue(counts.find() && Integer.parseInt(counts.group(1)) > 10, report);
    }

    private ProcessBuilder shell(Path folder) throws IOException {
        ProcessBuilder shell = new ProcessBuilder("bash").directory(folder.toFile());
        // Not those of the Maven that runs this test.
        shell.environment().keySet().removeIf(name -> name.startsWith("MAVEN_"));
        shell.environment().put("HOME", home.toString());
        shell.environment().put("JAVA_HOME", System.getProperty("java.home"));
        shell.environment()
                .put(
                        "PATH",
                        Path.of(System.getProperty("maven.home"), "bin") + ":"
                                + shell.environment().get("PATH"));
        shell.environment()
                .put(
                        "MAVEN_ARGS",
                        "-o -B -ntp -Dmaven.repo.local=" + repository() + " -Dmaven.repo.local.tail="
                                + repositoryAtHand());
        return shell;
    }

    /** What {@code mvnw install} of the clone would have put into a repository. */
    private Path repository() throws IOException {
        Path repository = home.resolve("repository");
        Path api = folder(repository, "org.xtls.api");
        Files.copy(jar("org.xtls.api-" + VERSION + ".jar"), api.resolve("org.xtls.api-" + VERSION + ".jar"));
        Files.copy(
                jar("org.xtls.api-" + VERSION + "-tests.jar"), api.resolve("org.xtls.api-" + VERSION + "-tests.jar"));
        Files.copy(CLONE.resolve("bundles/org.xtls.api/pom.xml"), api.resolve("org.xtls.api-" + VERSION + ".pom"));
        Files.copy(
                CLONE.resolve("pom.xml"),
                folder(repository, "org.xtls.parent").resolve("org.xtls.parent-" + VERSION + ".pom"));
        return repository;
    }

    private static Path folder(Path repository, String artifact) throws IOException {
        return Files.createDirectories(
                repository.resolve("org/xtls").resolve(artifact).resolve(VERSION));
    }

    /** Where this very test's JUnit comes from. */
    private static Path repositoryAtHand() {
        Path junit = classPath().stream()
                .filter(entry -> entry.toString().contains("/org/junit/jupiter/junit-jupiter-api/"))
                .findFirst()
                .orElseThrow();
        return junit.resolve("../../../../../../").normalize();
    }

    private static Path jar(String name) {
        return classPath().stream()
                .filter(entry -> entry.endsWith(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not on " + classPath()));
    }

    private static List<Path> classPath() {
        return Arrays.stream(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                        .split(":"))
                .map(Path::of)
                .toList();
    }
}
