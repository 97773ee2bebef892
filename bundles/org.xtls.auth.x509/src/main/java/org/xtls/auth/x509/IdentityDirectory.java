package org.xtls.auth.x509;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.XtlsException;
import org.xtls.embedded.files.OwnerOnly;
import org.xtls.trust.SecretQuestion;

/**
 * A directory with PKCS#12 files for each own account, one for each key that it has had: {@code account.p12}, then {@code
 * account+2.p12} and so on. A file appears as a whole, keeps its key for ever, and which key is the current one follows
 * from the certificates and the clock. So there is nothing that a crash, or a second process on the same directory,
 * could leave half done.
 */
final class IdentityDirectory implements IdentitySource {
    private static final Logger LOG = LoggerFactory.getLogger(IdentityDirectory.class);

    /** Peers' clocks may be ahead. */
    private static final Duration LAST_DAY = Duration.ofDays(1);

    private static final char[] NONE = {};

    private final Path directory;
    private final Clock clock;
    private final Rotation rotation;
    private final char[] passphrase;
    private final char[] former;
    private final Answers answers = new Answers();
    private final ExpiryWarning warning;
    private final Map<BareJid, Held> held = new HashMap<>();

    /**
     * A directory.
     *
     * @param passphrase what files are encrypted with, or empty
     * @param former what they may still be encrypted with, or empty
     */
    IdentityDirectory(Path directory, Clock clock, Rotation rotation, String passphrase, String former) {
        this.directory = directory.toAbsolutePath().normalize();
        this.clock = clock;
        this.rotation = rotation;
        this.passphrase = passphrase.toCharArray();
        this.former = former.toCharArray();
        this.warning = new ExpiryWarning(clock);
    }

    @Override
    public List<Identity> identities(BareJid account) throws XtlsException, SecretWanted {
        Instant now = clock.instant();
        Held before = held.get(account);
        if (before != null && before.holdsAt(now)) {
            return before.identities();
        }
        try {
            OwnerOnly.createDirectory(directory);
            Held after = load(account, now);
            held.put(account, after);
            if (before != null && !after.current.sha256().equals(before.current.sha256())) {
                LOG.info("own certificate of {}: the next one has become the current one: {}", account, after.current);
            }
            return after.identities();
        } catch (IOException e) {
            throw UnusableKey.because(
                    UnusableKey.file(file(account, 1)), "cannot be read or made: " + KeyFile.reason(e));
        }
    }

    @Override
    public List<Identity> held(BareJid account) throws XtlsException, SecretWanted {
        Instant now = clock.instant();
        Held before = held.get(account);
        if (before != null && before.holdsAt(now)) {
            return before.identities();
        }
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try {
            OwnerOnly.requireUnwritableByOthers(directory);
            Shelf shelf = read(account, now);
            if (!shelf.usable.isEmpty()) {
                return rotation.choose(shelf.usable, now).identities();
            }
            if (shelf.expired != null) {
                throw shelf.expired.notNow("Tell your peers the fingerprint of the one that comes after it.");
            }
            if (shelf.early != null) {
                throw shelf.early.notNow("Check the clock.");
            }
            return List.of();
        } catch (IOException e) {
            throw UnusableKey.because(UnusableKey.file(file(account, 1)), "cannot be read: " + KeyFile.reason(e));
        }
    }

    @Override
    public void answer(String of, char[] secret) {
        answers.put(of, secret);
    }

    @Override
    public void close() {
        answers.close();
        held.clear();
        Arrays.fill(passphrase, '\0');
        Arrays.fill(former, '\0');
    }

    private Held load(BareJid account, Instant now) throws IOException, XtlsException, SecretWanted {
        Shelf shelf = read(account, now);
        if (shelf.usable.isEmpty()) {
            shelf = withFirst(account, shelf, now);
        }
        Identity newest = shelf.usable.get(shelf.usable.size() - 1);
        if (!newest.selfSigned()) {
            warning.look(newest);
        } else if (shelf.usable.size() == 1 && !now.isBefore(rotation.renewal(newest))) {
            make(account, shelf.files + 1);
            shelf = read(account, now);
            if (shelf.usable.size() < 2) {
                throw UnusableKey.because(
                        UnusableKey.file(file(account, shelf.files)), "was made as the next one, and cannot be found");
            }
            LOG.info(
                    "own certificate of {} expires on {}, the next one has been made and is handed to peers in tunnels: {}",
                    account,
                    newest.until(),
                    shelf.usable.get(shelf.usable.size() - 1));
        }
        return rotation.choose(shelf.usable, now);
    }

    /** The first of all; or, after a time so long that none could be made while the last was valid, one in its place. */
    private Shelf withFirst(BareJid account, Shelf shelf, Instant now) throws IOException, XtlsException, SecretWanted {
        Identity expired = shelf.expired;
        if (expired == null && shelf.early != null) {
            throw shelf.early.notNow("Check the clock.");
        }
        if (expired != null && !expired.selfSigned()) {
            throw expired.notNow("Put a renewed one in its place, or move the file away to have one made that vouches"
                    + " for itself, and tell your peers its fingerprint.");
        }
        make(account, shelf.files + 1);
        Shelf after = read(account, now);
        if (after.usable.isEmpty()) {
            throw UnusableKey.because(UnusableKey.file(file(account, after.files)), "was made, and cannot be found");
        }
        Identity made = after.usable.get(0);
        if (expired == null) {
            LOG.info("own certificate made for {}: {}", account, made);
        } else {
            LOG.warn(
                    "own certificate of {} expired on {} before a next one was made: from now on peers see a changed key"
                            + " and refuse it until they have compared it: {}",
                    account,
                    expired.until(),
                    made);
        }
        return after;
    }

    /** Newest first, until one has expired: those before it are history. */
    private Shelf read(BareJid account, Instant now) throws IOException, XtlsException, SecretWanted {
        List<Generation> files = generations(account);
        List<Identity> usable = new ArrayList<>();
        Identity early = null;
        Identity expired = null;
        int rest = files.size();
        while (rest > 0 && expired == null) {
            Identity identity = open(files.get(--rest).file, account);
            if (now.isBefore(identity.from())) {
                early = identity;
                LOG.warn("own certificate is not valid before {}, and not used: {}", identity.from(), identity);
            } else if (now.isAfter(identity.until())) {
                expired = identity;
            } else {
                usable.add(0, identity);
            }
        }
        for (Generation history : files.subList(0, rest)) {
            encryptHistory(history.file);
        }
        return new Shelf(files.isEmpty() ? 0 : files.get(files.size() - 1).number, usable, early, expired);
    }

    private Identity open(Path file, BareJid account) throws IOException, XtlsException, SecretWanted {
        OwnerOnly.requireClosedToOthers(file);
        String of = UnusableKey.file(file);
        List<char[]> secrets = Stream.concat(Stream.of(passphrase, former), answers.all().stream())
                .filter(secret -> secret.length > 0)
                .toList();
        for (char[] secret : Stream.concat(secrets.stream(), Stream.of(NONE)).toList()) {
            try {
                Identity identity = KeyFile.read(file, secret, "");
                if (passphrase.length > 0 && secret != passphrase) {
                    KeyFile.encrypt(file, secret, passphrase);
                    LOG.info("own {} is encrypted with the configured passphrase now", of);
                }
                return identity;
            } catch (WrongSecret e) {
                // The next one may be right.
            } catch (GeneralSecurityException e) {
                throw UnusableKey.because(of, "cannot be encrypted: " + e.getMessage());
            }
        }
        boolean answered = answers.get(of) != null;
        answers.forget(of);
        throw wanted(of, account, answered);
    }

    private SecretWanted wanted(String of, BareJid account, boolean answered) {
        boolean configured = passphrase.length > 0;
        String before = "";
        if (answered) {
            before = "That passphrase does not open it.";
        } else if (configured) {
            before = "The configured passphrase does not open it; if it was changed, give the former one.";
        }
        Failure unanswered = UnusableKey.failure(
                of,
                configured || answered
                        ? "cannot be opened with this passphrase"
                        : "is encrypted, and its passphrase is not known",
                "Set .passphrase of " + Identities.PID + ", or answer when you are asked for it.");
        return new SecretWanted(
                new SecretQuestion(SecretQuestion.Kind.PASSPHRASE, account, Optional.empty(), of, before), unanswered);
    }

    /** Nobody needs it any more, but it should not lie open beside those that are encrypted. */
    private void encryptHistory(Path file) {
        if (passphrase.length == 0) {
            return;
        }
        try {
            KeyFile.encrypt(file, NONE, passphrase);
            LOG.info("own {}, long expired, is encrypted now", UnusableKey.file(file));
        } catch (WrongSecret e) {
            LOG.debug("own {} is encrypted", UnusableKey.file(file));
        } catch (IOException | GeneralSecurityException | XtlsException e) {
            LOG.warn("own {}, long expired, cannot be encrypted: {}", UnusableKey.file(file), e.getMessage());
        }
    }

    /** When another process is first, its key is the one. */
    private void make(BareJid account, int number) throws IOException, XtlsException {
        Path file = file(account, number);
        try {
            SelfSigned made = SelfSigned.generate(account, clock);
            KeyFile.create(file, made.key(), made.certificate(), secretForNew(account));
        } catch (GeneralSecurityException e) {
            throw UnusableKey.because(UnusableKey.file(file), "cannot be made: " + e.getMessage());
        }
    }

    /** What its predecessor was opened with, where nothing is configured. */
    private char[] secretForNew(BareJid account) throws IOException {
        if (passphrase.length > 0) {
            return passphrase;
        }
        for (Generation generation : generations(account)) {
            char[] answer = answers.get(UnusableKey.file(generation.file));
            if (answer != null) {
                return answer;
            }
        }
        return NONE;
    }

    private Path file(BareJid account, int number) {
        return directory.resolve(PathPattern.fileName(account) + (number == 1 ? "" : "+" + number) + ".p12");
    }

    /** Oldest first. No account's own file name has a plus sign in it. */
    private List<Generation> generations(BareJid account) throws IOException {
        Pattern pattern =
                Pattern.compile(Pattern.quote(PathPattern.fileName(account)) + "(?:\\+([1-9][0-9]{0,5}))?\\.p12");
        List<Generation> files = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*.p12")) {
            for (Path entry : entries) {
                Matcher name = pattern.matcher(entry.getFileName().toString());
                if (name.matches()) {
                    files.add(new Generation(name.group(1) == null ? 1 : Integer.parseInt(name.group(1)), entry));
                }
            }
        }
        files.sort(Comparator.comparingInt(Generation::number));
        return files;
    }

    /**
     * When a next key is made, and when it takes the current one's place.
     *
     * @param renewBefore how long before the current certificate expires the next one is made
     * @param switchBefore how long before that the next one takes its place
     */
    record Rotation(Duration renewBefore, Duration switchBefore) {
        static final Rotation DEFAULT = new Rotation(Duration.ofDays(60), Duration.ofDays(15));

        Instant renewal(Identity current) {
            return current.until().minus(renewBefore);
        }

        /**
         * A next one that was made late gets the time to become known that one made in time would have had, as long as
         * the current one lasts.
         */
        private Instant handover(Identity current, Identity next) {
            Instant planned = current.until().minus(switchBefore);
            Instant known = next.from().plus(SelfSigned.BACKDATED).plus(renewBefore.minus(switchBefore));
            Instant last = current.until().minus(LAST_DAY);
            Instant late = known.isAfter(planned) ? known : planned;
            return late.isBefore(last) ? late : last;
        }

        private Held choose(List<Identity> usable, Instant now) {
            int current = 0;
            while (current + 1 < usable.size()
                    && !now.isBefore(handover(usable.get(current), usable.get(current + 1)))) {
                current++;
            }
            Identity chosen = usable.get(current);
            if (current + 1 < usable.size()) {
                Identity next = usable.get(current + 1);
                return new Held(chosen, next, handover(chosen, next));
            }
            // Of one that cannot be renewed here a warning is due each day.
            Instant change = chosen.selfSigned() ? renewal(chosen) : now.plus(ExpiryWarning.AGAIN);
            return new Held(chosen, null, change.isBefore(chosen.until()) ? change : chosen.until());
        }
    }

    private record Generation(int number, Path file) {}

    /** What was found: the usable ones oldest first, and the newest of those that are not. */
    private record Shelf(
            int files,
            List<Identity> usable,
            @Nullable Identity early,
            @Nullable Identity expired) {}

    /** What is in use, and until when nothing about it changes. */
    private record Held(Identity current, @Nullable Identity next, Instant until) {
        boolean holdsAt(Instant now) {
            return !now.isBefore(current.from()) && now.isBefore(until);
        }

        List<Identity> identities() {
            return next == null ? List.of(current) : List.of(current, next);
        }
    }
}
