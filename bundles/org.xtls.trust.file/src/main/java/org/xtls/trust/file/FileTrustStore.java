package org.xtls.trust.file;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArraySet;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.embedded.files.Reason;
import org.xtls.embedded.threads.Worker;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustListener;
import org.xtls.trust.TrustRecords;
import org.xtls.trust.TrustStore;

/**
 * Known keys in one text file, and what is kept of them beside it. All work is done in order on one thread of the store's own, which ends with it; stages
 * complete on that thread, and listeners are told on it before the stage of their change completes.
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
    private static final int MAX_KEYS = 1_000;
    private static final Logger LOG = LoggerFactory.getLogger(FileTrustStore.class);

    private final Worker worker;
    private final Clock clock;
    private final Path defaultDirectory;
    private final Set<TrustListener> listeners = new CopyOnWriteArraySet<>();

    // The worker's alone, once it runs.
    private Path directory;
    private int firstUseLimit;
    private @Nullable TrustDirectory home;
    private @Nullable Failure misconfigured;

    /** A store as a component. Until its configuration makes sense every stage fails with what is wrong. */
    @Activate
    public FileTrustStore(BundleContext context, Configuration configuration) {
        this(defaultDirectory(context), FIRST_USE_LIMIT, defaultDirectory(context), Clock.systemUTC(), null);
        worker.run(() -> {
            try {
                Settings settings = Settings.of(configuration, defaultDirectory);
                directory = settings.directory();
                firstUseLimit = settings.firstUseLimit();
            } catch (RuntimeException e) {
                misconfigured = misconfiguration(e);
            }
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
        this(directory, firstUseLimit, directory, clock, TrustDirectory.open(directory, Disk.REAL));
    }

    FileTrustStore(Path directory, TrustDirectory home) {
        this(directory, FIRST_USE_LIMIT, directory, Clock.systemUTC(), home);
    }

    private FileTrustStore(
            Path directory, int firstUseLimit, Path defaultDirectory, Clock clock, @Nullable TrustDirectory home) {
        this.directory = directory;
        this.firstUseLimit = firstUseLimit;
        this.defaultDirectory = defaultDirectory;
        this.clock = clock;
        this.home = home;
        this.worker = new Worker(
                "xtls-trust-file",
                new Failure(
                        Code.SERVICE_GONE,
                        Fault.LOCAL,
                        "The trust store has been closed.",
                        "Start the bundle " + PID + " again."));
    }

    /**
     * Tells a listener of every change from now on, on the store's thread.
     *
     * @param listener whom
     */
    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    public void addListener(TrustListener listener) {
        listeners.add(listener);
    }

    /**
     * Tells it nothing more; a call that is under way comes to its end.
     *
     * @param listener whom
     */
    public void removeListener(TrustListener listener) {
        listeners.remove(listener);
    }

    @Override
    public CompletionStage<KnownPeer> peer(BareJid peer) {
        return inOrder(home -> home.ledger().peer(peer));
    }

    @Override
    public CompletionStage<List<KnownPeer>> peers() {
        return inOrder(home -> home.ledger().peers());
    }

    @Override
    public CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence) {
        return inOrder(home -> {
            KnownPeer known = home.ledger().peer(peer);
            @Nullable KeyState before = known.key(key).map(KnownKey::state).orElse(null);
            boolean taken = switch (state) {
                case VERIFIED, DISTRUSTED -> true;
                case FIRST_USE -> before == null;
                case EXPIRED -> before == KeyState.VERIFIED || before == KeyState.FIRST_USE;
            };
            if (!taken) {
                return known;
            }
            if (state == KeyState.FIRST_USE) {
                requireRoom(home.ledger());
                requireRoom(known);
            }
            return change(home, known, key, state, evidence);
        });
    }

    @Override
    public CompletionStage<KnownPeer> vouch(BareJid peer, KeyName key, String evidence) {
        return inOrder(home -> {
            KnownPeer known = home.ledger().peer(peer);
            Optional<KnownKey> before = known.key(key);
            if (before.filter(was -> was.state() != KeyState.FIRST_USE).isPresent()) {
                return known;
            }
            if (before.isEmpty()) {
                requireRoom(known);
            }
            return change(home, known, key, KeyState.VERIFIED, evidence);
        });
    }

    @Override
    public CompletionStage<KnownPeer> remember(BareJid peer, String method, boolean confirmed) {
        return inOrder(home -> {
            Entry.Tunnel tunnel = new Entry.Tunnel(peer, method, confirmed);
            KnownPeer known = home.ledger().peer(peer);
            if (known.methods().contains(method) && (known.confirms() || !confirmed)) {
                return known;
            }
            home.journal().append(tunnel);
            return home.ledger().peer(peer);
        });
    }

    @Override
    public CompletionStage<Boolean> keep(BareJid peer, KeyName key, byte[] material) {
        return inOrder(home -> {
            if (material.length > MAX_MATERIAL) {
                throw new XtlsException(Failure.of(
                        Code.LIMIT,
                        Fault.LOCAL,
                        "The trust store keeps at most " + MAX_MATERIAL + " bytes of material of a key, and this has "
                                + material.length + "."));
            }
            if (home.ledger().peer(peer).key(key).isEmpty()) {
                return false;
            }
            home.journal().requireUntouched();
            home.materials().write(peer, key, material);
            return true;
        });
    }

    @Override
    public CompletionStage<Optional<byte[]>> material(BareJid peer, KeyName key) {
        return inOrder(home -> home.ledger().peer(peer).key(key).isEmpty()
                ? Optional.empty()
                : home.materials().read(peer, key));
    }

    @Override
    public CompletionStage<List<TrustChange>> history(BareJid peer) {
        return inOrder(home -> home.ledger().history(peer));
    }

    /** Applies a changed configuration. One that cannot be applied is reported, and the store goes on as it was. */
    @Modified
    void modified(Configuration configuration) {
        worker.run(() -> {
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
        });
        tryOut();
    }

    /** Ends the store. What was asked before is done first. */
    @Override
    @Deactivate
    public void close() {
        // Behind everything that is queued.
        worker.run(() -> {
            try {
                if (home != null) {
                    home.close();
                }
            } catch (IOException e) {
                LOG.warn("{} was not closed in order: {}", directory, Reason.of(e));
            }
        });
        worker.close();
    }

    private KnownPeer change(TrustDirectory home, KnownPeer known, KeyName key, KeyState state, String evidence)
            throws IOException {
        String phrase = TrustRecords.evidence(evidence);
        Optional<KnownKey> before = known.key(key);
        @Nullable KeyState was = before.map(KnownKey::state).orElse(null);
        if (was == state && before.orElseThrow().evidence().equals(phrase)) {
            return known;
        }
        TrustChange change =
                new TrustChange(clock.instant().truncatedTo(ChronoUnit.SECONDS), known.peer(), key, was, state, phrase);
        home.journal().append(new Entry.Change(change));
        if (was != state) {
            tell(change);
        }
        return home.ledger().peer(known.peer());
    }

    private void tell(TrustChange change) {
        for (TrustListener listener : listeners) {
            try {
                listener.changed(change);
            } catch (Throwable e) {
                // The decision is on the disk; whatever a listener throws must not make it look as if it were not.
                LOG.error("trust listener {} failed", listener.getClass().getName(), e);
            }
        }
    }

    /** What keeps the store from working is to be in the log before somebody needs it. */
    private void tryOut() {
        inOrder(TrustDirectory::journal).whenComplete((journal, failure) -> {
            if (failure != null) {
                LOG.error("{}", failure.getMessage());
            }
        });
    }

    private void moveTo(Path wanted) throws IOException {
        if (wanted.equals(directory)) {
            return;
        }
        TrustDirectory former = home;
        if (former != null) {
            home = TrustDirectory.open(wanted, Disk.REAL);
            former.close();
        }
        directory = wanted;
        LOG.info("trust store moved to {}", directory);
    }

    /** Against strangers who fill the disk with keys where policy takes every first one. */
    private void requireRoom(Ledger ledger) throws XtlsException {
        if (ledger.firstUses() >= firstUseLimit) {
            throw new XtlsException(new Failure(
                    Code.LIMIT,
                    Fault.LOCAL,
                    "The trust store holds " + ledger.firstUses()
                            + " keys taken on first use, and no more are allowed.",
                    "Verify or distrust some of them, or raise firstUseLimit of " + PID + "."));
        }
    }

    /** Against one peer who fills the disk with keys that it hands over in tunnels. */
    private static void requireRoom(KnownPeer known) throws XtlsException {
        if (known.keys().size() >= MAX_KEYS) {
            throw new XtlsException(new Failure(
                    Code.LIMIT,
                    Fault.PEER,
                    "The trust store holds " + known.keys().size() + " keys of " + known.peer()
                            + ", and no more are taken unasked.",
                    "Pin the key that is to be trusted."));
        }
    }

    private <T> CompletionStage<T> inOrder(Step<T> step) {
        return worker.submit(() -> {
            if (misconfigured != null) {
                throw new XtlsException(misconfigured);
            }
            try {
                TrustDirectory open = home;
                if (open == null) {
                    open = TrustDirectory.open(directory, Disk.REAL);
                    home = open;
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
        T on(TrustDirectory home) throws IOException, XtlsException;
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
