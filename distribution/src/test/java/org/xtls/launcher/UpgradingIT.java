package org.xtls.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.server.loopback.LoopbackServer;

/**
 * The page docs/upgrading.md, as a reader follows it: what is to be typed into the container's shell (blocks of {@code
 * gogo}) and into another (blocks of {@code sh}), in order. Each line of a block without a name has to be in what the
 * block before it has told.
 */
@Timeout(400)
class UpgradingIT {
    private static final Path PAGE = Path.of("..", "docs", "upgrading.md");
    private static final String JULIET = "juliet@verona.lit/balcony";

    /** What the page calls the version of this build, in names of files and as OSGi writes it; and the next one. */
    private static final String VERSION = System.getProperty("xtls.version");

    private static final String OSGI_VERSION = VERSION.replace("-", ".");
    private static final String NEXT = "0.2.0";

    /** A line of {@code felix:lb -s}. */
    private static final Pattern BUNDLE = Pattern.compile(" *(\\d+)\\|\\w+ *\\| *\\d+\\|(\\S+) \\((\\S+)\\)\\|\\S+");

    @TempDir
    Path folder;

    private final Map<String, String> idsOnThePage = new HashMap<>();
    private final Map<String, String> ids = new HashMap<>();
    private LoopbackServer server;
    private Xtls romeo;
    private Xtls juliet;

    /** Where the page has it: an installation that may be changed, a home, the jars of another release. */
    @BeforeEach
    void a_tunnel_is_open() throws Exception {
        copy(Xtls.INSTALLATION, folder.resolve("xtls"));
        Files.createDirectories(folder.resolve("new"));
        Files.createDirectories(folder.resolve("old"));
        try (Stream<Path> jars = Files.walk(Xtls.INSTALLATION.resolve("bundles"))) {
            for (Path jar : jars.filter(UpgradingIT::isOurs).toList()) {
                Files.copy(jar, folder.resolve("old").resolve(jar.getFileName()));
                raise(jar, folder.resolve("new"));
            }
        }
        server = LoopbackServer.builder()
                .user("romeo@verona.lit", "rose")
                .user("juliet@verona.lit", "moon")
                .start();
        romeo = romeo();
        juliet = Xtls.listening(folder.resolve("verona/juliet"));
        romeo.tell(connect("romeo", "rose", "orchard"));
        juliet.tell(connect("juliet", "moon", "balcony"));
        romeo.tell(trust(juliet));
        juliet.tell(trust(romeo));
        assertTrue(romeo.tell("open " + JULIET).contains("verified (pinned)"));
    }

    @AfterEach
    void end() throws Exception {
        romeo.close();
        juliet.close();
        server.close();
    }

    @Test
    void who_follows_the_page_sees_what_it_shows() throws Exception {
        String told = "";
        int shown = 0;
        int typed = 0;
        for (Block block : blocks()) {
            switch (block.language) {
                case "gogo" -> {
                    typed += block.lines.size();
                    told = type(block.lines);
                }
                case "sh" -> shell(block.lines);
                case "" -> {
                    shown++;
                    told = shows(block, told);
                }
                default -> {} // told, and not run here
            }
        }
        assertTrue(shown > 8 && typed > 20, shown + " shown, " + typed + " typed");

        // What was put into bundles/ is what the next start has.
        romeo.leave();
        romeo.close();
        romeo = romeo();
        String methods = romeo.tell("methods");
        assertTrue(methods.matches("(?s).*org\\.xtls\\.auth\\.srp +" + Pattern.quote(NEXT) + "\n.*"), methods);
        assertTrue(methods.matches("(?s).*org\\.xtls\\.auth\\.x509 +" + Pattern.quote(OSGI_VERSION) + "\n.*"), methods);
        romeo.leave();
    }

    private String type(List<String> commands) throws Exception {
        StringBuilder told = new StringBuilder();
        for (String command : commands) {
            told.append(romeo.tell(withIds(command)));
        }
        return told.toString();
    }

    /** Ids are those that this container has given. */
    private String withIds(String command) {
        Matcher id = Pattern.compile("(felix:(?:start|stop|refresh) )(\\d+)").matcher(command);
        if (!id.matches()) {
            return command;
        }
        String bundle = idsOnThePage.get(id.group(2));
        assertTrue(bundle != null, () -> "the page has not shown what " + id.group(2) + " is: " + command);
        return id.group(1) + ids.get(bundle);
    }

    /** What the page shows, with other ids; asked for again, for a watched folder and a refresh take their time. */
    private String shows(Block block, String told) throws Exception {
        List<String> wanted = new ArrayList<>();
        for (String line : block.lines) {
            Matcher bundle = BUNDLE.matcher(line);
            if (bundle.matches()) {
                idsOnThePage.put(bundle.group(1), bundle.group(2) + bundle.group(3));
                wanted.add(line.substring(line.indexOf('|')));
            } else {
                wanted.add(line);
            }
        }
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        String now = told;
        while (!wanted.stream().allMatch(now::contains)) {
            List<String> reading = block.before.stream()
                    .filter(command -> command.matches("methods|tunnels|felix:lb .*"))
                    .toList();
            if (reading.isEmpty() || System.nanoTime() > end) {
                return fail("the page shows\n" + String.join("\n", wanted) + "\nand what came was\n" + now);
            }
            now = type(reading);
        }
        Matcher bundle = BUNDLE.matcher(now);
        while (bundle.find()) {
            ids.put(bundle.group(2) + bundle.group(3), bundle.group(1));
        }
        return now;
    }

    private void shell(List<String> lines) throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder("bash", "-e", "-c", String.join("\n", lines)).redirectErrorStream(true);
        builder.environment().put("HOME", folder.toString());
        Process process = builder.start();
        process.getOutputStream().close();
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> lines + "\n" + told);
    }

    /** @param before what the block before it told to type */
    private record Block(String language, List<String> lines, List<String> before) {}

    private List<Block> blocks() throws IOException {
        List<Block> blocks = new ArrayList<>();
        List<String> lines = Files.readString(PAGE)
                .replace("/srv/", folder + "/")
                .replace("0.1.0-SNAPSHOT", VERSION)
                .replace("0.1.0.SNAPSHOT", OSGI_VERSION)
                .lines()
                .toList();
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).startsWith("```")) {
                int end = i + 1;
                while (!lines.get(end).equals("```")) {
                    end++;
                }
                blocks.add(new Block(
                        lines.get(i).substring(3),
                        lines.subList(i + 1, end),
                        blocks.isEmpty() ? List.of() : blocks.get(blocks.size() - 1).lines));
                i = end;
            }
        }
        return blocks;
    }

    private Xtls romeo() throws IOException {
        return Xtls.start(
                folder.resolve("xtls/bin/xtls"),
                "--home",
                folder.resolve("verona/romeo").toString(),
                "run",
                "-");
    }

    private String connect(String name, String password, String resource) {
        return "connect " + name + "@verona.lit --password " + password + " --resource " + resource
                + " --host 127.0.0.1 --port " + server.port() + " --server-tls disabled";
    }

    private static String trust(Xtls whom) throws Exception {
        return whom.tell("identity")
                .lines()
                .filter(line -> line.startsWith("  trust "))
                .findFirst()
                .orElseThrow()
                .strip();
    }

    private static boolean isOurs(Path jar) {
        return jar.getFileName().toString().startsWith("org.xtls.");
    }

    /** The same bundle as the next release. */
    private static void raise(Path jar, Path into) throws IOException {
        String name = jar.getFileName().toString().replace("-" + VERSION + ".jar", "-" + NEXT + ".jar");
        try (JarFile from = new JarFile(jar.toFile())) {
            Manifest manifest = new Manifest(from.getManifest());
            manifest.getMainAttributes().putValue("Bundle-Version", NEXT);
            try (JarOutputStream to = new JarOutputStream(Files.newOutputStream(into.resolve(name)), manifest)) {
                for (JarEntry entry : from.stream().toList()) {
                    if (!entry.getName().equals(JarFile.MANIFEST_NAME)) {
                        to.putNextEntry(new JarEntry(entry.getName()));
                        from.getInputStream(entry).transferTo(to);
                    }
                }
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }
}
