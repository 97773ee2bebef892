package org.xtls.auth.x509;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.auth.x509.IdentityDirectory.Rotation;

/** Makes of a configuration where own certificates come from. */
final class IdentitySources {
    private static final int LONGEST_RENEWAL_DAYS = 365;

    private IdentitySources() {}

    /**
     * A source; {@link Misconfigured} when the configuration makes no sense.
     *
     * @param former the passphrase that files in the directory may have from before, or empty
     */
    static IdentitySource of(Configuration configuration, Path defaultDirectory, String former, Clock clock) {
        try {
            IdentitySource source = chosen(configuration, defaultDirectory, former, clock);
            return isBlank(configuration.ocsp())
                    ? source
                    : new Stapled(source, PathPattern.of("ocsp", configuration.ocsp()), clock);
        } catch (RuntimeException e) {
            // Ours, or what Declarative Services throw for a value that they cannot turn into the attribute's type.
            return new Misconfigured(new Failure(
                    Code.LOCAL,
                    Fault.LOCAL,
                    "configuration " + Identities.PID + ": " + e.getMessage() + ".",
                    "Correct it."));
        }
    }

    private static IdentitySource chosen(
            Configuration configuration, Path defaultDirectory, String former, Clock clock) {
        requireOne(configuration);
        if (!isBlank(configuration.keystore())) {
            return new ConfiguredFiles(
                    new KeyFormat.KeyStoreFile(
                            PathPattern.of("keystore", configuration.keystore()),
                            orEmpty(configuration._keystore_password()).toCharArray(),
                            orEmpty(configuration.keystore_alias())),
                    clock);
        }
        if (!isBlank(configuration.certificate())) {
            PathPattern certificate = PathPattern.of("certificate", configuration.certificate());
            return new ConfiguredFiles(
                    new PemFiles(
                            certificate,
                            isBlank(configuration.key()) ? certificate : PathPattern.of("key", configuration.key()),
                            orEmpty(configuration._key_passphrase()).toCharArray()),
                    clock);
        }
        if (!isBlank(configuration.pkcs11_library())) {
            return new TokenKeys(
                    library(configuration.pkcs11_library()),
                    slot(orEmpty(configuration.pkcs11_slot()).strip()),
                    orEmpty(configuration.pkcs11_alias()),
                    orEmpty(configuration._pkcs11_pin()),
                    clock);
        }
        return directory(configuration, defaultDirectory, former, clock);
    }

    private static IdentitySource directory(
            Configuration configuration, Path defaultDirectory, String former, Clock clock) {
        String passphrase = orEmpty(configuration._passphrase());
        if (!KeyFile.ascii(passphrase.toCharArray())) {
            throw new IllegalArgumentException(
                    ".passphrase: it has characters other than ASCII, which not every Java reads in PKCS#12");
        }
        int renew = number("renew.before", configuration::renew_before);
        int change = number("switch.before", configuration::switch_before);
        if (renew < 2 || renew > LONGEST_RENEWAL_DAYS) {
            throw new IllegalArgumentException(
                    "renew.before: " + renew + " is not 2 to " + LONGEST_RENEWAL_DAYS + " days");
        }
        if (change < 1 || change >= renew) {
            throw new IllegalArgumentException(
                    "switch.before: " + change + " is not 1 to " + (renew - 1) + " days: fewer than renew.before");
        }
        Path directory = isBlank(configuration.directory())
                ? defaultDirectory
                : PathPattern.path("directory", configuration.directory());
        return new IdentityDirectory(
                directory,
                clock,
                new Rotation(Duration.ofDays(renew), Duration.ofDays(change)),
                passphrase,
                passphrase.isEmpty() ? "" : former);
    }

    private static int number(String attribute, IntSupplier configured) {
        try {
            return configured.getAsInt();
        } catch (RuntimeException e) {
            // Declarative Services throw from here what they cannot turn into this type, and do not say of what.
            throw new IllegalArgumentException(attribute + ": it is no whole number", e);
        }
    }

    private static void requireOne(Configuration configuration) {
        List<String> set = Stream.of(
                        isBlank(configuration.keystore()) ? "" : "keystore",
                        isBlank(configuration.certificate()) ? "" : "certificate",
                        isBlank(configuration.pkcs11_library()) ? "" : "pkcs11.library")
                .filter(name -> !name.isEmpty())
                .toList();
        if (set.size() > 1) {
            throw new IllegalArgumentException(String.join(" and ", set) + " are set, and only one can serve");
        }
        if (isBlank(configuration.certificate()) && !isBlank(configuration.key())) {
            throw new IllegalArgumentException("key: is set, and certificate is not");
        }
    }

    /** What would be read as more than a path in the provider's own configuration is refused. */
    private static Path library(String text) {
        if (text.contains("\"") || text.contains("${") || text.chars().anyMatch(c -> c < ' ')) {
            throw new IllegalArgumentException("pkcs11.library: '" + text + "' is no path of a library");
        }
        return PathPattern.path("pkcs11.library", text);
    }

    private static String slot(String text) {
        if (text.isEmpty()) {
            return "";
        }
        try {
            if (text.matches("[0-9]+|0[xX][0-9a-fA-F]+")) {
                return Integer.toString(
                        text.startsWith("0x") || text.startsWith("0X")
                                ? Integer.parseInt(text.substring(2), 16)
                                : Integer.parseInt(text));
            }
        } catch (NumberFormatException e) {
            // Too big, said below.
        }
        throw new IllegalArgumentException("pkcs11.slot: '" + text + "' is no number of a slot, 0 to 2147483647");
    }

    private static boolean isBlank(@Nullable String value) {
        return value == null || value.isBlank();
    }

    private static String orEmpty(@Nullable String value) {
        return value == null ? "" : value;
    }

    /** Never the default's place: an account would appear under another key than the one it was given. */
    record Misconfigured(Failure failure) implements IdentitySource {
        @Override
        public List<Identity> identities(BareJid account) throws XtlsException {
            throw new XtlsException(failure);
        }

        @Override
        public void answer(String of, char[] secret) {
            Arrays.fill(secret, '\0');
        }

        @Override
        public void close() {}
    }
}
