package org.xtls.auth.x509;

import java.nio.file.Path;
import java.time.Clock;
import org.xtls.BareJid;
import org.xtls.XtlsException;

/** Sources of own keys as configurations name them. */
final class Sources {
    private Sources() {}

    static IdentitySource keyStore(Path file, String password, String alias, Clock clock) {
        return new ConfiguredFiles(
                new KeyFormat.KeyStoreFile(PathPattern.of("keystore", file.toString()), password.toCharArray(), alias),
                clock);
    }

    static IdentitySource pem(String certificate, String key, String passphrase, Clock clock) {
        return new ConfiguredFiles(
                new PemFiles(
                        PathPattern.of("certificate", certificate),
                        PathPattern.of("key", key),
                        passphrase.toCharArray()),
                clock);
    }

    /** The current identity, with nobody to be asked. */
    static Identity current(IdentitySource source, BareJid account) throws XtlsException {
        try {
            return source.identities(account).get(0);
        } catch (SecretWanted e) {
            throw new XtlsException(e.unanswered());
        }
    }
}
