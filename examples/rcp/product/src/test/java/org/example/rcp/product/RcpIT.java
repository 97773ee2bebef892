package org.example.rcp.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.server.loopback.LoopbackServer;

/** Romeo sits before the application as a p2 director has installed it, Juliet before the distribution's container. */
@Timeout(300)
@EnabledOnOs(
        value = OS.LINUX,
        architectures = "amd64",
        disabledReason = "SWT has a bundle for each platform; the product has this one's")
class RcpIT {
    private static final Path INSTALLATION = Path.of(System.getProperty("rcp.installation"));
    private static final Path SHOTS = Path.of(System.getProperty("rcp.shots"));
    private static final String JULIET = "juliet@capulet.com/balcony";

    private final List<String> seen = new CopyOnWriteArrayList<>();

    @Test
    void what_has_to_run_is_started_and_in_order() throws IOException {
        Map<String, String> starts = bundlesInfo()
                .map(line -> line.split(","))
                .collect(Collectors.toMap(line -> line[0], line -> line[3] + " " + line[4]));

        assertEquals("2 true", starts.get("org.apache.aries.spifly.dynamic.bundle"));
        assertEquals("2 true", starts.get("org.apache.felix.scr"));
        assertEquals("2 true", starts.get("org.apache.felix.configadmin"));
        assertEquals("3 true", starts.get("smack-xmlparser-stax"));
        assertEquals("5 true", starts.get("org.xtls.tunnel"));
        assertEquals("4 false", starts.get("org.xtls.auth.x509"), "lazily activated");
        assertFalse(starts.containsKey("org.xtls.auth.srp"), "a feature that nobody asked for");
    }

    @Test
    void two_compare_a_key_and_talk(@TempDir Path folder) throws Exception {
        Files.createDirectories(SHOTS);
        try (LoopbackServer server = LoopbackServer.builder()
                        .user("romeo@montague.net", "rose")
                        .user("juliet@capulet.com", "nurse")
                        .user("tybalt@capulet.com", "cat")
                        .user("mercutio@verona.lit", "mab")
                        .wiretap((direction, client, stanza) -> seen.add(direction + " " + client + " " + stanza.xml()))
                        .start();
                Screen screen = Screen.open(Files.createDirectory(folder.resolve("screen")));
                Program juliet = someone("juliet@capulet.com", "nurse", "balcony", folder, server);
                Program tybalt = someone("tybalt@capulet.com", "cat", "street", folder, server);
                Program mercutio = someone("mercutio@verona.lit", "mab", "street", folder, server);
                Program romeo = rcp(folder, screen)) {
            does(romeo, "await Nobody is logged in.");
            does(romeo, "push Log in…");
            does(romeo, "await Your account");
            does(romeo, "type Address=romeo@montague.net");
            does(romeo, "type Password=rose");
            does(romeo, "type Server=127.0.0.1");
            does(romeo, "type Port=99999");
            does(romeo, "type Its TLS=disabled");
            does(romeo, "push OK");
            does(romeo, "await A port is a number from 1 to 65535.");
            does(romeo, "type Port=" + server.port());
            does(romeo, "push OK");
            does(romeo, "await Logged in as romeo@montague.net/");

            does(romeo, "type peer@example.org/resource=juliet@capulet.com");
            does(romeo, "push Open tunnel");
            does(romeo, "await has no resource");
            does(romeo, "type peer@example.org/resource=" + JULIET);
            does(romeo, "push Open tunnel");
            String asked = does(romeo, "await proves to hold a key that nobody vouches for.");
            String fingerprint = asked.lines()
                    .filter(line -> line.matches("([0-9A-F]{4} ?){16}"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(asked));
            assertTrue(juliet.tell("identity").contains(fingerprint), fingerprint);
            does(romeo, "paint");
            screen.shot(SHOTS.resolve("question.png"));
            does(romeo, "push I have compared it");
            does(romeo, "push It is the same");
            does(romeo, "await " + JULIET + " | verified, x509: the user's word");
            does(romeo, "await TLSv1.3, X25519MLKEM768");

            does(romeo, "type Message=But, soft! what light through yonder window breaks?");
            does(romeo, "push Send");
            does(romeo, "await You: But, soft! what light through yonder window breaks?  (received)");
            String received = juliet.tell("receive --timeout 60");
            assertTrue(received.contains("But, soft!"), received);
            String romeosAddress = romeosAddress();
            juliet.tell("send " + romeosAddress + " 'Ay me!'");
            does(romeo, "await juliet@capulet.com: Ay me!");
            does(romeo, "paint");
            screen.shot(SHOTS.resolve("tunnels.png"));

            // A stranger who comes just then gets neither the click nor the words that were meant for another.
            does(romeo, "type Message=Parting is such sweet sorrow");
            juliet.tell("close " + romeosAddress);
            does(romeo, "await The tunnel with " + JULIET + " has ended");
            tybalt.say("open " + romeosAddress);
            does(romeo, "await tybalt@capulet.com");
            assertTrue(romeo.tell("push It is the same").contains("FAILED"), "not compared");
            does(romeo, "push Go on unverified");
            assertTrue(tybalt.hear().contains("is open"));
            String shown = does(romeo, "await tybalt@capulet.com/street | NOT verified, x509");
            assertTrue(shown.contains(JULIET + "\nno tunnel"), shown);
            assertTrue(shown.contains("Parting is such sweet sorrow"), shown);
            assertTrue(romeo.tell("push Send").contains("FAILED"), "there is no tunnel with Juliet");
            does(romeo, "choose tybalt@capulet.com");
            shown = does(romeo, "await tybalt@capulet.com/street\\nNOT verified, x509");
            assertFalse(shown.contains("Parting"), shown);
            tybalt.tell("send " + romeosAddress + " 'Thou art a villain.'");
            does(romeo, "await allowed by the user —\\ntybalt@capulet.com: Thou art a villain.");

            // Who asks when the window goes is not kept waiting.
            mercutio.say("open " + romeosAddress);
            does(romeo, "await mercutio@verona.lit");
            romeo.tellLast("close");
            romeo.leave();
            String answered = mercutio.hearLast();
            assertTrue(answered.contains("does not trust what this side proved"), answered);
            tybalt.tellUntil("tunnels", told -> !told.contains(romeosAddress));
            for (Program one : List.of(juliet, tybalt)) {
                one.leave();
            }
        }
        for (String kept : List.of("identity", "trust/known-keys", "workspace")) {
            assertTrue(Files.exists(folder.resolve("home/.org.example.rcp").resolve(kept)), kept);
        }
        assertTrue(seen.stream().anyMatch(one -> one.startsWith("FROM_CLIENT romeo") && one.contains("<close ")));
        assertFalse(seen.stream().anyMatch(one -> one.contains("soft") || one.contains("Ay me")));
    }

    private static Program someone(String account, String password, String resource, Path folder, LoopbackServer server)
            throws Exception {
        Program someone = Program.container(folder.resolve(account));
        someone.tell("policy first-use accept");
        someone.tell("connect " + account + " --password " + password + " --resource " + resource
                + " --host 127.0.0.1 --port " + server.port() + " --server-tls disabled");
        return someone;
    }

    private static String does(Program romeo, String what) throws Exception {
        String told = romeo.tell(what);
        assertFalse(told.contains("FAILED"), () -> what + "\n" + told);
        return told;
    }

    private String romeosAddress() {
        return seen.stream()
                .filter(one -> one.startsWith("FROM_CLIENT romeo@montague.net/"))
                .map(one -> one.split(" ")[1])
                .findFirst()
                .orElseThrow();
    }

    /** A copy, with a bundle more, that sits at the keyboard. */
    private static Program rcp(Path folder, Screen screen) throws IOException {
        Path copy = folder.resolve("rcp");
        try (Stream<Path> files = Files.walk(INSTALLATION)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, copy.resolve(INSTALLATION.relativize(file).toString()));
            }
        }
        Path jar = stagehand(folder.resolve("stagehand.jar"));
        Files.writeString(
                bundlesInfoOf(copy),
                "org.example.rcp.stagehand,1.0.0," + jar.toUri() + ",5,true\n",
                StandardOpenOption.APPEND);
        Path launcher;
        try (Stream<Path> plugins = Files.list(copy.resolve("plugins"))) {
            launcher = plugins.filter(
                            plugin -> plugin.getFileName().toString().startsWith("org.eclipse.equinox.launcher_"))
                    .findFirst()
                    .orElseThrow();
        }
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Duser.home=" + folder.resolve("home"),
                "-jar",
                launcher.toString(),
                "-consoleLog");
        builder.environment().put("DISPLAY", screen.display());
        builder.environment().put("GDK_BACKEND", "x11");
        builder.environment().remove("WAYLAND_DISPLAY");
        return Program.marking(builder);
    }

    private static Path stagehand(Path jar) throws IOException {
        Manifest manifest = new Manifest();
        Attributes headers = manifest.getMainAttributes();
        headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.putValue("Bundle-ManifestVersion", "2");
        headers.putValue("Bundle-SymbolicName", "org.example.rcp.stagehand");
        headers.putValue("Bundle-Version", "1.0.0");
        headers.putValue("Bundle-Activator", Stagehand.class.getName());
        headers.putValue("Require-Bundle", "org.eclipse.ui,org.eclipse.swt");
        headers.putValue("Import-Package", "org.osgi.framework,org.osgi.service.event");
        Path classes = Path.of("target", "test-classes");
        String own = Stagehand.class.getName().replace('.', '/');
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file, manifest)) {
            out.putNextEntry(new ZipEntry(own + ".class"));
            Files.copy(classes.resolve(own + ".class"), out);
        }
        return jar;
    }

    private static Stream<String> bundlesInfo() throws IOException {
        return Files.readAllLines(bundlesInfoOf(INSTALLATION)).stream().filter(line -> !line.startsWith("#"));
    }

    private static Path bundlesInfoOf(Path installation) {
        return installation.resolve("configuration/org.eclipse.equinox.simpleconfigurator/bundles.info");
    }
}
