package org.xtls.trust.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.XtlsException;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;

/**
 * The tables within one transaction. What is to be changed is decided under the {@linkplain #lock() lock}: there is one
 * for the whole fleet, which puts all changes in one order. Their numbers come to light in that order, without gaps, and
 * nobody who reads up to the newest ever misses one that was given out earlier and committed later.
 */
final class Tables {
    private final Connection connection;
    private boolean written;

    Tables(Connection connection) {
        this.connection = connection;
    }

    /** Whether anything was changed so far. */
    boolean written() {
        return written;
    }

    /** The newest change there is. */
    Head head() throws SQLException, XtlsException {
        return head("select id, version, changes from xtls_trust_store where one = 1");
    }

    /** Keeps everybody else from changing anything until the transaction ends. */
    Head lock() throws SQLException, XtlsException {
        return head("select id, version, changes from xtls_trust_store where one = 1 for update");
    }

    KnownPeer peer(BareJid peer) throws SQLException, XtlsException {
        Collected collected = new Collected(peer);
        try (PreparedStatement select = prepare(
                        "select jid, method, fingerprint, state, since, evidence from xtls_trust_key"
                                + " where jid = ? order by first_change",
                        peer);
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                requireSame(peer, rows);
                collected.key(rows);
            }
        }
        try (PreparedStatement select =
                        prepare("select jid, method, confirmed from xtls_trust_method where jid = ?", peer);
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                requireSame(peer, rows);
                collected.method(rows);
            }
        }
        return collected.known();
    }

    List<KnownPeer> peers() throws SQLException {
        Map<BareJid, Collected> all = new TreeMap<>(Comparator.comparing(BareJid::toString));
        try (PreparedStatement select =
                        prepare("select jid, method, fingerprint, state, since, evidence from xtls_trust_key"
                                + " order by first_change");
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                all.computeIfAbsent(jid(rows), Collected::new).key(rows);
            }
        }
        try (PreparedStatement select = prepare("select jid, method, confirmed from xtls_trust_method");
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                all.computeIfAbsent(jid(rows), Collected::new).method(rows);
            }
        }
        return all.values().stream().map(Collected::known).toList();
    }

    /** How many keys of all peers are in a state. */
    long count(KeyState state) throws SQLException {
        try (PreparedStatement select = prepare("select count(*) from xtls_trust_key where state = ?", state);
                ResultSet rows = select.executeQuery()) {
            rows.next();
            return rows.getLong(1);
        }
    }

    /** Only under the lock, whose number of changes this is the next of. */
    void change(long number, TrustChange change, Instant since, String decision) throws SQLException {
        KeyName key = change.key();
        int updated = update(
                "update xtls_trust_key set state = ?, since = ?, evidence = ?"
                        + " where jid = ? and method = ? and fingerprint = ?",
                change.to(),
                since,
                change.evidence(),
                change.peer(),
                key.method(),
                key.fingerprint());
        if (updated == 0) {
            update(
                    "insert into xtls_trust_key"
                            + " (jid, method, fingerprint, state, since, evidence, first_change)"
                            + " values (?, ?, ?, ?, ?, ?, ?)",
                    change.peer(),
                    key.method(),
                    key.fingerprint(),
                    change.to(),
                    since,
                    change.evidence(),
                    number);
        }
        update(
                "insert into xtls_trust_history (change, made_at, jid, method, fingerprint, state_before, state_after,"
                        + " evidence, decision) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                number,
                change.at(),
                change.peer(),
                key.method(),
                key.fingerprint(),
                change.from(),
                change.to(),
                change.evidence(),
                decision);
        update("update xtls_trust_store set changes = ? where one = 1", number);
    }

    /** Whether a decision is in the history. */
    boolean made(BareJid peer, String decision) throws SQLException {
        try (PreparedStatement select =
                        prepare("select 1 from xtls_trust_history where jid = ? and decision = ?", peer, decision);
                ResultSet rows = select.executeQuery()) {
            return rows.next();
        }
    }

    /** Only under the lock. */
    void remember(BareJid peer, String method, boolean confirmed) throws SQLException {
        int updated = update(
                "update xtls_trust_method set confirmed = confirmed or ? where jid = ? and method = ?",
                confirmed,
                peer,
                method);
        if (updated == 0) {
            update("insert into xtls_trust_method (jid, method, confirmed) values (?, ?, ?)", peer, method, confirmed);
        }
    }

    /** Whether there was such a key to keep it beside. */
    boolean keep(BareJid peer, KeyName key, byte[] material) throws SQLException {
        return update(
                        "update xtls_trust_key set material = ? where jid = ? and method = ? and fingerprint = ?",
                        material,
                        peer,
                        key.method(),
                        key.fingerprint())
                > 0;
    }

    Optional<byte[]> material(BareJid peer, KeyName key) throws SQLException, XtlsException {
        try (PreparedStatement select = prepare(
                        "select jid, material from xtls_trust_key where jid = ? and method = ? and fingerprint = ?",
                        peer,
                        key.method(),
                        key.fingerprint());
                ResultSet rows = select.executeQuery()) {
            if (!rows.next()) {
                return Optional.empty();
            }
            requireSame(peer, rows);
            return Optional.ofNullable(rows.getBytes("material"));
        }
    }

    List<TrustChange> history(BareJid peer) throws SQLException, XtlsException {
        List<TrustChange> history = new ArrayList<>();
        try (PreparedStatement select = prepare(
                        "select jid, method, fingerprint, made_at, state_before, state_after, evidence"
                                + " from xtls_trust_history where jid = ? order by change",
                        peer);
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                requireSame(peer, rows);
                history.add(change(peer, rows));
            }
        }
        return history;
    }

    /**
     * The changes of all peers behind one, in order, at most so many. One row that cannot be read does not keep those
     * behind it: the tunnels of the whole fleet close by what is told of them.
     */
    List<Numbered> changesAfter(long number, int most) throws SQLException {
        List<Numbered> changes = new ArrayList<>();
        try (PreparedStatement select = prepare(
                        "select change, jid, method, fingerprint, made_at, state_before, state_after, evidence"
                                + " from xtls_trust_history where change > ? order by change"
                                + " fetch first " + most + " rows only",
                        number);
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                changes.add(numbered(rows));
            }
        }
        return changes;
    }

    private Head head(String query) throws SQLException, XtlsException {
        try (PreparedStatement select = prepare(query);
                ResultSet rows = select.executeQuery()) {
            if (!rows.next()) {
                throw Failures.unusable("the table xtls_trust_store is empty", "Restore the database from a copy.");
            }
            // For as long as this connection lives a newer member of the fleet may have moved the tables on.
            Schema.requireKnown(rows.getInt("version"));
            return new Head(rows.getString("id"), rows.getLong("changes"));
        }
    }

    private int update(String sql, @Nullable Object... values) throws SQLException {
        try (PreparedStatement update = prepare(sql, values)) {
            written = true;
            return update.executeUpdate();
        }
    }

    private PreparedStatement prepare(String sql, @Nullable Object... values) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        try {
            for (int i = 0; i < values.length; i++) {
                set(statement, i + 1, values[i]);
            }
            return statement;
        } catch (SQLException | RuntimeException e) {
            statement.close();
            throw e;
        }
    }

    private static void set(PreparedStatement statement, int index, @Nullable Object value) throws SQLException {
        if (value instanceof Instant instant) {
            statement.setObject(index, instant.atOffset(ZoneOffset.UTC));
        } else if (value instanceof Long number) {
            statement.setLong(index, number);
        } else if (value instanceof Boolean yes) {
            statement.setBoolean(index, yes);
        } else if (value instanceof byte[] bytes) {
            statement.setBytes(index, bytes);
        } else if (value instanceof KeyState state) {
            statement.setString(index, state.name());
        } else {
            statement.setString(index, value == null ? null : value.toString());
        }
    }

    private static TrustChange change(BareJid peer, ResultSet row) throws SQLException {
        String before = row.getString("state_before");
        return new TrustChange(
                instant(row, "made_at"),
                peer,
                new KeyName(row.getString("method"), row.getString("fingerprint")),
                before == null ? null : KeyState.valueOf(before),
                KeyState.valueOf(row.getString("state_after")),
                row.getString("evidence"));
    }

    private static Numbered numbered(ResultSet row) throws SQLException {
        long number = row.getLong("change");
        try {
            return new Numbered(number, change(jid(row), row), "");
        } catch (RuntimeException e) {
            return new Numbered(number, fall(row), Evidence.onePhrase(String.valueOf(e.getMessage())));
        }
    }

    /** Of a row that is not as the store writes it: that the key has fallen, or may have; never that it has risen. */
    private static @Nullable TrustChange fall(ResultSet row) throws SQLException {
        try {
            String after = row.getString("state_after");
            boolean known = Arrays.stream(KeyState.values())
                    .anyMatch(state -> state.name().equals(after));
            KeyState to = known ? KeyState.valueOf(after) : KeyState.DISTRUSTED;
            if (to == KeyState.VERIFIED || to == KeyState.FIRST_USE) {
                return null;
            }
            return new TrustChange(
                    instant(row, "made_at"),
                    BareJid.parse(row.getString("jid")),
                    new KeyName(row.getString("method"), row.getString("fingerprint")),
                    null,
                    to,
                    known
                            ? row.getString("evidence")
                            : Evidence.onePhrase("its state '" + after + "' is not known to this version"));
        } catch (RuntimeException e) {
            return null; // nobody can be told whose, or which
        }
    }

    private static Instant instant(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    private static BareJid jid(ResultSet row) throws SQLException {
        String text = row.getString("jid");
        BareJid jid = BareJid.parse(text);
        if (!jid.toString().equals(text)) {
            throw new IllegalArgumentException("the address '" + text + "' is not written as the store writes it");
        }
        return jid;
    }

    /** A collation that takes look-alikes for equal must not hand one peer the keys of another. */
    private static void requireSame(BareJid peer, ResultSet row) throws SQLException, XtlsException {
        String found = row.getString("jid");
        if (!found.equals(peer.toString())) {
            throw Failures.unusable(
                    "the database takes the address '" + found + "' for '" + peer + "'",
                    "Its collation must compare exactly.");
        }
    }

    /** The newest change of a store, and which store it is. */
    record Head(String store, long changes) {}

    /**
     * A change and its place in the order of all.
     *
     * @param change what is to be told; null when that cannot be read
     * @param flaw why the row cannot be read as it stands; empty when it can
     */
    record Numbered(long number, @Nullable TrustChange change, String flaw) {}

    private static final class Collected {
        private final BareJid peer;
        private final List<KnownKey> keys = new ArrayList<>();
        private final Set<String> methods = new TreeSet<>();
        private boolean confirms;

        Collected(BareJid peer) {
            this.peer = peer;
        }

        void key(ResultSet row) throws SQLException {
            keys.add(new KnownKey(
                    new KeyName(row.getString("method"), row.getString("fingerprint")),
                    KeyState.valueOf(row.getString("state")),
                    instant(row, "since"),
                    row.getString("evidence")));
        }

        void method(ResultSet row) throws SQLException {
            methods.add(row.getString("method"));
            confirms |= row.getBoolean("confirmed");
        }

        KnownPeer known() {
            return new KnownPeer(peer, keys, confirms, methods);
        }
    }
}
