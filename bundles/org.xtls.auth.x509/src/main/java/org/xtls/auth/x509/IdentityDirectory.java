package org.xtls.auth.x509;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.XtlsException;

/** A directory with one PKCS#12 file for each own account, made on first use and never overwritten. */
final class IdentityDirectory implements IdentitySource {
    private static final Logger LOG = LoggerFactory.getLogger(IdentityDirectory.class);
    private static final Duration EXPIRES_SOON = Duration.ofDays(30);

    /** What protects these files is their permissions; a password beside them in a configuration would add nothing. */
    private static final String NO_PASSWORD = "";

    private final Path directory;
    private final Clock clock;
    private final Map<BareJid, Identity> loaded = new HashMap<>();

    IdentityDirectory(Path directory, Clock clock) {
        this.directory = directory.toAbsolutePath().normalize();
        this.clock = clock;
    }

    @Override
    public Identity identity(BareJid account) throws XtlsException {
        @Nullable Identity known = loaded.get(account);
        if (known != null && known.current(clock)) {
            return known;
        }
        Path file = directory.resolve(fileName(account));
        Identity identity;
        try {
            OwnerOnly.createDirectory(directory);
            identity = Files.exists(file) ? read(file) : generate(account, file);
        } catch (IOException e) {
            throw UnusableKeyFile.because(file, "cannot be read or made: " + KeyFile.reason(e));
        }
        if (!identity.current(clock)) {
            throw UnusableKeyFile.because(
                    file,
                    "holds a certificate that is valid from "
                            + identity.certificate().getNotBefore().toInstant() + " to "
                            + identity.certificate().getNotAfter().toInstant() + ", not now",
                    "Check the clock, or move the file away to have a fresh one made, and tell your peers its"
                            + " fingerprint.");
        }
        loaded.put(account, identity);
        return identity;
    }

    private Identity read(Path file) throws IOException, XtlsException {
        OwnerOnly.requireClosedToOthers(file);
        Identity identity = KeyFile.read(file, NO_PASSWORD, "");
        if (clock.instant()
                .plus(EXPIRES_SOON)
                .isAfter(identity.certificate().getNotAfter().toInstant())) {
            LOG.warn(
                    "own certificate expires on {}: {}",
                    identity.certificate().getNotAfter().toInstant(),
                    identity);
        }
        return identity;
    }

    private Identity generate(BareJid account, Path file) throws IOException, XtlsException {
        try {
            SelfSigned made = SelfSigned.generate(account, clock);
            if (!KeyFile.create(file, made.key(), made.certificate(), NO_PASSWORD, clock)) {
                // Another process was first.
                return read(file);
            }
        } catch (GeneralSecurityException e) {
            throw UnusableKeyFile.because(file, "cannot be made: " + e.getMessage());
        }
        // What peers will see is what was written, not what was meant.
        Identity identity = read(file);
        LOG.info("own certificate made for {}: {}", account, identity);
        return identity;
    }

    /** The address where a file name can hold it, otherwise its beginning and a hash. */
    private static String fileName(BareJid account) {
        StringBuilder name = new StringBuilder();
        for (byte octet : account.toString().getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (octet & 0xff);
            if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || "@._-".indexOf(c) >= 0) {
                name.append(c);
            } else {
                name.append('%').append(HexFormat.of().toHexDigits(octet));
            }
        }
        if (name.length() > 150) {
            name.setLength(80);
            name.append('~').append(sha256(account.toString()));
        }
        return name + ".p12";
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
