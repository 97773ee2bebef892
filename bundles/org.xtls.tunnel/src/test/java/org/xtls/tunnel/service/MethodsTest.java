package org.xtls.tunnel.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Constants;
import org.xtls.auth.AuthMethod;
import org.xtls.runtime.MethodDTO;

class MethodsTest {
    private final Methods methods = new Methods();

    @Test
    void of_several_providers_of_a_method_the_highest_ranking_serves() {
        put(1, "2.0.0", "x509", 0, 5);
        put(2, "1.0.0", "x509", 0, 7);
        put(3, "3.0.0", "x509", 0, 6);
        assertEquals(List.of(2L), serving());
    }

    @Test
    void at_the_same_ranking_the_higher_bundle_version_does_though_it_came_later() {
        put(1, "1.2.0", "x509", 0, 0);
        put(2, "1.10.0", "x509", 0, 0);
        put(3, null, "x509", 0, 0);
        assertEquals(List.of(2L), serving());
    }

    @Test
    void at_the_same_version_the_older_service_does() {
        put(2, "1.0.0", "x509", 0, 0);
        put(1, "1.0.0", "x509", 0, 0);
        assertEquals(List.of(1L), serving());
    }

    @Test
    void methods_come_in_the_order_of_preference_and_then_of_their_names() {
        put(1, "1.0.0", "srp-psk", 10, 0);
        put(2, "1.0.0", "x509", 100, 0);
        put(3, "1.0.0", "openpgp", 10, 0);
        assertEquals(List.of(2L, 3L, 1L), serving());
    }

    @Test
    void the_next_provider_serves_when_the_best_goes() {
        Provider best = put(1, "2.0.0", "x509", 0, 1);
        put(2, "1.0.0", "x509", 0, 0);
        methods.remove(best.reference);
        assertEquals(List.of(2L), serving());
    }

    @Test
    void changed_properties_count() {
        Map<String, Object> properties = new HashMap<>(Map.of(AuthMethod.METHOD, "x509", AuthMethod.PREFERENCE, 1));
        Provider changing = new Provider(1, "1.0.0", properties, () -> new ScriptedMethod("x509"));
        methods.put(changing.reference, changing.objects);
        put(2, "1.0.0", "openpgp", 50, 0);
        properties.put(AuthMethod.PREFERENCE, 100);
        methods.put(changing.reference, changing.objects);
        assertEquals(List.of(1L, 2L), serving());
        properties.put(AuthMethod.METHOD, "NOT A NAME");
        assertTrue(methods.put(changing.reference, changing.objects).isEmpty());
        assertEquals(List.of(2L), serving());
    }

    @Test
    void names_are_those_of_the_wire() {
        for (Object name : List.of("", "X509", "-x", "1x", "a".repeat(33), "ü", "a b", 5)) {
            Provider provider =
                    new Provider(1, "1.0.0", Map.of(AuthMethod.METHOD, name), () -> new ScriptedMethod("x509"));
            assertTrue(methods.put(provider.reference, provider.objects).isEmpty(), name.toString());
        }
        Provider nameless = new Provider(1, "1.0.0", Map.of(), () -> new ScriptedMethod("x509"));
        assertTrue(methods.put(nameless.reference, nameless.objects).isEmpty());
        assertEquals(List.of(), serving());
    }

    @Test
    void observers_learn_what_serves() {
        put(4, "1.2.3", "x509", 100, 0);
        MethodDTO dto = methods.describe().get(0);
        assertEquals("x509", dto.name);
        assertEquals(100, dto.preference);
        assertEquals(4, dto.serviceId);
        assertEquals("org.example.4", dto.bundle);
        assertEquals("1.2.3", dto.version);
    }

    private Provider put(long id, @Nullable String version, String name, int preference, int ranking) {
        Provider provider = new Provider(
                id,
                version,
                Map.of(AuthMethod.METHOD, name, AuthMethod.PREFERENCE, preference, Constants.SERVICE_RANKING, ranking),
                () -> new ScriptedMethod(name));
        methods.put(provider.reference, provider.objects);
        return provider;
    }

    private List<Long> serving() {
        return methods.serving().stream()
                .map(provider -> (Long) provider.reference().getProperty(Constants.SERVICE_ID))
                .toList();
    }
}
