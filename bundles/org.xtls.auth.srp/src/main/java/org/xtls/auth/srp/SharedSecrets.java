package org.xtls.auth.srp;

import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.ComponentContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.auth.Verdict;
import org.xtls.auth.srp.PasswordFormat.Content;
import org.xtls.auth.srp.PasswordFormat.Sealed;
import org.xtls.auth.srp.RefusedException.Refusal;
import org.xtls.embedded.files.Reason;
import org.xtls.embedded.threads.Worker;
import org.xtls.password.HeldSecret;
import org.xtls.password.HeldSecret.Kind;
import org.xtls.password.PairingCode;
import org.xtls.password.Passwords;
import org.xtls.tls.Alert;
import org.xtls.trust.SecretPrompt;
import org.xtls.trust.TrustStore;

/**
 * Passwords in a file, pairing codes in memory, and the count of what has been tried. All of it is done in order on one
 * thread, so that of two who want the last guess one gets it; what computes with passwords is done on another, one at a
 * time, so that no number of peers makes this side spend more than one Argon2's memory at once.
 *
 * <p>As a component it is there even when the file cannot be opened or the configuration makes no sense: every stage then
 * fails with the reason, and tries again.
 */
@Component(
        service = {Passwords.class, SharedSecrets.class},
        immediate = true,
        configurationPid = SharedSecrets.PID)
@Designate(ocd = Configuration.class)
public final class SharedSecrets implements Passwords, AutoCloseable {
    /** The name of the configuration. */
    public static final String PID = "org.xtls.auth.srp";

    private static final Logger LOG = LoggerFactory.getLogger(SharedSecrets.class);

    private final SecureRandom random = new SecureRandom();
    private final Path defaultDirectory;
    private final Clock clock;
    private final Worker store;
    private final Worker arithmetic;
    private final Asking asking;
    private final Turns turns = new Turns();
    private final @Nullable ComponentContext component;

    /** What @Modified last took; the worker's is the one in force there. */
    private volatile Settings settings;

    // The store's thread alone, once it runs.
    private @Nullable Failure misconfigured;
    private @Nullable PasswordFile file;
    private @Nullable Seal seal;
    /** Those that have ended without success too: that somebody used them up must not make an unverified tunnel of it. */
    private final Map<Between, Code> codes = new HashMap<>();
    /** Of the passwords that are in the file, in other groups than there: one for each group that a peer may choose. */
    private final Map<Between, Map<Group, Verifier>> derived = new HashMap<>();
    /** Grows when the user takes back what was spent: what comes to an end after that is not given back twice. */
    private final Map<BareJid, Integer> resets = new HashMap<>();

    /** As a component. Until its configuration makes sense every stage fails with what is wrong. */
    @Activate
    public SharedSecrets(ComponentContext component, Configuration configuration) {
        this(Settings.defaults(defaultDirectory(component.getBundleContext())), Clock.systemUTC(), component);
        take(configuration, true);
        var unused = inOrder(open -> "opened").whenComplete((opened, failure) -> {
            if (failure != null) {
                LOG.error("{}", failure.getMessage());
            }
        });
    }

    /**
     * Outside of any framework.
     *
     * @param directory where the file is; made when missing
     */
    public SharedSecrets(Path directory) {
        this(Settings.defaults(directory), Clock.systemUTC(), null);
    }

    SharedSecrets(Settings settings, Clock clock) {
        this(settings, clock, null);
    }

    private SharedSecrets(Settings settings, Clock clock, @Nullable ComponentContext component) {
        this.settings = settings;
        this.defaultDirectory = settings.directory();
        this.clock = clock;
        this.component = component;
        this.asking = new Asking(clock);
        this.store = new Worker("xtls-auth-srp", GONE);
        this.arithmetic = new Worker("xtls-auth-srp-arithmetic", GONE);
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindPrompt(SecretPrompt prompt) {
        asking.bind(prompt);
    }

    void unbindPrompt(SecretPrompt prompt) {
        asking.unbind(prompt);
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindTrustStore(TrustStore trust) {
        asking.bind(trust);
    }

    void unbindTrustStore(TrustStore trust) {
        asking.unbind(trust);
    }

    // ---- for users

    @Override
    public CompletionStage<HeldSecret> set(BareJid account, BareJid peer, char[] password, Use use) {
        byte[] prepared;
        try {
            prepared = OpaqueString.utf8(password);
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedStage(local(e.getMessage() + "."));
        } finally {
            Arrays.fill(password, '\0');
        }
        Between between = new Between(account, peer);
        Settings now = settings;
        return arithmetic
                .submit(() -> new KeptPassword(
                        Verifier.of(prepared, now.group(), now.cost(), random),
                        use == Use.BOTH ? prepared.clone() : new byte[0]))
                .whenComplete((kept, failure) -> Arrays.fill(prepared, (byte) 0))
                .thenCompose(kept -> inOrder(open -> {
                            byte[] plain = kept.toBytes();
                            try {
                                Content changed = open.content().copy();
                                byte[] entry = seal(open).seal(plain, PasswordFormat.purpose(between, use));
                                changed.passwords().put(between, new Sealed(use, entry));
                                forgive(changed, peer);
                                open.keep(changed);
                            } finally {
                                Arrays.fill(plain, (byte) 0);
                            }
                            derived.remove(between);
                            if (live(between) == null) {
                                takeBack(between);
                            }
                            LOG.info("password kept for {} with {}, use {}", account, peer, use);
                            return described(open, between);
                        })
                        // Also when the step never came to its turn.
                        .whenComplete((held, failure) -> kept.wipe()));
    }

    @Override
    public CompletionStage<Boolean> remove(BareJid account, BareJid peer) {
        Between between = new Between(account, peer);
        return inOrder(open -> {
            boolean held = takeBack(between);
            if (open.content().passwords().containsKey(between)) {
                Content changed = open.content().copy();
                changed.passwords().remove(between);
                open.keep(changed);
                derived.remove(between);
                held = true;
            }
            return held;
        });
    }

    @Override
    public CompletionStage<List<HeldSecret>> list() {
        return inOrder(open -> {
            TreeMap<Between, Kind> all = new TreeMap<>();
            List<HeldSecret> list = new ArrayList<>();
            open.content().passwords().keySet().forEach(between -> all.put(between, Kind.PASSWORD));
            codes.keySet().stream()
                    .filter(between -> live(between) != null)
                    .forEach(between -> all.put(between, Kind.PAIRING_CODE));
            for (Between between : all.keySet()) {
                if (open.content().passwords().containsKey(between)) {
                    list.add(described(open, between));
                }
                Code code = live(between);
                if (code != null) {
                    list.add(described(between, code));
                }
            }
            return list;
        });
    }

    @Override
    public CompletionStage<Boolean> unlock(BareJid peer) {
        return inOrder(open -> {
            Content changed = open.content().copy();
            boolean spent = forgive(changed, peer);
            if (spent) {
                open.keep(changed);
                LOG.info("passwords for {} unlocked by the user", peer);
            }
            return spent;
        });
    }

    @Override
    public CompletionStage<PairingCode> pair(BareJid account, BareJid peer) {
        return inOrder(open -> {
            Settings now = settings;
            Code code = Code.make(now.codeDigits(), clock.instant().plus(now.codeLife()), random);
            put(new Between(account, peer), code);
            LOG.info("pairing code made for {} with {}, good until {}", account, peer, code.expires());
            return new PairingCode(code.grouped(), code.expires());
        });
    }

    @Override
    public CompletionStage<HeldSecret> enter(BareJid account, BareJid peer, char[] code) {
        Code read;
        try {
            read = Code.read(code, clock.instant().plus(settings.codeLife()));
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedStage(local(e.getMessage() + "."));
        } finally {
            Arrays.fill(code, '\0');
        }
        Between between = new Between(account, peer);
        return inOrder(open -> {
            put(between, read);
            LOG.info("pairing code entered for {} with {}, good until {}", account, peer, read.expires());
            return described(between, read);
        });
    }

    // ---- for exchanges

    Settings settings() {
        return settings;
    }

    SecureRandom random() {
        return random;
    }

    Asking asking() {
        return asking;
    }

    CompletionStage<Held> held(Between between) {
        return inOrder(open -> held(open, between));
    }

    /** Spends a guess, which is on disk when the stage completes; fails when there is none, or none yet. */
    CompletionStage<Guess> spend(Secret secret) {
        return inOrder(open -> spend(open, secret));
    }

    /** The same for a side that needs the password itself for it. */
    CompletionStage<Told> spendAndTell(Secret secret) {
        return inOrder(open -> {
            // Before the last guess wipes it.
            byte[] password = password(open, secret);
            try {
                return new Told(spend(open, secret), password);
            } catch (IOException | XtlsException | RuntimeException e) {
                Arrays.fill(password, (byte) 0);
                throw e;
            }
        });
    }

    /** The guess was right: it is given back. False when the secret had already had its one success. */
    CompletionStage<Boolean> giveBack(Guess guess) {
        return inOrder(open -> {
            if (guess.secret() instanceof Secret.OneTime oneTime) {
                codes.remove(oneTime.between(), oneTime.code());
                return oneTime.code().succeed();
            }
            BareJid peer = guess.secret().between().peer();
            if (resets.getOrDefault(peer, 0) == guess.resets()) {
                Content changed = open.content().copy();
                put(changed, peer, changed.guesses(peer).giveBack());
                open.keep(changed);
            }
            return true;
        });
    }

    /**
     * What a handshake that a guess was made for says of the peer.
     *
     * @param proved the guess that was right, or null when the peer proved something else
     * @param how what is told of it behind the secret's name
     */
    CompletionStage<Verdict> verdict(@Nullable Guess proved, String how) {
        if (proved == null) {
            return CompletableFuture.completedStage(new Verdict.Refused(Alert.ILLEGAL_PARAMETER, NO_PASSWORD));
        }
        return giveBack(proved)
                .thenApply(first -> first
                        ? new Verdict.Verified(null, proved.secret().called() + how)
                        : new Verdict.Refused(Alert.ACCESS_DENIED, USED_TWICE));
    }

    /** The password of a secret, in UTF-8, prepared; the receiver's to wipe. */
    CompletionStage<byte[]> password(Secret secret) {
        return inOrder(open -> password(open, secret));
    }

    /**
     * Computes with the verifier for the answering side, because a peer began, before that has cost it a guess: one at a
     * time for a peer, not many for all, and nothing when the stage is cancelled before its turn. A password that the user
     * was asked for has then been used.
     *
     * @param group what the peer chose
     */
    <T> CompletableFuture<T> computeForPeer(Secret secret, Group group, Computation<T> step) {
        BareJid peer = secret.between().peer();
        CompletableFuture<T> stage = new CompletableFuture<>();
        var unused = stage.whenComplete((made, failure) -> {
            if (secret instanceof Secret.Asked asked) {
                Arrays.fill(asked.password(), (byte) 0);
            }
        });
        if (!turns.take(peer)) {
            stage.completeExceptionally(new XtlsException(TOO_MUCH));
            return stage;
        }
        inOrder(open -> basis(open, secret, group)).whenComplete((basis, failure) -> {
            if (failure != null) {
                turns.giveBack(peer);
                stage.completeExceptionally(failure);
                return;
            }
            arithmetic.submit(stage, () -> step.on(verifier(secret, group, basis)), () -> {
                basis.wipe();
                turns.giveBack(peer);
            });
        });
        return stage;
    }

    /** Computes on the one thread for it, for this side's user or for a guess that has been spent. */
    <T> CompletionStage<T> compute(Callable<T> step) {
        CompletableFuture<T> stage = new CompletableFuture<>();
        arithmetic.submit(stage, step, () -> {});
        return stage;
    }

    interface Computation<T> {
        T on(Verifier verifier) throws RefusedException;
    }

    /** A guess that has been spent. */
    record Guess(Secret secret, int resets) {}

    /**
     * A guess that has been spent, and what to make it with.
     *
     * @param password in UTF-8, prepared
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Told(Guess guess, byte[] password) {
        void wipe() {
            Arrays.fill(password, (byte) 0);
        }

        @Override
        public String toString() {
            return "Told[" + guess + "]";
        }
    }

    // ---- life

    /** Applies a changed configuration. One that makes no sense is reported, and a former one that does stays. */
    @Modified
    void modified(Configuration configuration) {
        take(configuration, false);
    }

    /** Ends the threads. What was asked before is done first. */
    @Override
    @Deactivate
    public void close() {
        asking.close();
        arithmetic.close();
        // Behind everything that is queued.
        store.run(() -> {
            codes.values().forEach(Code::takeBack);
            codes.clear();
            derived.clear();
            if (file != null) {
                close(file);
            }
        });
        store.close();
    }

    private void take(Configuration configuration, boolean first) {
        Settings taken;
        try {
            taken = Settings.of(configuration, defaultDirectory);
        } catch (RuntimeException e) {
            Failure failure = new Failure(
                    Failure.Code.LOCAL,
                    Fault.LOCAL,
                    "configuration " + PID + ": " + e.getMessage() + ".",
                    "Correct it.");
            LOG.error("{}", failure.text());
            if (first) {
                store.run(() -> misconfigured = failure);
            }
            return;
        }
        if (component != null && (first || taken.rfc5054() != settings.rfc5054())) {
            if (taken.rfc5054()) {
                component.enableComponent(Rfc5054Method.COMPONENT);
            } else {
                component.disableComponent(Rfc5054Method.COMPONENT);
            }
        }
        boolean moved = !taken.directory().equals(settings.directory())
                || !taken.keyFile().equals(settings.keyFile());
        settings = taken;
        store.run(() -> {
            if (misconfigured != null) {
                LOG.info("configuration {} is in force", PID);
            }
            misconfigured = null;
            PasswordFile former = file;
            if (moved && former != null) {
                file = null;
                seal = null;
                derived.clear();
                close(former);
            }
        });
    }

    private static void close(PasswordFile file) {
        try {
            file.close();
        } catch (IOException e) {
            LOG.warn("the file of passwords was not closed in order: {}", Reason.of(e));
        }
    }

    // ---- on the store's thread

    private Held held(PasswordFile open, Between between) {
        Instant now = clock.instant();
        Code code = live(between);
        Sealed entry = open.content().passwords().get(between);
        Failure obstacle = obstacle(between.peer(), open.content().guesses(between.peer()), now);
        if (code != null) {
            Optional<Secret> usable = Optional.of(new Secret.OneTime(between, code));
            return new Held("a pairing code", usable, usable, null);
        }
        if (entry == null && codes.containsKey(between)) {
            return new Held("a pairing code that failed or has expired", Optional.empty(), Optional.empty(), CODE_OVER);
        }
        if (entry == null || obstacle != null) {
            return new Held(entry == null ? "" : "a password", Optional.empty(), Optional.empty(), obstacle);
        }
        Optional<Secret> usable = Optional.of(new Secret.Lasting(between));
        return new Held("a password", entry.use() == Use.BOTH ? usable : Optional.empty(), usable, null);
    }

    private Guess spend(PasswordFile open, Secret secret) throws IOException, XtlsException {
        if (secret instanceof Secret.OneTime oneTime) {
            if (!oneTime.code().spend()) {
                throw new XtlsException(CODE_OVER);
            }
            return new Guess(secret, 0);
        }
        Instant now = clock.instant();
        BareJid peer = secret.between().peer();
        Guesses spent = open.content().guesses(peer);
        Failure obstacle = obstacle(peer, spent, now);
        if (obstacle != null) {
            throw new XtlsException(obstacle);
        }
        Content changed = open.content().copy();
        changed.guesses().put(peer, spent.spend(now));
        open.keep(changed);
        if (changed.guesses(peer).left(settings) == 0) {
            LOG.warn("the last guess of the password for {} is spent; it is locked unless that one is right", peer);
        }
        return new Guess(secret, resets.getOrDefault(peer, 0));
    }

    private Basis basis(PasswordFile open, Secret secret, Group group)
            throws IOException, XtlsException, RefusedException {
        Between between = secret.between();
        if (secret instanceof Secret.OneTime oneTime) {
            Optional<Verifier> made = oneTime.code().verifier(group);
            return made.isPresent() ? new Basis(made.get()) : new Basis(null, password(open, secret), null);
        }
        if (secret instanceof Secret.Asked) {
            return new Basis(null, password(open, secret), null);
        }
        KeptPassword kept = kept(open, between);
        Verifier verifier = kept.verifier().group() == group
                ? kept.verifier()
                : derived.getOrDefault(between, Map.of()).get(group);
        if (verifier != null) {
            kept.wipe();
            return new Basis(verifier);
        }
        if (kept.password().length == 0) {
            throw new RefusedException(
                    Refusal.NO_VERIFIER_IN_GROUP,
                    "the verifier that is kept is for group " + kept.verifier().group() + ", not " + group + ".");
        }
        return new Basis(null, kept.password(), open.content().passwords().get(between));
    }

    /** On the thread for arithmetic. What is made is kept even when whoever asked for it has gone in the meantime. */
    private Verifier verifier(Secret secret, Group group, Basis basis) {
        Verifier known = basis.verifier();
        if (known != null) {
            return known;
        }
        Verifier made = Verifier.of(basis.password(), group, settings.cost(), random);
        var unused = inOrder(open -> {
            Between between = secret.between();
            if (secret instanceof Secret.OneTime oneTime) {
                oneTime.code().keep(made);
            } else if (basis.entry() != null
                    && basis.entry().equals(open.content().passwords().get(between))) {
                derived.computeIfAbsent(between, key -> new EnumMap<>(Group.class))
                        .put(group, made);
            }
            return made;
        });
        return made;
    }

    /**
     * A verifier, or what to make one of.
     *
     * @param password empty when there is a verifier
     * @param entry what the password is kept as, when it is kept
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Basis(
            @Nullable Verifier verifier,
            byte[] password,
            @Nullable Sealed entry) {
        Basis(Verifier verifier) {
            this(verifier, new byte[0], null);
        }

        void wipe() {
            Arrays.fill(password, (byte) 0);
        }

        @Override
        public String toString() {
            return "Basis";
        }
    }

    private byte[] password(PasswordFile open, Secret secret) throws IOException, XtlsException {
        if (secret instanceof Secret.Asked asked) {
            return asked.password().clone();
        }
        if (secret instanceof Secret.OneTime oneTime) {
            return oneTime.code().password().orElseThrow(() -> new XtlsException(CODE_OVER));
        }
        return kept(open, secret.between()).password();
    }

    private KeptPassword kept(PasswordFile open, Between between) throws IOException, XtlsException {
        Sealed entry = open.content().passwords().get(between);
        if (entry == null) {
            throw local("the password for " + between.peer() + " has been removed.");
        }
        byte[] plain = seal(open).unseal(entry.content(), PasswordFormat.purpose(between, entry.use()));
        try {
            return KeptPassword.of(plain);
        } finally {
            Arrays.fill(plain, (byte) 0);
        }
    }

    private Seal seal(PasswordFile open) throws IOException {
        Seal known = seal;
        if (known == null) {
            known = open.seal(settings.keyFile(), random);
            seal = known;
        }
        return known;
    }

    private void put(Between between, Code code) {
        takeBack(between);
        codes.put(between, code);
    }

    private boolean takeBack(Between between) {
        Code former = codes.remove(between);
        if (former != null) {
            former.takeBack();
        }
        return former != null;
    }

    private @Nullable Code live(Between between) {
        Code code = codes.get(between);
        return code == null || code.left() == 0 ? null : code;
    }

    private boolean forgive(Content changed, BareJid peer) {
        resets.merge(peer, 1, Integer::sum);
        return changed.guesses().remove(peer) != null;
    }

    private static void put(Content changed, BareJid peer, Guesses guesses) {
        if (guesses.wrong() == 0) {
            changed.guesses().remove(peer);
        } else {
            changed.guesses().put(peer, guesses);
        }
    }

    private @Nullable Failure obstacle(BareJid peer, Guesses spent, Instant now) {
        if (spent.left(settings) == 0) {
            return new Failure(
                    Failure.Code.LIMIT,
                    Fault.PEER,
                    "The password for " + peer + " is locked after " + spent.wrong()
                            + " guesses that came to nothing: somebody may be trying passwords.",
                    "Ask the peer; then unlock it, or set another.");
        }
        return spent.waits(settings, now)
                .map(until -> new Failure(
                        Failure.Code.LIMIT,
                        Fault.PEER,
                        "The password for " + peer + " cannot be tried before "
                                + until.truncatedTo(ChronoUnit.SECONDS).plusSeconds(1) + ", after " + spent.wrong()
                                + " guesses that came to nothing.",
                        "Wait, or unlock it."))
                .orElse(null);
    }

    private HeldSecret described(PasswordFile open, Between between) {
        Sealed entry = open.content().passwords().get(between);
        Guesses guesses = open.content().guesses(between.peer());
        return new HeldSecret(
                between.account(),
                between.peer(),
                Kind.PASSWORD,
                entry == null ? Use.ANSWER : entry.use(),
                guesses.left(settings),
                guesses.waits(settings, clock.instant()),
                Optional.empty());
    }

    private HeldSecret described(Between between, Code code) {
        return new HeldSecret(
                between.account(),
                between.peer(),
                Kind.PAIRING_CODE,
                Use.BOTH,
                code.left(),
                Optional.empty(),
                Optional.of(code.expires()));
    }

    private <T> CompletionStage<T> inOrder(Step<T> step) {
        return store.submit(() -> {
            Instant now = clock.instant();
            codes.values().forEach(code -> code.expire(now));
            if (misconfigured != null) {
                throw new XtlsException(misconfigured);
            }
            try {
                PasswordFile open = file;
                if (open == null) {
                    open = PasswordFile.open(settings.directory());
                    file = open;
                }
                return step.on(open);
            } catch (IOException | RuntimeException e) {
                XtlsException failure = new XtlsException(Failure.of(
                        Failure.Code.LOCAL, Fault.LOCAL, "The passwords cannot be used: " + Reason.of(e) + "."));
                failure.initCause(e);
                throw failure;
            }
        });
    }

    private interface Step<T> {
        T on(PasswordFile file) throws IOException, XtlsException, RefusedException;
    }

    private static XtlsException local(String message) {
        return new XtlsException(Failure.of(Failure.Code.LOCAL, Fault.LOCAL, message));
    }

    private static Path defaultDirectory(BundleContext context) {
        String home = context.getProperty("xtls.home");
        return home == null || home.isBlank()
                ? context.getDataFile("srp").toPath()
                : Path.of(home).resolve("srp");
    }

    private static final Failure CODE_OVER = new Failure(
            Failure.Code.UNTRUSTED,
            Fault.LOCAL,
            "The pairing code has been used, has expired, or has failed " + Code.FAILURES + " times.",
            "Make a new one, or remove it.");

    private static final Failure NO_PASSWORD =
            Failure.of(Failure.Code.PROTOCOL, Fault.PEER, "The peer proved something else than a password.");

    private static final Failure USED_TWICE = new Failure(
            Failure.Code.UNTRUSTED,
            Fault.PEER,
            "The pairing code had already had its one success when this tunnel proved it.",
            "Ask the peer whether it began two tunnels.");

    private static final Failure TOO_MUCH = new Failure(
            Failure.Code.LIMIT,
            Fault.PEER,
            "This side is computing for another beginning of the peer's, or for " + Turns.MOST + " peers at once.",
            "Try again later.");

    private static final Failure GONE = new Failure(
            Failure.Code.SERVICE_GONE, Fault.LOCAL, "The bundle " + PID + " has been stopped.", "Start it again.");
}
