package org.xtls.webconsole;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.xtls.BareJid;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;

class SectionsTest {
    @Test
    void each_state_of_a_key_offers_what_would_change_it() {
        assertEquals(List.of("distrusted"), offered(KeyState.VERIFIED));
        assertEquals(List.of("verified", "distrusted"), offered(KeyState.FIRST_USE));
        assertEquals(List.of("verified", "distrusted"), offered(KeyState.EXPIRED));
        assertEquals(List.of("verified"), offered(KeyState.DISTRUSTED));
    }

    private static List<String> offered(KeyState state) {
        return Pattern.compile("<button name='to' value='([a-z]+)'>")
                .matcher(Sections.keys(List.of(peer(0, state)), "/xtls", "token"))
                .results()
                .map(button -> button.group(1))
                .toList();
    }

    @Test
    void a_store_with_very_many_keys_does_not_choke_the_browser() {
        List<KnownPeer> crowd = IntStream.range(0, 501)
                .mapToObj(i -> peer(i, KeyState.VERIFIED))
                .toList();
        String html = Sections.keys(crowd, "/xtls", "token");
        assertTrue(html.endsWith("<p>These are the first 500 of 501 keys.</p>"));
        assertTrue(html.contains("montague499@"));
        assertFalse(html.contains("montague500@"));
    }

    @Test
    void nothing_is_said_to_be_nothing() {
        assertEquals("<p>No keys are known.</p>", Sections.keys(List.of(), "/xtls", "token"));
        assertEquals(
                "<p>There are none.</p>", Sections.traffic(new RuntimeDTO()).get("tunnels"));
        assertTrue(Sections.state(new RuntimeDTO()).get("status").contains("There is no connection to a server."));
    }

    private static KnownPeer peer(int i, KeyState state) {
        KnownKey key = new KnownKey(new KeyName("x509", "ab".repeat(32)), state, Instant.EPOCH, "");
        return new KnownPeer(BareJid.parse("montague" + i + "@verona.example"), List.of(key), false, Set.of());
    }
}
