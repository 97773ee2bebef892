package org.xtls.trust.jdbc;

import java.util.Locale;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The configuration, checked.
 *
 * @param url of the database, or empty where a DataSource service is taken
 * @param user empty for none
 * @param password empty for none
 * @param driver class name; empty where a DataSource service is taken
 * @param filter selects the DataSource service; for people
 * @param schema PostgreSQL's, or empty
 * @param pollSeconds between two looks for others' changes
 * @param timeoutSeconds what the database may take
 * @param firstUseLimit most keys taken on first use
 */
record Settings(
        String url,
        String user,
        String password,
        String driver,
        String filter,
        String schema,
        int pollSeconds,
        int timeoutSeconds,
        int firstUseLimit) {
    static final int FIRST_USE_LIMIT = 10_000;

    /** For a store that is given its DataSource. */
    static final Settings DEFAULT = new Settings("", "", "", "", "", "", 5, 10, FIRST_USE_LIMIT);

    /** Errors of drivers quote URLs, and logs keep them. */
    private static final Pattern SECRET = Pattern.compile("(?i)(password|passwd|pwd)\\s*=|//[^/?;@]*@");

    /**
     * Checks.
     *
     * @throws IllegalArgumentException when something makes no sense; the message says what
     */
    static Settings of(Configuration configuration) {
        String url = text("url", configuration::url);
        String user = text("user", configuration::user);
        String password = password(configuration);
        String driver = text("driver", configuration::driver);
        if (url.isEmpty()) {
            requireUrl("user", user);
            requireUrl(".password", password);
            requireUrl("driver", driver);
        } else {
            if (!url.regionMatches(true, 0, "jdbc:", 0, 5)) {
                throw new IllegalArgumentException("url: it does not begin with 'jdbc:'");
            }
            if (SECRET.matcher(url).find()) {
                throw new IllegalArgumentException(
                        "url: it has a user or password in it; they have attributes of their own, user and .password");
            }
            driver = driver.isEmpty() ? driver(url) : driver;
        }
        String schema = text("schema", configuration::schema);
        if (!schema.matches("([a-z][a-z0-9_]{0,62})?")) {
            throw new IllegalArgumentException(
                    "schema: '" + schema + "' is not 1 to 63 of a-z, 0-9 and _, with a letter first");
        }
        return new Settings(
                url,
                user,
                password,
                driver,
                text("dataSource.target", configuration::dataSource_target),
                schema,
                within("pollSeconds", 1, configuration::pollSeconds, 3600),
                within("timeoutSeconds", 1, configuration::timeoutSeconds, 300),
                within("firstUseLimit", 0, configuration::firstUseLimit, 1_000_000));
    }

    /** Whether connections made before serve these settings too. */
    boolean sameDatabase(Settings other) {
        return url.equals(other.url)
                && user.equals(other.user)
                && password.equals(other.password)
                && driver.equals(other.driver)
                && filter.equals(other.filter)
                && schema.equals(other.schema)
                && timeoutSeconds == other.timeoutSeconds;
    }

    /** For people; a URL without its parameters, for who knows what a driver takes there. */
    String database() {
        String name = url.isEmpty() ? filter : url.replaceAll("[?;].*", "");
        return name.isEmpty() ? "trust database" : "trust database " + name;
    }

    /** Nothing secret. */
    @Override
    public String toString() {
        return "Settings[" + database() + "]";
    }

    private static String driver(String url) {
        String lower = url.toLowerCase(Locale.ROOT);
        if (lower.startsWith("jdbc:postgresql:")) {
            return "org.postgresql.Driver";
        }
        if (lower.startsWith("jdbc:h2:")) {
            return "org.h2.Driver";
        }
        throw new IllegalArgumentException(
                "driver: it must be set, because the url is neither jdbc:postgresql: nor jdbc:h2:");
    }

    private static void requireUrl(String name, String value) {
        if (!value.isEmpty()) {
            throw new IllegalArgumentException(name + ": it is of no use without a url; a DataSource has its own");
        }
    }

    private static String text(String name, Supplier<@Nullable String> value) {
        try {
            String text = value.get();
            return text == null ? "" : text.strip();
        } catch (RuntimeException e) {
            // Declarative Services throw from here what they cannot turn into this type.
            throw new IllegalArgumentException(name + ": it is no text", e);
        }
    }

    /** As it is: a blank may belong to it. */
    private static String password(Configuration configuration) {
        try {
            String password = configuration._password();
            return password == null ? "" : password;
        } catch (RuntimeException e) {
            // Without the cause, which may quote it.
            throw new IllegalArgumentException(".password: it is no text");
        }
    }

    private static int within(String name, int low, IntSupplier configured, int high) {
        int value;
        try {
            value = configured.getAsInt();
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(name + ": it is no whole number", e);
        }
        if (value < low || value > high) {
            throw new IllegalArgumentException(name + ": " + value + " is not between " + low + " and " + high);
        }
        return value;
    }
}
