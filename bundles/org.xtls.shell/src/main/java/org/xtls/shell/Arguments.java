package org.xtls.shell;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.FullJid;
import org.xtls.Jid;

/** A command's words, sorted into options with their values and the rest. */
final class Arguments {
    private final String usage;
    private final Map<String, String> options = new HashMap<>();
    private final List<String> words = new ArrayList<>();

    /** A command without options: words that look like one are words. */
    static Arguments of(String usage, @Nullable String[] words) throws CommandException {
        return of(usage, words, Set.of());
    }

    static Arguments of(String usage, @Nullable String[] words, Set<String> options) throws CommandException {
        return new Arguments(usage, words, options);
    }

    private Arguments(String usage, @Nullable String[] given, Set<String> known) throws CommandException {
        this.usage = usage;
        for (int i = 0; i < given.length; i++) {
            // Gogo hands over the word null as a null.
            String word = given[i] == null ? "null" : given[i];
            if (known.isEmpty() || !word.startsWith("--")) {
                words.add(word);
                continue;
            }
            int equals = word.indexOf('=');
            String name = equals < 0 ? word : word.substring(0, equals);
            if (!known.contains(name)) {
                throw wrong("there is no option " + name);
            }
            if (equals < 0 && i + 1 == given.length) {
                throw wrong(name + " needs a value");
            }
            String value = equals < 0 ? given[++i] : word.substring(equals + 1);
            if (options.put(name, value == null ? "null" : value) != null) {
                throw wrong(name + " is given twice");
            }
        }
    }

    /** Exactly so many words, or as many as stand between the two bounds. */
    Arguments words(int least, int most) throws CommandException {
        if (words.size() < least) {
            throw wrong(
                    Usage.syntax(usage).split(" ", -1)[1 + words.size()].replaceAll("[\\[\\]]", "") + " is missing");
        }
        if (words.size() > most) {
            throw wrong("'" + words.get(most) + "' is too much");
        }
        return this;
    }

    int size() {
        return words.size();
    }

    String word(int index) {
        return words.get(index);
    }

    /** The words from there on, a blank between them. */
    String from(int index) {
        return String.join(" ", words.subList(index, words.size()));
    }

    Optional<String> option(String name) {
        return Optional.ofNullable(options.get(name));
    }

    int number(String option, int least, int most, int missing) throws CommandException {
        String text = options.get(option);
        if (text == null) {
            return missing;
        }
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw wrong(option + " is a number from " + least + " to " + most + ", not '" + text + "'");
    }

    FullJid fullJid(int index) throws CommandException {
        try {
            return FullJid.parse(word(index));
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
    }

    /** An account; people paste full JIDs too, and keys belong to the account. */
    BareJid account(int index) throws CommandException {
        try {
            return Jid.parse(word(index)).bare();
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
    }

    CommandException wrong(@Nullable String problem) {
        return CommandException.usage(String.valueOf(problem), usage);
    }
}
