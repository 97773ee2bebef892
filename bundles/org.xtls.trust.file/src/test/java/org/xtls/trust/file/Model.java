package org.xtls.trust.file;

import static org.xtls.trust.file.Stages.await;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustStore;

/** What a store must hold after some decisions, by rules of its own; times are left out. */
final class Model {
    private final Map<String, Account> accounts = new TreeMap<>();

    /** All that a store holds, as {@link #text} writes it. */
    static String text(TrustStore store) {
        Model held = new Model();
        for (KnownPeer known : await(store.peers())) {
            Account account = held.account(known.peer().toString());
            for (KnownKey key : known.keys()) {
                account.keys.put(key.name(), new Held(key.state(), key.evidence()));
                Optional<byte[]> material = await(store.material(known.peer(), key.name()));
                material.ifPresent(
                        bytes -> account.material.put(key.name(), new String(bytes, StandardCharsets.UTF_8)));
            }
            account.methods.addAll(known.methods());
            account.confirms = known.confirms();
            for (TrustChange change : await(store.history(known.peer()))) {
                account.history.add(change(change.key(), change.from(), change.to(), change.evidence()));
            }
        }
        return held.text();
    }

    String text() {
        StringBuilder text = new StringBuilder();
        accounts.forEach((peer, account) -> {
            text.append(peer)
                    .append(account.confirms ? " confirms " : " ")
                    .append(account.methods)
                    .append('\n');
            account.keys.forEach((key, held) -> text.append("  ")
                    .append(key)
                    .append(' ')
                    .append(held.state())
                    .append(' ')
                    .append(held.evidence())
                    .append('\n'));
            account.history.forEach(change -> text.append("    ").append(change).append('\n'));
            account.material.forEach((key, material) -> text.append("  material ")
                    .append(key)
                    .append(' ')
                    .append(material.length())
                    .append(' ')
                    .append(material.substring(0, material.indexOf('\n')))
                    .append('\n'));
        });
        return text.toString();
    }

    /** What a file of the former format says. */
    void known(String peer, KeyName key, KeyState state, String evidence, String method) {
        Account account = account(peer);
        account.keys.put(key, new Held(state, evidence));
        account.history.add(change(key, null, state, evidence));
        account.methods.add(method);
    }

    void apply(Decision decision) {
        switch (decision.kind()) {
            case VERIFY -> put(decision, KeyState.VERIFIED);
            case DISTRUST -> put(decision, KeyState.DISTRUSTED);
            case FIRST_USE -> {
                if (state(decision) == null) {
                    put(decision, KeyState.FIRST_USE);
                }
            }
            case EXPIRE -> {
                if (state(decision) == KeyState.VERIFIED || state(decision) == KeyState.FIRST_USE) {
                    put(decision, KeyState.EXPIRED);
                }
            }
            case VOUCH -> {
                if (state(decision) == null || state(decision) == KeyState.FIRST_USE) {
                    put(decision, KeyState.VERIFIED);
                }
            }
            case REMEMBER -> {
                Account account = account(decision.peer().toString());
                account.methods.add(decision.method());
                account.confirms |= decision.number() % 5 == 0;
            }
            case KEEP -> {
                if (state(decision) != null) {
                    account(decision.peer().toString()).material.put(decision.key(), decision.material());
                }
            }
        }
    }

    private void put(Decision decision, KeyState state) {
        Account account = account(decision.peer().toString());
        account.history.add(change(decision.key(), state(decision), state, decision.evidence()));
        account.keys.put(decision.key(), new Held(state, decision.evidence()));
    }

    private @Nullable KeyState state(Decision decision) {
        Account account = accounts.get(decision.peer().toString());
        Held held = account == null ? null : account.keys.get(decision.key());
        return held == null ? null : held.state();
    }

    private Account account(String peer) {
        return accounts.computeIfAbsent(peer, address -> new Account());
    }

    private static String change(KeyName key, @Nullable KeyState from, KeyState to, String evidence) {
        return key + " " + from + " -> " + to + " " + evidence;
    }

    private record Held(KeyState state, String evidence) {}

    private static final class Account {
        private final Map<KeyName, Held> keys = new LinkedHashMap<>();
        private final TreeSet<String> methods = new TreeSet<>();
        private final List<String> history = new ArrayList<>();
        private final Map<KeyName, String> material = new TreeMap<>(Comparator.comparing(KeyName::toString));
        private boolean confirms;
    }
}
