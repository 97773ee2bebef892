package org.xtls.trust.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Set;
import org.xtls.XtlsException;

/** Brings the tables to the version that this bundle knows; a script for each step lies beside this class. */
final class Schema {
    static final int VERSION = 1;

    private static final int ATTEMPTS = 3;
    private static final Set<String> NO_SUCH_TABLE = Set.of("42P01", "42S02", "42S03", "42S04");

    private Schema() {}

    /** Where the tables are as they should be nothing is made, so that a user without the right to do so will do. */
    static void open(Connection connection, Dialect dialect, Settings settings) throws SQLException, XtlsException {
        for (int attempt = 1; ; attempt++) {
            boolean making = false;
            try (Statement statement = connection.createStatement()) {
                dialect.begin(statement, settings);
                int version = version(connection, statement);
                requireKnown(version);
                if (version < VERSION) {
                    making = true;
                    migrate(connection, dialect, statement);
                }
                connection.commit();
                return;
            } catch (SQLException e) {
                rollback(connection, e);
                // Where making tables cannot be locked, another container may have made the same at the same time.
                if (attempt < ATTEMPTS) {
                    continue;
                }
                if (making) {
                    throw Failures.unusable(
                            "its tables cannot be made: " + Failures.reason(e, settings),
                            "Let the user make tables there, or have the owner of the schema run "
                                    + dialect.script(VERSION) + " from this bundle.");
                }
                throw e;
            }
        }
    }

    static void requireKnown(int version) throws XtlsException {
        if (version > VERSION) {
            throw Failures.unusable(
                    "the tables in the database have version " + version + ", and this bundle knows them up to version "
                            + VERSION,
                    "Install the version of " + JdbcTrustStore.PID + " that the rest of the fleet has.");
        }
    }

    private static void migrate(Connection connection, Dialect dialect, Statement statement)
            throws SQLException, XtlsException {
        dialect.lockSchema(statement);
        int version = version(connection, statement);
        requireKnown(version);
        for (int next = version + 1; next <= VERSION; next++) {
            for (String step : script(dialect.script(next)).split(";\\s*\\n")) {
                if (!step.isBlank()) {
                    statement.execute(step);
                }
            }
        }
    }

    /** 0 where there are no tables. */
    private static int version(Connection connection, Statement statement) throws SQLException {
        Savepoint before = connection.setSavepoint();
        try (ResultSet row = statement.executeQuery("select version from xtls_trust_store where one = 1")) {
            return row.next() ? row.getInt(1) : 0;
        } catch (SQLException e) {
            if (!NO_SUCH_TABLE.contains(Failures.state(e.getSQLState()))) {
                throw e;
            }
            connection.rollback(before);
            return 0;
        }
    }

    private static void rollback(Connection connection, SQLException cause) throws SQLException {
        try {
            connection.rollback();
        } catch (SQLException e) {
            // The connection is broken, and this is why.
            throw cause;
        }
    }

    private static String script(String name) {
        try (InputStream script = Schema.class.getResourceAsStream(name)) {
            if (script == null) {
                throw new IllegalStateException("the bundle has lost its " + name);
            }
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the bundle's " + name + " cannot be read", e);
        }
    }
}
