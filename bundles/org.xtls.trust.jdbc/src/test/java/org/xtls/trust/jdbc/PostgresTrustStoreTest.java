package org.xtls.trust.jdbc;

import java.sql.SQLException;
import java.time.Clock;
import org.junit.jupiter.api.extension.ExtendWith;
import org.xtls.trust.TrustListener;
import org.xtls.trust.TrustStore;
import org.xtls.trust.TrustStoreContract;

@ExtendWith(PostgresExtension.class)
class PostgresTrustStoreTest extends TrustStoreContract {
    private final PostgresServer server;
    private final String schema;

    PostgresTrustStoreTest(PostgresServer server) throws SQLException {
        this.server = server;
        this.schema = server.newSchema(PostgresServer.ADMIN);
    }

    @Override
    protected TrustStore open(Clock clock, TrustListener... listeners) {
        return new JdbcTrustStore(
                server.dataSource(PostgresServer.ADMIN), TestSettings.inSchema(schema), clock, listeners);
    }

    @Override
    protected void close(TrustStore store) {
        ((JdbcTrustStore) store).close();
    }
}
