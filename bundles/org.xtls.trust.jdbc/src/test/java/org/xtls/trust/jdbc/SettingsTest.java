package org.xtls.trust.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    private static final String URL = "jdbc:postgresql://db.example/trust";

    @Test
    void a_url_and_the_defaults_will_do() {
        assertEquals(
                new Settings(URL, "", "", "org.postgresql.Driver", "(dataSourceName=xtls-trust)", "", 5, 10, 10_000),
                Settings.of(configuration(Map.of("url", URL))));
    }

    @Test
    void without_a_url_it_is_a_data_source() {
        Settings settings = Settings.of(configuration(Map.of("dataSource_target", "(fleet=verona)")));
        assertEquals("", settings.driver());
        assertEquals("trust database (fleet=verona)", settings.database());
    }

    @ParameterizedTest
    @CsvSource({
        "'jdbc:postgresql://a,b/trust?targetServerType=primary', org.postgresql.Driver",
        "JDBC:POSTGRESQL:trust, org.postgresql.Driver",
        "jdbc:h2:file:/srv/trust, org.h2.Driver",
    })
    void the_url_says_which_driver(String url, String driver) {
        assertEquals(driver, Settings.of(configuration(Map.of("url", url))).driver());
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "url            | postgresql://db.example/trust                 | it does not begin with 'jdbc:'",
                "url            | jdbc:postgresql://db/trust?password=secret     | it has a user or password in it",
                "url            | jdbc:postgresql://db/trust?sslPassword=secret  | it has a user or password in it",
                "url            | jdbc:h2:file:/srv/trust;PASSWORD=secret        | it has a user or password in it",
                "url            | jdbc:postgresql://romeo:secret@db/trust        | it has a user or password in it",
                "driver         |                                                | it must be set",
                "schema         | Trust                                          | 'Trust' is not 1 to 63 of a-z",
                "schema         | trust\"; drop                                  | is not 1 to 63 of a-z",
                "schema         | 1trust                                         | is not 1 to 63 of a-z",
                "pollSeconds    | 0                                              | 0 is not between 1 and 3600",
                "pollSeconds    | 3601                                           | 3601 is not between 1 and 3600",
                "pollSeconds    | often                                          | it is no whole number",
                "timeoutSeconds | 0                                              | 0 is not between 1 and 300",
                "timeoutSeconds | 301                                            | 301 is not between 1 and 300",
                "timeoutSeconds | long                                           | it is no whole number",
                "firstUseLimit  | -1                                             | -1 is not between 0 and 1000000",
                "firstUseLimit  | 1000001                                        | 1000001 is not between 0 and 1000000",
                "firstUseLimit  | many                                           | it is no whole number",
            })
    void what_makes_no_sense_is_named(String name, String value, String reason) {
        Map<String, Object> values = new HashMap<>(Map.of("url", URL));
        if (name.equals("driver")) {
            values.put("url", "jdbc:sqlite:trust");
        } else {
            values.put(name, number(value));
        }
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> Settings.of(configuration(values)));
        assertTrue(refused.getMessage().startsWith(name + ": "), refused.getMessage());
        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
        assertFalse(everything(refused).contains("secret"), "a password is not quoted");
        assertEquals(
                "configuration org.xtls.trust.jdbc: " + refused.getMessage() + ". Correct it.",
                Failures.misconfigured(refused).text());
    }

    @ParameterizedTest
    @ValueSource(strings = {"user", "_password", "driver"})
    void what_belongs_to_a_url_is_refused_without_one(String name) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> Settings.of(configuration(Map.of(name, "secret"))));
        assertTrue(
                refused.getMessage().startsWith(name.replace('_', '.') + ": it is of no use without a url"),
                refused.getMessage());
        assertFalse(everything(refused).contains("secret"));
    }

    @Test
    void a_password_of_a_wrong_type_is_not_quoted() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class,
                () -> Settings.of(configuration(Map.of("url", URL, "_password", 123456789))));
        assertEquals(".password: it is no text", refused.getMessage());
        assertFalse(everything(refused).contains("123456789"));
    }

    @Test
    void neither_the_password_nor_what_a_driver_takes_in_its_url_is_shown() {
        Settings settings = Settings.of(configuration(Map.of(
                "url", URL + "?sslkey=/etc/key&token=secret-token", "_password", "secret-word", "user", "fleet")));
        assertEquals("Settings[trust database " + URL + "]", settings.toString());
        String reason = Failures.reason(
                new IllegalStateException("no luck with secret-word", new SQLException("secret-word again")), settings);
        assertFalse(reason.contains("secret-word"), reason);
        assertTrue(reason.contains("no luck with •••"), reason);
    }

    private static Object number(String value) {
        return value.matches("-?\\d+") ? (Object) Integer.valueOf(value) : value;
    }

    private static String everything(Throwable e) {
        StringWriter trace = new StringWriter();
        e.printStackTrace(new PrintWriter(trace));
        return trace.toString();
    }

    /** As Declarative Services make it: what cannot be turned into the type is thrown where it is asked for. */
    static Configuration configuration(Map<String, Object> values) {
        return (Configuration) Proxy.newProxyInstance(
                Configuration.class.getClassLoader(), new Class<?>[] {Configuration.class}, (self, method, none) -> {
                    Object value = values.getOrDefault(method.getName(), method.getDefaultValue());
                    if (value == null || !wrapper(method.getReturnType()).isInstance(value)) {
                        throw new IllegalStateException("cannot convert " + value);
                    }
                    return value;
                });
    }

    private static Class<?> wrapper(Class<?> type) {
        return type == int.class ? Integer.class : type;
    }
}
