package org.xtls.auth.srp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.srp.Stages.await;
import static org.xtls.auth.srp.Stages.failure;

import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.ComponentContext;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.password.Passwords.Use;

class ConfigurationTest {
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.lit");
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");

    @TempDir
    Path home;

    final List<String> enabled = new CopyOnWriteArrayList<>();

    @Test
    void without_configuration_everything_has_its_default() {
        Settings settings = Settings.of(configuration(Map.of()), home);
        assertEquals(Settings.defaults(home), settings);
        assertEquals(new Cost(65_536, 3, 4), settings.cost());
        assertEquals(Group.BITS_3072, settings.group());
        assertEquals(5, settings.guesses());
        assertEquals(Duration.ofSeconds(10), settings.backoff());
    }

    @Test
    void passwords_are_kept_below_the_home_or_in_the_bundles_data_area_or_where_configured() {
        for (String xtlsHome : new String[] {home.resolve("home").toString(), null}) {
            try (SharedSecrets secrets = new SharedSecrets(component(xtlsHome), configuration(Map.of()))) {
                await(secrets.set(ROMEO, JULIET, "wherefore".toCharArray(), Use.BOTH));
            }
        }
        Map<String, Object> elsewhere = Map.of(
                "directory", home.resolve("configured").toString(),
                "keyFile", home.resolve("stick/key").toString());
        try (SharedSecrets secrets = new SharedSecrets(component(null), configuration(elsewhere))) {
            await(secrets.set(ROMEO, JULIET, "wherefore".toCharArray(), Use.BOTH));
        }
        for (String file : List.of(
                "home/srp/passwords", "home/srp/key", "data/srp/passwords", "configured/passwords", "stick/key")) {
            assertTrue(Files.exists(home.resolve(file)), file);
        }
        assertFalse(Files.exists(home.resolve("configured/key")));
    }

    @ParameterizedTest
    @CsvSource({
        "ask,perhaps",
        "group,2048",
        "group,3073",
        "group,8193",
        "rfc5054,yes",
        "memory,19455",
        "memory,262145",
        "iterations,1",
        "iterations,11",
        "parallelism,0",
        "parallelism,5",
        "guesses,0",
        "guesses,11",
        "backoffSeconds,-1",
        "backoffSeconds,3601",
        "codeDigits,5",
        "codeDigits,25",
        "codeMinutes,0",
        "codeMinutes,61",
        "memory,many"
    })
    void a_wrong_value_stops_everything_at_a_start_and_nothing_later(String name, String value) {
        Object wrong = value.matches("-?[0-9]+") ? (Object) Integer.valueOf(value) : value;
        Configuration bad = configuration(Map.of(name, wrong));
        try (SharedSecrets secrets = new SharedSecrets(component(null), bad)) {
            Failure failure = failure(secrets.list());
            assertTrue(failure.message().startsWith("configuration org.xtls.auth.srp: "), failure.message());
            assertTrue(failure.message().contains(name.equals("group") ? "group" : name), failure.message());
            assertEquals("Correct it.", failure.advice());
            secrets.modified(configuration(Map.of()));
            assertTrue(await(secrets.list()).isEmpty(), "it heals at once");
            secrets.modified(bad);
            assertTrue(await(secrets.list()).isEmpty(), "the old values stay in force");
        }
    }

    @Test
    void a_change_of_directory_is_taken_up_while_running() {
        try (SharedSecrets secrets = new SharedSecrets(component(null), configuration(Map.of()))) {
            await(secrets.set(ROMEO, JULIET, "wherefore".toCharArray(), Use.BOTH));
            secrets.modified(
                    configuration(Map.of("directory", home.resolve("elsewhere").toString())));
            assertTrue(await(secrets.list()).isEmpty());
            secrets.modified(configuration(Map.of()));
            assertEquals(1, await(secrets.list()).size());
        }
    }

    @Test
    void the_legacy_method_is_there_only_while_it_is_configured() {
        try (SharedSecrets secrets = new SharedSecrets(component(null), configuration(Map.of()))) {
            secrets.modified(configuration(Map.of("rfc5054", "true")));
            secrets.modified(configuration(Map.of("rfc5054", "true")));
            secrets.modified(configuration(Map.of("rfc5054", "false")));
        }
        assertEquals(
                List.of(
                        "disableComponent " + Rfc5054Method.COMPONENT,
                        "enableComponent " + Rfc5054Method.COMPONENT,
                        "disableComponent " + Rfc5054Method.COMPONENT),
                enabled);
        assertEquals(Rfc5054Method.class.getName(), Rfc5054Method.COMPONENT);
    }

    private ComponentContext component(@Nullable String xtlsHome) {
        BundleContext bundle = (BundleContext) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {BundleContext.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "getProperty" -> xtlsHome;
                    case "getDataFile" ->
                        home.resolve("data").resolve((String) arguments[0]).toFile();
                    default -> throw new UnsupportedOperationException(method.getName());
                });
        return (ComponentContext) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {ComponentContext.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "getBundleContext" -> bundle;
                    case "enableComponent", "disableComponent" -> {
                        enabled.add(method.getName() + " " + arguments[0]);
                        yield null;
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    /** As Declarative Services make it: what cannot be turned into the type throws when it is read. */
    private static Configuration configuration(Map<String, Object> values) {
        return (Configuration) Proxy.newProxyInstance(
                Configuration.class.getClassLoader(),
                new Class<?>[] {Configuration.class},
                (proxy, method, arguments) -> {
                    Object value = values.getOrDefault(method.getName(), method.getDefaultValue());
                    if (method.getReturnType() == int.class && !(value instanceof Integer)) {
                        throw new IllegalStateException("cannot convert " + value);
                    }
                    return value;
                });
    }
}
