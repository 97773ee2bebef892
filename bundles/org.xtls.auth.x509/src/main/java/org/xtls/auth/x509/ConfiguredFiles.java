package org.xtls.auth.x509;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.cert.CertificateException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.XtlsException;
import org.xtls.trust.SecretQuestion;

/** Key files that a configuration names. They are read again when they change, so that a renewal needs no restart. */
final class ConfiguredFiles implements IdentitySource {
    private static final Logger LOG = LoggerFactory.getLogger(ConfiguredFiles.class);

    private final KeyFormat format;
    private final Clock clock;
    private final ExpiryWarning warning;
    private final Answers answers = new Answers();
    private final Map<Place, Loaded> loaded = new HashMap<>();
    private final Set<BareJid> warned = new HashSet<>();

    ConfiguredFiles(KeyFormat format, Clock clock) {
        this.format = format;
        this.clock = clock;
        this.warning = new ExpiryWarning(clock);
    }

    @Override
    public List<Identity> identities(BareJid account) throws XtlsException, SecretWanted {
        Identity identity = load(account);
        if (!identity.current(clock)) {
            throw identity.notNow("Put a renewed one in its place.");
        }
        warning.look(identity);
        warnOfOtherName(identity, account);
        return List.of(identity);
    }

    @Override
    public void answer(String of, char[] secret) {
        answers.put(of, secret);
    }

    @Override
    public void close() {
        answers.close();
        loaded.clear();
        Arrays.fill(format.configured(), '\0');
    }

    private Identity load(BareJid account) throws XtlsException, SecretWanted {
        List<Path> files = format.files(account);
        Place place = new Place(files, format.alias(account));
        Path at = files.get(0);
        try {
            List<Version> versions = new ArrayList<>();
            for (Path file : files) {
                at = file;
                BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
                versions.add(new Version(now.lastModifiedTime(), now.size()));
            }
            Loaded before = loaded.get(place);
            if (before != null && before.versions.equals(versions)) {
                return before.identity;
            }
            Identity identity = read(place, account);
            loaded.put(place, new Loaded(versions, identity));
            warned.clear();
            LOG.info("own certificate loaded: {}", identity);
            return identity;
        } catch (IOException e) {
            throw UnusableKey.because(UnusableKey.file(at), "cannot be read: " + KeyFile.reason(e));
        }
    }

    private Identity read(Place place, BareJid account) throws IOException, XtlsException, SecretWanted {
        String of = UnusableKey.file(place.files.get(place.files.size() - 1));
        char[] configured = format.configured();
        char[] answer = answers.get(of);
        try {
            return format.read(place.files, place.alias, configured.length > 0 ? configured : answer);
        } catch (WrongSecret e) {
            answers.forget(of);
            boolean tried = configured.length > 0 || answer != null;
            if (configured.length > 0) {
                throw UnusableKey.because(
                        of, "cannot be opened with this password", "Correct the password in " + Identities.PID + ".");
            }
            throw new SecretWanted(
                    new SecretQuestion(
                            SecretQuestion.Kind.PASSPHRASE,
                            account,
                            Optional.empty(),
                            of,
                            tried ? "That passphrase does not open it." : ""),
                    UnusableKey.failure(
                            of,
                            "is encrypted, and cannot be opened "
                                    + (tried ? "with this password" : "without a password"),
                            "Set the password in " + Identities.PID + ", or answer when you are asked for it."));
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

    private record Place(List<Path> files, String alias) {}

    private record Version(FileTime modified, long size) {}

    private record Loaded(List<Version> versions, Identity identity) {}
}
