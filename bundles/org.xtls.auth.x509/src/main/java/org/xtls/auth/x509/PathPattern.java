package org.xtls.auth.x509;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HexFormat;
import org.xtls.BareJid;

/**
 * A path, the same for all accounts or with the account in it.
 *
 * @param text the path; {@code {account}} in it stands for the account
 */
record PathPattern(String text) {
    static final String ACCOUNT = "{account}";

    /**
     * Checks the form.
     *
     * @throws IllegalArgumentException when it can be no path
     */
    static PathPattern of(String attribute, String text) {
        path(attribute, text.replace(ACCOUNT, "account"));
        return new PathPattern(text);
    }

    /**
     * A path without an account in it.
     *
     * @throws IllegalArgumentException when it is none
     */
    static Path path(String attribute, String text) {
        try {
            return Path.of(text).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(attribute + ": '" + text + "' is no path", e);
        }
    }

    Path of(BareJid account) {
        return Path.of(text.replace(ACCOUNT, fileName(account)))
                .toAbsolutePath()
                .normalize();
    }

    /** The address where a file name can hold it, otherwise its beginning and a hash. No two share one. */
    static String fileName(BareJid account) {
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
            name.append('~').append(Fingerprint.sha256(account.toString().getBytes(StandardCharsets.UTF_8)));
        }
        // Against an account that would lead out of the directory.
        return name.toString().matches("\\.+") ? "%2e" + name.substring(1) : name.toString();
    }
}
