package org.xtls.trust.file;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustStore;

/**
 * Known keys in one text file. All work is done in order on one thread of the store's own, which ends with it; stages
 * complete on that thread.
 *
 * <p>The directory is locked for as long as the store is open: two containers that wrote to one file would undo each
 * other's decisions. As a component the store is there even when the file cannot be opened or the configuration makes no
 * sense: every stage then fails with the reason, and tries again, so that the user learns it and nothing needs a restart
 * once the cause is gone.
 */
@Component(service = TrustStore.class, immediate = true, configurationPid = FileTrustStore.PID)
@Designate(ocd = Configuration.class)
public final class FileTrustStore implements TrustStore, AutoCloseable {
    /** The name of the configuration. */
    public static final String PID = "org.xtls.trust.file";

    static final int FIRST_USE_LIMIT = 10_000;

    private static final int MAX_FIRST_USE_LIMIT = 1_000_000;
    private static final int MAX_EVIDENCE = 256;
    private static final Logger LOG = LoggerFactory.getLogger(FileTrustStore.class);

    private final Worker worker;
    private final Clock clock;
    private final Path defaultDirectory;

    // The worker's alone, once it runs.
    private Path directory;
    private int firstUseLimit;
    private @Nullable TrustFile file;
    private @Nullable Failure misconfigured;

    /** A store as a component. Until its configuration makes sense every stage fails with what is wrong. */
    @Activate
    public FileTrustStore(BundleContext context, Configuration configuration) {
        this(defaultDirectory(context), FIRST_USE_LIMIT, defaultDirectory(context), Clock.systemUTC(), null);
        worker.submit(() -> {
            try {
                Settings settings = Settings.of(configuration, defaultDirectory);
                directory = settings.directory();
                firstUseLimit = settings.firstUseLimit();
            } catch (RuntimeException e) {
                misconfigured = misconfiguration(e);
            }
            return directory;
        });
        tryOut();
    }

    /**
     * Opens a store outside of any framework.
     *
     * @param directory where the file is; made when missing
     * @throws IOException when the directory or the file cannot be used; the message says why and what to do
     */
    public FileTrustStore(Path directory) throws IOException {
        this(directory, FIRST_USE_LIMIT, Clock.systemUTC());
    }

    FileTrustStore(Path directory, int firstUseLimit, Clock clock) throws IOException {
        this(directory, firstUseLimit, directory, clock, TrustFile.open(directory));
    }

    FileTrustStore(Path directory, TrustFile file) {
        this(directory, FIRST_USE_LIMIT, directory, Clock.systemUTC(), file);
    }

    private FileTrustStore(
            Path directory, int firstUseLimit, Path defaultDirectory, Clock clock, @Nullable TrustFile file) {
        this.directory = directory;
        this.firstUseLimit = firstUseLimit;
        this.defaultDirectory = defaultDirectory;
        this.clock = clock;
        this.file = file;
        this.worker = new Worker(
                "xtls-trust-file",
                new Failure(
                        Code.SERVICE_GONE,
                        Fault.LOCAL,
                        "The trust store has been closed.",
                        "Start the bundle " + PID + " again."));
    }

    @Override
    public CompletionStage<KnownPeer> peer(BareJid peer) {
        return inOrder(file -> file.peer(peer));
    }

    @Override
    public CompletionStage<List<KnownPeer>> peers() {
        return inOrder(TrustFile::peers);
    }

    @Override
    public CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence) {
        return inOrder(file -> {
            KnownPeer known = file.peer(peer);
            Optional<KnownKey> before = known.key(key);
            if (state == KeyState.FIRST_USE
                    && before.filter(was -> was.state() != KeyState.FIRST_USE).isPresent()) {
                return known;
            }
            if (state == KeyState.FIRST_USE && before.isEmpty()) {
                requireRoom(file);
            }
            // A state that is set again began when it was first set.
            KnownKey after = new KnownKey(
                    key,
                    state,
                    before.filter(was -> was.state() == state)
                            .map(KnownKey::since)
                            .orElseGet(() -> clock.instant().truncatedTo(ChronoUnit.SECONDS)),
                    onePhrase(evidence));
            if (before.filter(after::equals).isPresent()) {
                return known;
            }
            List<KnownKey> keys = new ArrayList<>(known.keys());
            if (before.isPresent()) {
                keys.set(keys.indexOf(before.get()), after);
            } else {
                keys.add(after);
            }
            return file.keep(new KnownPeer(peer, keys, known.confirms(), known.methods()));
        });
    }

    @Override
    public CompletionStage<KnownPeer> remember(BareJid peer, String method, boolean confirmed) {
        return inOrder(file -> {
            KnownPeer known = file.peer(peer);
            Set<String> methods = new TreeSet<>(known.methods());
            methods.add(TrustFormat.requireMethod(method));
            KnownPeer after = new KnownPeer(peer, known.keys(), known.confirms() || confirmed, methods);
            return after.equals(known) ? known : file.keep(after);
        });
    }

    /** Applies a changed configuration. One that cannot be applied is reported, and the store goes on as it was. */
    @Modified
    void modified(Configuration configuration) {
        worker.submit(() -> {
            try {
                Settings settings = Settings.of(configuration, defaultDirectory);
                moveTo(settings.directory());
                firstUseLimit = settings.firstUseLimit();
                misconfigured = null;
            } catch (IOException | RuntimeException e) {
                if (misconfigured == null) {
                    LOG.error("{} The former one stays.", misconfiguration(e).text());
                } else {
                    misconfigured = misconfiguration(e);
                }
            }
            return directory;
        });
        tryOut();
    }

    /** Ends the store. What was asked before is done first. */
    @Override
    @Deactivate
    public void close() {
        // Behind everything that is queued.
        worker.submit(() -> {
            if (file != null) {
                file.close();
            }
            return directory;
        });
        worker.close();
    }

    /** What keeps the store from working is to be in the log before somebody needs it. */
    private void tryOut() {
        inOrder(TrustFile::path).whenComplete((path, failure) -> {
            if (failure != null) {
                LOG.error("{}", failure.getMessage());
            }
        });
    }

    private void moveTo(Path wanted) throws IOException {
        if (wanted.equals(directory)) {
            return;
        }
        TrustFile former = file;
        if (former != null) {
            file = TrustFile.open(wanted);
            former.close();
        }
        directory = wanted;
        LOG.info("trust store moved to {}", directory);
    }

    /** Against strangers who fill the disk with keys where policy takes every first one. */
    private void requireRoom(TrustFile file) throws XtlsException {
        long taken = file.count(KeyState.FIRST_USE);
        if (taken >= firstUseLimit) {
            throw new XtlsException(new Failure(
                    Code.LIMIT,
                    Fault.LOCAL,
                    "The trust store holds " + taken + " keys taken on first use, and no more are allowed.",
                    "Verify or distrust some of them, or raise firstUseLimit of " + PID + "."));
        }
    }

    private <T> CompletionStage<T> inOrder(Step<T> step) {
        return worker.submit(() -> {
            if (misconfigured != null) {
                throw new XtlsException(misconfigured);
            }
            try {
                TrustFile open = file;
                if (open == null) {
                    open = TrustFile.open(directory);
                    file = open;
                }
                return step.on(open);
            } catch (IOException | RuntimeException e) {
                XtlsException failure = new XtlsException(
                        Failure.of(Code.LOCAL, Fault.LOCAL, "The trust store cannot be used: " + Reason.of(e) + "."));
                failure.initCause(e);
                throw failure;
            }
        });
    }

    private interface Step<T> {
        T on(TrustFile file) throws IOException, XtlsException;
    }

    /** Bounded, and nothing but whole characters: it may quote what a peer sent. */
    private static String onePhrase(String evidence) {
        String whole = new String(evidence.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8).strip();
        if (whole.codePointCount(0, whole.length()) <= MAX_EVIDENCE) {
            return whole;
        }
        return whole.substring(0, whole.offsetByCodePoints(0, MAX_EVIDENCE)).strip();
    }

    private static Path defaultDirectory(BundleContext context) {
        String home = context.getProperty("xtls.home");
        return home == null || home.isBlank()
                ? context.getDataFile("trust").toPath()
                : Path.of(home).resolve("trust");
    }

    private static Failure misconfiguration(Exception e) {
        return new Failure(Code.LOCAL, Fault.LOCAL, "configuration " + PID + ": " + Reason.of(e) + ".", "Correct it.");
    }

    /** The configuration, checked. */
    private record Settings(Path directory, int firstUseLimit) {
        static Settings of(Configuration configuration, Path defaultDirectory) {
            return new Settings(directory(configuration, defaultDirectory), limit(configuration));
        }

        private static Path directory(Configuration configuration, Path fallback) {
            String configured = configuration.directory();
            try {
                return configured == null || configured.isBlank() ? fallback : Path.of(configured);
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("directory: '" + configured + "' is no path", e);
            }
        }

        private static int limit(Configuration configuration) {
            int limit;
            try {
                limit = configuration.firstUseLimit();
            } catch (RuntimeException e) {
                // Declarative Services throw from here what they cannot turn into this type.
                throw new IllegalArgumentException("firstUseLimit: it is no whole number", e);
            }
            if (limit < 0 || limit > MAX_FIRST_USE_LIMIT) {
                throw new IllegalArgumentException(
                        "firstUseLimit: " + limit + " is not between 0 and " + MAX_FIRST_USE_LIMIT);
            }
            return limit;
        }
    }
}
