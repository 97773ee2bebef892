package org.xtls.trust.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.trust.jdbc.Stages.await;
import static org.xtls.trust.jdbc.Stages.failure;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustListener;

/** Several stores, each of a container of its own, on one database at once. */
abstract class FleetTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.lit");
    private static final BareJid MARKER = BareJid.parse("marker.example");
    private static final KeyName KEY = new KeyName("x509", "ab".repeat(32));
    private static final KeyName OTHER = new KeyName("x509", "cd".repeat(32));

    private final List<JdbcTrustStore> fleet = new ArrayList<>();

    abstract DataSource database() throws SQLException;

    abstract String schema();

    @AfterEach
    void every_container_stops() {
        fleet.forEach(JdbcTrustStore::close);
    }

    @Test
    void a_change_in_one_container_is_told_in_the_others() throws Exception {
        Heard here = new Heard();
        Heard there = new Heard();
        JdbcTrustStore one = container(here);
        JdbcTrustStore two = container(there);

        await(one.put(JULIET, KEY, KeyState.FIRST_USE, "seen"));
        TrustChange first = here.next();
        assertEquals(first, there.next());
        assertEquals(KeyState.FIRST_USE, first.to());

        await(two.put(JULIET, KEY, KeyState.DISTRUSTED, "stolen"));
        TrustChange second = there.next();
        assertEquals(second, here.next());
        assertEquals(
                new TrustChange(second.at(), JULIET, KEY, KeyState.FIRST_USE, KeyState.DISTRUSTED, "stolen"), second);
        assertEquals(List.of(first, second), await(one.history(JULIET)));
        assertEquals(await(one.peer(JULIET)), await(two.peer(JULIET)));
        assertTrue(here.isEmpty() && there.isEmpty(), "each once");
    }

    @Test
    void everything_of_a_peer_is_shared_at_once() throws Exception {
        JdbcTrustStore one = container();
        JdbcTrustStore two = container();
        await(one.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        await(one.keep(JULIET, KEY, new byte[] {1, 2, 3}));
        KnownPeer known = await(one.remember(JULIET, "x509", true));
        assertEquals(known, await(two.peer(JULIET)));
        assertEquals(List.of(known), await(two.peers()));
        assertEquals(
                List.of((byte) 1, (byte) 2, (byte) 3),
                boxed(await(two.material(JULIET, KEY)).orElseThrow()));
    }

    @Test
    void a_key_seen_first_by_all_containers_at_once_is_decided_once() throws Exception {
        Heard heard = new Heard();
        List<JdbcTrustStore> containers = Stream.of(heard, new Heard(), new Heard(), new Heard())
                .map(this::container)
                .toList();
        for (int round = 0; round < 50; round++) {
            KeyName key = new KeyName("x509", "%064x".formatted(round));
            BareJid peer = BareJid.parse("peer-" + round + "@capulet.lit");
            List<CompletionStage<KnownPeer>> asked = atOnce(
                    containers, (store, container) -> store.put(peer, key, KeyState.FIRST_USE, "seen by " + container));
            List<KnownPeer> seen = asked.stream().map(Stages::await).toList();
            List<TrustChange> history = await(containers.get(0).history(peer));
            assertEquals(1, history.size(), history.toString());
            assertEquals(history.get(0), heard.next());
            for (KnownPeer known : seen) {
                assertEquals(history.get(0).evidence(), known.keys().get(0).evidence(), "all tell of one decision");
            }
        }
    }

    @Test
    void different_keys_seen_first_at_once_are_both_kept_in_one_order() throws Exception {
        List<JdbcTrustStore> containers = List.of(container(), container());
        for (int round = 0; round < 50; round++) {
            BareJid peer = BareJid.parse("peer-" + round + "@capulet.lit");
            List<CompletionStage<KnownPeer>> asked = atOnce(
                    containers,
                    (store, container) ->
                            store.put(peer, container == 0 ? KEY : OTHER, KeyState.FIRST_USE, "seen by " + container));
            List<KnownPeer> answers = asked.stream().map(Stages::await).toList();
            KnownPeer known = await(containers.get(0).peer(peer));
            assertEquals(
                    Set.of(KEY, OTHER),
                    Set.copyOf(known.keys().stream().map(KnownKey::name).toList()));
            // One of the two saw the other's key in the answer to its own: nobody takes a second key unknowingly.
            assertEquals(
                    1,
                    answers.stream().filter(answer -> answer.keys().size() == 1).count());
            assertTrue(answers.contains(known));
        }
    }

    @Test
    void a_distrust_of_one_container_is_never_lost_to_the_others() throws Exception {
        List<JdbcTrustStore> containers = List.of(container(), container(), container());
        for (int round = 0; round < 50; round++) {
            KeyName key = new KeyName("x509", "%064x".formatted(round));
            atOnce(containers, (store, container) -> switch (container) {
                        case 0 -> store.put(JULIET, key, KeyState.DISTRUSTED, "stolen");
                        case 1 -> store.vouch(JULIET, key, "vouched");
                        default -> store.put(JULIET, key, KeyState.FIRST_USE, "seen");
                    })
                    .forEach(Stages::await);
            assertEquals(
                    Optional.of(KeyState.DISTRUSTED),
                    await(containers.get(1).peer(JULIET)).key(key).map(KnownKey::state));
        }
    }

    @Test
    void thousands_of_decisions_at_once_leave_one_history_that_everybody_hears() throws Exception {
        int containers = 4;
        int decisions = 500;
        long seed = new Random().nextLong();
        List<BareJid> peers = List.of(JULIET, ROMEO);
        List<Heard> heard = Stream.generate(Heard::new).limit(containers).toList();
        List<JdbcTrustStore> stores = heard.stream().map(this::container).toList();

        List<CompletionStage<KnownPeer>> asked = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(containers);
        try {
            List<Future<List<CompletionStage<KnownPeer>>>> deciding = new ArrayList<>();
            for (int container = 0; container < containers; container++) {
                JdbcTrustStore store = stores.get(container);
                Random random = new Random(seed + container);
                String name = "container " + container;
                deciding.add(threads.submit(() -> {
                    List<CompletionStage<KnownPeer>> stages = new ArrayList<>();
                    for (int i = 0; i < decisions; i++) {
                        BareJid peer = peers.get(random.nextInt(peers.size()));
                        KeyName key = new KeyName("x509", "%064x".formatted(random.nextInt(4)));
                        int what = random.nextInt(KeyState.values().length + 1);
                        stages.add(
                                what == KeyState.values().length
                                        ? store.vouch(peer, key, "vouch " + i + " of " + name)
                                        : store.put(peer, key, KeyState.values()[what], "put " + i + " of " + name));
                    }
                    return stages;
                }));
            }
            for (Future<List<CompletionStage<KnownPeer>>> done : deciding) {
                asked.addAll(done.get());
            }
        } finally {
            threads.shutdownNow();
        }
        asked.forEach(Stages::await);
        assertEquals(containers * decisions, asked.size());

        String story = "seed " + seed;
        await(stores.get(0).put(MARKER, KEY, KeyState.VERIFIED, "the end"));
        List<List<TrustChange>> told = new ArrayList<>();
        for (Heard container : heard) {
            told.add(container.until(change -> change.peer().equals(MARKER)));
        }
        for (List<TrustChange> list : told) {
            assertEquals(told.get(0), list, story);
        }
        for (BareJid peer : peers) {
            List<TrustChange> history = await(stores.get(1).history(peer));
            assertEquals(
                    history.stream()
                            .filter(change -> change.from() != change.to())
                            .toList(),
                    told.get(0).stream()
                            .filter(change -> change.peer().equals(peer))
                            .toList(),
                    story);
            Map<KeyName, TrustChange> last = new HashMap<>();
            for (TrustChange change : history) {
                TrustChange before = last.put(change.key(), change);
                assertEquals(before == null ? null : before.to(), change.from(), story + ": " + change);
                Rule rule = change.evidence().startsWith("vouch") ? Rule.VOUCH : Rule.put(change.to());
                assertEquals(change.to(), rule.decide(change.from()), story + ": " + change);
            }
            assertEquals(history.size(), Set.copyOf(history).size(), story + ": nothing twice");
            for (KnownKey key : await(stores.get(2).peer(peer)).keys()) {
                TrustChange change = last.get(key.name());
                assertNotNull(change, story);
                assertEquals(change.to(), key.state(), story);
                assertEquals(change.evidence(), key.evidence(), story);
            }
        }
    }

    /** What a number that a sequence gave out earlier and that is committed later would do to a reader. */
    @Test
    void a_change_that_is_committed_late_is_not_skipped() throws Exception {
        Heard heard = new Heard();
        JdbcTrustStore listening = container(heard);
        JdbcTrustStore deciding = container();
        CompletionStage<KnownPeer> behind;
        try (Connection slow = database().getConnection()) {
            slow.setAutoCommit(false);
            begin(slow);
            Tables tables = new Tables(slow);
            long number = tables.lock().changes() + 1;
            Instant now = Instant.parse("2026-11-24T12:00:00Z");
            tables.change(
                    number,
                    new TrustChange(now, ROMEO, KEY, null, KeyState.VERIFIED, "slow"),
                    now,
                    "a decision of its own");
            behind = deciding.put(JULIET, KEY, KeyState.VERIFIED, "quick");
            // It looks now, and sees neither.
            assertEquals(List.of(), await(listening.peers()));
            assertTrue(heard.isEmpty());
            slow.commit();
        }
        await(behind);
        assertEquals(
                List.of("slow", "quick"),
                List.of(heard.next().evidence(), heard.next().evidence()));
    }

    @Test
    void whoever_waits_too_long_for_the_lock_is_told_and_changes_nothing() throws Exception {
        JdbcTrustStore store = container(TestSettings.of(schema(), 1, 1, Settings.FIRST_USE_LIMIT));
        try (Connection hanging = database().getConnection()) {
            hanging.setAutoCommit(false);
            begin(hanging);
            new Tables(hanging).lock();
            Failure failure = failure(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
            assertEquals(Failure.Fault.LOCAL, failure.fault());
            assertTrue(failure.message().contains("did not do what it was asked"), failure.text());
            assertTrue(failure.message().toLowerCase(Locale.ROOT).contains("lock"), failure.text());
            assertTrue(failure.message().contains("Nothing has changed"), failure.text());
            assertEquals(KnownPeer.stranger(JULIET), await(store.peer(JULIET)), "who only reads does not wait");
        }
        assertEquals(
                1,
                await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"))
                        .keys()
                        .size());
    }

    @Test
    void containers_that_start_at_once_make_the_tables_once() throws Exception {
        for (int round = 0; round < 5; round++) {
            reset();
            List<JdbcTrustStore> containers =
                    Stream.generate(this::unopened).limit(4).toList();
            List<CompletionStage<KnownPeer>> asked = atOnce(
                    containers,
                    (store, container) -> store.put(
                            JULIET, new KeyName("x509", "%064x".formatted(container)), KeyState.VERIFIED, "pinned"));
            asked.forEach(Stages::await);
            assertEquals(4, await(containers.get(0).peer(JULIET)).keys().size());
            containers.forEach(JdbcTrustStore::close);
        }
    }

    @Test
    void strangers_fill_the_database_only_to_the_limit() throws Exception {
        JdbcTrustStore one = container(TestSettings.of(schema(), 1, 30, 2));
        JdbcTrustStore two = container(TestSettings.of(schema(), 1, 30, 2));
        await(one.put(JULIET, KEY, KeyState.FIRST_USE, "seen"));
        await(two.put(ROMEO, KEY, KeyState.FIRST_USE, "seen"));
        for (JdbcTrustStore store : List.of(one, two)) {
            Failure failure = failure(store.put(JULIET, OTHER, KeyState.FIRST_USE, "seen"));
            assertEquals(Failure.Code.LIMIT, failure.code());
            assertTrue(failure.message().contains("holds 2 keys taken on first use"), failure.text());
        }
        await(one.put(ROMEO, KEY, KeyState.VERIFIED, "compared"));
        assertEquals(
                2,
                await(two.put(JULIET, OTHER, KeyState.FIRST_USE, "seen")).keys().size());
        await(one.put(JULIET, new KeyName("x509", "ef".repeat(32)), KeyState.DISTRUSTED, "the user's word is free"));
    }

    @Test
    void the_longest_address_there_is_has_room() throws Exception {
        Random random = new Random(5);
        StringBuilder local = new StringBuilder();
        while (local.length() < 1023) {
            local.append("abcdefghijklmnopqrstuvwxyz0123456789".charAt(random.nextInt(36)));
        }
        List<String> labels = new ArrayList<>();
        for (int from = 0; from < 960; from += 60) {
            labels.add(local.substring(from, from + 60));
        }
        BareJid longest = new BareJid(local.toString(), String.join(".", labels));
        KeyName key = new KeyName("a".repeat(32), "ab".repeat(64));
        JdbcTrustStore store = container();
        KnownPeer known = await(store.put(longest, key, KeyState.VERIFIED, "😀".repeat(256)));
        await(store.remember(longest, "b".repeat(32), true));
        assertEquals(List.of(key), known.keys().stream().map(KnownKey::name).toList());
        assertEquals(1, await(store.history(longest)).size());
    }

    JdbcTrustStore container(TrustListener... listeners) {
        return container(TestSettings.inSchema(schema()), listeners);
    }

    JdbcTrustStore container(Settings settings, TrustListener... listeners) {
        JdbcTrustStore store = unopened(settings, listeners);
        // It tells what changes from its first connection on.
        await(store.peer(MARKER));
        return store;
    }

    abstract void reset() throws SQLException;

    void begin(Connection connection) throws SQLException {
        if (!schema().isEmpty()) {
            try (Statement statement = connection.createStatement()) {
                statement.execute("set local search_path to " + schema());
            }
        }
    }

    private JdbcTrustStore unopened() {
        return unopened(TestSettings.inSchema(schema()));
    }

    private JdbcTrustStore unopened(Settings settings, TrustListener... listeners) {
        try {
            JdbcTrustStore store = new JdbcTrustStore(database(), settings, Clock.systemUTC(), listeners);
            fleet.add(store);
            return store;
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private static List<CompletionStage<KnownPeer>> atOnce(List<JdbcTrustStore> containers, Decision decision)
            throws Exception {
        CyclicBarrier start = new CyclicBarrier(containers.size());
        ExecutorService threads = Executors.newFixedThreadPool(containers.size());
        try {
            List<Future<CompletionStage<KnownPeer>>> deciding = new ArrayList<>();
            for (int i = 0; i < containers.size(); i++) {
                int container = i;
                deciding.add(threads.submit(() -> {
                    start.await(Stages.PATIENCE_SECONDS, TimeUnit.SECONDS);
                    return decision.of(containers.get(container), container);
                }));
            }
            List<CompletionStage<KnownPeer>> asked = new ArrayList<>();
            for (Future<CompletionStage<KnownPeer>> one : deciding) {
                asked.add(one.get());
            }
            return asked;
        } finally {
            threads.shutdownNow();
        }
    }

    private static List<Byte> boxed(byte[] bytes) {
        List<Byte> boxed = new ArrayList<>();
        for (byte octet : bytes) {
            boxed.add(octet);
        }
        return boxed;
    }

    private interface Decision {
        CompletionStage<KnownPeer> of(JdbcTrustStore store, int container);
    }
}
