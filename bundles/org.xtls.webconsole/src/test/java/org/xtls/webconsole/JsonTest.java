package org.xtls.webconsole;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void strings_are_ascii_without_markup() {
        assertEquals(
                "{\"a\":{\"b\":\"\\u003c\\\"\\\\\\u000a\\u2028\\u00e9\\u0026\\ud83c\\udf39\"}}",
                Json.of(Map.of("a", Map.of("b", "<\"\\\n\u2028é&\ud83c\udf39"))));
        assertEquals("{}", Json.of(Map.of()));
    }
}
