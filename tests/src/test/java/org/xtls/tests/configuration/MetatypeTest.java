package org.xtls.tests.configuration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xtls.tests.container.ClassPathBundles;
import org.xtls.trust.Policies;
import org.xtls.trust.Policy;

/** Whatever can be configured is in metatype, with all that somebody needs who configures it. */
class MetatypeTest {
    static Set<String> bundles() {
        return ClassPathBundles.all().keySet().stream()
                .filter(bundle -> bundle.startsWith("org.xtls."))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void each_attribute_has_a_meaning_a_default_and_where_it_is_a_number_unit_and_range() {
        List<String> faults = new ArrayList<>();
        Metatype.all().forEach(metatype -> faults.addAll(metatype.faults()));
        assertTrue(faults.isEmpty(), () -> String.join("\n", faults));
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void each_configured_component_has_metatype_and_each_metatype_a_component(String bundle) {
        Map<String, Metatype> described =
                Metatype.of(bundle).stream().collect(Collectors.toMap(Metatype::pid, metatype -> metatype));
        Set<String> configured = new TreeSet<>();
        for (Component component : Component.of(bundle)) {
            configured.addAll(component.configuredBy());
            for (String pid : component.configuredBy()) {
                Metatype metatype = described.get(pid);
                if (metatype != null && metatype.factory()) {
                    assertEquals(
                            "require", component.policy(), pid + " is a factory: without one there is no " + component);
                }
            }
        }
        assertEquals(
                new TreeSet<>(described.keySet()),
                configured,
                "the PIDs in metatype and those of components of " + bundle);
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void the_default_in_metatype_is_what_the_component_is_given(String bundle) {
        for (Component component : Component.of(bundle)) {
            for (Metatype metatype : Metatype.of(bundle)) {
                if (!component.configuredBy().contains(metatype.pid()) || readsItself(component)) {
                    continue;
                }
                for (Attribute attribute : metatype.attributes()) {
                    assertEquals(
                            attribute.preset().filter(preset -> !isNone(attribute, preset)),
                            Optional.ofNullable(component.properties().get(attribute.id())),
                            component.name() + ": " + attribute.id());
                }
            }
        }
    }

    private static boolean isNone(Attribute attribute, String preset) {
        return attribute.cardinality() > 0 && preset.isEmpty();
    }

    /** These take the configuration as a map, and so know their defaults without Declarative Services. */
    private static boolean readsItself(Component component) {
        return Set.of("org.xtls.tunnel.service.ConfiguredPolicy", "org.xtls.tunnel.keys.Bootstrapping")
                .contains(component.name());
    }

    @Test
    void the_defaults_in_the_policys_metatype_are_those_of_its_reader() {
        Metatype policy = Metatype.all().stream()
                .filter(metatype -> metatype.pid().equals(Policy.PID))
                .findFirst()
                .orElseThrow();
        Set<String> known = new TreeSet<>(Set.of(Policies.RULES));
        for (Policy.Key key : Policy.Key.values()) {
            known.add(key.toString());
        }
        Set<String> described = new TreeSet<>();
        for (Attribute attribute : policy.attributes()) {
            described.add(attribute.id());
            String preset = attribute.preset().orElseThrow();
            assertEquals(Policies.DEFAULT, Policies.of(Map.of(attribute.id(), preset)), attribute.id());
            for (Attribute.Option option : attribute.options()) {
                assertEquals(
                        option.value(),
                        Policies.of(Map.of(attribute.id(), option.value()))
                                .general()
                                .value(Policy.Key.of(attribute.id())));
            }
        }
        assertEquals(known, described);
        assertEquals(Policies.DEFAULT, Policies.of(Map.of()));
    }

    private static final Map<String, String> SOUND = Map.of(
            "id", "a",
            "type", "Integer",
            "required", "false",
            "description", "Time. Unit: seconds. Default: 5. Range: 1 to 9.",
            "min", "1",
            "max", "9",
            "default", "5");

    /** Changes of {@link #SOUND}, and what is said of them; without a value an attribute is not there. */
    static Stream<Arguments> broken() {
        return Stream.of(
                arguments("description", "", "its description is not"),
                arguments("description", "Time.", "its description is not"),
                arguments("description", "Time. Default: 5. Range: 1 to 9.", "it is a number without a unit"),
                arguments("description", "Time. Unit: seconds. Default: 6. Range: 1 to 9.", "and its default is 5"),
                arguments("description", "Time. Unit: seconds. Default: 5.", "its range is 1 to 9"),
                arguments("description", "Time. Unit: seconds. Default: 5. Range: 1 to 8.", "its range is 1 to 9"),
                arguments("description", "Time. Unit: seconds. No default: set it. Range: 1 to 9.", "and it has one"),
                arguments("id", "waitDays", "its name says days"),
                arguments("default", "0", "its default is out of its range"),
                arguments("default", null, "it has to be required if, and only if"),
                arguments("min", null, "it is a number without a range"),
                arguments("max", null, "it is a number without a range"),
                arguments("required", "true", "it has to be required if, and only if"),
                arguments("type", "Float", "the reference knows no type Float"));
    }

    @ParameterizedTest
    @MethodSource("broken")
    void what_breaks_a_rule_is_named(String key, @Nullable String value, String fault) {
        assertEquals(List.of(), metatype(SOUND).faults());
        Map<String, String> attributes = new HashMap<>(SOUND);
        attributes.compute(key, (same, before) -> value);
        List<String> faults = metatype(attributes).faults();
        assertTrue(faults.stream().anyMatch(said -> said.contains(fault)), faults.toString());
    }

    private static Metatype metatype(Map<String, String> attributes) {
        String definition = attributes.entrySet().stream()
                .map(entry -> entry.getKey() + "='" + entry.getValue() + "'")
                .collect(Collectors.joining(" "));
        String xml = "<MetaData><OCD id='o' description='A change is taken.'><AD " + definition + "/></OCD>"
                + "<Designate pid='p'><Object ocdref='o'/></Designate></MetaData>";
        return Metatype.read("b", new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)))
                .get(0);
    }
}
