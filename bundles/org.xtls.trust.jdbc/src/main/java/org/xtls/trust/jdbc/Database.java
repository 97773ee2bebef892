package org.xtls.trust.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.Failure;
import org.xtls.XtlsException;

/**
 * One connection to the database, made when it is needed and anew when it breaks, and the transactions on it. It belongs
 * to the worker's thread, but for {@link #abort}.
 *
 * <p>While the database is gone it is not tried with each call, but after pauses that grow: whoever calls in between
 * learns at once what the last attempt learned.
 */
final class Database {
    private static final Logger LOG = LoggerFactory.getLogger(Database.class);

    private static final int ATTEMPTS = 3;
    private static final long FIRST_PAUSE_MILLIS = 250;
    private static final long LONGEST_PAUSE_MILLIS = 5_000;

    /** The server's own time-outs come first, and say more. */
    private static final int NETWORK_SLACK_MILLIS = 2_000;

    /** Two transactions in each other's way (SQL, and H2's own): the one that lost is done again. */
    private static final Set<String> CONFLICT = Set.of("40001", "40P01", "90131");

    /**
     * A connection that works no more: the server stops, it has become a stand-by that takes no changes, or the embedded
     * one was closed.
     */
    private static final Set<String> LOST = Set.of("57P01", "57P02", "57P03", "25006", "90067", "90098", "90121");

    private final Sources sources;
    private final ChangeFeed feed;
    private Settings settings;
    private @Nullable Open open;
    private @Nullable Failure missing;
    private long pauseMillis = FIRST_PAUSE_MILLIS;
    private long triedAtNanos;

    private volatile @Nullable Connection abortable;
    private volatile boolean ended;

    Database(Sources sources, ChangeFeed feed, Settings settings) {
        this.sources = sources;
        this.feed = feed;
        this.settings = settings;
    }

    /** Takes other settings, with a new connection where that needs one. */
    void use(Settings wanted) {
        if (!wanted.sameDatabase(settings)) {
            disconnect();
            forgetFailure();
        }
        settings = wanted;
    }

    boolean isReached() {
        return open != null;
    }

    Settings settings() {
        return settings;
    }

    /** A service came: what was tried without it says nothing any more. */
    void forgetFailure() {
        missing = null;
        pauseMillis = FIRST_PAUSE_MILLIS;
    }

    /** A service goes, and with it the connection that came from it. */
    void lose(Object service) {
        if (open != null && open.service().equals(service)) {
            disconnect();
        }
    }

    /**
     * Runs a transaction; again, where it was broken off and nothing of it was kept.
     *
     * @throws XtlsException when it cannot be done; then nothing has changed, unless the failure says that this is not
     *     known
     */
    <T> T transact(Transaction<T> transaction) throws XtlsException {
        @Nullable String doubt = null;
        for (int attempt = 1; ; attempt++) {
            Open on;
            try {
                on = open();
            } catch (XtlsException e) {
                throw doubt == null ? e : new XtlsException(Failures.inDoubt(settings.database(), doubt));
            }
            boolean committing = false;
            try (Statement statement = on.connection().createStatement()) {
                on.dialect().begin(statement, settings);
                Tables tables = new Tables(on.connection());
                T result = transaction.on(tables, doubt != null);
                committing = tables.written();
                on.connection().commit();
                if (tables.written()) {
                    flush(on, statement);
                }
                return result;
            } catch (SQLException e) {
                boolean broken = broken(e);
                String reason = Failures.reason(e, settings);
                if (committing && broken) {
                    doubt = reason;
                }
                if (attempt < ATTEMPTS && (broken || CONFLICT.contains(Failures.state(e.getSQLState())))) {
                    continue;
                }
                throw failure(doubt, reason, e);
            } catch (RuntimeException e) {
                rollback();
                throw Failures.unusable(Failures.reason(e, settings), "Correct it in the database.");
            } catch (XtlsException e) {
                rollback();
                throw e;
            } catch (Error e) {
                // Whatever it is, the fleet's lock must not stay.
                disconnect();
                throw e;
            }
        }
    }

    /** Done again it would find nothing to do, and say that it is kept. */
    private void flush(Open on, Statement statement) throws XtlsException {
        try {
            on.dialect().flush(statement);
        } catch (SQLException e) {
            disconnect();
            throw failure(Failures.reason(e, settings), "", e);
        }
    }

    /** Ends the connection in good order. */
    void disconnect() {
        Open former = open;
        open = null;
        abortable = null;
        if (former != null) {
            close(former.connection());
        }
    }

    /** In good order and for good: a call that comes in behind must not connect again. */
    void end() {
        ended = true;
        disconnect();
    }

    /** From any thread: breaks off what the worker waits for, and lets nothing begin any more. */
    void abort() {
        ended = true;
        Connection connection = abortable;
        if (connection != null) {
            try {
                connection.abort(Runnable::run);
            } catch (SQLException e) {
                LOG.debug("the connection cannot be aborted: {}", e.getSQLState());
            }
        }
    }

    private Open open() throws XtlsException {
        if (ended) {
            throw new XtlsException(Failures.CLOSED);
        }
        if (open != null) {
            return open;
        }
        if (missing != null && System.nanoTime() - triedAtNanos < TimeUnit.MILLISECONDS.toNanos(pauseMillis)) {
            throw new XtlsException(missing);
        }
        try {
            Open made = connect();
            open = made;
            forgetFailure();
            LOG.info("{} reached", settings.database());
            return made;
        } catch (SQLException | RuntimeException e) {
            throw missing(Failures.unreachable(settings.database(), Failures.reason(e, settings)));
        } catch (XtlsException e) {
            throw missing(e.failure());
        }
    }

    private Open connect() throws SQLException, XtlsException {
        Sources.Source source = sources.source(settings);
        Connection connection = source.dataSource().getConnection();
        abortable = connection;
        boolean ready = false;
        try {
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            connection.setNetworkTimeout(Runnable::run, settings.timeoutSeconds() * 1000 + NETWORK_SLACK_MILLIS);
            Dialect dialect = Dialect.of(connection);
            dialect.check(connection);
            Schema.open(connection, dialect, settings);
            try (Statement statement = connection.createStatement()) {
                dialect.begin(statement, settings);
                feed.follow(new Tables(connection).head());
                connection.commit();
            }
            ready = true;
            return new Open(source.service(), connection, dialect);
        } finally {
            if (!ready) {
                abortable = null;
                close(connection);
            }
        }
    }

    private XtlsException missing(Failure failure) {
        if (missing == null) {
            LOG.error("{}", failure.text());
        } else {
            pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
        }
        missing = failure;
        triedAtNanos = System.nanoTime();
        return new XtlsException(failure);
    }

    private XtlsException failure(@Nullable String doubt, String reason, SQLException cause) {
        Failure failure = doubt == null
                ? Failures.failed(settings.database(), reason)
                : Failures.inDoubt(settings.database(), doubt);
        LOG.error("{} (SQL state {})", failure.text(), cause.getSQLState());
        return new XtlsException(failure);
    }

    /** Rolls back; a connection that cannot even do that, or takes no changes, is given up. */
    private boolean broken(SQLException e) {
        String state = Failures.state(e.getSQLState());
        if (state.startsWith("08") || LOST.contains(state) || !rollback()) {
            disconnect();
            return true;
        }
        return false;
    }

    private boolean rollback() {
        try {
            if (open != null) {
                open.connection().rollback();
            }
            return true;
        } catch (SQLException e) {
            disconnect();
            return false;
        }
    }

    private static void close(Connection connection) {
        try (connection) {
            if (!connection.isClosed()) {
                connection.rollback();
            }
        } catch (SQLException e) {
            LOG.debug("the connection was broken already: {}", e.getSQLState());
        }
    }

    /** What is done in one transaction. It may be done more than once. */
    @FunctionalInterface
    interface Transaction<T> {
        /**
         * Does it.
         *
         * @param tables what it is done to
         * @param again whether it was done before and nobody knows whether it was kept
         * @return the result
         */
        T on(Tables tables, boolean again) throws SQLException, XtlsException;
    }

    private record Open(Object service, Connection connection, Dialect dialect) {}
}
