package org.xtls.auth.openpgp;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a configuration says, checked.
 *
 * @param key the secret key file, or null
 * @param passphrase what opens it, or empty
 * @param agent whether gpg-agent holds the key
 * @param gnuPg the installed GnuPG
 * @param patience with gpg-agent
 * @param fingerprint of the own key, or empty
 * @param keyRings key ring files
 * @param wkd the Web Key Directory, or null
 * @param introducers whom the user trusts besides
 * @param depth of the own key's trust signatures
 * @param marginals how many make one
 * @param recheck how often known keys are looked at
 */
record Settings(
        @Nullable Path key,
        String passphrase,
        boolean agent,
        GnuPg gnuPg,
        Duration patience,
        String fingerprint,
        List<Path> keyRings,
        @Nullable Path wkd,
        List<Introducer> introducers,
        int depth,
        int marginals,
        Duration recheck) {

    /** No own key, and no files: what a peer sends is all there is. */
    static final Settings NONE = new Settings(
            null,
            "",
            false,
            new GnuPg("gpg", "gpgconf", ""),
            Duration.ofSeconds(60),
            "",
            List.of(),
            null,
            List.of(),
            1,
            3,
            Duration.ofMinutes(5));

    static Settings withKey(Path file, String passphrase) {
        return new Settings(
                file, passphrase, false, NONE.gnuPg, NONE.patience, "", List.of(), null, List.of(), 1, 3, NONE.recheck);
    }

    Settings withPeers(List<Path> rings, @Nullable Path directory, List<Introducer> trusted) {
        return new Settings(
                key,
                passphrase,
                agent,
                gnuPg,
                patience,
                fingerprint,
                rings,
                directory,
                trusted,
                depth,
                marginals,
                recheck);
    }

    Settings withAgent(String home, Duration wait) {
        return new Settings(
                null,
                "",
                true,
                new GnuPg(gnuPg.gpg(), gnuPg.gpgconf(), home),
                wait,
                fingerprint,
                keyRings,
                wkd,
                introducers,
                depth,
                marginals,
                recheck);
    }

    /**
     * Reads a configuration.
     *
     * @throws RuntimeException whose message says what is wrong
     */
    static Settings of(Configuration configuration) {
        Path key = path("key", configuration.key());
        boolean agent = truth("agent", configuration.agent());
        if (key != null && agent) {
            throw new IllegalArgumentException("key and agent: the own key is either in a file or with gpg-agent");
        }
        String fingerprint =
                orEmpty(configuration.fingerprint()).replaceAll("\\s", "").toLowerCase(Locale.ROOT);
        if (!fingerprint.matches("|[0-9a-f]{40}|[0-9a-f]{64}")) {
            throw new IllegalArgumentException("fingerprint: '" + fingerprint + "' is not 40 or 64 hex digits");
        }
        List<Path> rings = new ArrayList<>();
        for (String ring : orEmpty(configuration.keyring())) {
            Path path = path("keyring", ring);
            if (path != null) {
                rings.add(path);
            }
        }
        List<Introducer> introducers = new ArrayList<>();
        for (String introducer : orEmpty(configuration.introducers())) {
            if (!introducer.isBlank()) {
                introducers.add(Introducer.parse(introducer));
            }
        }
        return new Settings(
                key,
                orEmpty(configuration._passphrase()),
                agent,
                new GnuPg(
                        program("gpg", configuration.gpg()),
                        program("gpgconf", configuration.gpgconf()),
                        orEmpty(configuration.gnupg_home()).strip()),
                Duration.ofSeconds(in("agent.timeout", configuration::agent_timeout, 1, 600)),
                fingerprint,
                List.copyOf(rings),
                path("wkd", configuration.wkd()),
                List.copyOf(introducers),
                in("depth", configuration::depth, 0, 5),
                in("marginals", configuration::marginals, 2, 10),
                Duration.ofMinutes(in("recheck", configuration::recheck, 1, 1_440)));
    }

    private static boolean truth(String attribute, @Nullable String configured) {
        String word = configured == null ? "" : configured.strip().toLowerCase(Locale.ROOT);
        if (!word.equals("true") && !word.equals("false")) {
            throw new IllegalArgumentException(attribute + ": '" + configured + "' is neither true nor false");
        }
        return word.equals("true");
    }

    private static int in(String attribute, IntSupplier configured, int least, int most) {
        int value;
        try {
            value = configured.getAsInt();
        } catch (RuntimeException e) {
            // Declarative Services throw from here what they cannot turn into this type, and do not say of what.
            throw new IllegalArgumentException(attribute + ": it is no whole number", e);
        }
        if (value < least || value > most) {
            throw new IllegalArgumentException(attribute + ": " + value + " is not from " + least + " to " + most);
        }
        return value;
    }

    private static String program(String attribute, @Nullable String value) {
        String program = orEmpty(value).strip();
        if (program.isEmpty()) {
            throw new IllegalArgumentException(attribute + ": a program has a name");
        }
        return program;
    }

    private static @Nullable Path path(String attribute, @Nullable String value) {
        if (value == null || value.isBlank()) {
            return null;
        }
        try {
            return Path.of(value.strip()).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(attribute + ": '" + value + "' is no path", e);
        }
    }

    private static String orEmpty(@Nullable String value) {
        return value == null ? "" : value;
    }

    private static String[] orEmpty(String @Nullable [] values) {
        return values == null ? new String[0] : values;
    }

    /** Without the passphrase. */
    @Override
    public String toString() {
        return "Settings[key=" + key + ", agent=" + agent + ", fingerprint=" + fingerprint + ", keyrings=" + keyRings
                + ", wkd=" + wkd + ", introducers=" + introducers + "]";
    }
}
