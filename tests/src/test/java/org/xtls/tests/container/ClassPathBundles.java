package org.xtls.tests.container;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.jar.Manifest;

/** The bundles on the class path of this JVM: what Maven resolved is what runs in the frameworks. */
public final class ClassPathBundles {
    private static final Map<String, Path> BY_NAME = scan();

    private ClassPathBundles() {}

    /** All of them, by symbolic name. */
    public static Map<String, Path> all() {
        return BY_NAME;
    }

    /** The jar of one; an error says what to do when it is missing. */
    public static Path jar(String symbolicName) {
        Path jar = BY_NAME.get(symbolicName);
        if (jar == null) {
            throw new IllegalStateException("No jar of the bundle " + symbolicName + " on the class path of the tests."
                    + " Name it in tests/pom.xml; in a build of several modules run the phase verify, not test.");
        }
        return jar;
    }

    private static Map<String, Path> scan() {
        Map<String, Path> found = new TreeMap<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.endsWith(".jar")) {
                continue;
            }
            try (JarFile jar = new JarFile(entry)) {
                Manifest manifest = jar.getManifest();
                String name =
                        manifest == null ? null : manifest.getMainAttributes().getValue("Bundle-SymbolicName");
                if (name != null) {
                    found.put(name.split(";")[0].strip(), Path.of(entry));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(entry, e);
            }
        }
        return found;
    }
}
