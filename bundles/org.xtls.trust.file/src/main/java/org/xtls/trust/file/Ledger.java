package org.xtls.trust.file;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;

/** What follows from all entries, in memory. */
final class Ledger {
    private final SortedMap<BareJid, Account> accounts = new TreeMap<>(Comparator.comparing(BareJid::toString));
    private int firstUses;

    KnownPeer peer(BareJid peer) {
        Account account = accounts.get(peer);
        return account == null ? KnownPeer.stranger(peer) : account.known();
    }

    List<KnownPeer> peers() {
        return accounts.values().stream().map(Account::known).toList();
    }

    List<TrustChange> history(BareJid peer) {
        Account account = accounts.get(peer);
        return account == null ? List.of() : List.copyOf(account.history);
    }

    /** How many keys are held as taken on first use. */
    int firstUses() {
        return firstUses;
    }

    /**
     * Adds an entry.
     *
     * @throws IllegalArgumentException when it does not follow from those before it; nothing has changed then
     */
    void add(Entry entry) {
        if (entry instanceof Entry.Change key) {
            add(key.change());
        } else if (entry instanceof Entry.Tunnel tunnel) {
            account(tunnel.peer()).add(tunnel);
        }
    }

    private void add(TrustChange change) {
        Account held = accounts.get(change.peer());
        KnownKey before = held == null ? null : held.keys.get(change.key());
        @Nullable KeyState was = before == null ? null : before.state();
        if (was != change.from()) {
            throw new IllegalArgumentException("the key was " + (was == null ? "not known" : was) + " and not "
                    + (change.from() == null ? "unknown" : change.from()));
        }
        account(change.peer()).add(change, before);
        firstUses += (change.to() == KeyState.FIRST_USE ? 1 : 0) - (was == KeyState.FIRST_USE ? 1 : 0);
    }

    private Account account(BareJid peer) {
        return accounts.computeIfAbsent(peer, Account::new);
    }

    private static final class Account {
        private final BareJid peer;
        private final Map<KeyName, KnownKey> keys = new LinkedHashMap<>();
        private final Set<String> methods = new TreeSet<>();
        private final List<TrustChange> history = new ArrayList<>();
        private boolean confirms;
        private @Nullable KnownPeer known;

        private Account(BareJid peer) {
            this.peer = peer;
        }

        private void add(TrustChange change, @Nullable KnownKey before) {
            // A state that is set again, with other evidence, began when it was first set.
            Instant since = before != null && before.state() == change.to() ? before.since() : change.at();
            keys.put(change.key(), new KnownKey(change.key(), change.to(), since, change.evidence()));
            history.add(change);
            known = null;
        }

        private void add(Entry.Tunnel tunnel) {
            methods.add(tunnel.method());
            confirms |= tunnel.confirmed();
            known = null;
        }

        private KnownPeer known() {
            KnownPeer made = known;
            if (made == null) {
                made = new KnownPeer(peer, List.copyOf(keys.values()), confirms, methods);
                known = made;
            }
            return made;
        }
    }
}
