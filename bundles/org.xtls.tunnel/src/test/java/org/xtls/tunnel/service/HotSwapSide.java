package org.xtls.tunnel.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.Version;
import org.xtls.Closure;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.auth.Answer;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Verdict;
import org.xtls.runtime.MethodDTO;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.TlsSession;
import org.xtls.tls.bc.BcTlsEngine;
import org.xtls.transport.Iq;
import org.xtls.transport.LinkListener;
import org.xtls.trust.TrustStore;
import org.xtls.xml.Element;

/**
 * One container of {@link HotSwapTest}: a tunnel service with many links, whose services come and go as Declarative
 * Services would have them do. What is used after it went throws, as a component that was deactivated may.
 */
final class HotSwapSide {
    private static final String UNAVAILABLE = "unavailable ";

    /** Steps for which a negotiation that others began may already have been under way. */
    private static final int SLACK = 200;

    static final List<String> METHODS = List.of("alpha", "beta");

    /** What comes and goes, and the words by which a failure names it. */
    enum Kind {
        METHOD("authentication method"),
        ENGINE("TLS engine"),
        TRUST("trust store"),
        LINK("connection");

        final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    /** A stanza as it came out of a tunnel. */
    record Heard(FullJid local, FullJid peer, String body) {}

    final String name;
    final Queue<Heard> heard = new ConcurrentLinkedQueue<>();
    final Map<Tunnel, Long> since = new ConcurrentHashMap<>();
    final Queue<String> wrongs = new ConcurrentLinkedQueue<>();
    final TunnelService service;
    private final Server server;
    private final AtomicLong time;
    private final HeldBack heldBack;
    private final AtomicLong serviceIds = new AtomicLong();
    private final Map<Kind, Disturbance> disturbances = new EnumMap<>(Kind.class);
    private final List<Live> all = new ArrayList<>();
    private final Map<String, List<Live>> methods = new ConcurrentHashMap<>();
    private final List<GuardedEngine> engines = new ArrayList<>();
    private final List<FullJid> addresses;
    private final List<FullJid> peers;
    private final Map<FullJid, Server.ServedLink> links = new ConcurrentHashMap<>();
    private @Nullable GuardedEngine engine;
    private @Nullable GuardedTrust trust;
    private int versions;

    HotSwapSide(
            String name,
            Server server,
            List<FullJid> addresses,
            List<FullJid> peers,
            AtomicLong time,
            HeldBack heldBack) {
        this.peers = peers;
        this.name = name;
        this.server = server;
        this.addresses = addresses;
        this.time = time;
        this.heldBack = heldBack;
        for (Kind kind : Kind.values()) {
            disturbances.put(kind, new Disturbance());
        }
        // Each peer is an account of its own: a place that is not given back shows as BUSY at once.
        service = new TunnelService(
                Container.settings(Map.of("halfOpenOfPeer", 2)), new ConfiguredPolicy(Map.of("first-use", "reject")));
        service.bindListener(new Ear(), Map.of(Constants.SERVICE_ID, 0L));
        METHODS.forEach(method -> methods.put(method, new ArrayList<>()));
        completeAll();
    }

    // ---- what happens to services, on one thread

    /** Something of this kind goes, comes, or is replaced. */
    void swap(Random random) {
        if (random.nextInt(3) > 0 && somethingComesBack()) {
            return;
        }
        int what = random.nextInt(100);
        if (what < 50) {
            swapMethod(METHODS.get(random.nextInt(METHODS.size())), random);
        } else if (what < 70) {
            swapEngine(random);
        } else if (what < 85) {
            swapTrust(random);
        } else {
            swapLink(addresses.get(random.nextInt(addresses.size())), random);
        }
    }

    private boolean somethingComesBack() {
        for (String method : METHODS) {
            if (methods.get(method).isEmpty()) {
                bindMethod(method, 0, ++versions);
                return true;
            }
        }
        if (engine == null) {
            bindEngine();
        } else if (trust == null) {
            bindTrust();
        } else {
            Optional<FullJid> away = addresses.stream()
                    .filter(address -> !links.containsKey(address))
                    .findFirst();
            away.ifPresent(this::bindLink);
            return away.isPresent();
        }
        return true;
    }

    private void swapMethod(String method, Random random) {
        List<Live> live = methods.get(method);
        if (live.isEmpty() || (live.size() < 3 && random.nextBoolean())) {
            bindMethod(method, random.nextInt(3), random.nextInt(4) == 0 ? 1 : ++versions);
        } else {
            unbindMethod(live.get(random.nextInt(live.size())));
        }
    }

    private void bindMethod(String method, int ranking, int minor) {
        Live live = new Live(method, ranking, "1." + minor + ".0");
        all.add(live);
        methods.get(method).add(live);
        service.bindMethod(live.provider.reference, live.provider.objects);
        checkServing();
        if (methods.values().stream().noneMatch(List::isEmpty)) {
            disturbances.get(Kind.METHOD).ends();
        }
    }

    private void unbindMethod(Live live) {
        disturbances.get(Kind.METHOD).begins();
        methods.get(live.method).remove(live);
        service.unbindMethod(live.provider.reference);
        live.retire();
        live.awaitRelease();
        checkServing();
        if (methods.values().stream().noneMatch(List::isEmpty)) {
            disturbances.get(Kind.METHOD).ends();
        }
    }

    /** Of several, the one with the highest ranking, then the highest version, then the oldest serves. */
    private void checkServing() {
        List<Long> expected = METHODS.stream()
                .flatMap(method -> methods.get(method).stream()
                        .max(Comparator.comparingInt((Live one) -> one.ranking)
                                .thenComparing(one -> one.version)
                                .thenComparing(one -> -one.id))
                        .stream())
                .map(one -> one.id)
                .toList();
        List<MethodDTO> serving = service.runtime().methods;
        assertEquals(expected, serving.stream().map(dto -> dto.serviceId).toList());
    }

    private void swapEngine(Random random) {
        GuardedEngine before = engine;
        if (before == null) {
            bindEngine();
            return;
        }
        disturbances.get(Kind.ENGINE).begins();
        if (random.nextBoolean()) {
            bindEngine(); // a better one is bound before the one before it is unbound
        } else {
            engine = null;
        }
        service.unbindEngine(before.reference);
        before.retire();
        if (engine != null) {
            disturbances.get(Kind.ENGINE).ends();
        }
    }

    private void bindEngine() {
        boolean back = engine == null;
        GuardedEngine bound = new GuardedEngine();
        engines.add(bound);
        engine = bound;
        service.bindEngine(bound.reference, bound);
        if (back) {
            disturbances.get(Kind.ENGINE).ends();
        }
    }

    private void swapTrust(Random random) {
        GuardedTrust before = trust;
        if (before == null) {
            bindTrust();
            return;
        }
        disturbances.get(Kind.TRUST).begins();
        if (random.nextBoolean()) {
            bindTrust();
        } else {
            trust = null;
        }
        service.unbindTrust(before.reference);
        before.gone = true;
        if (trust != null) {
            disturbances.get(Kind.TRUST).ends();
        }
    }

    private void bindTrust() {
        boolean back = trust == null;
        GuardedTrust bound = new GuardedTrust();
        trust = bound;
        service.bindTrust(bound.reference, bound.store);
        if (back) {
            disturbances.get(Kind.TRUST).ends();
        }
    }

    private void swapLink(FullJid address, Random random) {
        Server.ServedLink before = links.remove(address);
        if (before == null) {
            bindLink(address);
            return;
        }
        disturbances.get(Kind.LINK).begins();
        boolean lost = random.nextInt(3) == 0;
        if (lost) {
            before.lose();
        }
        service.unbindLink(before);
        if (lost) {
            before.pass(new Iq.Result(peers.get(addresses.indexOf(address)), UNAVAILABLE + address, null));
        }
        if (random.nextBoolean()) {
            bindLink(address);
        }
    }

    private void bindLink(FullJid address) {
        Server.ServedLink link = server.link(address);
        links.put(address, link);
        service.bindLink(link);
        if (links.size() == addresses.size()) {
            disturbances.get(Kind.LINK).ends();
        }
    }

    /** Passes on what servers tell of a client whose stream broke, behind what it had sent. */
    boolean takesPresence(Iq iq) {
        if (!iq.id().startsWith(UNAVAILABLE)) {
            return false;
        }
        Server.ServedLink link = links.get(iq.peer());
        LinkListener told = link == null ? null : link.listener;
        if (told != null) {
            told.unavailable(FullJid.parse(iq.id().substring(UNAVAILABLE.length())));
        }
        return told != null;
    }

    /** Whatever is missing comes back. */
    void completeAll() {
        while (somethingComesBack()) {
            // until nothing is missing
        }
    }

    void close() {
        service.deactivate();
        List.copyOf(links.values()).forEach(service::unbindLink);
        if (engine != null) {
            service.unbindEngine(engine.reference);
            engine.retire();
        }
        List.copyOf(methods.values())
                .forEach(live -> live.forEach(one -> {
                    service.unbindMethod(one.provider.reference);
                    one.retire();
                    one.awaitRelease();
                }));
    }

    // ---- what is known of it

    /** Whether something of this kind went, or was away, at some time since then. */
    boolean disturbed(Kind kind, long then) {
        return disturbances.get(kind).since(then);
    }

    /** How often something went. */
    int swaps() {
        return disturbances.values().stream().mapToInt(Disturbance::count).sum();
    }

    String states() {
        return service.runtime().tunnels.stream()
                .map(tunnel ->
                        tunnel.local + " " + tunnel.peer + " " + tunnel.role + " " + tunnel.state + " " + tunnel.method)
                .toList()
                .toString();
    }

    void checkReleased() {
        all.forEach(Live::awaitRelease);
        engines.forEach(one -> assertTrue(one.sessions.isEmpty(), () -> name + ": sessions left: " + one.sessions));
    }

    /** When something was away. */
    private final class Disturbance {
        private boolean open;
        private long ended = -1;
        private int count;

        synchronized void begins() {
            open = true;
            count++;
        }

        synchronized int count() {
            return count;
        }

        synchronized void ends() {
            if (open) {
                open = false;
                ended = time.incrementAndGet();
            }
        }

        synchronized boolean since(long then) {
            return open || ended >= then - SLACK;
        }
    }

    /** Hears all there is to hear. */
    private final class Ear implements TunnelListener {
        @Override
        public void opened(Tunnel tunnel) {
            since.put(tunnel, time.get());
        }

        @Override
        public boolean received(Tunnel tunnel, Stanza stanza) {
            heard.add(new Heard(tunnel.local(), tunnel.peer(), stanza.body().orElse("")));
            return true;
        }

        @Override
        public void closed(Tunnel tunnel, Closure closure) {
            if (!tunnel.closed().toCompletableFuture().isDone()) {
                wrongs.add(tunnel.id() + " is said to be closed before it is");
            }
        }
    }

    // ---- services

    /** Answers that methods have not given yet. */
    static final class HeldBack {
        private final Deque<Runnable> answers = new ArrayDeque<>();
        private boolean flowing;
        private int count;

        /** At once, or when it is let go. */
        <T> CompletionStage<T> later(T value) {
            CompletableFuture<T> answer = new CompletableFuture<>();
            synchronized (this) {
                if (!flowing && ++count % 3 == 0) {
                    answers.add(() -> answer.complete(value));
                    return answer;
                }
            }
            answer.complete(value);
            return answer;
        }

        void letOneGo() {
            Runnable answer;
            synchronized (this) {
                answer = answers.poll();
            }
            if (answer != null) {
                answer.run();
            }
        }

        /** From now on nothing is held back, or again. */
        void flow(boolean flows) {
            List<Runnable> released = new ArrayList<>();
            synchronized (this) {
                flowing = flows;
                if (flows) {
                    released.addAll(answers);
                    answers.clear();
                }
            }
            released.forEach(Runnable::run);
        }
    }

    /** A provider of a method, by a PSK that everybody has. */
    private final class Live {
        final String method;
        final int ranking;
        final Version version;
        final long id = serviceIds.incrementAndGet();
        final Provider provider;
        private boolean gone;
        private int out;

        Live(String method, int ranking, String version) {
            this.method = method;
            this.ranking = ranking;
            this.version = Version.parseVersion(version);
            provider = new Provider(
                    id,
                    version,
                    Map.of(
                            AuthMethod.METHOD,
                            method,
                            AuthMethod.PREFERENCE,
                            method.equals("alpha") ? 100 : 50,
                            Constants.SERVICE_RANKING,
                            ranking),
                    this::take);
            provider.whenGivenBack = this::giveBack;
        }

        private synchronized AuthMethod take() {
            if (gone) {
                throw new IllegalStateException("deactivated");
            }
            out++;
            return new GuardedMethod(this);
        }

        private synchronized void giveBack() {
            out--;
            notifyAll();
        }

        synchronized void retire() {
            gone = true;
        }

        synchronized boolean isGone() {
            return gone;
        }

        /** No negotiation holds anything of it. */
        synchronized void awaitRelease() {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Container.BOUND_SECONDS);
            try {
                while (out > 0 && gone) {
                    long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                    assertTrue(left > 0, name + ": negotiations still hold " + out + " of " + method + " " + version);
                    wait(left);
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            assertTrue(out >= 0, "given back twice");
        }
    }

    private final class GuardedMethod implements AuthMethod {
        private final Live live;
        private final Element thing;

        GuardedMethod(Live live) {
            this.live = live;
            this.thing = Element.of("urn:example", live.method);
        }

        private void check() {
            if (live.isGone()) {
                throw new IllegalStateException("deactivated");
            }
        }

        @Override
        public CompletionStage<List<Element>> offer(Negotiation negotiation) {
            check();
            return heldBack.later(List.of(thing));
        }

        @Override
        public CompletionStage<Answer> answer(Negotiation negotiation) {
            check();
            return heldBack.later(
                    negotiation.received() != null
                                    && negotiation.received().things().contains(thing)
                            ? Answer.possible(List.of(thing))
                            : Answer.IMPOSSIBLE);
        }

        @Override
        public CompletionStage<Credential> credential(Negotiation negotiation) {
            check();
            return heldBack.later(new Credential.ExternalPsk(new byte[] {1}, new byte[32]));
        }

        @Override
        public CompletionStage<Verdict> verify(Negotiation negotiation, Proof proof) {
            check();
            return heldBack.later(
                    new Verdict.Verified(new org.xtls.trust.KeyName(live.method, "ab".repeat(32)), "everybody has it"));
        }
    }

    /** Whose sessions must have ended when it goes. */
    private final class GuardedEngine implements TlsEngine {
        final ServiceReference<TlsEngine> reference = Container.anotherReference();
        final Map<TlsSession, String> sessions = new ConcurrentHashMap<>();
        private final TlsEngine real = new BcTlsEngine();
        private volatile boolean gone;

        @Override
        public TlsSession open(org.xtls.tls.TlsRole role, Credential credential) throws org.xtls.tls.TlsException {
            if (gone) {
                wrongs.add("an engine that went was asked for a session");
                throw new IllegalStateException("deactivated");
            }
            TlsSession session = real.open(role, credential);
            TlsSession guarded = (TlsSession) java.lang.reflect.Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {TlsSession.class}, (self, method, args) -> {
                        switch (method.getName()) {
                            case "equals":
                                return self == args[0];
                            case "hashCode":
                                return System.identityHashCode(self);
                            case "toString":
                                return role + " " + session.state();
                            default:
                        }
                        if (gone) {
                            wrongs.add("a session of an engine that went was asked to " + method.getName());
                            throw new NoClassDefFoundError("refreshed");
                        }
                        if (method.getName().equals("destroy")) {
                            sessions.remove((TlsSession) self);
                        }
                        try {
                            return method.invoke(session, args);
                        } catch (java.lang.reflect.InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
            sessions.put(guarded, name);
            return guarded;
        }

        void retire() {
            if (!sessions.isEmpty()) {
                wrongs.add("an engine went with " + sessions.size() + " sessions: " + sessions.keySet());
            }
            gone = true;
        }
    }

    private final class GuardedTrust {
        final ServiceReference<TrustStore> reference = Container.anotherReference();
        final TrustStore store;
        private final MemoryTrust real = new MemoryTrust();
        private volatile boolean gone;

        GuardedTrust() {
            store = (TrustStore) java.lang.reflect.Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {TrustStore.class}, (self, method, args) -> {
                        if (gone) {
                            throw new IllegalStateException("deactivated");
                        }
                        try {
                            return method.invoke(real, args);
                        } catch (java.lang.reflect.InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }
    }
}
