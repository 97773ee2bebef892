package org.xtls.trust.jdbc;

import java.sql.SQLException;
import javax.sql.DataSource;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(PostgresExtension.class)
class PostgresFleetTest extends FleetTest {
    private final PostgresServer server;
    private String schema;

    PostgresFleetTest(PostgresServer server) throws SQLException {
        this.server = server;
        this.schema = server.newSchema(PostgresServer.ADMIN);
    }

    @Override
    DataSource database() {
        return server.dataSource(PostgresServer.ADMIN);
    }

    @Override
    String schema() {
        return schema;
    }

    @Override
    void reset() throws SQLException {
        schema = server.newSchema(PostgresServer.ADMIN);
    }
}
