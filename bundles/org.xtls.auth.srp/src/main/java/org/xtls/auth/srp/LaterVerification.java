package org.xtls.auth.srp;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.XtlsException;
import org.xtls.auth.Role;
import org.xtls.auth.srp.SharedSecrets.Guess;
import org.xtls.password.TunnelVerification;
import org.xtls.runtime.TunnelDTO;
import org.xtls.runtime.XtlsRuntime;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustStore;
import org.xtls.xml.Element;

/**
 * Verifies open tunnels by a shared secret. SRP runs inside the tunnel, in two requests of the side that began:
 *
 * <pre>
 *   set  A                    result  salt, cost, B
 *   set  M1                   result  M2
 * </pre>
 *
 * <p>M1 and M2 are bound to the tunnel by its exporter and to their senders by their roles <em>in the tunnel</em>, so
 * neither can be carried into another tunnel or sent back to whom it came from. Either side may begin; when both do at
 * once the exchange of the tunnel's initiator goes on.
 *
 * <p>Its ranking lets it have its stanzas before any application; it takes no others.
 */
@Component(
        service = {TunnelVerification.class, TunnelListener.class},
        immediate = true,
        property = "service.ranking:Integer=1000000")
public final class LaterVerification implements TunnelVerification, TunnelListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LaterVerification.class);
    private static final String EXPORTER = "EXPORTER-xtls-verify";
    private static final String CONDITIONS = "urn:ietf:params:xml:ns:xmpp-stanzas";
    private static final int EXPORTED_BYTES = 32;
    private static final long DEADLINE_SECONDS = 300;

    private final SharedSecrets secrets;
    private final Function<Tunnel, Optional<Role>> roles;
    private final AtomicReference<@Nullable TrustStore> trust = new AtomicReference<>();
    private final AtomicReference<@Nullable XtlsRuntime> runtime = new AtomicReference<>();
    private final ScheduledThreadPoolExecutor timer;
    private final Map<String, Exchange> exchanges = new ConcurrentHashMap<>();

    /** As a component. */
    @Activate
    public LaterVerification(@Reference SharedSecrets secrets) {
        this(secrets, null);
    }

    /**
     * Outside of any framework.
     *
     * @param secrets the passwords and pairing codes
     * @param roles this side's role in a tunnel
     * @param store the known keys
     */
    public LaterVerification(SharedSecrets secrets, Function<Tunnel, Role> roles, TrustStore store) {
        this(secrets, roles.andThen(Optional::of));
        bindTrustStore(store);
    }

    private LaterVerification(SharedSecrets secrets, @Nullable Function<Tunnel, Optional<Role>> roles) {
        this.secrets = secrets;
        this.roles = roles == null ? this::described : roles;
        this.timer = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(null, work, "xtls-auth-srp-timer", 0, false);
            thread.setContextClassLoader(LaterVerification.class.getClassLoader());
            thread.setDaemon(true);
            return thread;
        });
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        timer.setRemoveOnCancelPolicy(true);
        timer.prestartAllCoreThreads();
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindTrustStore(TrustStore store) {
        trust.set(store);
    }

    void unbindTrustStore(TrustStore store) {
        trust.compareAndSet(store, null);
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindRuntime(XtlsRuntime service) {
        runtime.set(service);
    }

    void unbindRuntime(XtlsRuntime service) {
        runtime.compareAndSet(service, null);
    }

    @Override
    public CompletionStage<KnownPeer> verify(Tunnel tunnel) {
        KeyName key = tunnel.security().key();
        Optional<Role> role = roles.apply(tunnel);
        if (tunnel.security().trust() == Trust.VERIFIED || key == null) {
            return failed(Code.LOCAL, Fault.LOCAL, "The tunnel with " + tunnel.peer() + " is verified already.");
        }
        if (role.isEmpty() || tunnel.closed().toCompletableFuture().isDone()) {
            return failed(Code.CLOSED, Fault.LOCAL, "The tunnel with " + tunnel.peer() + " has ended.");
        }
        if (trust.get() == null) {
            return CompletableFuture.failedStage(new XtlsException(NO_STORE));
        }
        Exchange exchange = new Exchange(tunnel, role.get(), key, true);
        if (exchanges.putIfAbsent(tunnel.id(), exchange) != null) {
            return failed(
                    Code.LOCAL,
                    Fault.LOCAL,
                    "The tunnel with " + tunnel.peer() + " is being verified; wait for the end of that.");
        }
        exchange.start();
        exchange.begin();
        return exchange.outcome;
    }

    @Override
    public boolean received(Tunnel tunnel, Stanza stanza) {
        if (stanza.kind() != Stanza.Kind.IQ) {
            return false;
        }
        Element iq = stanza.element();
        String type = iq.attribute("type").orElse("");
        if (type.equals("result") || type.equals("error")) {
            Exchange exchange = exchanges.get(tunnel.id());
            return exchange != null && exchange.answered(iq, type.equals("result"));
        }
        Optional<Element> srp = iq.children().filter(Values::is).findFirst();
        if (srp.isEmpty()) {
            return false;
        }
        requested(tunnel, iq, srp.get(), type.equals("set"));
        return true;
    }

    @Override
    public void closed(Tunnel tunnel, Closure closure) {
        Exchange exchange = exchanges.get(tunnel.id());
        if (exchange != null) {
            exchange.fail(Failure.of(
                    Code.CLOSED,
                    Fault.NONE,
                    "The tunnel ended before it was verified: "
                            + closure.failure().message()));
        }
    }

    /** Ends what is under way, and the thread. */
    @Override
    @Deactivate
    public void close() {
        timer.shutdownNow();
        exchanges.values().forEach(exchange -> exchange.fail(GONE));
        try {
            if (!timer.awaitTermination(10, TimeUnit.SECONDS)) {
                LOG.warn("the timer does not stop");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What the other side asks; every question is answered (RFC 6120 §8.2.3). */
    private void requested(Tunnel tunnel, Element iq, Element srp, boolean set) {
        Exchange known = exchanges.get(tunnel.id());
        if (!set || (srp.attribute("A").isEmpty() && srp.attribute("M1").isEmpty())) {
            refuse(tunnel, iq, "bad-request");
            return;
        }
        if (srp.attribute("M1").isPresent()) {
            if (known == null || !known.provedByPeer(iq, srp)) {
                refuse(tunnel, iq, "unexpected-request");
            }
            return;
        }
        if (known != null) {
            known.begunByPeerToo(iq, srp);
            return;
        }
        KeyName key = tunnel.security().key();
        Optional<Role> role = roles.apply(tunnel);
        if (tunnel.security().trust() == Trust.VERIFIED || key == null || role.isEmpty() || trust.get() == null) {
            refuse(tunnel, iq, "not-acceptable");
            return;
        }
        Exchange exchange = new Exchange(tunnel, role.get(), key, false);
        if (exchanges.putIfAbsent(tunnel.id(), exchange) != null) {
            refuse(tunnel, iq, "conflict");
            return;
        }
        exchange.start();
        exchange.begunByPeer(iq, srp);
    }

    /** One exchange in one tunnel. Its lock is held for no call of anybody else's. */
    private final class Exchange {
        private final Tunnel tunnel;
        private final Role role;
        private final KeyName key;
        private final Keys keys;
        /** What whoever asked is told. */
        private final CompletableFuture<KnownPeer> outcome = new CompletableFuture<>();

        // under the lock
        /** Whether this side began. */
        private boolean own;

        private Phase phase = Phase.LOOKING;
        private @Nullable Secret secret;
        private @Nullable SrpClient client;
        private @Nullable SrpServer server;
        private @Nullable Guess guess;
        private byte @Nullable [] awaited;
        private String requestId = "";
        private String abandonedId = "";
        private @Nullable ScheduledFuture<?> deadline;
        private @Nullable CompletableFuture<?> underWay;

        Exchange(Tunnel tunnel, Role role, KeyName key, boolean own) {
            this.own = own;
            this.tunnel = tunnel;
            this.role = role;
            this.key = key;
            this.keys = Keys.of(role, tunnel.local(), tunnel.peer());
        }

        void start() {
            var unused = outcome.whenComplete((known, failure) -> end());
            try {
                ScheduledFuture<?> alarm = timer.schedule(
                        () -> fail(Failure.of(
                                Code.TIMEOUT, Fault.PEER, "The tunnel was not verified within five minutes.")),
                        DEADLINE_SECONDS,
                        TimeUnit.SECONDS);
                synchronized (this) {
                    deadline = alarm;
                }
            } catch (java.util.concurrent.RejectedExecutionException e) {
                fail(GONE);
            }
        }

        // ---- as the side that begins

        void begin() {
            run(
                    Chain.of(secrets.held(between()), this::toBegin),
                    found -> secrets.compute(
                                    () -> new SrpClient(secrets.settings().group(), secrets.random()))
                            .thenAccept(made -> {
                                String id = newId();
                                synchronized (this) {
                                    if (phase != Phase.LOOKING || !own) {
                                        return; // the peer's exchange goes on instead
                                    }
                                    secret = found;
                                    client = made;
                                    phase = Phase.BEGUN;
                                    requestId = id;
                                }
                                request(id, made.begin().toElement());
                            }));
        }

        /** The answer to a request of this side's; false when it is to something else. */
        boolean answered(Element iq, boolean result) {
            Phase was;
            synchronized (this) {
                String id = iq.attribute("id").orElse("");
                if (!id.equals(requestId)) {
                    return id.equals(abandonedId);
                }
                requestId = "";
                was = phase;
                if (was == Phase.BEGUN && role == Role.RESPONDER && isConflict(iq)) {
                    phase = Phase.LOOKING; // the peer's A is on its way
                    return true;
                }
                phase = was == Phase.BEGUN ? Phase.PROVING : Phase.CHECKING;
            }
            Optional<Element> srp = iq.children().filter(Values::is).findFirst();
            if (!result || srp.isEmpty()) {
                fail(was == Phase.BEGUN ? NOT_THERE : WRONG);
            } else if (was == Phase.BEGUN) {
                prove(srp.get());
            } else {
                check("M2", srp.get(), none -> {});
            }
            return true;
        }

        private void prove(Element srp) {
            SrpClient begun;
            Secret chosen;
            synchronized (this) {
                begun = client;
                chosen = secret;
            }
            if (begun == null || chosen == null) {
                return;
            }
            Values.Challenge challenge;
            try {
                challenge = begun.read(srp);
            } catch (RefusedException e) {
                fail(e.failure());
                return;
            }
            // Spent before the proof goes out that a peer, or somebody in its place, could test a guess by.
            run(
                    secrets.spendAndTell(chosen),
                    told -> secrets.compute(() -> begun.secret(challenge, told.password()))
                            .whenComplete((padded, failure) -> told.wipe())
                            .thenCompose(this::proofs)
                            .thenAccept(proofs -> {
                                String id = newId();
                                synchronized (this) {
                                    if (phase != Phase.PROVING) {
                                        return;
                                    }
                                    guess = told.guess();
                                    awaited = proofs.theirs;
                                    phase = Phase.PROVED;
                                    requestId = id;
                                }
                                request(id, Values.proof("M1", proofs.ours));
                            }));
        }

        // ---- as the side that answers

        void begunByPeer(Element iq, Element srp) {
            Values.Begin begin;
            try {
                begin = Values.Begin.of(srp);
            } catch (RefusedException e) {
                refuse(tunnel, iq, "bad-request");
                fail(e.failure());
                return;
            }
            Secret given;
            synchronized (this) {
                given = secret;
            }
            CompletableFuture<Answering> ready = Chain.of(
                    given != null
                            ? CompletableFuture.completedStage(given)
                            : Chain.of(secrets.held(between()), this::toAnswer),
                    found -> secrets.computeForPeer(
                            found,
                            begin.group(),
                            verifier -> new Answering(found, new SrpServer(begin, verifier, secrets.random()))));
            var unused = ready.whenComplete((answering, failure) -> {
                if (failure != null) {
                    // Nothing held, locked, refused: the same to the peer.
                    refuse(tunnel, iq, "not-acceptable");
                }
            });
            run(ready, answering -> {
                synchronized (this) {
                    if (phase != Phase.LOOKING) {
                        return done();
                    }
                    secret = answering.secret;
                    server = answering.server;
                    phase = Phase.CHALLENGED;
                }
                reply(iq, answering.server.challenge().toElement());
                return done();
            });
        }

        /**
         * Both want it at once: whoever's A is not out yet answers; if both are, the exchange of the tunnel's initiator goes
         * on. Either way both are told by the one exchange.
         */
        void begunByPeerToo(Element iq, Element srp) {
            boolean yields;
            CompletableFuture<?> abandoned = null;
            synchronized (this) {
                yields = own && (phase == Phase.LOOKING || (phase == Phase.BEGUN && role == Role.RESPONDER));
                if (yields) {
                    phase = Phase.LOOKING;
                    own = false;
                    client = null;
                    abandonedId = requestId;
                    requestId = "";
                    abandoned = underWay;
                }
            }
            if (yields) {
                if (abandoned != null) {
                    abandoned.cancel(false);
                }
                begunByPeer(iq, srp);
            } else {
                refuse(tunnel, iq, "conflict");
            }
        }

        /** M1; false when it is not its turn. */
        boolean provedByPeer(Element iq, Element srp) {
            SrpServer challenged;
            Secret chosen;
            synchronized (this) {
                challenged = server;
                chosen = secret;
                if (phase != Phase.CHALLENGED || challenged == null || chosen == null) {
                    return false;
                }
                phase = Phase.CHECKING;
            }
            SrpServer answering = challenged;
            // Spent before the proof is looked at.
            CompletableFuture<Proofs> ready = Chain.of(
                    secrets.spend(chosen),
                    spent -> secrets.compute(answering::secret)
                            .thenCompose(this::proofs)
                            .thenApply(proofs -> {
                                synchronized (this) {
                                    guess = spent;
                                    awaited = proofs.theirs;
                                }
                                return proofs;
                            }));
            var unused = ready.whenComplete((proofs, failure) -> {
                if (failure != null) {
                    refuse(tunnel, iq, "not-acceptable");
                }
            });
            run(ready, proofs -> {
                check("M1", srp, right -> {
                    if (right) {
                        reply(iq, Values.proof("M2", proofs.ours));
                    } else {
                        refuse(tunnel, iq, "not-authorized");
                    }
                });
                return done();
            });
            return true;
        }

        // ---- as both

        private void check(String name, Element srp, java.util.function.Consumer<Boolean> tell) {
            byte[] expected;
            Guess spent;
            synchronized (this) {
                expected = awaited;
                spent = guess;
                awaited = null;
            }
            boolean right;
            try {
                right = expected != null && MessageDigest.isEqual(expected, Values.proof(name, srp));
            } catch (RefusedException e) {
                tell.accept(false);
                fail(e.failure());
                return;
            }
            if (!right || spent == null) {
                tell.accept(false);
                fail(WRONG);
                return;
            }
            TrustStore store = trust.get();
            if (store == null) {
                tell.accept(false);
                fail(NO_STORE);
                return;
            }
            run(secrets.giveBack(spent), first -> {
                tell.accept(first);
                return first ? succeed(store, spent) : CompletableFuture.failedStage(new XtlsException(WRONG));
            });
        }

        private CompletionStage<?> succeed(TrustStore store, Guess spent) {
            String evidence = spent.secret().called() + " checked in a tunnel by " + key.method();
            return store.vouch(tunnel.peer().bare(), key, evidence).thenAccept(known -> {
                if (known.key(key)
                        .filter(held -> held.state() == KeyState.VERIFIED)
                        .isEmpty()) {
                    fail(new Failure(
                            Code.UNTRUSTED,
                            Fault.LOCAL,
                            "The secrets match, but the key of " + tunnel.peer()
                                    + " was distrusted or has expired, and stays so.",
                            "Trust the key by hand if that is wrong."));
                    return;
                }
                LOG.info("tunnel {} verified: {}, {}", tunnel.id(), tunnel.peer(), evidence);
                giveWay();
                outcome.complete(known);
            });
        }

        /** Before anybody is told, who may want to begin anew at once. */
        private void giveWay() {
            exchanges.remove(tunnel.id(), this);
        }

        void fail(Failure failure) {
            giveWay();
            if (outcome.completeExceptionally(new XtlsException(failure))) {
                LOG.info("tunnel {} not verified: {}", tunnel.id(), failure.text());
            }
        }

        private CompletionStage<Proofs> proofs(byte[] padded) {
            byte[] verifyKey = keys.verifyKey(padded);
            return tunnel.export(EXPORTER, EXPORTED_BYTES)
                    .thenApply(exported -> {
                        try {
                            Role other = role == Role.INITIATOR ? Role.RESPONDER : Role.INITIATOR;
                            return new Proofs(
                                    Keys.proof(verifyKey, role, exported), Keys.proof(verifyKey, other, exported));
                        } finally {
                            Arrays.fill(exported, (byte) 0);
                        }
                    })
                    .whenComplete((proofs, failure) -> Arrays.fill(verifyKey, (byte) 0));
        }

        private CompletionStage<Secret> toBegin(Held held) {
            return found(held, held.toBegin(), secrets.asking()::onOwnWish);
        }

        private CompletionStage<Secret> toAnswer(Held held) {
            return found(held, held.toAnswer(), secrets.asking()::onOffer);
        }

        private CompletionStage<Secret> found(
                Held held, Optional<Secret> usable, Function<Between, CompletionStage<Optional<byte[]>>> ask) {
            Failure obstacle = held.obstacle();
            if (usable.isPresent()) {
                return CompletableFuture.completedStage(usable.get());
            }
            if (obstacle != null) {
                return CompletableFuture.failedStage(new XtlsException(obstacle));
            }
            if (!held.isNothing() || secrets.settings().ask() == Settings.Ask.NEVER) {
                return CompletableFuture.failedStage(new XtlsException(NO_SECRET));
            }
            return Chain.of(
                    ask.apply(between()),
                    given -> given.isPresent()
                            ? CompletableFuture.completedStage(new Secret.Asked(between(), given.get()))
                            : CompletableFuture.failedStage(new XtlsException(NO_SECRET)));
        }

        private Between between() {
            return new Between(tunnel.local().bare(), tunnel.peer().bare());
        }

        /**
         * Sends a request whose id was set together with the phase: when the peer's own beginning comes in between, this
         * one is known as abandoned, and what is answered to it means nothing.
         */
        private void request(String id, Element srp) {
            send(tunnel, "set", id, srp).whenComplete((by, failure) -> {
                if (failure != null) {
                    fail(cause(failure));
                }
            });
        }

        private void reply(Element iq, Element srp) {
            var unused = send(tunnel, "result", iq.attribute("id").orElse(""), srp);
        }

        /** A step whose failure is the exchange's. */
        private <T> void run(CompletionStage<T> first, Function<T, CompletionStage<?>> second) {
            CompletableFuture<Object> step =
                    Chain.of(first, value -> second.apply(value).thenApply(done -> "done"));
            synchronized (this) {
                underWay = step;
            }
            var unused = step.whenComplete((value, failure) -> {
                if (failure != null && !(cause(failure) instanceof CancellationException)) {
                    fail(cause(failure));
                }
            });
            if (outcome.isDone()) {
                step.cancel(false);
            }
        }

        private void fail(Throwable cause) {
            if (cause instanceof XtlsException known) {
                fail(known.failure());
            } else if (cause instanceof RefusedException refused) {
                fail(refused.failure());
            } else {
                fail(Failure.of(Code.LOCAL, Fault.LOCAL, "The tunnel could not be verified: " + cause + "."));
            }
        }

        private void end() {
            giveWay();
            CompletableFuture<?> step;
            synchronized (this) {
                phase = Phase.OVER;
                if (secret instanceof Secret.Asked asked) {
                    Arrays.fill(asked.password(), (byte) 0);
                }
                secret = null;
                client = null;
                server = null;
                awaited = null;
                requestId = "";
                if (deadline != null) {
                    deadline.cancel(false);
                }
                step = underWay;
                underWay = null;
            }
            if (step != null && !step.isDone()) {
                step.cancel(false);
            }
        }
    }

    private enum Phase {
        /** A secret is looked for, perhaps at a human. */
        LOOKING,
        /** A is out. */
        BEGUN,
        /** B has come; M1 is computed. */
        PROVING,
        /** M1 is out. */
        PROVED,
        /** B is out. */
        CHALLENGED,
        /** M1 or M2 has come. */
        CHECKING,
        /** Nothing more comes of it. */
        OVER
    }

    private record Answering(Secret secret, SrpServer server) {}

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Proofs(byte[] ours, byte[] theirs) {}

    private Optional<Role> described(Tunnel tunnel) {
        XtlsRuntime service = runtime.get();
        if (service == null) {
            return Optional.empty();
        }
        for (TunnelDTO dto : service.runtime().tunnels) {
            if (dto.id.equals(tunnel.id())) {
                return Optional.of(dto.role.equals("initiator") ? Role.INITIATOR : Role.RESPONDER);
            }
        }
        return Optional.empty();
    }

    private static CompletionStage<?> send(Tunnel tunnel, String type, String id, Element payload) {
        return tunnel.send(new Stanza(Element.of(Stanza.NAMESPACE, "iq")
                .with("type", type)
                .with("id", id)
                .with(payload)));
    }

    private static void refuse(Tunnel tunnel, Element iq, String condition) {
        Element error = Element.of(Stanza.NAMESPACE, "error")
                .with("type", condition.equals("unexpected-request") ? "wait" : "cancel")
                .with(Element.of(CONDITIONS, condition));
        var unused = send(tunnel, "error", iq.attribute("id").orElse(""), error);
    }

    private static boolean isConflict(Element iq) {
        return iq.child(Stanza.NAMESPACE, "error")
                .flatMap(error -> error.child(CONDITIONS, "conflict"))
                .isPresent();
    }

    private static String newId() {
        return UUID.randomUUID().toString();
    }

    private static CompletionStage<String> done() {
        return CompletableFuture.completedStage("done");
    }

    private static <T> CompletionStage<T> failed(Code code, Fault fault, String message) {
        return CompletableFuture.failedStage(new XtlsException(Failure.of(code, fault, message)));
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    private static final Failure WRONG = new Failure(
            Code.UNTRUSTED,
            Fault.BETWEEN,
            "The secrets of the two sides differ, or somebody is in between.",
            "Compare the secrets by voice, and try again; if they are the same, do not use this tunnel.");

    private static final Failure NOT_THERE = Failure.of(
            Code.NOT_SUPPORTED, Fault.PEER, "The peer has no secret for this side, or cannot verify tunnels by one.");

    private static final Failure NO_SECRET = new Failure(
            Code.LOCAL,
            Fault.LOCAL,
            "There is no password or pairing code to verify the tunnel by.",
            "Set a password for the peer, or pair with it.");

    private static final Failure NO_STORE = new Failure(
            Code.SERVICE_GONE,
            Fault.LOCAL,
            "There is no trust store to remember the verified key.",
            "Start a bundle that provides one, such as org.xtls.trust.file.");

    private static final Failure GONE = new Failure(
            Code.SERVICE_GONE,
            Fault.LOCAL,
            "The bundle " + SharedSecrets.PID + " has been stopped.",
            "Start it again.");
}
