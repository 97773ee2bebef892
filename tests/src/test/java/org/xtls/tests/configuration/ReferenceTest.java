package org.xtls.tests.configuration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The configuration reference says what metatype says. */
class ReferenceTest {
    private static final Path PAGE = Path.of("..", "docs", "configuration.md");

    /** With this property the page is written instead of compared. */
    private static final String WRITE = "xtls.reference.write";

    private static final String COMMAND = "./mvnw -ntp -pl tests -am verify -DskipITs -Dtest=ReferenceTest"
            + " -Dsurefire.failIfNoSpecifiedTests=false -D" + WRITE;

    @Test
    void the_page_says_what_metatype_says() throws IOException {
        String page = Files.readString(PAGE);
        String written = new Reference(Metatype.all()).written(page);
        if (System.getProperty(WRITE) != null) {
            Files.writeString(PAGE, written);
        } else if (!page.equals(written)) {
            fail("docs/configuration.md is not what metatype says:\n"
                    + String.join("\n", Reference.difference(page, written)) + "\nThis writes it:\n" + COMMAND);
        }
        assertTrue(page.contains(COMMAND), "the page has to say how it is written: " + COMMAND);
    }

    @Test
    void bundles_without_configuration_are_named_as_such() throws IOException {
        String page = Files.readString(PAGE);
        int at = page.indexOf("## Without configuration\n");
        String section = page.substring(at, page.indexOf("\n## ", at + 1));
        Set<String> named = new TreeSet<>();
        Matcher name = Pattern.compile("`(org\\.xtls\\.[^`]+)`").matcher(section);
        while (name.find()) {
            named.add(name.group(1));
        }
        Set<String> without = new TreeSet<>(MetatypeTest.bundles());
        without.removeIf(bundle -> !Metatype.of(bundle).isEmpty());
        assertEquals(without, named);
    }

    private static final String MARKED = "Before.\n<!-- metatype: org.example -->\n<!-- end of metatype -->\nBehind.\n";

    @Test
    void what_people_wrote_around_a_part_stays() {
        String page = new Reference(List.of(example("org.example"))).written(MARKED);
        assertEquals("""
                Before.
                <!-- metatype: org.example -->
                A factory: each configuration `org.example~NAME` is one of these. A change is taken.

                | attribute | type | unit | default | values | meaning |
                |---|---|---|---|---|---|
                | `wait` | int | seconds | 5 | 1 to 9 | How long |
                | `.how` | string[], at most 3 | | empty: `x\\|y`, or \\[z\\] | `a`: one; `b` | How `one or` so |
                <!-- end of metatype -->
                Behind.
                """, page);
        assertEquals(page, new Reference(List.of(example("org.example"))).written(page), "twice is once");
    }

    @Test
    void a_configuration_without_a_place_on_the_page_is_named_and_so_is_a_place_without_one() {
        assertTrue(assertThrows(
                        IllegalStateException.class,
                        () -> new Reference(List.of(example("org.example"), example("org.other"))).written(MARKED))
                .getMessage()
                .contains("[org.other]"));
        assertTrue(assertThrows(
                        IllegalStateException.class, () -> new Reference(List.of(example("org.other"))).written(MARKED))
                .getMessage()
                .contains("org.example, which is no PID"));
        assertTrue(assertThrows(
                        IllegalStateException.class,
                        () -> new Reference(List.of(example("org.example"))).written(MARKED + MARKED))
                .getMessage()
                .contains("org.example twice"));
    }

    private static Metatype example(String pid) {
        String xml = """
                <MetaData><OCD id='o' description='A change is taken.'>
                <AD id='wait' type='Integer' required='false' min='1' max='9' default='5'
                    description='How long. Unit: seconds. Default: 5. Range: 1 to 9.'/>
                <AD id='.how' type='String' cardinality='3' required='false' default=''
                    description="How 'one or' so. Default, when empty: 'x|y', or [z].">
                <Option value='a' label='one'/><Option value='b' label='b'/></AD>
                </OCD><Designate factoryPid='%s'><Object ocdref='o'/></Designate></MetaData>
                """.formatted(pid);
        return Metatype.read("org.example", new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)))
                .get(0);
    }
}
