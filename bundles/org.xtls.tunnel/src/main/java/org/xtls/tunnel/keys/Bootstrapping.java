package org.xtls.tunnel.keys;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Closure;
import org.xtls.Security;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.auth.KeyTransfer;
import org.xtls.auth.KeyTransfer.HandedKey;
import org.xtls.auth.KeyTransfer.Taken;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policies;
import org.xtls.trust.Policy;
import org.xtls.trust.TrustStore;

/**
 * Asks for the peer's keys in every tunnel that is verified and confirmed, pins those that it proves to hold, and hands
 * out this side's own there. So a password once leads to keys ever after, and a key vouches for the one that follows it.
 *
 * <p>Its ranking lets it have its stanzas before any application; it takes no others.
 */
@Component(service = TunnelListener.class, configurationPid = Policy.PID, property = "service.ranking:Integer=1000000")
public final class Bootstrapping implements TunnelListener {
    private static final Logger LOG = LoggerFactory.getLogger(Bootstrapping.class);

    /** A token, or whoever holds its PIN, may have to be asked. */
    private static final long ANSWER_MILLIS = 60_000;

    /** Keys are for ever; a peer that makes new ones in every tunnel is not to fill the store. */
    private static final int MOST_KEYS_OF_PEER = 64;

    private static final int MOST_KEYS_OF_METHOD = 4;

    private final Transfers transfers = new Transfers();
    private final Map<Tunnel, Exchange> exchanges = new ConcurrentHashMap<>();
    private final SecureRandom random = new SecureRandom();
    private final ScheduledThreadPoolExecutor clock;
    private final long answerMillis;
    private volatile @Nullable Policies policies;
    private volatile @Nullable BoundStore store;

    private record BoundStore(ServiceReference<TrustStore> reference, TrustStore store) {}

    /**
     * Starts.
     *
     * @param properties the configuration; while none has been sound, no key is asked for or handed out
     */
    @Activate
    public Bootstrapping(Map<String, Object> properties) {
        this(properties, ANSWER_MILLIS);
    }

    Bootstrapping(Map<String, Object> properties, long answerMillis) {
        this.answerMillis = answerMillis;
        clock = new ScheduledThreadPoolExecutor(1, Bootstrapping::thread);
        clock.setRemoveOnCancelPolicy(true);
        clock.setKeepAliveTime(30, TimeUnit.SECONDS);
        clock.allowCoreThreadTimeOut(true);
        modified(properties);
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(null, task, "xtls-tunnel-keys", 0, false);
        thread.setDaemon(true);
        // Not that of whoever happened to need it first.
        thread.setContextClassLoader(Bootstrapping.class.getClassLoader());
        return thread;
    }

    @Modified
    void modified(Map<String, Object> properties) {
        try {
            policies = Policies.of(properties);
        } catch (IllegalArgumentException e) {
            LOG.debug("the configuration {} is wrong, the old one stays in force: {}", Policy.PID, e.getMessage());
        }
    }

    @Deactivate
    void deactivate() {
        exchanges.values().forEach(Exchange::end);
        exchanges.clear();
        clock.shutdownNow();
    }

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindTransfer(ServiceReference<KeyTransfer> reference, KeyTransfer transfer) {
        transfers.put(reference, transfer);
    }

    void unbindTransfer(ServiceReference<KeyTransfer> reference) {
        transfers.remove(reference);
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindTrust(ServiceReference<TrustStore> reference, TrustStore bound) {
        store = new BoundStore(reference, bound);
    }

    void unbindTrust(ServiceReference<TrustStore> reference) {
        BoundStore bound = store;
        if (bound != null && bound.reference.equals(reference)) {
            store = null; // or another has taken its place already
        }
    }

    // ---- what tunnels tell

    @Override
    public void opened(Tunnel tunnel) {
        askIfAllowed(tunnel);
    }

    @Override
    public void secured(Tunnel tunnel) {
        askIfAllowed(tunnel);
    }

    @Override
    public void closed(Tunnel tunnel, Closure closure) {
        Exchange exchange = exchanges.remove(tunnel);
        if (exchange != null) {
            exchange.end();
        }
    }

    @Override
    public boolean received(Tunnel tunnel, Stanza stanza) {
        if (Pubkeys.isRequest(stanza)) {
            asked(exchange(tunnel), stanza);
            return true;
        }
        Exchange exchange = exchanges.get(tunnel);
        if (exchange == null || !Pubkeys.isAnswer(stanza) || !exchange.isAnswerToUs(Pubkeys.id(stanza))) {
            return false;
        }
        if (exchange.firstAnswer()) {
            answered(exchange, stanza);
        }
        return true;
    }

    private Exchange exchange(Tunnel tunnel) {
        return exchanges.computeIfAbsent(tunnel, key -> new Exchange(key, this::alarm));
    }

    private Future<?> alarm(Runnable task) {
        try {
            return clock.schedule(task, answerMillis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            task.run(); // nobody waits any more
            return new FutureTask<>(task, null);
        }
    }

    private Policy policy(Tunnel tunnel) {
        Policies inForce = policies;
        return inForce == null ? NONE : inForce.of(tunnel.peer().bare());
    }

    /** In any other tunnel a server may sit at both ends, and nothing said in it proves anything. */
    private static boolean isProof(Tunnel tunnel) {
        Security security = tunnel.security();
        return security.trust() == Trust.VERIFIED
                && security.offersConfirmed()
                && !tunnel.closed().toCompletableFuture().isDone();
    }

    private boolean isAllowed(Tunnel tunnel) {
        return isProof(tunnel) && policy(tunnel).bootstrap();
    }

    // ---- the peer's keys

    private void askIfAllowed(Tunnel tunnel) {
        if (!isAllowed(tunnel)
                || store == null
                || transfers.allowed(policy(tunnel)).isEmpty()) {
            return;
        }
        byte[] bytes = new byte[12];
        random.nextBytes(bytes);
        String id = Base64.getUrlEncoder().encodeToString(bytes);
        if (exchange(tunnel).begin(id)) {
            send(tunnel, Pubkeys.request(id));
        }
    }

    private void answered(Exchange exchange, Stanza answer) {
        Tunnel tunnel = exchange.tunnel;
        if (Pubkeys.isError(answer)) {
            LOG.debug("tunnel {}: {} hands over no keys", tunnel.id(), tunnel.peer());
            return;
        }
        List<Pubkeys.Received> keys;
        try {
            keys = Pubkeys.keysIn(answer);
        } catch (IllegalArgumentException e) {
            LOG.warn("tunnel {}: no key of {} is taken: {}", tunnel.id(), tunnel.peer(), e.getMessage());
            return;
        }
        if (keys.isEmpty() || !isAllowed(tunnel)) {
            return;
        }
        BareJid peer = tunnel.peer().bare();
        var unused = statement(exchange, peer)
                .thenCompose(statement -> {
                    CompletableFuture<Void> before = CompletableFuture.completedFuture(null);
                    for (Pubkeys.Received key : keys) {
                        before = before.thenCompose(done -> take(exchange, key, statement));
                    }
                    return before;
                })
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        LOG.debug("tunnel {}: the keys of {} were left: {}", tunnel.id(), peer, reason(failure));
                    }
                });
    }

    /** Takes one key; what is wrong with it does not keep the next from being taken. */
    private CompletableFuture<Void> take(Exchange exchange, Pubkeys.Received key, byte[] statement) {
        Tunnel tunnel = exchange.tunnel;
        if (key.proof().isEmpty()) {
            LOG.debug("tunnel {}: a key of {} came without proof, and is left", tunnel.id(), tunnel.peer());
            return CompletableFuture.completedFuture(null);
        }
        byte[] proof = key.proof().get();
        return take(exchange, key, proof, statement, transfers.allowed(policy(tunnel)))
                .thenCompose(taken -> {
                    if (taken instanceof Taken.Held held) {
                        return pin(tunnel, held);
                    }
                    if (taken instanceof Taken.Unpinned unpinned) {
                        LOG.debug(
                                "tunnel {}: a key of {} is not pinned: {}",
                                tunnel.id(),
                                tunnel.peer(),
                                unpinned.reason());
                    }
                    if (taken instanceof Taken.Refused refused) {
                        LOG.warn(
                                "tunnel {}: a key of {} is not pinned: {}",
                                tunnel.id(),
                                tunnel.peer(),
                                refused.reason());
                    }
                    return CompletableFuture.completedFuture(null);
                })
                .exceptionally(failure -> {
                    failed(exchange, "a key of " + tunnel.peer() + " is not pinned", failure);
                    return null;
                });
    }

    /** Asks one method after the other whether the key is one of its own. */
    private CompletableFuture<Taken> take(
            Exchange exchange, Pubkeys.Received key, byte[] proof, byte[] statement, List<KeyTransfer> left) {
        if (left.isEmpty()) {
            return CompletableFuture.completedFuture(new Taken.Foreign());
        }
        BareJid peer = exchange.tunnel.peer().bare();
        return exchange.ask(() -> left.get(0).take(peer, key.keyinfo(), statement, proof))
                .thenCompose(taken -> taken instanceof Taken.Foreign
                        ? take(exchange, key, proof, statement, left.subList(1, left.size()))
                        : CompletableFuture.completedFuture(taken));
    }

    private CompletableFuture<Void> pin(Tunnel tunnel, Taken.Held held) {
        BoundStore bound = store;
        if (bound == null) {
            return CompletableFuture.completedFuture(null);
        }
        TrustStore into = bound.store;
        BareJid peer = tunnel.peer().bare();
        return into.peer(peer)
                .thenCompose(known -> {
                    if (!isAllowed(tunnel) || hasFallen(known, tunnel.security().key())) {
                        // It ended, or turned out to be no proof, while the method looked at the key.
                        LOG.debug("tunnel {}: a key of {} came too late to be pinned", tunnel.id(), peer);
                        return CompletableFuture.completedFuture(Optional.<KnownPeer>empty());
                    }
                    if (standsOnAnothersWord(known, tunnel.security().key())) {
                        LOG.debug(
                                "tunnel {}: a key of {} is not pinned: the tunnel stands on another's word ({})",
                                tunnel.id(),
                                peer,
                                tunnel.security().evidence());
                        return CompletableFuture.completedFuture(Optional.<KnownPeer>empty());
                    }
                    Optional<KeyState> state = known.key(held.key()).map(KnownKey::state);
                    if (state.isPresent() && state.get() == KeyState.VERIFIED) {
                        return CompletableFuture.completedFuture(Optional.of(known)); // on better evidence, perhaps
                    }
                    if (state.isEmpty() && known.keys().size() >= MOST_KEYS_OF_PEER) {
                        LOG.warn("tunnel {}: {} has too many keys already", tunnel.id(), peer);
                        return CompletableFuture.completedFuture(Optional.<KnownPeer>empty());
                    }
                    return into.vouch(peer, held.key(), evidence(tunnel.security()))
                            .thenApply(after -> {
                                LOG.info(
                                        "tunnel {}: the {} key {} of {} is {}",
                                        tunnel.id(),
                                        held.key().method(),
                                        held.key().grouped(),
                                        peer,
                                        after.key(held.key())
                                                .map(key -> key.state().name().toLowerCase(Locale.ROOT))
                                                .orElse("not taken"));
                                return Optional.of(after);
                            });
                })
                .thenCompose(after -> after.flatMap(known -> known.key(held.key()))
                                .filter(key -> key.state() == KeyState.VERIFIED)
                                .isPresent()
                        ? into.keep(peer, held.key(), held.material())
                        : CompletableFuture.completedFuture(false))
                .thenAccept(kept -> {})
                .toCompletableFuture();
    }

    /** Whether the tunnel stands on a key that is taken no more; it is about to be closed. */
    private static boolean hasFallen(KnownPeer known, @Nullable KeyName key) {
        return key != null
                && known.key(key)
                        .filter(k -> k.state() == KeyState.DISTRUSTED || k.state() == KeyState.EXPIRED)
                        .isPresent();
    }

    /**
     * A CA, or somebody who certified an OpenPGP key, vouches for the tunnel's key and may take that back. A key pinned on
     * the strength of it would be there for good: whoever leaves the house would keep a way in.
     */
    private static boolean standsOnAnothersWord(KnownPeer known, @Nullable KeyName key) {
        return key != null
                && known.key(key).filter(k -> k.state() == KeyState.VERIFIED).isEmpty();
    }

    private static String evidence(Security security) {
        return "handed over in a tunnel verified by " + security.method() + " (" + security.evidence() + ")";
    }

    // ---- this side's keys

    private void asked(Exchange exchange, Stanza request) {
        Tunnel tunnel = exchange.tunnel;
        String id = Pubkeys.id(request);
        if (!Pubkeys.isSound(request)) {
            send(tunnel, Pubkeys.refusal(id, "modify", "bad-request"));
        } else if (!isProof(tunnel)) {
            send(tunnel, Pubkeys.refusal(id, "cancel", "not-allowed"));
        } else if (!policy(tunnel).bootstrap()) {
            send(tunnel, Pubkeys.refusal(id, "auth", "forbidden"));
        } else if (!exchange.beginAnswer()) {
            send(tunnel, Pubkeys.refusal(id, "wait", "resource-constraint"));
        } else {
            var unused = statement(exchange, tunnel.local().bare())
                    .thenCompose(statement -> own(exchange, statement))
                    .whenComplete((keys, failure) -> {
                        exchange.answerSent();
                        if (failure != null) {
                            LOG.debug("tunnel {}: no key was handed over: {}", tunnel.id(), reason(failure));
                        } else if (isAllowed(tunnel)) {
                            LOG.debug("tunnel {}: {} keys handed to {}", tunnel.id(), keys.size(), tunnel.peer());
                            send(tunnel, Pubkeys.answer(id, keys));
                        } else {
                            send(tunnel, Pubkeys.refusal(id, "cancel", "not-allowed"));
                        }
                    });
        }
    }

    /** The keys of every method; one that fails is left out. */
    private CompletableFuture<List<HandedKey>> own(Exchange exchange, byte[] statement) {
        Tunnel tunnel = exchange.tunnel;
        BareJid account = tunnel.local().bare();
        List<CompletableFuture<List<HandedKey>>> asked = new ArrayList<>();
        for (KeyTransfer transfer : transfers.allowed(policy(tunnel))) {
            asked.add(exchange.ask(() -> transfer.hand(account, statement)).exceptionally(failure -> {
                failed(exchange, "a method's keys are not handed over", failure);
                return List.of();
            }));
        }
        return CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
                .thenApply(done -> asked.stream()
                        .flatMap(keys -> keys.join().stream().limit(MOST_KEYS_OF_METHOD))
                        .filter(key -> key.signature().length <= Pubkeys.MOST_PROOF_BYTES)
                        .limit(Pubkeys.MOST_KEYS)
                        .toList());
    }

    // ---- both

    private static CompletableFuture<byte[]> statement(Exchange exchange, BareJid sender) {
        return exchange.ask(() -> exchange.tunnel.export(Possession.LABEL, Possession.EXPORTED_BYTES))
                .thenApply(exported -> {
                    byte[] statement = Possession.statement(sender, exported);
                    Arrays.fill(exported, (byte) 0);
                    return statement;
                });
    }

    private static void send(Tunnel tunnel, Stanza stanza) {
        var unused = tunnel.send(stanza).whenComplete((by, failure) -> {
            if (failure != null) {
                LOG.debug("tunnel {}: {} was not sent: {}", tunnel.id(), stanza, reason(failure));
            }
        });
    }

    /** What a tunnel's end cut short needs nobody's attention. */
    private static void failed(Exchange exchange, String what, Throwable failure) {
        if (exchange.isOver()) {
            LOG.debug("tunnel {}: {}: {}", exchange.tunnel.id(), what, reason(failure));
        } else {
            LOG.warn("tunnel {}: {}: {}", exchange.tunnel.id(), what, reason(failure));
        }
    }

    private static String reason(Throwable thrown) {
        Throwable cause =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    /** While nothing sound is configured. */
    private static final Policy NONE = noBootstrap();

    private static Policy noBootstrap() {
        Policy all = Policy.DEFAULT;
        return new Policy(all.firstUse(), true, true, all.only(), all.never(), all.prefer(), false, all.recheck());
    }
}
