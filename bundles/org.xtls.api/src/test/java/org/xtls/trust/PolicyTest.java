package org.xtls.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.xtls.trust.Policy.FirstUse;
import org.xtls.trust.Policy.Key;

class PolicyTest {
    @Test
    void without_configuration_the_user_is_asked_and_peers_need_not_confirm() {
        assertEquals(Policy.DEFAULT.with(FirstUse.ASK).withConfirmedOffers(false), Policy.DEFAULT);
        assertEquals(Policy.DEFAULT, Policy.of(Map.of("service.pid", Policy.PID)));
    }

    @ParameterizedTest
    @EnumSource(Key.class)
    void every_choice_of_every_key_can_be_set_and_read_back(Key key) {
        for (String choice : List.of(key.choices().split("\\|"))) {
            assertEquals(choice, Policy.DEFAULT.with(key, choice).value(key));
            assertEquals(choice, Policy.of(Map.of(key.toString(), choice)).value(key));
        }
        assertEquals(key, Key.of(key.toString()));
    }

    @Test
    void a_value_is_of_any_type_that_reads_as_one() {
        Policy policy = Policy.of(Map.of("first-use", " Reject ", "require-confirmed-offers", true));

        assertEquals(Policy.DEFAULT.with(FirstUse.REJECT).withConfirmedOffers(true), policy);
    }

    @ParameterizedTest
    @CsvSource({
        "first-use, maybe",
        "first-use, ''",
        "first-use, true",
        "first-use, reject|ask",
        "require-confirmed-offers, yes",
        "require-confirmed-offers, ''",
        "require-confirmed-offers, 1",
    })
    void a_bad_value_is_refused_with_the_choices(String key, String value) {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> Policy.of(Map.of(key, value)));

        assertTrue(refusal.getMessage().contains(key), refusal.getMessage());
        assertTrue(refusal.getMessage().contains(Key.of(key).choices()), refusal.getMessage());
    }

    @ParameterizedTest
    @EnumSource(Key.class)
    void a_list_is_no_value(Key key) {
        assertThrows(
                IllegalArgumentException.class, () -> Policy.of(Map.of(key.toString(), new String[] {"ask", "true"})));
    }

    @Test
    void an_unknown_key_is_refused_with_those_there_are() {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> Key.of("firstUse"));

        assertTrue(refusal.getMessage().contains("first-use, require-confirmed-offers"), refusal.getMessage());
    }
}
