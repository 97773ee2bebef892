package org.xtls.auth.x509;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.cert.CertificateException;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.XtlsException;

/** One PKCS#12 file for all own accounts. It is read again when it changes, so that a renewal needs no restart. */
final class ConfiguredKeyStore implements IdentitySource {
    private static final Logger LOG = LoggerFactory.getLogger(ConfiguredKeyStore.class);

    private final Path file;
    private final String password;
    private final String alias;
    private final Clock clock;
    private final Set<BareJid> warned = new HashSet<>();
    private @Nullable Loaded loaded;

    ConfiguredKeyStore(Path file, String password, String alias, Clock clock) {
        this.file = file;
        this.password = password;
        this.alias = alias;
        this.clock = clock;
    }

    @Override
    public Identity identity(BareJid account) throws XtlsException {
        Identity identity = load();
        if (!identity.current(clock)) {
            throw UnusableKeyFile.because(
                    file,
                    "holds a certificate that is valid from "
                            + identity.certificate().getNotBefore().toInstant() + " to "
                            + identity.certificate().getNotAfter().toInstant() + ", not now",
                    "Put a renewed one in its place.");
        }
        warnOfOtherName(identity, account);
        return identity;
    }

    private Identity load() throws XtlsException {
        Loaded before = loaded;
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            if (before != null && before.modified.equals(now.lastModifiedTime()) && before.size == now.size()) {
                return before.identity;
            }
            Identity identity = KeyFile.read(file, password, alias);
            loaded = new Loaded(now.lastModifiedTime(), now.size(), identity);
            warned.clear();
            LOG.info("own certificate loaded: {}", identity);
            return identity;
        } catch (IOException e) {
            throw UnusableKeyFile.because(file, "cannot be read: " + KeyFile.reason(e));
        }
    }

    private void warnOfOtherName(Identity identity, BareJid account) {
        try {
            List<BareJid> names = XmppNames.of(identity.certificate());
            if (!names.isEmpty() && !names.contains(account) && warned.add(account)) {
                LOG.warn(
                        "{} is made out to {}, not to {}: peers that have not pinned it will refuse it",
                        identity,
                        names,
                        account);
            }
        } catch (CertificateException e) {
            if (warned.add(account)) {
                LOG.warn("{}: {}; peers that have not pinned it will refuse it", identity, e.getMessage());
            }
        }
    }

    private record Loaded(FileTime modified, long size, Identity identity) {}
}
