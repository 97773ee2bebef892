package org.xtls.trust.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.trust.jdbc.Stages.await;
import static org.xtls.trust.jdbc.Stages.failure;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.postgresql.ds.PGSimpleDataSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustListener;
import org.xtls.trust.jdbc.Relay.Break;
import org.xtls.trust.jdbc.Relay.Then;

/** A real PostgreSQL that crashes, hangs, and is cut off. */
@ExtendWith(PostgresExtension.class)
class LostDatabaseTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final BareJid MARKER = BareJid.parse("marker.example");
    private static final KeyName KEY = new KeyName("x509", "ab".repeat(32));
    private static final int NEVER = 3600;

    private final PostgresServer shared;
    private final String database;
    private final List<JdbcTrustStore> stores = new ArrayList<>();

    LostDatabaseTest(PostgresServer shared) throws SQLException {
        this.shared = shared;
        this.database = shared.newDatabase();
    }

    @AfterEach
    void stop() {
        stores.forEach(JdbcTrustStore::close);
    }

    @Test
    void a_server_killed_under_decisions_has_kept_all_that_were_acknowledged() throws Exception {
        try (PostgresServer server = PostgresServer.start()) {
            String crashing = server.newDatabase();
            // Not the default, and no reason to confirm what is not on disk.
            server.execute(PostgresServer.ADMIN, "alter database " + crashing + " set synchronous_commit to off");
            DataSource source = server.dataSource(crashing);
            Heard heard = new Heard();
            JdbcTrustStore one = store(source, TestSettings.of("", 1, 10, 10_000), heard);
            Heard heardToo = new Heard();
            JdbcTrustStore two = store(source, TestSettings.of("", 1, 10, 10_000), heardToo);
            int number = 0;
            Set<KeyName> acknowledged = ConcurrentHashMap.newKeySet();
            for (int round = 1; round <= 4; round++) {
                Semaphore kept = new Semaphore(0);
                ExecutorService threads = Executors.newFixedThreadPool(2);
                List<Future<Failure>> deciding = new ArrayList<>();
                for (JdbcTrustStore store : List.of(one, two)) {
                    int first = number += 100_000;
                    deciding.add(threads.submit(() -> decideUntilItFails(store, first, acknowledged, kept)));
                }
                assertTrue(kept.tryAcquire(17 * round, Stages.PATIENCE_SECONDS, TimeUnit.SECONDS));
                server.kill();
                for (Future<Failure> failed : deciding) {
                    Failure failure = failed.get(Stages.PATIENCE_SECONDS, TimeUnit.SECONDS);
                    assertEquals(Fault.LOCAL, failure.fault());
                    assertTrue(
                            failure.message().contains("cannot be reached")
                                    || failure.message().contains("Whether the change was kept is not known"),
                            failure.text());
                }
                threads.shutdown();
                server.restart();

                try (JdbcTrustStore fresh = new JdbcTrustStore(source)) {
                    await(fresh.put(MARKER, key(round), KeyState.VERIFIED, "the server is back"));
                    List<TrustChange> history = await(fresh.history(JULIET));
                    Set<KeyName> found = history.stream().map(TrustChange::key).collect(Collectors.toSet());
                    assertEquals(history.size(), found.size(), "nothing twice");
                    assertTrue(found.containsAll(acknowledged), () -> "lost: " + difference(acknowledged, found));
                    assertEquals(
                            found,
                            await(fresh.peer(JULIET)).keys().stream()
                                    .map(KnownKey::name)
                                    .collect(Collectors.toSet()),
                            "whole or not at all");
                    acknowledged.addAll(found);
                }
                // That a store hears of the marker says that it is connected again.
                List<TrustChange> told = heard.until(change -> change.peer().equals(MARKER));
                assertEquals(told, heardToo.until(change -> change.peer().equals(MARKER)));
                assertEquals(told.size(), Set.copyOf(told).size(), "each once");
            }
            assertEquals(acknowledged.size(), await(one.peer(JULIET)).keys().size());
            assertEquals(acknowledged.size(), await(two.peer(JULIET)).keys().size());
        }
    }

    @Test
    void a_connection_that_the_server_has_ended_is_replaced_without_anybody_noticing() throws Exception {
        JdbcTrustStore store = store(shared.dataSource(database), TestSettings.of("", NEVER, 10, 10));
        await(store.put(JULIET, KEY, KeyState.FIRST_USE, "seen"));
        endConnections();
        assertEquals(KeyState.FIRST_USE, await(store.peer(JULIET)).keys().get(0).state());
        endConnections();
        assertEquals(
                KeyState.VERIFIED,
                await(store.put(JULIET, KEY, KeyState.VERIFIED, "compared"))
                        .keys()
                        .get(0)
                        .state());
        assertEquals(2, await(store.history(JULIET)).size());
    }

    @Test
    void a_decision_broken_off_before_its_commit_is_made_again_once() throws Exception {
        try (Relay network = new Relay(shared.port())) {
            Heard heard = new Heard();
            JdbcTrustStore store = store(through(network), TestSettings.of("", NEVER, 10, 10), heard);
            network.breakAt(Break.BEFORE_COMMIT, Then.ACCEPT);
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
            assertEquals(1, await(store.history(JULIET)).size());
            assertEquals("pinned", heard.next().evidence());
            assertTrue(heard.isEmpty());
        }
    }

    @Test
    void a_commit_whose_answer_is_lost_is_not_made_twice() throws Exception {
        try (Relay network = new Relay(shared.port())) {
            Heard heard = new Heard();
            JdbcTrustStore store = store(through(network), TestSettings.of("", NEVER, 10, 10), heard);
            await(store.put(JULIET, KEY, KeyState.DISTRUSTED, "stolen"));
            network.breakAt(Break.AFTER_COMMIT, Then.ACCEPT);
            KnownPeer known = await(store.put(JULIET, KEY, KeyState.VERIFIED, "found again"));
            assertEquals(KeyState.VERIFIED, known.keys().get(0).state());
            assertEquals(2, await(store.history(JULIET)).size());
            assertEquals("stolen", heard.next().evidence());
            assertEquals("found again", heard.next().evidence());
            assertTrue(heard.isEmpty());
        }
    }

    /** Made again it would undo what another container has decided since. */
    @Test
    void a_commit_whose_answer_is_lost_does_not_undo_a_later_distrust() throws Exception {
        try (Relay network = new Relay(shared.port())) {
            PGSimpleDataSource source = through(network);
            source.setConnectTimeout(Stages.PATIENCE_SECONDS);
            source.setSocketTimeout(Stages.PATIENCE_SECONDS);
            JdbcTrustStore store = store(source, TestSettings.of("", NEVER, 30, 10));
            JdbcTrustStore other = store(shared.dataSource(database), TestSettings.of("", NEVER, 30, 10));
            network.breakAt(Break.AFTER_COMMIT, Then.HOLD);
            CompletionStage<KnownPeer> lost = store.put(JULIET, KEY, KeyState.VERIFIED, "pinned");
            network.awaitBreak();
            await(other.put(JULIET, KEY, KeyState.DISTRUSTED, "stolen"));
            network.resume();
            assertEquals(KeyState.DISTRUSTED, await(lost).keys().get(0).state(), "it tells what is held now");
            assertEquals(
                    List.of("pinned", "stolen"),
                    await(other.history(JULIET)).stream()
                            .map(TrustChange::evidence)
                            .toList());
        }
    }

    @Test
    void a_commit_of_which_nobody_can_know_any_more_is_said_to_be_one() throws Exception {
        try (Relay network = new Relay(shared.port())) {
            JdbcTrustStore store = store(through(network), TestSettings.of("", NEVER, 30, 10));
            JdbcTrustStore other = store(shared.dataSource(database), TestSettings.of("", NEVER, 30, 10));
            network.breakAt(Break.AFTER_COMMIT, Then.REFUSE);
            CompletionStage<KnownPeer> lost = store.put(JULIET, KEY, KeyState.VERIFIED, "pinned");
            Failure failure = failure(lost);
            assertTrue(failure.message().contains("Whether the change was kept is not known"), failure.text());
            assertTrue(failure.advice().contains("look at the peer's keys"), failure.text());
            await(other.put(JULIET, KEY, KeyState.DISTRUSTED, "stolen"));
            network.open();
            assertEquals(
                    List.of("pinned", "stolen"),
                    await(other.history(JULIET)).stream()
                            .map(TrustChange::evidence)
                            .toList());
        }
    }

    @Test
    void what_others_changed_while_the_network_was_gone_is_told_when_it_is_back() throws Exception {
        try (Relay network = new Relay(shared.port())) {
            Heard heard = new Heard();
            JdbcTrustStore cutOff = store(through(network), TestSettings.of("", 1, 10, 10), heard);
            JdbcTrustStore other = store(shared.dataSource(database), TestSettings.of("", NEVER, 10, 10));
            network.shut();
            Failure failure = failure(cutOff.peer(JULIET));
            assertEquals(Code.LOCAL, failure.code());
            assertEquals(Fault.LOCAL, failure.fault());
            assertTrue(failure.message().contains("cannot be reached"), failure.text());
            assertTrue(failure.message().contains("refused"), failure.text());
            assertTrue(failure.advice().contains("works again by itself"), failure.text());
            for (int i = 0; i < 3; i++) {
                await(other.put(JULIET, key(i), KeyState.DISTRUSTED, "stolen " + i));
            }
            network.open();
            for (int i = 0; i < 3; i++) {
                assertEquals("stolen " + i, heard.next().evidence());
            }
            assertEquals(3, await(cutOff.peer(JULIET)).in(KeyState.DISTRUSTED).size());
        }
    }

    @Test
    void a_store_that_begins_without_its_database_works_when_it_comes() throws Exception {
        try (Relay network = new Relay(shared.port())) {
            network.shut();
            Heard heard = new Heard();
            JdbcTrustStore store =
                    new JdbcTrustStore(through(network), TestSettings.of("", 1, 10, 10), Clock.systemUTC(), heard);
            stores.add(store);
            assertTrue(failure(store.peers()).message().contains("cannot be reached"));
            assertTrue(failure(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"))
                    .message()
                    .contains("cannot be reached"));
            network.open();
            JdbcTrustStore other = store(shared.dataSource(database), TestSettings.of("", NEVER, 10, 10));
            // It has nothing to tell of what was before its first connection: so changes until it hears of one.
            int made = 0;
            while (heard.isEmpty()) {
                await(other.put(MARKER, key(made++), KeyState.VERIFIED, "marker"));
            }
            assertEquals(KnownPeer.stranger(JULIET), await(store.peer(JULIET)));
        }
    }

    @Test
    void a_server_that_falls_silent_holds_up_nobody_for_longer_than_the_timeout() throws Exception {
        try (Relay network = new Relay(shared.port())) {
            JdbcTrustStore store = store(through(network), TestSettings.of("", NEVER, 1, 10));
            network.breakAt(Break.SILENCE, Then.REFUSE);
            CompletionStage<KnownPeer> first = store.peer(JULIET);
            CompletionStage<KnownPeer> second = store.put(JULIET, KEY, KeyState.VERIFIED, "pinned");
            for (CompletionStage<KnownPeer> stage : List.of(first, second)) {
                assertTrue(
                        failure(stage).message().contains("cannot be reached"),
                        failure(stage).text());
            }
        }
    }

    @Test
    void a_stop_while_the_server_is_silent_leaves_no_thread_and_no_call_behind_however_many_wait() throws Exception {
        try (Relay network = new Relay(shared.port())) {
            JdbcTrustStore store = store(through(network), TestSettings.of("", NEVER, 300, 10));
            network.breakAt(Break.SILENCE, Then.REFUSE);
            List<CompletionStage<KnownPeer>> asked = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                asked.add(store.peer(JULIET));
            }
            network.awaitSilence();
            while (asked.size() < DatabaseWorker.MAX_WAITING) {
                asked.add(store.peer(JULIET));
            }
            CompletionStage<KnownPeer> refused = store.peer(JULIET);
            for (int i = 0; i < 10; i++) {
                refused = store.peer(JULIET);
            }
            assertEquals(Code.BUSY, failure(refused).code());
            assertTrue(
                    failure(refused).message().contains("Too many calls wait"),
                    failure(refused).text());
            List<Thread> threads = threads();
            assertFalse(threads.isEmpty());
            stores.forEach(JdbcTrustStore::close);
            for (CompletionStage<KnownPeer> stage : asked) {
                Failure failure = failure(stage);
                assertEquals(Code.SERVICE_GONE, failure.code(), failure.text());
                assertTrue(failure.message().contains("has been closed"), failure.text());
            }
            assertEquals(List.of(), threads());
            assertEquals(Code.SERVICE_GONE, failure(store.peer(JULIET)).code());
        }
    }

    @Test
    void what_was_asked_before_a_stop_is_done_first() throws Exception {
        JdbcTrustStore store = store(shared.dataSource(database), TestSettings.of("", NEVER, 10, 100));
        List<CompletionStage<KnownPeer>> asked = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            asked.add(store.put(JULIET, key(i), KeyState.FIRST_USE, "seen"));
        }
        // On a busy machine that many take longer than a stop has patience for.
        store.close(Stages.PATIENCE_SECONDS);
        assertEquals(50, await(asked.get(49)).keys().size());
        assertEquals(List.of(), threads());
        assertEquals(0, shared.connections(database));
    }

    @Test
    void a_container_that_hangs_with_the_lock_loses_it() throws Exception {
        JdbcTrustStore store = store(shared.dataSource(database), TestSettings.of("", NEVER, 30, 10));
        try (Connection hanging = shared.dataSource(database).getConnection();
                Statement statement = hanging.createStatement()) {
            hanging.setAutoCommit(false);
            Dialect.POSTGRESQL.begin(statement, TestSettings.of("", NEVER, 1, 10));
            new Tables(hanging).lock();
            // The server ends the other's transaction after a second: otherwise this fails after thirty.
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        }
    }

    @Test
    void a_wrong_password_is_named_and_never_shown() throws Exception {
        String password = "rosaline-rosaline";
        DataSource source = PostgresServer.dataSource(database, shared.port(), PostgresServer.ADMIN, password);
        JdbcTrustStore store = new JdbcTrustStore(source);
        stores.add(store);
        Failure failure = failure(store.peers());
        assertTrue(failure.message().contains("password authentication failed"), failure.text());
        assertFalse(failure.text().contains(password), failure.text());
    }

    private Failure decideUntilItFails(JdbcTrustStore store, int first, Set<KeyName> acknowledged, Semaphore kept)
            throws Exception {
        for (int i = first; ; i++) {
            try {
                store.put(JULIET, key(i), KeyState.VERIFIED, "number " + i)
                        .toCompletableFuture()
                        .get(Stages.PATIENCE_SECONDS, TimeUnit.SECONDS);
                acknowledged.add(key(i));
                kept.release();
            } catch (ExecutionException e) {
                return ((XtlsException) e.getCause()).failure();
            }
        }
    }

    private JdbcTrustStore store(DataSource source, Settings settings, TrustListener... listeners) {
        JdbcTrustStore store = new JdbcTrustStore(source, settings, Clock.systemUTC(), listeners);
        stores.add(store);
        await(store.peers());
        return store;
    }

    private PGSimpleDataSource through(Relay network) {
        PGSimpleDataSource source =
                PostgresServer.dataSource(database, network.port(), PostgresServer.ADMIN, PostgresServer.PASSWORD);
        // A commit is to be readable on the way.
        source.setPrepareThreshold(0);
        source.setConnectTimeout(2);
        source.setSocketTimeout(2);
        return source;
    }

    private void endConnections() throws SQLException {
        shared.execute(
                PostgresServer.ADMIN,
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '" + database + "'");
    }

    private static List<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(DatabaseWorker.THREAD))
                .toList();
    }

    private static Set<KeyName> difference(Set<KeyName> wanted, Set<KeyName> found) {
        return wanted.stream().filter(key -> !found.contains(key)).collect(Collectors.toSet());
    }

    private static KeyName key(int number) {
        return new KeyName("x509", "%064x".formatted(number));
    }
}
