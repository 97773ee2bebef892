package org.xtls.tests.manifest;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xtls.tests.container.ClassPathBundles;

/** Who may import whom, read from the manifests of the jars as they are shipped. */
class ImportTableTest {
    /** What every bundle may import, beyond the JDK. */
    private static final List<String> EVERYBODY = List.of(
            "java.*",
            "javax.*",
            "org.w3c.dom.*",
            "org.xml.sax.*",
            "org.slf4j",
            "org.osgi.*",
            "org.jspecify.annotations");

    private static final List<String> API = List.of(
            "org.xtls",
            "org.xtls.auth",
            "org.xtls.password",
            "org.xtls.runtime",
            "org.xtls.tls",
            "org.xtls.transport",
            "org.xtls.trust",
            "org.xtls.xml");

    private static final List<String> AALTO = List.of("com.fasterxml.aalto.*", "org.codehaus.stax2.*");
    private static final List<String> BOUNCY_CASTLE = List.of("org.bouncycastle.*");
    private static final List<String> SMACK =
            List.of("org.jivesoftware.smack.*", "org.jivesoftware.smackx.*", "org.jxmpp.*", "org.minidns.*");

    /** The table: a row for each bundle, with what it may import besides {@link #EVERYBODY}. */
    private static final Map<String, List<List<String>>> MAY_IMPORT = new TreeMap<>(Map.ofEntries(
            Map.entry("org.xtls.api", List.of(API)),
            Map.entry("org.xtls.tunnel", List.of(API, AALTO)),
            Map.entry("org.xtls.tls.bc", List.of(API, BOUNCY_CASTLE)),
            Map.entry("org.xtls.transport.smack", List.of(API, SMACK)),
            Map.entry("org.xtls.connection.smack", List.of(API, SMACK)),
            Map.entry("org.xtls.auth.x509", List.of(API, BOUNCY_CASTLE)),
            Map.entry("org.xtls.auth.openpgp", List.of(API, BOUNCY_CASTLE)),
            Map.entry("org.xtls.auth.srp", List.of(API, BOUNCY_CASTLE)),
            Map.entry("org.xtls.trust.file", List.of(API)),
            Map.entry("org.xtls.trust.jdbc", List.of(API)),
            Map.entry(
                    "org.xtls.shell",
                    List.of(
                            API,
                            List.of("org.apache.felix.service.command", "org.jline.reader", "com.google.zxing.*"))),
            Map.entry(
                    "org.xtls.webconsole",
                    List.of(
                            API,
                            List.of(
                                    "jakarta.servlet.*",
                                    "org.apache.felix.webconsole.servlet",
                                    "org.owasp.encoder",
                                    "com.google.zxing.*"))),
            Map.entry("org.xtls.health", List.of(API, List.of("org.apache.felix.hc.api"))),
            Map.entry("org.xtls.jmx", List.of(API)),
            Map.entry("org.xtls.server.loopback", List.of(AALTO, List.of("org.xtls.server.loopback")))));

    /** The bundles that export packages, and those packages: everything else is internal. */
    private static final Map<String, List<String>> MAY_EXPORT =
            Map.of("org.xtls.api", API, "org.xtls.server.loopback", List.of("org.xtls.server.loopback"));

    /** What a bundle may carry in itself besides its own packages. */
    private static final Map<String, List<String>> MAY_EMBED = Map.of(
            "org.xtls.api",
            List.of("rocks.xmpp.precis"),
            "org.xtls.transport.smack",
            List.of("org.xtls.embedded.smack"),
            "org.xtls.connection.smack",
            List.of("org.xtls.embedded.smack"),
            "org.xtls.auth.x509",
            List.of("org.xtls.embedded.files", "org.xtls.embedded.threads"),
            "org.xtls.auth.openpgp",
            List.of("org.xtls.embedded.files", "org.xtls.embedded.threads"),
            "org.xtls.auth.srp",
            List.of("com.nimbusds.srp6", "rocks.xmpp.precis", "org.xtls.embedded.files", "org.xtls.embedded.threads"),
            "org.xtls.trust.file",
            List.of("org.xtls.embedded.files", "org.xtls.embedded.threads"),
            "org.xtls.trust.jdbc",
            List.of("org.xtls.embedded.threads"));

    /** Bundles that run no component. */
    private static final Set<String> WITHOUT_COMPONENTS = Set.of("org.xtls.api");

    static Set<String> bundles() throws IOException {
        Set<String> names = new TreeSet<>();
        try (Stream<Path> folders = Files.list(Path.of("..", "bundles"))) {
            folders.filter(folder -> Files.exists(folder.resolve("pom.xml")))
                    .forEach(folder -> names.add(folder.getFileName().toString()));
        }
        return names;
    }

    @Test
    void every_bundle_has_its_row_and_every_row_its_bundle() throws IOException {
        assertEquals(
                MAY_IMPORT.keySet(),
                bundles(),
                "the folders under bundles/ and the rows of this table; a new bundle gets a row here,"
                        + " in the architecture's table and a dependency in tests/pom.xml");
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void imports_only_what_the_table_allows(String bundle) throws IOException {
        List<String> allowed = new ArrayList<>(EVERYBODY);
        MAY_IMPORT.getOrDefault(bundle, List.of()).forEach(allowed::addAll);
        Set<String> imported = new TreeSet<>(clauses(bundle, "Import-Package").keySet());
        assertFalse(imported.isEmpty(), bundle + " imports nothing at all: this is no manifest of ours");
        imported.removeIf(name -> allowed.stream().anyMatch(pattern -> matches(pattern, name)));
        assertTrue(imported.isEmpty(), bundle + " imports what it may not: " + imported);
        assertAll(
                () -> assertNull(header(bundle, "Require-Bundle"), bundle + " requires a bundle"),
                () -> assertNull(header(bundle, "DynamicImport-Package"), bundle + " imports dynamically"),
                () -> assertNull(header(bundle, "Fragment-Host"), bundle + " is a fragment"),
                () -> assertNull(header(bundle, "Bundle-ClassPath"), bundle + " carries jars"));
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void imports_within_the_ranges_that_keep_resolvers_honest(String bundle) throws IOException {
        clauses(bundle, "Import-Package").forEach((name, attributes) -> {
            if (name.startsWith("org.bouncycastle.")) {
                assertTrue(attributes.contains("version=\"[1.84,1.85)\""), bundle + ": " + name + attributes);
            } else if (name.startsWith("org.slf4j")) {
                assertTrue(attributes.contains("version=\"[1.7,3)\""), bundle + ": " + name + attributes);
            } else if (name.startsWith("org.jspecify")) {
                assertTrue(attributes.contains("resolution:=optional"), bundle + ": " + name + attributes);
            } else if (name.startsWith("org.xtls")) {
                assertTrue(attributes.contains("version=\"["), bundle + " imports " + name + " in any version");
            }
        });
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void exports_no_internals(String bundle) throws IOException {
        Map<String, String> exported = clauses(bundle, "Export-Package");
        assertEquals(Set.copyOf(MAY_EXPORT.getOrDefault(bundle, List.of())), exported.keySet());
        exported.forEach((name, attributes) ->
                assertTrue(attributes.contains("version=\""), bundle + " exports " + name + " without a version"));
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void carries_no_classes_but_its_own(String bundle) throws IOException {
        List<String> embedded = MAY_EMBED.getOrDefault(bundle, List.of());
        try (JarFile jar = new JarFile(ClassPathBundles.jar(bundle).toFile())) {
            List<String> foreign = jar.stream()
                    .map(JarEntry::getName)
                    .filter(entry -> entry.endsWith(".class") || entry.endsWith(".jar"))
                    .filter(entry -> !isOwn(bundle, entry))
                    .filter(entry -> embedded.stream().noneMatch(lib -> entry.startsWith(lib.replace('.', '/') + "/")))
                    .toList();
            assertEquals(List.of(), foreign, bundle + " carries classes of others");
        }
    }

    /** On a class path the first is everybody's. */
    @Test
    void what_several_bundles_carry_is_the_same_in_each() throws IOException {
        Map<String, Long> carried = new TreeMap<>();
        int copies = 0;
        for (String bundle : MAY_EMBED.keySet()) {
            try (JarFile jar = new JarFile(ClassPathBundles.jar(bundle).toFile())) {
                for (JarEntry entry : Collections.list(jar.entries())) {
                    if (entry.getName().endsWith(".class") && !isOwn(bundle, entry.getName())) {
                        Long other = carried.putIfAbsent(entry.getName(), entry.getCrc());
                        assertTrue(
                                other == null || other == entry.getCrc(),
                                bundle + " carries another " + entry.getName() + " than others do");
                        copies += other == null ? 0 : 1;
                    }
                }
            }
        }
        assertTrue(copies > 0, "nothing is carried by several");
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void components_come_to_life_lazily(String bundle) throws IOException {
        if (WITHOUT_COMPONENTS.contains(bundle)) {
            assertNull(header(bundle, "Service-Component"));
            return;
        }
        assertNotNull(header(bundle, "Service-Component"), bundle + " has no component");
        assertEquals("lazy", header(bundle, "Bundle-ActivationPolicy"), bundle + " is not activated lazily");
        assertNull(header(bundle, "Bundle-Activator"), bundle + " has an activator beside Declarative Services");
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void says_who_made_it_under_which_licence_and_needs_no_more_than_java_17(String bundle) throws IOException {
        assertTrue(header(bundle, "Bundle-License").startsWith("Apache-2.0"));
        assertTrue(
                header(bundle, "Require-Capability").contains("osgi.ee;filter:=\"(&(osgi.ee=JavaSE)(version=17))\""));
        try (JarFile jar = new JarFile(ClassPathBundles.jar(bundle).toFile())) {
            assertNotNull(jar.getEntry("META-INF/LICENSE"), bundle + " travels without its licence");
        }
    }

    private static boolean isOwn(String bundle, String entry) {
        String name = entry.substring(0, entry.lastIndexOf('/')).replace('/', '.');
        return bundle.equals("org.xtls.api") ? API.contains(name) : (name + ".").startsWith(bundle + ".");
    }

    private static boolean matches(String pattern, String name) {
        return pattern.endsWith(".*")
                ? name.startsWith(pattern.substring(0, pattern.length() - 1))
                        || name.equals(pattern.substring(0, pattern.length() - 2))
                : name.equals(pattern);
    }

    private static String header(String bundle, String name) throws IOException {
        try (JarFile jar = new JarFile(ClassPathBundles.jar(bundle).toFile())) {
            return jar.getManifest().getMainAttributes().getValue(name);
        }
    }

    /** The clauses of a header, by package, with their attributes and directives as they stand. */
    private static Map<String, String> clauses(String bundle, String name) throws IOException {
        Map<String, String> clauses = new TreeMap<>();
        String value = header(bundle, name);
        if (value != null) {
            Matcher clause = CLAUSE.matcher(value);
            while (clause.find()) {
                clauses.put(clause.group(1), clause.group(2));
            }
        }
        return clauses;
    }

    private static final Pattern CLAUSE = Pattern.compile("([\\w.]+)((?:;[^,\";]+(?:\"[^\"]*\")?)*)(?:,|$)");
}
