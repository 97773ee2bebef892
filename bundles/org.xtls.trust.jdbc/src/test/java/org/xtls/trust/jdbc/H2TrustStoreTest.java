package org.xtls.trust.jdbc;

import java.nio.file.Path;
import java.time.Clock;
import java.util.UUID;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.trust.TrustListener;
import org.xtls.trust.TrustStore;
import org.xtls.trust.TrustStoreContract;

class H2TrustStoreTest {
    static JdbcDataSource dataSource(String url) {
        JdbcDataSource source = new JdbcDataSource();
        source.setURL(url);
        source.setUser("sa");
        return source;
    }

    /** A database in memory, which goes only with the process. */
    static JdbcDataSource inMemory() {
        return dataSource("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1");
    }

    @Nested
    class InMemory extends TrustStoreContract {
        private final JdbcDataSource source = inMemory();

        @Override
        protected TrustStore open(Clock clock, TrustListener... listeners) {
            return new JdbcTrustStore(source, TestSettings.inSchema(""), clock, listeners);
        }

        @Override
        protected void close(TrustStore store) {
            ((JdbcTrustStore) store).close();
        }
    }

    @Nested
    class InAFile extends TrustStoreContract {
        @TempDir
        Path home;

        @Override
        protected TrustStore open(Clock clock, TrustListener... listeners) {
            return new JdbcTrustStore(
                    dataSource("jdbc:h2:file:" + home.resolve("trust")), TestSettings.inSchema(""), clock, listeners);
        }

        @Override
        protected void close(TrustStore store) {
            ((JdbcTrustStore) store).close();
        }
    }
}
