package org.example.pskfile;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The page docs/writing-a-method.md, as a reader follows it: what is to be written into a file ({@code **`NAME`**} and
 * a block; again with {@code continued} for more of it), and what is to be typed (blocks of {@code sh}), in order. Other
 * blocks show what is seen.
 */
record Tutorial(List<Step> steps) {
    private static final Pattern FILE = Pattern.compile("\\*\\*`([^`]+)`\\*\\*(, continued)?:");

    sealed interface Step {}

    record Write(String file, String text, boolean more) implements Step {}

    record Type(String command) implements Step {}

    static Tutorial read() throws IOException {
        List<Step> steps = new ArrayList<>();
        String file = null;
        boolean more = false;
        List<String> lines = Files.readAllLines(Path.of("../../docs/writing-a-method.md"));
        for (int i = 0; i < lines.size(); i++) {
            Matcher named = FILE.matcher(lines.get(i));
            if (named.matches()) {
                file = named.group(1);
                more = named.group(2) != null;
            } else if (lines.get(i).startsWith("```")) {
                String language = lines.get(i).substring(3);
                int end = i + 1;
                while (!lines.get(end).equals("```")) {
                    end++;
                }
                List<String> block = lines.subList(i + 1, end);
                if (language.equals("sh")) {
                    block.forEach(command -> steps.add(new Type(command)));
                } else if (file != null) {
                    steps.add(new Write(file, String.join("\n", block) + "\n", more));
                }
                file = null;
                i = end;
            }
        }
        assertFalse(steps.isEmpty());
        return new Tutorial(steps);
    }

    /** Each file as it is in the end. */
    Map<String, String> files() {
        Map<String, String> files = new LinkedHashMap<>();
        for (Step step : steps) {
            if (step instanceof Write write) {
                assertTrue(write.more == files.containsKey(write.file), () -> write.file + " is written twice");
                files.merge(write.file, write.text, String::concat);
            }
        }
        return files;
    }
}
