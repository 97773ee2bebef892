package org.xtls.trust.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.trust.jdbc.Stages.await;
import static org.xtls.trust.jdbc.Stages.failure;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.Failure;
import org.xtls.trust.KeyName;
import org.xtls.trust.KnownKey;
import org.xtls.trust.TrustChange;

/** The embedded database has no server that outlives a container. */
class H2CrashTest {
    @TempDir
    Path home;

    @Test
    void a_killed_container_loses_nothing_that_it_had_confirmed() throws Exception {
        String url = "jdbc:h2:file:" + home.resolve("trust");
        int first = 1;
        for (int confirmed : new int[] {1, 40, 7}) {
            int last = first + confirmed - 1;
            try (OtherProcess writer = OtherProcess.writing(url, first)) {
                for (int i = first; i <= last; i++) {
                    assertEquals(Integer.toString(i), writer.line());
                }
            }
            try (JdbcTrustStore store = new JdbcTrustStore(H2TrustStoreTest.dataSource(url))) {
                Set<KeyName> found = await(store.peer(OtherProcess.PEER)).keys().stream()
                        .map(KnownKey::name)
                        .collect(Collectors.toSet());
                Set<KeyName> wanted = IntStream.rangeClosed(first, last)
                        .mapToObj(OtherProcess::key)
                        .collect(Collectors.toSet());
                assertTrue(found.containsAll(wanted), found.size() + " found, up to " + last + " confirmed");
                assertEquals(
                        found,
                        await(store.history(OtherProcess.PEER)).stream()
                                .map(TrustChange::key)
                                .collect(Collectors.toSet()),
                        "whole or not at all");
                first = found.size() + 1;
            }
        }
    }

    @Test
    void a_second_container_on_one_embedded_database_is_refused_with_the_reason() throws Exception {
        String url = "jdbc:h2:file:" + home.resolve("trust");
        try (OtherProcess writer = OtherProcess.writing(url, 1)) {
            assertEquals("1", writer.line());
            try (JdbcTrustStore store = new JdbcTrustStore(H2TrustStoreTest.dataSource(url))) {
                Failure failure = failure(store.peers());
                assertTrue(failure.message().contains("cannot be reached"), failure.text());
                assertTrue(failure.message().contains("already in use"), failure.text());
            }
        }
    }

    /** It could not force to disk what it confirms. */
    @Test
    void a_user_who_is_no_administrator_of_the_database_is_refused_before_the_first_decision() throws Exception {
        JdbcDataSource source = H2TrustStoreTest.inMemory();
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("create user fleet password 'secret'");
        }
        source.setUser("fleet");
        source.setPassword("secret");
        try (JdbcTrustStore store = new JdbcTrustStore(source)) {
            Failure failure = failure(store.peers());
            assertTrue(failure.message().contains("Admin rights are required"), failure.text());
        }
    }
}
