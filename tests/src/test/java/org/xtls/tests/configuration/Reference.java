package org.xtls.tests.configuration;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The page docs/configuration.md: what is between two marks is written from metatype, the rest by people and left alone.
 */
final class Reference {
    private static final Pattern PART =
            Pattern.compile("(<!-- metatype: (?<pid>\\S+) -->\n).*?(<!-- end of metatype -->\n)", Pattern.DOTALL);

    private static final Map<String, String> TYPES =
            Map.of("Integer", "int", "Long", "long", "Boolean", "boolean", "String", "string", "Password", "password");

    private static final int WIDTH = 120;

    private static final Pattern QUOTED = Pattern.compile("(?<!\\w)'([^']+)'(?!\\w)");

    private final List<Metatype> metatypes;

    Reference(List<Metatype> metatypes) {
        this.metatypes = metatypes;
    }

    /**
     * The page as it should be.
     *
     * @param page as it is
     * @throws IllegalStateException when its marks are not those of all PIDs there are, each once
     */
    String written(String page) {
        Map<String, Metatype> byPid = metatypes.stream().collect(Collectors.toMap(Metatype::pid, metatype -> metatype));
        Set<String> missing = new HashSet<>(byPid.keySet());
        StringBuilder written = new StringBuilder();
        Matcher part = PART.matcher(page);
        while (part.find()) {
            String pid = part.group("pid");
            if (!missing.remove(pid)) {
                throw new IllegalStateException(
                        "the page has marks for " + pid + (byPid.containsKey(pid) ? " twice" : ", which is no PID"));
            }
            part.appendReplacement(
                    written, Matcher.quoteReplacement(part.group(1) + section(byPid.get(pid)) + part.group(3)));
        }
        if (!missing.isEmpty()) {
            throw new IllegalStateException("the page has no marks, '<!-- metatype: PID -->' and '<!-- end of metatype"
                    + " -->', each a line, for " + missing);
        }
        return part.appendTail(written).toString();
    }

    /** What differs, line by line. */
    static List<String> difference(String page, String written) {
        List<String> is = page.lines().toList();
        List<String> should = written.lines().toList();
        List<String> difference = new ArrayList<>();
        is.stream().filter(line -> !should.contains(line)).forEach(line -> difference.add("- " + line));
        should.stream().filter(line -> !is.contains(line)).forEach(line -> difference.add("+ " + line));
        return difference;
    }

    private static String section(Metatype metatype) {
        String several = "A factory: each configuration `" + metatype.pid() + "~NAME` is one of these. ";
        StringBuilder section =
                new StringBuilder(wrapped((metatype.factory() ? several : "") + text(metatype.description())));
        section.append("\n\n");
        List<Column> columns = COLUMNS.stream()
                .filter(column -> metatype.attributes().stream()
                        .anyMatch(attribute -> !column.cell.apply(attribute).isEmpty()))
                .toList();
        row(section, columns, column -> column.name);
        section.append("|---".repeat(columns.size())).append("|\n");
        for (Attribute attribute : metatype.attributes()) {
            row(section, columns, column -> column.cell.apply(attribute));
        }
        return section.toString();
    }

    private static void row(StringBuilder section, List<Column> columns, Function<Column, String> cell) {
        section.append(columns.stream()
                .map(cell)
                .map(text -> text.isEmpty() ? " " : " " + text + " ")
                .collect(Collectors.joining("|", "|", "|\n")));
    }

    private record Column(String name, Function<Attribute, String> cell) {}

    private static final List<Column> COLUMNS = List.of(
            new Column("attribute", attribute -> code(attribute.id())),
            new Column("type", Reference::type),
            new Column(
                    "unit", attribute -> attribute.unit().map(Reference::text).orElse("")),
            new Column("default", Reference::preset),
            new Column("values", Reference::values),
            new Column("meaning", attribute -> text(attribute.meaning())));

    private static String type(Attribute attribute) {
        String type = TYPES.get(attribute.type());
        return switch (attribute.cardinality()) {
            case 0 -> type;
            case Integer.MAX_VALUE -> type + "[]";
            default -> type + "[], at most " + attribute.cardinality();
        };
    }

    private static String preset(Attribute attribute) {
        if (attribute.without().isPresent()) {
            return "none: " + text(attribute.without().get());
        }
        if (attribute.whenEmpty().isPresent()) {
            return "empty: " + text(attribute.whenEmpty().get());
        }
        String preset = attribute.preset().orElse("");
        return preset.isEmpty() ? "none" : attribute.isNumber() ? preset : code(preset);
    }

    private static String values(Attribute attribute) {
        if (attribute.isNumber()) {
            return attribute.options().isEmpty()
                    ? attribute.least().orElse("") + " to " + attribute.most().orElse("")
                    : attribute.options().stream().map(Attribute.Option::value).collect(Collectors.joining(", "));
        }
        return attribute.options().stream()
                .map(option -> code(option.value())
                        + (option.label().equals(option.value()) ? "" : ": " + text(option.label())))
                .collect(Collectors.joining("; "));
    }

    private static String wrapped(String paragraph) {
        StringBuilder lines = new StringBuilder();
        int used = 0;
        for (String word : paragraph.split(" ")) {
            if (used > 0 && used + 1 + word.length() > WIDTH) {
                lines.append('\n');
                used = 0;
            } else if (used > 0) {
                lines.append(' ');
                used++;
            }
            lines.append(word);
            used += word.length();
        }
        return lines.toString();
    }

    /** What is quoted in metatype is code on the page. */
    private static String text(String words) {
        Matcher quoted = QUOTED.matcher(words);
        StringBuilder text = new StringBuilder();
        int end = 0;
        while (quoted.find()) {
            text.append(escaped(words.substring(end, quoted.start()))).append(code(quoted.group(1)));
            end = quoted.end();
        }
        return text.append(escaped(words.substring(end))).toString();
    }

    private static String escaped(String words) {
        return words.replaceAll("([|*_<\\[\\]])", "\\\\$1");
    }

    private static String code(String words) {
        return "`" + words.replace("|", "\\|") + "`";
    }
}
