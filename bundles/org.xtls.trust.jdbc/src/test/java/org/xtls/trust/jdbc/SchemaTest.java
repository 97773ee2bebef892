package org.xtls.trust.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.trust.jdbc.Stages.await;
import static org.xtls.trust.jdbc.Stages.failure;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;

/** The tables: who makes them, who may do what with them, and what is refused. */
@ExtendWith(PostgresExtension.class)
class SchemaTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final KeyName KEY = new KeyName("x509", "ab".repeat(32));

    private final PostgresServer server;
    private final String database;
    private final List<JdbcTrustStore> stores = new ArrayList<>();

    SchemaTest(PostgresServer server) throws SQLException {
        this.server = server;
        this.database = server.newDatabase();
    }

    @AfterEach
    void stop() {
        stores.forEach(JdbcTrustStore::close);
    }

    @Test
    void tables_of_a_newer_version_are_refused_and_left_alone() throws Exception {
        JdbcTrustStore store = store(server.dataSource(database), "");
        await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        execute("update xtls_trust_store set version = 7");

        // One that is at work when the fleet moves on.
        assertNewer(failure(store.put(JULIET, KEY, KeyState.DISTRUSTED, "stolen")));
        // One that begins later.
        JdbcTrustStore late = store(server.dataSource(database), "");
        assertNewer(failure(late.peers()));
        assertNewer(failure(late.put(JULIET, KEY, KeyState.DISTRUSTED, "stolen")));

        execute("update xtls_trust_store set version = 1");
        assertEquals(KeyState.VERIFIED, await(store.peer(JULIET)).keys().get(0).state());
    }

    @Test
    void tables_in_h2_of_a_newer_version_are_refused_too() throws Exception {
        JdbcDataSource source = H2TrustStoreTest.inMemory();
        JdbcTrustStore store = store(source, "");
        await(store.peers());
        execute(source, "update xtls_trust_store set version = 7");
        assertNewer(failure(store(source, "").peers()));
    }

    @Test
    void making_the_tables_in_h2_goes_on_where_a_crash_has_broken_it_off() throws Exception {
        JdbcDataSource source = H2TrustStoreTest.inMemory();
        String[] steps = script("h2-1.sql").split(";\\s*\\n");
        for (int done = 0; done < steps.length; done++) {
            execute(source, "drop all objects");
            for (int i = 0; i < done; i++) {
                execute(source, steps[i]);
            }
            JdbcTrustStore store = store(source, "");
            assertEquals(
                    1,
                    await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"))
                            .keys()
                            .size());
            store.close();
        }
    }

    @Test
    void history_cannot_be_rewritten_even_by_the_owner_of_the_tables() throws Exception {
        JdbcTrustStore store = store(server.dataSource(database), "");
        await(store.put(JULIET, KEY, KeyState.DISTRUSTED, "stolen"));
        for (String rewriting : List.of(
                "update xtls_trust_history set state_after = 'VERIFIED'",
                "delete from xtls_trust_history",
                "truncate xtls_trust_history",
                "insert into xtls_trust_history select * from xtls_trust_history on conflict (change)"
                        + " do update set evidence = 'nothing happened'")) {
            SQLException refused = assertThrows(SQLException.class, () -> execute(rewriting), rewriting);
            assertTrue(refused.getMessage().contains("never rewritten"), refused.getMessage());
        }
        assertEquals(
                List.of("stolen"),
                await(store.history(JULIET)).stream().map(TrustChange::evidence).toList());
    }

    @Test
    void a_user_with_no_more_rights_than_the_documentation_grants_will_do() throws Exception {
        String schema = server.newSchema(database);
        String user = "fleet_" + schema;
        execute("create user " + user + " password 'secret'");
        execute("set search_path to " + schema + ";" + script("postgresql-1.sql"));
        execute(grants(schema, user));

        JdbcTrustStore store = store(PostgresServer.dataSource(database, server.port(), user, "secret"), schema);
        await(store.put(JULIET, KEY, KeyState.FIRST_USE, "seen"));
        await(store.vouch(JULIET, KEY, "vouched"));
        await(store.put(JULIET, KEY, KeyState.VERIFIED, "compared"));
        await(store.put(JULIET, KEY, KeyState.DISTRUSTED, "stolen"));
        assertTrue(await(store.keep(JULIET, KEY, new byte[] {1})));
        assertTrue(await(store.keep(JULIET, KEY, new byte[] {2})));
        await(store.remember(JULIET, "x509", false));
        KnownPeer known = await(store.remember(JULIET, "x509", true));
        assertTrue(known.confirms());
        assertEquals(List.of(known), await(store.peers()));
        assertEquals(4, await(store.history(JULIET)).size());

        try (Connection connection = PostgresServer.dataSource(database, server.port(), user, "secret")
                        .getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("set search_path to " + schema);
            for (String forbidden : List.of(
                    "delete from xtls_trust_history",
                    "update xtls_trust_history set evidence = ''",
                    "truncate xtls_trust_history",
                    "drop table xtls_trust_history",
                    "alter table xtls_trust_history disable trigger all",
                    "delete from xtls_trust_key",
                    "update xtls_trust_key set jid = 'romeo@montague.lit'",
                    "delete from xtls_trust_method",
                    "update xtls_trust_store set version = 2",
                    "create table other (one integer)")) {
                SQLException refused = assertThrows(SQLException.class, () -> statement.execute(forbidden), forbidden);
                assertEquals("42501", refused.getSQLState(), forbidden);
            }
        }
    }

    @Test
    void a_user_who_may_not_make_the_tables_learns_what_to_do() throws Exception {
        String schema = server.newSchema(database);
        String user = "fleet_" + schema;
        execute("create user " + user + " password 'secret'");
        execute("grant usage on schema " + schema + " to " + user);
        JdbcTrustStore store = store(PostgresServer.dataSource(database, server.port(), user, "secret"), schema);
        Failure failure = failure(store.peers());
        assertTrue(failure.message().contains("permission denied for schema " + schema), failure.text());
        assertTrue(failure.advice().contains("postgresql-1.sql"), failure.text());
        execute("grant create on schema " + schema + " to " + user);
        JdbcTrustStore later = store(PostgresServer.dataSource(database, server.port(), user, "secret"), schema);
        assertEquals(List.of(), await(later.peers()));
    }

    @Test
    void two_fleets_share_a_database_with_a_schema_for_each() throws Exception {
        JdbcTrustStore one = store(server.dataSource(database), server.newSchema(database));
        JdbcTrustStore two = store(server.dataSource(database), server.newSchema(database));
        await(one.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        assertEquals(List.of(), await(two.peers()));
        assertEquals(1, await(one.peers()).size());
    }

    @Test
    void a_schema_that_is_not_there_is_named_as_the_cause() {
        Failure failure = failure(store(server.dataSource(database), "nowhere").peers());
        assertTrue(failure.message().contains("no schema"), failure.text());
    }

    @Test
    void a_database_that_cannot_hold_every_address_is_refused() throws Exception {
        String latin = database + "_latin";
        server.execute(
                PostgresServer.ADMIN, "create database " + latin + " encoding 'LATIN1' locale 'C' template template0");
        Failure failure = failure(store(server.dataSource(latin), "").peers());
        assertTrue(failure.message().contains("encoding LATIN1"), failure.text());
        assertTrue(failure.advice().contains("UTF8"), failure.text());
    }

    @Test
    void look_alikes_are_different_people_whatever_the_collation_of_the_database() throws Exception {
        String german = database + "_german";
        server.execute(
                PostgresServer.ADMIN,
                "create database " + german + " encoding 'UTF8' locale_provider icu icu_locale 'de-u-ks-level1'"
                        + " locale 'C.UTF-8' template template0");
        JdbcTrustStore store = store(server.dataSource(german), "");
        List<String> addresses = List.of(
                "juliet@capulet.lit",
                "julièt@capulet.lit",
                "jüliet@capulet.lit",
                "juliеt@capulet.lit", // the e is Cyrillic
                "julıet@capulet.lit",
                "straße.example",
                "strasse.example");
        for (String address : addresses) {
            await(store.put(BareJid.parse(address), KEY, KeyState.VERIFIED, address));
        }
        for (String address : addresses) {
            assertEquals(
                    List.of(address),
                    await(store.history(BareJid.parse(address))).stream()
                            .map(TrustChange::evidence)
                            .toList());
        }
        List<String> ordered = addresses.stream().sorted().toList();
        assertEquals(
                ordered,
                await(store.peers()).stream()
                        .map(known -> known.peer().toString())
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"juliet@capulet.lit", "romeo@montague.lit"})
    void a_collation_that_takes_one_peer_for_another_is_refused(String address) throws Exception {
        JdbcDataSource source = H2TrustStoreTest.inMemory();
        execute(source, "set collation german strength primary");
        JdbcTrustStore store = store(source, "");
        BareJid peer = BareJid.parse(address);
        BareJid lookAlike = BareJid.parse(address.replace("u", "ü").replaceFirst("o", "ó"));
        await(store.put(peer, KEY, KeyState.VERIFIED, "pinned"));
        await(store.keep(peer, KEY, new byte[] {1}));
        for (Failure failure : List.of(
                failure(store.peer(lookAlike)),
                failure(store.history(lookAlike)),
                failure(store.material(lookAlike, KEY)),
                failure(store.put(lookAlike, KEY, KeyState.VERIFIED, "pinned")))) {
            assertTrue(failure.message().contains("takes the address '" + peer + "' for"), failure.text());
            assertTrue(failure.advice().contains("collation"), failure.text());
        }
        assertEquals(1, await(store.peer(peer)).keys().size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "update xtls_trust_key set jid = 'Juliet@capulet.lit'",
                "update xtls_trust_key set jid = '@@'",
            })
    void rows_that_somebody_has_spoilt_are_named(String spoiling) throws Exception {
        JdbcTrustStore store = store(server.dataSource(database), "");
        await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        execute(spoiling);
        Failure failure = failure(store.peers());
        assertEquals(Failure.Fault.LOCAL, failure.fault());
        assertTrue(failure.message().contains("trust store cannot be used"), failure.text());
        assertTrue(
                failure.message().contains("Juliet@capulet.lit")
                        || failure.message().contains("@@"),
                failure.text());
        assertEquals("Correct it in the database.", failure.advice());
    }

    @Test
    void a_change_that_cannot_be_read_keeps_nobody_from_hearing_of_those_behind_it() throws Exception {
        Heard heard = new Heard();
        JdbcTrustStore store = new JdbcTrustStore(
                server.dataSource(database), TestSettings.of("", 3600, 10, 10), Clock.systemUTC(), heard);
        stores.add(store);
        await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        heard.next();
        execute("alter table xtls_trust_history drop constraint xtls_trust_history_state_after_check;"
                + change(2, "@@", "x509", "DISTRUSTED")
                + change(3, "juliet@capulet.lit", "X 509", "DISTRUSTED")
                + change(4, "Juliet@capulet.lit", "x509", "VERIFIED")
                + change(5, "Juliet@capulet.lit", "x509", "EXPIRED")
                + change(6, "juliet@capulet.lit", "x509", "SUSPENDED")
                + "update xtls_trust_store set changes = 6");
        BareJid romeo = BareJid.parse("romeo@montague.lit");
        await(store.put(romeo, KEY, KeyState.DISTRUSTED, "stolen"));

        List<TrustChange> told = heard.until(change -> change.peer().equals(romeo));
        assertEquals(
                List.of(
                        "juliet@capulet.lit EXPIRED written by hand",
                        "juliet@capulet.lit DISTRUSTED its state 'SUSPENDED' is not known to this version",
                        "romeo@montague.lit DISTRUSTED stolen"),
                told.stream()
                        .map(change -> change.peer() + " " + change.to() + " " + change.evidence())
                        .toList());
        assertTrue(told.stream().allMatch(change -> change.key().equals(KEY)));
        // Each once.
        await(store.put(romeo, KEY, KeyState.VERIFIED, "found again"));
        assertEquals("found again", heard.next().evidence());
        assertTrue(heard.isEmpty());
    }

    private static String change(int number, String jid, String method, String after) {
        return "insert into xtls_trust_history (change, made_at, jid, method, fingerprint, state_before, state_after,"
                + " evidence, decision) values (" + number + ", now(), '" + jid + "', '" + method + "', '"
                + KEY.fingerprint() + "', null, '" + after + "', 'written by hand', '');";
    }

    @Test
    void a_database_that_has_gone_back_is_reported_and_followed_from_there() throws Exception {
        Heard heard = new Heard();
        JdbcTrustStore store = new JdbcTrustStore(
                server.dataSource(database), TestSettings.of("", 1, 10, 10), Clock.systemUTC(), heard);
        stores.add(store);
        for (int i = 0; i < 3; i++) {
            await(store.put(JULIET, new KeyName("x509", "%064x".formatted(i)), KeyState.VERIFIED, "pinned"));
            heard.next();
        }
        // A copy of two changes ago.
        execute("alter table xtls_trust_history disable trigger all;"
                + "delete from xtls_trust_history where change > 1;"
                + "delete from xtls_trust_key where first_change > 1;"
                + "update xtls_trust_store set changes = 1;"
                + "alter table xtls_trust_history enable trigger all");
        await(store.put(JULIET, KEY, KeyState.DISTRUSTED, "stolen"));
        assertEquals("stolen", heard.next().evidence());
        await(store.put(JULIET, KEY, KeyState.VERIFIED, "found again"));
        assertEquals("found again", heard.next().evidence());
        assertTrue(heard.isEmpty());
    }

    private static void assertNewer(Failure failure) {
        assertTrue(failure.message().contains("version 7"), failure.text());
        assertTrue(failure.message().contains("up to version 1"), failure.text());
        assertTrue(failure.advice().contains("Install the version"), failure.text());
    }

    /** As docs tell deployers. */
    private static String grants(String schema, String user) {
        return """
                grant usage on schema %1$s to %2$s;
                grant select, update (changes) on %1$s.xtls_trust_store to %2$s;
                grant select, insert, update (state, since, evidence, material) on %1$s.xtls_trust_key to %2$s;
                grant select, insert, update (confirmed) on %1$s.xtls_trust_method to %2$s;
                grant select, insert on %1$s.xtls_trust_history to %2$s;
                """.formatted(schema, user);
    }

    private static String script(String name) throws Exception {
        try (InputStream script = Objects.requireNonNull(Schema.class.getResourceAsStream(name))) {
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private JdbcTrustStore store(DataSource source, String schema) {
        JdbcTrustStore store = new JdbcTrustStore(source, TestSettings.of(schema, 3600, 10, 100), Clock.systemUTC());
        stores.add(store);
        return store;
    }

    private void execute(String sql) throws SQLException {
        server.execute(database, sql);
    }

    private static void execute(DataSource source, String sql) throws SQLException {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
