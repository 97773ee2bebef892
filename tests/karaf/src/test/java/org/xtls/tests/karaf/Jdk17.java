package org.xtls.tests.karaf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The JDK that Karaf runs on, whatever the tests run on: Karaf 4.4's own script passes {@code
 * -Djava.security.manager=allow}, with which no JVM from 24 on starts. The script is not patched here.
 */
final class Jdk17 {
    private static final Path INSTALLED = Path.of("/usr/lib/jvm");

    private Jdk17() {}

    /** Its home: {@code JAVA17_HOME}, this JVM's, {@code JAVA_HOME}, or what lies under {@code /usr/lib/jvm}. */
    static Path home() {
        List<Path> candidates = new ArrayList<>();
        for (String given :
                new String[] {System.getenv("JAVA17_HOME"), System.getProperty("java.home"), System.getenv("JAVA_HOME")
                }) {
            if (given != null && !given.isEmpty()) {
                candidates.add(Path.of(given));
            }
        }
        if (Files.isDirectory(INSTALLED)) {
            try (Stream<Path> installed = Files.list(INSTALLED)) {
                candidates.addAll(installed.sorted().toList());
            } catch (IOException e) {
                throw new AssertionError(INSTALLED + " cannot be read", e);
            }
        }
        return candidates.stream()
                .filter(Jdk17::isOne)
                .findFirst()
                .orElseThrow(() -> new AssertionError("Karaf 4.4 needs a JDK 17, and there is none: neither this JVM ("
                        + System.getProperty("java.home") + ") nor JAVA17_HOME, JAVA_HOME or anything in " + INSTALLED
                        + " is one. On JDK 24 and later Karaf's script does not start: it passes"
                        + " -Djava.security.manager=allow."));
    }

    private static boolean isOne(Path home) {
        try {
            return Files.isExecutable(home.resolve("bin").resolve("java"))
                    && Files.readString(home.resolve("release")).contains("JAVA_VERSION=\"17");
        } catch (IOException e) {
            return false;
        }
    }
}
