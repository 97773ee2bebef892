package org.xtls.tests.configuration;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.w3c.dom.Element;

/**
 * An attribute of a configuration. Its description has a form: what it means, then {@code Unit: …}, then {@code Default: …},
 * {@code Default, when empty: …} or {@code No default: …}, then {@code Range: … to …}. So whoever reads it in a console,
 * which shows neither default nor range, knows both; and what it says is compared with what metatype says beside it.
 *
 * @param id its name in a configuration
 * @param type metatype's
 * @param cardinality 0 for one value, otherwise the most of them
 * @param required whether it has to be set
 * @param preset metatype's default
 * @param least metatype's min
 * @param most metatype's max
 * @param options values and what they mean
 * @param description as in metatype
 */
public record Attribute(
        String id,
        String type,
        int cardinality,
        boolean required,
        Optional<String> preset,
        Optional<String> least,
        Optional<String> most,
        List<Option> options,
        String description) {
    private static final Set<String> NUMBERS = Set.of("Integer", "Long");

    private static final Pattern FORM = Pattern.compile("(?<meaning>.+?)\\.(?: Unit: (?<unit>[^.]+)\\.)?"
            + "(?: Default: (?<preset>.+?)\\.| Default, when empty: (?<empty>.+?)\\.| No default: (?<none>.+?)\\.)"
            + "(?: Range: (?<least>-?[0-9]+) to (?<most>-?[0-9]+)\\.)?");

    private static final Map<String, String> UNITS_IN_NAMES = Map.of(
            "Millis", "milliseconds", "Seconds", "seconds", "Minutes", "minutes", "Days", "days", "Bytes", "bytes");

    /** One of the values that there are. */
    public record Option(String value, String label) {}

    static Attribute of(Element definition) {
        List<Option> options = new ArrayList<>();
        for (Element option : Metatype.children(definition, "Option")) {
            options.add(new Option(option.getAttribute("value"), option.getAttribute("label")));
        }
        String cardinality = definition.getAttribute("cardinality");
        return new Attribute(
                definition.getAttribute("id"),
                definition.getAttribute("type"),
                cardinality.isEmpty() ? 0 : Math.abs(Integer.parseInt(cardinality)),
                !definition.getAttribute("required").equals("false"),
                attribute(definition, "default"),
                attribute(definition, "min"),
                attribute(definition, "max"),
                options,
                definition.getAttribute("description"));
    }

    private static Optional<String> attribute(Element element, String name) {
        return element.hasAttribute(name) ? Optional.of(element.getAttribute(name)) : Optional.empty();
    }

    public boolean isNumber() {
        return NUMBERS.contains(type);
    }

    String meaning() {
        return said("meaning").orElse(description);
    }

    Optional<String> unit() {
        return said("unit");
    }

    /** What an empty value means. */
    Optional<String> whenEmpty() {
        return said("empty");
    }

    /** Why there is no default. */
    Optional<String> without() {
        return said("none");
    }

    private Optional<String> said(String part) {
        Matcher form = FORM.matcher(description);
        return form.matches() ? Optional.ofNullable(form.group(part)) : Optional.empty();
    }

    /** What is wrong with it, in words. */
    List<String> faults() {
        List<String> faults = new ArrayList<>();
        if (!FORM.matcher(description).matches()) {
            faults.add(
                    "its description is not 'MEANING. Unit: U. Default: D. Range: A to B.' but '" + description + "'");
            return faults;
        }
        if (isNumber()) {
            numberFaults(faults);
        } else if (!type.equals("String") && !type.equals("Boolean") && !type.equals("Password")) {
            faults.add("the reference knows no type " + type);
        }
        if (required == preset.isPresent()) {
            faults.add("it has to be required if, and only if, it has no default");
        }
        said("preset").ifPresent(words -> {
            String told = preset.filter(value -> !value.isEmpty()).orElse("none");
            if (!words.equals(told)) {
                faults.add("its description says 'Default: " + words + "', and its default is " + told);
            }
        });
        if (whenEmpty().isPresent() && !preset.equals(Optional.of(""))) {
            faults.add("its description says what an empty value means, and its default is not empty");
        }
        if (without().isPresent() && preset.isPresent()) {
            faults.add("its description says that it has no default, and it has one");
        }
        if (!options.isEmpty()
                && preset.isPresent()
                && options.stream().noneMatch(option -> option.value.equals(preset.get()))) {
            faults.add("its default is none of its options");
        }
        return faults;
    }

    private void numberFaults(List<String> faults) {
        if (unit().isEmpty()) {
            faults.add("it is a number without a unit");
        }
        UNITS_IN_NAMES.forEach((ending, unit) -> {
            if (id.endsWith(ending) && !unit().equals(Optional.of(unit))) {
                faults.add("its name says " + unit + ", and its unit is " + unit().orElse("not stated"));
            }
        });
        if (!options.isEmpty()) {
            return;
        }
        if (least.isEmpty() || most.isEmpty()) {
            faults.add("it is a number without a range");
            return;
        }
        if (!said("least").equals(least) || !said("most").equals(most)) {
            faults.add("its range is " + least.get() + " to " + most.get() + ", which its description does not say");
        }
        preset.map(BigDecimal::new).ifPresent(value -> {
            if (value.compareTo(new BigDecimal(least.get())) < 0 || value.compareTo(new BigDecimal(most.get())) > 0) {
                faults.add("its default is out of its range");
            }
        });
    }
}
