package org.xtls.auth.x509;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.xtls.auth.x509.Authority.Domains;

/**
 * A configuration that makes sense. Whether its files do is seen when they are read.
 *
 * @param anchors files with CAs
 * @param crls files and directories with CRLs
 * @param ocsp files and directories with OCSP responses
 * @param revocation what revocation means
 * @param pathLength the most CA certificates below a trusted CA
 * @param chainLength the most certificates that a peer may present
 */
record TrustSettings(
        List<Anchors> anchors,
        List<Path> crls,
        List<Path> ocsp,
        Revocation.Mode revocation,
        int pathLength,
        int chainLength) {
    static final int PATH_LENGTH = 5;
    static final int CHAIN_LENGTH = 10;

    /** Nobody is trusted. */
    static final TrustSettings NONE =
            new TrustSettings(List.of(), List.of(), List.of(), Revocation.Mode.SOFT, PATH_LENGTH, CHAIN_LENGTH);

    /** Each file is looked at for each negotiation. */
    static final int MOST_PATHS = 100;

    /**
     * A file with CAs.
     *
     * @param domains the peers that they may speak for
     * @param file PEM or DER
     */
    record Anchors(Domains domains, Path file) {}

    /**
     * Reads a configuration.
     *
     * @throws RuntimeException when a value makes no sense: its own, or what Declarative Services throw for one that they
     *     cannot turn into the attribute's type
     */
    static TrustSettings of(TrustConfiguration configuration) {
        TrustSettings settings = of(
                values(configuration.anchors()),
                values(configuration.crls()),
                values(configuration.ocsp()),
                configuration.revocation());
        return new TrustSettings(
                settings.anchors,
                settings.crls,
                settings.ocsp,
                settings.revocation,
                within("pathLength", configuration::pathLength, 0, 9),
                within("chainLength", configuration::chainLength, 1, 10));
    }

    static TrustSettings of(List<String> anchors, List<String> crls, List<String> ocsp, @Nullable String revocation) {
        return new TrustSettings(
                bounded("anchors", anchors).stream().map(TrustSettings::anchors).toList(),
                paths("crls", crls),
                paths("ocsp", ocsp),
                mode(revocation),
                PATH_LENGTH,
                CHAIN_LENGTH);
    }

    private static Anchors anchors(String value) {
        int equals = value.indexOf('=');
        if (equals < 0 || value.substring(0, equals).matches(".*[/\\\\].*")) {
            return new Anchors(Domains.ALL, path("anchors", value));
        }
        Path file = path("anchors", value.substring(equals + 1));
        try {
            return new Anchors(Domains.parse(value.substring(0, equals)), file);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("anchors: '" + value + "': " + e.getMessage(), e);
        }
    }

    private static Revocation.Mode mode(@Nullable String value) {
        String wanted =
                value == null || value.isBlank() ? "soft" : value.strip().toLowerCase(Locale.ROOT);
        return Arrays.stream(Revocation.Mode.values())
                .filter(mode -> mode.name().toLowerCase(Locale.ROOT).equals(wanted))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("revocation: '" + value + "' is none of "
                        + Arrays.stream(Revocation.Mode.values())
                                .map(mode -> mode.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", "))));
    }

    private static int within(String attribute, IntSupplier configured, int least, int most) {
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

    private static List<Path> paths(String attribute, List<String> values) {
        return bounded(attribute, values).stream()
                .map(value -> path(attribute, value))
                .toList();
    }

    private static List<String> bounded(String attribute, List<String> values) {
        if (values.size() > MOST_PATHS) {
            throw new IllegalArgumentException(attribute + ": there are at most " + MOST_PATHS + " entries");
        }
        return values;
    }

    private static List<String> values(String @Nullable [] values) {
        return Arrays.stream(values == null ? new String[0] : values)
                .filter(value -> !value.isBlank())
                .map(String::strip)
                .toList();
    }

    private static Path path(String attribute, String value) {
        try {
            if (value.isBlank()) {
                throw new IllegalArgumentException(attribute + ": a path is missing");
            }
            return Path.of(value.strip()).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(attribute + ": '" + value + "' is no path", e);
        }
    }
}
