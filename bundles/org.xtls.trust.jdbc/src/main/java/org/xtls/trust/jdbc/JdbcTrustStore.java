package org.xtls.trust.jdbc;

import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.jdbc.DataSourceFactory;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.XtlsException;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustListener;
import org.xtls.trust.TrustStore;
import org.xtls.trust.jdbc.Tables.Head;

/**
 * Known keys in a database that containers share. All work is done in order on one thread of the store's own, over one
 * connection; stages complete on that thread. What is decided is decided in one transaction, under a lock that all
 * containers share.
 *
 * <p>It is there only where it is configured, and then goes before a store that ranks lower. While the database cannot be
 * reached, or the configuration makes no sense, every stage fails with the reason; nothing needs a restart once the cause
 * is gone.
 */
@Component(
        service = TrustStore.class,
        immediate = true, // listeners hear of the others' changes whether anybody holds the service or not
        configurationPid = JdbcTrustStore.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        property = "service.ranking:Integer=100")
@Designate(ocd = Configuration.class)
public final class JdbcTrustStore implements TrustStore, AutoCloseable {
    /** The name of the configuration. */
    public static final String PID = "org.xtls.trust.jdbc";

    private static final int PATIENCE_SECONDS = 5;
    private static final Logger LOG = LoggerFactory.getLogger(JdbcTrustStore.class);

    private final Clock clock;
    private final Sources sources = new Sources();
    private final ChangeFeed feed = new ChangeFeed();
    private final DatabaseWorker worker = new DatabaseWorker();
    private final Database database;

    // The worker's alone, once it runs.
    private boolean active;
    private boolean configured;
    private @Nullable Failure misconfigured;
    private String reported = "";

    /**
     * A store as a component. Until its configuration makes sense every stage fails with what is wrong.
     *
     * @param configuration which database
     */
    @Activate
    public JdbcTrustStore(Configuration configuration) {
        this(Settings.DEFAULT, Clock.systemUTC());
        modified(configuration);
    }

    /**
     * A store outside of any framework.
     *
     * @param dataSource the database, PostgreSQL or H2; one connection is taken from it and held
     */
    public JdbcTrustStore(DataSource dataSource) {
        this(dataSource, Settings.DEFAULT, Clock.systemUTC());
    }

    JdbcTrustStore(DataSource dataSource, Settings settings, Clock clock, TrustListener... listeners) {
        this(settings, clock);
        sources.set(dataSource);
        for (TrustListener listener : listeners) {
            feed.add(listener);
        }
        active = true;
        apply(settings);
    }

    private JdbcTrustStore(Settings settings, Clock clock) {
        this.clock = clock;
        this.database = new Database(sources, feed, settings);
    }

    @Override
    public CompletionStage<KnownPeer> peer(BareJid peer) {
        return transact((tables, again) -> tables.peer(peer));
    }

    @Override
    public CompletionStage<List<KnownPeer>> peers() {
        return transact((tables, again) -> tables.peers());
    }

    @Override
    public CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence) {
        return decide(peer, key, Rule.put(state), evidence);
    }

    @Override
    public CompletionStage<KnownPeer> vouch(BareJid peer, KeyName key, String evidence) {
        return decide(peer, key, Rule.VOUCH, evidence);
    }

    @Override
    public CompletionStage<KnownPeer> remember(BareJid peer, String method, boolean confirmed) {
        if (!method.matches("[a-z][a-z0-9-]{0,31}")) {
            return failed(Code.LOCAL, "'" + method + "' is no name of a method.");
        }
        return transact((tables, again) -> {
            KnownPeer known = tables.peer(peer);
            if (known.methods().contains(method) && (known.confirms() || !confirmed)) {
                return known;
            }
            tables.lock();
            tables.remember(peer, method, confirmed);
            return tables.peer(peer);
        });
    }

    @Override
    public CompletionStage<Boolean> keep(BareJid peer, KeyName key, byte[] material) {
        if (material.length > MAX_MATERIAL) {
            return failed(
                    Code.LIMIT,
                    "The trust store keeps at most " + MAX_MATERIAL + " bytes of material for a key, not "
                            + material.length + ".");
        }
        byte[] kept = material.clone();
        return transact((tables, again) -> {
            tables.lock();
            return tables.keep(peer, key, kept);
        });
    }

    @Override
    public CompletionStage<Optional<byte[]>> material(BareJid peer, KeyName key) {
        return transact((tables, again) -> tables.material(peer, key));
    }

    @Override
    public CompletionStage<List<TrustChange>> history(BareJid peer) {
        return transact((tables, again) -> tables.history(peer));
    }

    /** Its services are there: what keeps the store from working is to be in the log before somebody needs it. */
    @Activate
    void activated() {
        worker.run(() -> {
            active = true;
            look();
        });
    }

    /** Takes a changed configuration. One that makes no sense is reported, and the store goes on as it was. */
    @Modified
    void modified(Configuration configuration) {
        Settings wanted;
        try {
            wanted = Settings.of(configuration);
        } catch (RuntimeException e) {
            refuse(Failures.misconfigured(e));
            return;
        }
        apply(wanted);
    }

    @Reference(
            name = "dataSource", // the configuration's dataSource.target
            service = DataSource.class,
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindDataSource(DataSource service) {
        sources.set(service);
        came();
    }

    void unbindDataSource(DataSource service) {
        sources.unset(service);
        went(service);
    }

    @Reference(
            name = "driver",
            service = DataSourceFactory.class,
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindDriver(DataSourceFactory driver, Map<String, Object> properties) {
        sources.add(driver, properties);
        came();
    }

    void updatedDriver(DataSourceFactory driver, Map<String, Object> properties) {
        sources.add(driver, properties);
        came();
    }

    void unbindDriver(DataSourceFactory driver) {
        sources.remove(driver);
        went(driver);
    }

    @Reference(
            name = "listener",
            service = TrustListener.class,
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindListener(TrustListener listener) {
        feed.add(listener);
    }

    void unbindListener(TrustListener listener) {
        feed.remove(listener);
    }

    /** Ends the store. What was asked before is done first, unless that takes too long. */
    @Override
    @Deactivate
    public void close() {
        close(PATIENCE_SECONDS);
    }

    /** Ends the store, in which what was asked before has so long. */
    void close(int patienceSeconds) {
        // Behind everything that waits.
        worker.run(database::end);
        worker.close(patienceSeconds, database::abort);
    }

    private void apply(Settings wanted) {
        worker.run(() -> {
            database.use(wanted);
            configured = true;
            misconfigured = null;
            look();
        });
        worker.repeat(this::look, wanted.pollSeconds());
    }

    private void refuse(Failure failure) {
        worker.run(() -> {
            if (configured) {
                LOG.error("{} The former one stays.", failure.text());
            } else {
                LOG.error("{}", failure.text());
                misconfigured = failure;
            }
        });
    }

    private void came() {
        worker.run(() -> {
            database.forgetFailure();
            look();
        });
    }

    private void went(Object service) {
        worker.run(() -> database.lose(service));
    }

    /** Looks for changes that others have made, and whether the database is there again. */
    private void look() {
        if (!configured || !active) {
            return;
        }
        try {
            feed.tellNews(database);
            reported = "";
        } catch (XtlsException | RuntimeException | LinkageError e) {
            // An error that stays is one line, not one every few seconds; that the database is gone was said.
            String message = String.valueOf(e.getMessage());
            if (!message.equals(reported) && database.isReached()) {
                LOG.error("Nobody hears of changes of trust for now: {}", message);
            }
            reported = message;
        }
    }

    private CompletionStage<KnownPeer> decide(BareJid peer, KeyName key, Rule rule, String evidence) {
        String phrase = Evidence.onePhrase(evidence);
        String decision = UUID.randomUUID().toString();
        return inOrder(() -> {
            Decided decided = database.transact((tables, again) -> {
                // Without the lock first: most calls change nothing, and need not wait for the fleet.
                KnownPeer known = tables.peer(peer);
                if (changed(known, key, rule, phrase) == null) {
                    return new Decided(known, null);
                }
                Head head = tables.lock();
                if (again && tables.made(peer, decision)) {
                    return new Decided(tables.peer(peer), null);
                }
                known = tables.peer(peer);
                KnownKey changed = changed(known, key, rule, phrase);
                if (changed == null) {
                    return new Decided(known, null);
                }
                KeyState before = known.key(key).map(KnownKey::state).orElse(null);
                if (changed.state() == KeyState.FIRST_USE) {
                    requireRoom(tables);
                }
                tables.change(
                        head.changes() + 1,
                        new TrustChange(now(), peer, key, before, changed.state(), phrase),
                        changed.since(),
                        decision);
                return new Decided(tables.peer(peer), head);
            });
            if (decided.before() != null) {
                // Should the database have gone back, this change is told all the same.
                feed.follow(decided.before());
            }
            look();
            return decided.known();
        });
    }

    /** What becomes of a key, or null when it stays what it is. A state that is set again began when it was first set. */
    private @Nullable KnownKey changed(KnownPeer known, KeyName key, Rule rule, String evidence) {
        KnownKey held = known.key(key).orElse(null);
        KeyState state = rule.decide(held == null ? null : held.state());
        if (state == null) {
            return null;
        }
        Instant since = held != null && held.state() == state ? held.since() : now();
        KnownKey after = new KnownKey(key, state, since, evidence);
        return after.equals(held) ? null : after;
    }

    /** Against strangers who fill the database with keys where policy takes every first one. */
    private void requireRoom(Tables tables) throws SQLException, XtlsException {
        long taken = tables.count(KeyState.FIRST_USE);
        int limit = database.settings().firstUseLimit();
        if (taken >= limit) {
            throw new XtlsException(Failures.local(
                    Code.LIMIT,
                    "The trust store holds " + taken + " keys taken on first use, and no more are allowed.",
                    "Verify or distrust some of them, or raise firstUseLimit of " + PID + "."));
        }
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.SECONDS);
    }

    private <T> CompletionStage<T> transact(Database.Transaction<T> transaction) {
        return inOrder(() -> database.transact(transaction));
    }

    private <T> CompletionStage<T> inOrder(Callable<T> step) {
        return worker.submit(() -> {
            if (misconfigured != null) {
                throw new XtlsException(misconfigured);
            }
            return step.call();
        });
    }

    private record Decided(KnownPeer known, @Nullable Head before) {}

    private static <T> CompletionStage<T> failed(Code code, String message) {
        return CompletableFuture.failedStage(new XtlsException(Failures.local(code, message, "")));
    }
}
