package org.xtls.webconsole;

import java.util.Map;
import java.util.stream.Collectors;

/** An object of JSON (RFC 8259) whose values are strings or such objects. */
final class Json {
    private Json() {}

    static String of(Map<?, ?> members) {
        return members.entrySet().stream()
                .map(member -> string(member.getKey()) + ":" + value(member.getValue()))
                .collect(Collectors.joining(",", "{", "}"));
    }

    private static String value(Object value) {
        return value instanceof Map<?, ?> members ? of(members) : string(value);
    }

    /** ASCII only, and without what could end a script or begin an element, whoever takes it for something else. */
    private static String string(Object text) {
        StringBuilder json = new StringBuilder("\"");
        text.toString().chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                json.append('\\').append((char) c);
            } else if (c < ' ' || c > '~' || c == '<' || c == '>' || c == '&') {
                json.append("\\u%04x".formatted(c));
            } else {
                json.append((char) c);
            }
        });
        return json.append('"').toString();
    }
}
