package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.x509.Stages.await;
import static org.xtls.auth.x509.Stages.failure;

import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleContext;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.auth.x509.IdentityDirectory.Rotation;
import org.xtls.trust.KeyName;

class IdentitiesConfigurationTest {
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.lit");

    @TempDir
    Path home;

    @Test
    void certificates_are_kept_below_the_home_or_in_the_bundles_data_area_or_where_configured() {
        for (String xtlsHome : new String[] {home.resolve("home").toString(), null}) {
            try (Identities identities = new Identities(framework(xtlsHome), configuration(Map.of()))) {
                await(identities.keys(ROMEO));
            }
        }
        String configured = home.resolve("configured").toString();
        try (Identities identities = new Identities(framework(null), configuration(Map.of("directory", configured)))) {
            await(identities.keys(ROMEO));
        }
        assertTrue(Files.exists(home.resolve("home/identity/romeo@montague.lit.p12")));
        assertTrue(Files.exists(home.resolve("data/identity/romeo@montague.lit.p12")));
        assertTrue(Files.exists(home.resolve("configured/romeo@montague.lit.p12")));
    }

    @Test
    void the_defaults_are_those_of_a_directory_without_any_configuration() {
        Configuration configuration = configuration(Map.of());
        assertEquals(
                Rotation.DEFAULT,
                new Rotation(
                        Duration.ofDays(configuration.renew_before()), Duration.ofDays(configuration.switch_before())));
    }

    @Test
    void a_configured_key_store_takes_the_generated_ones_place_and_gives_it_back() throws Exception {
        OpenSsl openSsl = new OpenSsl(home);
        X509Certificate certificate = openSsl.selfSigned("romeo", "-algorithm ed25519");
        Map<String, String> keyStore =
                Map.of("keystore", openSsl.pkcs12("romeo", "secret").toString(), "_keystore_password", "secret");
        try (Identities identities = new Identities(framework(null), configuration(Map.of()))) {
            List<KeyName> generated = await(identities.keys(ROMEO));
            identities.modified(configuration(keyStore));
            assertEquals(List.of(new KeyName("x509", Fingerprint.sha256(certificate))), await(identities.keys(ROMEO)));
            assertNotEquals(generated, await(identities.keys(ROMEO)));
            identities.modified(configuration(Map.of()));
            assertEquals(generated, await(identities.keys(ROMEO)));
        }
    }

    @Test
    void a_key_store_that_is_missing_is_never_replaced_by_a_fresh_certificate() {
        Map<String, String> keyStore =
                Map.of("keystore", home.resolve("missing.p12").toString());
        try (Identities identities = new Identities(framework(null), configuration(keyStore))) {
            assertTrue(failure(identities.keys(ROMEO)).message().contains("missing.p12 cannot be read: it does not"));
        }
        assertTrue(home.toFile().list().length == 0);
    }

    @Test
    void a_configuration_that_makes_no_sense_does_not_take_anothers_place() {
        for (Configuration bad : bad()) {
            try (Identities identities = new Identities(framework(null), configuration(Map.of()))) {
                List<KeyName> before = await(identities.keys(ROMEO));
                identities.modified(bad);
                assertEquals(before, await(identities.keys(ROMEO)));
            }
        }
    }

    @Test
    void a_start_with_a_configuration_that_makes_no_sense_says_so_until_it_is_corrected() {
        for (Configuration bad : bad()) {
            try (Identities identities = new Identities(framework(null), bad)) {
                Failure failure = failure(identities.keys(ROMEO));
                assertEquals(Failure.Code.LOCAL, failure.code());
                assertEquals(Failure.Fault.LOCAL, failure.fault());
                assertTrue(failure.message().startsWith("configuration org.xtls.auth.x509: "), failure.message());
                assertEquals("Correct it.", failure.advice());

                identities.modified(configuration(Map.of("keystore", "\0")));
                assertTrue(failure(identities.keys(ROMEO)).message().contains("org.xtls.auth.x509: keystore: "));
                assertEquals(0, home.toFile().list().length, "no certificate is made meanwhile");
                identities.modified(
                        configuration(Map.of("directory", home.resolve("own").toString())));
                await(identities.keys(ROMEO));
            }
            assertTrue(home.resolve("own/romeo@montague.lit.p12").toFile().delete());
            assertTrue(home.resolve("own").toFile().delete());
        }
    }

    private static List<Configuration> bad() {
        List<Configuration> bad = new ArrayList<>();
        reasons().keySet().forEach(values -> bad.add(configuration(values)));
        // What Declarative Services do about a value that they cannot turn into the attribute's type.
        bad.add((Configuration) Proxy.newProxyInstance(
                Configuration.class.getClassLoader(),
                new Class<?>[] {Configuration.class},
                (proxy, method, arguments) -> {
                    throw new IllegalStateException("cannot be turned into a string");
                }));
        return bad;
    }

    private static Map<Map<String, ?>, String> reasons() {
        return Map.ofEntries(
                Map.entry(Map.of("directory", "\0"), "directory: "),
                Map.entry(Map.of("keystore", "\0"), "keystore: "),
                Map.entry(Map.of("certificate", "\0{account}"), "certificate: "),
                Map.entry(Map.of("certificate", "a.pem", "key", "\0"), "key: "),
                Map.entry(Map.of("key", "a.key"), "key: is set, and certificate is not"),
                Map.entry(Map.of("ocsp", "\0"), "ocsp: "),
                Map.entry(Map.of("keystore", "a.p12", "certificate", "a.pem"), "keystore and certificate are set"),
                Map.entry(
                        Map.of("certificate", "a.pem", "pkcs11_library", "a.so"),
                        "certificate and pkcs11.library are set"),
                Map.entry(Map.of("pkcs11_library", "a.so\nslot = 3"), "pkcs11.library: "),
                Map.entry(Map.of("pkcs11_library", "${user.home}/a.so"), "pkcs11.library: "),
                Map.entry(Map.of("pkcs11_library", "a.so", "pkcs11_slot", "one"), "pkcs11.slot: 'one'"),
                Map.entry(Map.of("pkcs11_library", "a.so", "pkcs11_slot", "-1"), "pkcs11.slot: '-1'"),
                Map.entry(Map.of("pkcs11_library", "a.so", "pkcs11_slot", "4294967295"), "pkcs11.slot: "),
                Map.entry(Map.of("_passphrase", "schlüssel"), ".passphrase: "),
                Map.entry(Map.of("renew_before", 1), "renew.before: 1 "),
                Map.entry(Map.of("renew_before", 366), "renew.before: 366 "),
                Map.entry(Map.of("renew_before", "soon"), "renew.before: it is no whole number"),
                Map.entry(Map.of("renew_before", 365, "switch_before", 365), "switch.before: 365 "),
                Map.entry(Map.of("switch_before", "late"), "switch.before: it is no whole number"),
                Map.entry(Map.of("renew_before", 10, "switch_before", 10), "switch.before: 10 "),
                Map.entry(Map.of("switch_before", 0), "switch.before: 0 "));
    }

    @Test
    void each_mistake_is_named() {
        reasons().forEach((values, reason) -> {
            try (Identities identities = new Identities(framework(null), configuration(values))) {
                Failure failure = failure(identities.keys(ROMEO));
                assertTrue(
                        failure.message().startsWith("configuration org.xtls.auth.x509: " + reason), failure.message());
            }
        });
    }

    private static Configuration configuration(Map<String, ?> values) {
        return (Configuration) Proxy.newProxyInstance(
                Configuration.class.getClassLoader(),
                new Class<?>[] {Configuration.class},
                (proxy, method, arguments) -> {
                    Object value = values.get(method.getName());
                    if (method.getReturnType() == int.class && value instanceof String) {
                        throw new IllegalStateException("cannot be turned into an int");
                    }
                    return value == null ? method.getDefaultValue() : value;
                });
    }

    private BundleContext framework(@Nullable String xtlsHome) {
        return (BundleContext) Proxy.newProxyInstance(
                BundleContext.class.getClassLoader(),
                new Class<?>[] {BundleContext.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "getProperty" -> arguments[0].equals("xtls.home") ? xtlsHome : null;
                    case "getDataFile" ->
                        home.resolve("data").resolve((String) arguments[0]).toFile();
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }
}
