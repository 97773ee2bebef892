package org.example.pskfile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The tutorial and this example are one and the same code, and little of it. */
class TutorialTest {
    private static final int MOST_LINES = 150;

    @Test
    void the_method_has_less_than_150_lines_of_code_without_imports_comments_and_blank_lines() throws Exception {
        long lines = 0;
        for (Path file : sources("src/main/java")) {
            lines += Files.readAllLines(file).stream()
                    .map(String::strip)
                    .filter(line -> !line.matches("|(import|package) .*|//.*|/?\\*.*"))
                    .count();
        }
        assertTrue(lines > 50 && lines < MOST_LINES, lines + " lines");
    }

    @Test
    void every_source_of_this_example_is_in_the_tutorial_as_it_stands() throws Exception {
        Map<String, String> written = Tutorial.read().files();
        List<Path> sources = Stream.concat(
                        sources("src/main/java").stream(),
                        Stream.of(Path.of("src/test/java/org/example/pskfile/PskFileMethodTest.java")))
                .toList();
        for (Path file : sources) {
            assertEquals(Files.readString(file), written.get(file.toString()), file::toString);
        }
    }

    /** Offline, the tutorial's build has what this one has. */
    @Test
    void the_tutorials_versions_are_those_of_this_build() throws Exception {
        String parent = Files.readString(Path.of("../../pom.xml"));
        String pom = Tutorial.read().files().get("pom.xml");
        Matcher plugin = Pattern.compile(
                        "<artifactId>([^<]+)</artifactId>\\s*<version>([^<$]+)</version>", Pattern.DOTALL)
                .matcher(pom.substring(pom.indexOf("<build>")));
        int found = 0;
        while (plugin.find()) {
            found++;
            String version = plugin.group(2);
            assertTrue(
                    parent.contains(">" + version + "<"),
                    () -> plugin.group(1) + " " + version + " is not what pom.xml of the clone says");
        }
        assertTrue(found == 5, found + " versions");
    }

    private static List<Path> sources(String folder) throws Exception {
        try (Stream<Path> files = Files.walk(Path.of(folder))) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
    }
}
