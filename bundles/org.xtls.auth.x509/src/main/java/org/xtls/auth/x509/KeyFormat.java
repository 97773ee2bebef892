package org.xtls.auth.x509;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.XtlsException;
import org.xtls.embedded.files.OwnerOnly;

/** A form in which a configuration gives own keys. */
sealed interface KeyFormat permits KeyFormat.KeyStoreFile, PemFiles {
    /** The files that make up an account's key, the one that a secret opens last. */
    List<Path> files(BareJid account);

    /** Which of several keys in them is the account's; empty where there is but one. */
    String alias(BareJid account);

    /** The secret of the configuration, or empty; the array is this object's. */
    char[] configured();

    /**
     * Reads an account's key.
     *
     * @param name which of several, as {@link #alias} says
     * @param secret what to open it with, or null where nothing is known
     * @throws WrongSecret when that does not open it
     */
    Identity read(List<Path> files, String name, char @Nullable [] secret)
            throws IOException, XtlsException, WrongSecret;

    /** A PKCS#12 file. */
    @SuppressWarnings("ArrayRecordComponent") // wiped, never compared
    record KeyStoreFile(PathPattern keystore, char[] configured, String aliasPattern) implements KeyFormat {
        @Override
        public List<Path> files(BareJid account) {
            return List.of(keystore.of(account));
        }

        @Override
        public String alias(BareJid account) {
            return aliasPattern.replace(PathPattern.ACCOUNT, account.toString());
        }

        @Override
        public Identity read(List<Path> files, String name, char @Nullable [] secret)
                throws IOException, XtlsException, WrongSecret {
            Path file = files.get(0);
            char[] password = secret == null ? new char[0] : secret;
            Identity identity = KeyFile.read(file, password, name);
            if (password.length == 0) {
                OwnerOnly.requireClosedToWorld(file);
            }
            return identity;
        }

        /** A password is never shown. */
        @Override
        public String toString() {
            return "KeyStoreFile[" + keystore.text() + "]";
        }
    }
}
