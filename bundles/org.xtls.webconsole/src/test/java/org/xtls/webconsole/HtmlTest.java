package org.xtls.webconsole;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class HtmlTest {
    @Test
    void markup_quotes_and_the_consoles_variables_are_text() {
        assertEquals(
                "&lt;b a=&#34;1&#34; c=&#39;2&#39;&gt;&amp;&#36;{appRoot}", Html.text("<b a=\"1\" c='2'>&${appRoot}"));
    }

    @Test
    void what_hides_or_turns_text_is_made_visible() {
        assertEquals("a\\u{202e}b\\u{0}c\\u{a}\\u{2028}d\\u{d800}", Html.text("a\u202eb\0c\n\u2028d\ud800"));
        assertEquals("ζαΐμιος \ud83c\udf39", Html.text("ζαΐμιος \ud83c\udf39"));
    }
}
