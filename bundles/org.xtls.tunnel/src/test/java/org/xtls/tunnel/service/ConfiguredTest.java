package org.xtls.tunnel.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xtls.tunnel.protocol.Settings;

/** The numbers of the configuration {@code org.xtls.tunnel}. */
class ConfiguredTest {
    @Test
    void without_configuration_the_bounds_are_those_that_plain_java_has() {
        assertEquals(
                new Configured(Settings.DEFAULT, 64, 4, 1_024, 64, 8), Configured.of(Container.settings(Map.of())));
    }

    @ParameterizedTest
    @CsvSource({
        "window, 2, 1024",
        "iqBytes, 16645, 16777216",
        "dataBytes, 16645, 16777216",
        "stanzaBytes, 65536, 67108864",
        "queueBytes, 65536, 1073741824",
        "negotiationMillis, 1000, 86400000",
        "answerMillis, 1000, 86400000",
        "halfOpen, 1, 1000000",
        "halfOpenOfPeer, 1, 1000000",
        "tunnels, 1, 1000000",
        "tunnelsOfPeer, 1, 1000000",
        "threads, 1, 256"
    })
    void a_number_is_taken_within_its_range_only(String attribute, long least, long most) {
        Configured.of(settings(attribute, least));
        Configured.of(settings(attribute, most));
        for (long wrong : new long[] {least - 1, most + 1}) {
            assertEquals(attribute + ": " + wrong + " is not from " + least + " to " + most, refusal(attribute, wrong));
        }
        assertEquals(attribute + ": not a whole number in range", refusal(attribute, "many"));
    }

    @Test
    void a_queue_holds_at_least_one_stanza() {
        assertEquals(
                "queueBytes: 65536 is less than stanzaBytes, 65537",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> Configured.of(
                                        Container.settings(Map.of("queueBytes", 65_536, "stanzaBytes", 65_537))))
                        .getMessage());
    }

    private static String refusal(String attribute, Object wrong) {
        String refusal = assertThrows(IllegalArgumentException.class, () -> Configured.of(settings(attribute, wrong)))
                .getMessage();
        assertTrue(refusal.startsWith(attribute), refusal);
        return refusal;
    }

    private static TunnelSettings settings(String attribute, Object value) {
        Map<String, Object> configuration = new HashMap<>(Map.of("queueBytes", 1 << 30, "stanzaBytes", 65_536));
        configuration.put(
                attribute,
                value instanceof Long number && !attribute.endsWith("Millis")
                        ? (Object) Math.toIntExact(number)
                        : value);
        return Container.settings(configuration);
    }
}
