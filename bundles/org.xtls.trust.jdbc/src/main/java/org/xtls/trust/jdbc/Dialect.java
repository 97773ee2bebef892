package org.xtls.trust.jdbc;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import org.xtls.XtlsException;

/** What is not the same on all databases. */
enum Dialect {
    POSTGRESQL {
        @Override
        void check(Connection connection) throws SQLException, XtlsException {
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("show server_encoding")) {
                row.next();
                if (!row.getString(1).equals("UTF8")) {
                    throw Failures.unusable(
                            "the database has the encoding " + row.getString(1) + ", which cannot hold every address",
                            "Create it with encoding UTF8.");
                }
            }
        }

        /**
         * All of it ends with the transaction: the connection may come from a pool. The timeouts are the server's own: a
         * container that hangs in a transaction must not keep the fleet's lock.
         */
        @Override
        void begin(Statement statement, Settings settings) throws SQLException {
            int milliseconds = settings.timeoutSeconds() * 1000;
            String schema =
                    settings.schema().isEmpty() ? "" : "set local search_path to \"" + settings.schema() + "\";";
            statement.execute(schema
                    + "set local lock_timeout to " + milliseconds
                    + ";set local statement_timeout to " + milliseconds
                    + ";set local idle_in_transaction_session_timeout to " + milliseconds
                    + ";select set_config('synchronous_commit', 'on', true)"
                    + " where current_setting('synchronous_commit') = 'off'");
        }

        @Override
        void lockSchema(Statement statement) throws SQLException {
            // Any number that all containers agree on: "xtls" in ASCII.
            statement.execute("select pg_advisory_xact_lock(2020895859)");
        }

        @Override
        void flush(Statement statement) {}
    },

    H2 {
        /** Only an administrator may {@link #flush}; to find that out at the first decision is too late. */
        @Override
        void check(Connection connection) throws SQLException {
            try (Statement statement = connection.createStatement()) {
                flush(statement);
            }
        }

        @Override
        void begin(Statement statement, Settings settings) throws SQLException, XtlsException {
            if (!settings.schema().isEmpty()) {
                throw Failures.unusable(
                        "configuration " + JdbcTrustStore.PID + ": schema: H2 takes it from the url",
                        "Add ;SCHEMA=… to the url and leave schema empty.");
            }
            statement.execute("set lock_timeout " + settings.timeoutSeconds() * 1000);
        }

        @Override
        void lockSchema(Statement statement) {}

        /** H2 writes half a second after the commit, and what was confirmed has to be kept through a crash. */
        @Override
        void flush(Statement statement) throws SQLException {
            statement.execute("checkpoint sync");
        }
    };

    /**
     * The dialect of a database.
     *
     * @throws XtlsException when it is a database of which nobody has shown that decisions are safe in it
     */
    static Dialect of(Connection connection) throws SQLException, XtlsException {
        String product = connection.getMetaData().getDatabaseProductName();
        return switch (product.toLowerCase(Locale.ROOT)) {
            case "postgresql" -> POSTGRESQL;
            case "h2" -> H2;
            default ->
                throw Failures.unusable(
                        "the database is a '" + product + "', and only PostgreSQL and H2 are known here",
                        "Take one of them.");
        };
    }

    /** The script that leads from the version before to this one. */
    String script(int version) {
        return name().toLowerCase(Locale.ROOT) + "-" + version + ".sql";
    }

    /** What must be right of a database, once for each connection. */
    abstract void check(Connection connection) throws SQLException, XtlsException;

    /** What goes before each transaction. */
    abstract void begin(Statement statement, Settings settings) throws SQLException, XtlsException;

    /** Until the end of the transaction nobody else makes tables. */
    abstract void lockSchema(Statement statement) throws SQLException;

    /** What goes behind the commit of a change until it is on disk. */
    abstract void flush(Statement statement) throws SQLException;
}
