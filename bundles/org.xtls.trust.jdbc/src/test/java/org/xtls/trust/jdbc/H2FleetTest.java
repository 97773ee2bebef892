package org.xtls.trust.jdbc;

import javax.sql.DataSource;

/** In one process, which is all that an embedded database can serve. */
class H2FleetTest extends FleetTest {
    private DataSource database = H2TrustStoreTest.inMemory();

    @Override
    DataSource database() {
        return database;
    }

    @Override
    String schema() {
        return "";
    }

    @Override
    void reset() {
        database = H2TrustStoreTest.inMemory();
    }
}
