package org.xtls.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Locale;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.transport.StanzaError.Condition;

class StanzaErrorTest {
    @ParameterizedTest
    @CsvSource({ // names: RFC 6120 §8.3.3; types: the protocol's error table
        "bad-request, modify",
        "conflict, cancel",
        "item-not-found, cancel",
        "not-acceptable, cancel",
        "policy-violation, modify",
        "recipient-unavailable, wait",
        "remote-server-not-found, cancel",
        "remote-server-timeout, wait",
        "resource-constraint, wait",
        "service-unavailable, cancel",
        "undefined-condition, cancel",
    })
    void a_condition_has_its_name_and_type_on_the_wire(String name, String type) {
        assertEquals(name, Condition.of(name).toString());
        assertEquals(type, Condition.of(name).type());
    }

    @ParameterizedTest
    @EnumSource(Condition.class)
    void every_condition_is_found_by_its_name(Condition condition) {
        assertEquals(condition, Condition.of(condition.toString()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "gone", "NOT_ACCEPTABLE", "Not-Acceptable"})
    void a_condition_that_is_not_told_apart_is_undefined(String name) {
        assertEquals(Condition.UNDEFINED_CONDITION, Condition.of(name));
    }

    @Test
    void the_tls_towards_the_server_is_said_in_one_word() {
        String pin = "0123456789abcdef".repeat(4);
        String pasted = pin.toUpperCase(Locale.ROOT).replaceAll("(..)(?=.)", "$1:");

        assertEquals(new ServerTls.Required(), ServerTls.parse("required"));
        assertEquals(new ServerTls.Disabled(), ServerTls.parse("disabled"));
        assertEquals(new ServerTls.Pinned(pin), ServerTls.parse("pin:" + pasted));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Required", "none", "pin:", "pin:00", "pin:zz"})
    void anything_else_is_refused(String text) {
        assertThrows(IllegalArgumentException.class, () -> ServerTls.parse(text));
    }

    @Test
    void a_login_in_a_log_shows_no_password() {
        Login login = new Login(
                BareJid.parse("romeo@montague.net"),
                "secret".toCharArray(),
                null,
                OptionalInt.empty(),
                null,
                new ServerTls.Required());

        assertEquals("Login[romeo@montague.net]", login.toString());
    }
}
