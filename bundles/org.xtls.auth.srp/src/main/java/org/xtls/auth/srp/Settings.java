package org.xtls.auth.srp;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** The configuration, checked. */
record Settings(
        Path directory,
        Path keyFile,
        Ask ask,
        Group group,
        Cost cost,
        int guesses,
        Duration backoff,
        int codeDigits,
        Duration codeLife,
        boolean rfc5054) {
    /** When the user is asked for a password. */
    enum Ask {
        NEVER,
        ANSWER,
        ALWAYS
    }

    static Settings defaults(Path directory) {
        return new Settings(
                directory,
                directory.resolve("key"),
                Ask.ANSWER,
                Group.BITS_3072,
                new Cost(65_536, 3, 4),
                5,
                Duration.ofSeconds(10),
                9,
                Duration.ofMinutes(10),
                false);
    }

    static Settings of(Configuration configuration, Path fallback) {
        Path directory = path("directory", configuration.directory(), fallback);
        return new Settings(
                directory,
                path("keyFile", configuration.keyFile(), directory.resolve("key")),
                ask(configuration.ask()),
                group(number("group", configuration::group, 3072, 8192)),
                new Cost(
                        number("memory", configuration::memory, Cost.MIN_MEMORY, Cost.MAX_MEMORY),
                        number("iterations", configuration::iterations, Cost.MIN_ITERATIONS, Cost.MAX_ITERATIONS),
                        number("parallelism", configuration::parallelism, 1, Cost.MAX_PARALLELISM)),
                number("guesses", configuration::guesses, 1, 10),
                Duration.ofSeconds(number("backoffSeconds", configuration::backoffSeconds, 0, 3600)),
                number("codeDigits", configuration::codeDigits, 6, 24),
                Duration.ofMinutes(number("codeMinutes", configuration::codeMinutes, 1, 60)),
                truth("rfc5054", configuration.rfc5054()));
    }

    private static Path path(String attribute, @Nullable String configured, Path fallback) {
        try {
            return (configured == null || configured.isBlank() ? fallback : Path.of(configured))
                    .toAbsolutePath()
                    .normalize();
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(attribute + ": '" + configured + "' is no path", e);
        }
    }

    private static Ask ask(@Nullable String configured) {
        for (Ask ask : Ask.values()) {
            if (ask.name().toLowerCase(Locale.ROOT).equals(configured)) {
                return ask;
            }
        }
        throw new IllegalArgumentException("ask: '" + configured + "' is none of never, answer, always");
    }

    private static Group group(int bits) {
        try {
            return Group.of(bits);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("group: " + e.getMessage(), e);
        }
    }

    private static int number(String attribute, IntSupplier configured, int least, int most) {
        int value;
        try {
            value = configured.getAsInt();
        } catch (RuntimeException e) {
            // Declarative Services throw from here what they cannot turn into this type.
            throw new IllegalArgumentException(attribute + ": it is no whole number", e);
        }
        if (value < least || value > most) {
            throw new IllegalArgumentException(attribute + ": " + value + " is not between " + least + " and " + most);
        }
        return value;
    }

    private static boolean truth(String attribute, @Nullable String configured) {
        String word = configured == null ? "" : configured.strip().toLowerCase(Locale.ROOT);
        if (!word.equals("true") && !word.equals("false")) {
            throw new IllegalArgumentException(attribute + ": '" + configured + "' is neither true nor false");
        }
        return word.equals("true");
    }
}
