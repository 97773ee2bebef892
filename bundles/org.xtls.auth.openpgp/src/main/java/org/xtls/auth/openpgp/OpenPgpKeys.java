package org.xtls.auth.openpgp;

import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.ComponentServiceObjects;
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
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.KeyTransfer;
import org.xtls.auth.Offer;
import org.xtls.auth.OwnKey;
import org.xtls.auth.OwnKeys;
import org.xtls.auth.openpgp.Evaluation.AuthenticationKey;
import org.xtls.auth.openpgp.Evaluation.Unusable;
import org.xtls.auth.openpgp.Evaluation.Usable;
import org.xtls.auth.openpgp.PeerView.Found;
import org.xtls.embedded.threads.Worker;
import org.xtls.tls.Signer;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.SecretPrompt;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustListener;
import org.xtls.trust.TrustStore;
import org.xtls.xml.Element;

/**
 * The OpenPGP keys of this side and what is known of those of others. Files are read and certificates judged in order on
 * one thread, which ends with the component.
 */
// Immediate: between two negotiations nobody holds it, and it should not forget a passphrase after each.
@Component(
        service = {OwnKeys.class, KeyTransfer.class, TrustListener.class, OpenPgpKeys.class},
        immediate = true,
        configurationPid = OpenPgpKeys.PID,
        property = AuthMethod.METHOD + "=" + OpenPgpMethod.NAME)
@Designate(ocd = Configuration.class)
public final class OpenPgpKeys implements OwnKeys, KeyTransfer, TrustListener, AutoCloseable {
    /** The name of the configuration. */
    public static final String PID = "org.xtls.auth.openpgp";

    private static final Logger LOG = LoggerFactory.getLogger(OpenPgpKeys.class);

    /** Known keys of one peer beyond these are not looked up. */
    private static final int MOST_KNOWN = 16;

    /** Certificates seen in handshakes that somebody may yet decide on. */
    private static final int MOST_RECENT = 64;

    private static final int MOST_INTRODUCED = 10_000;

    private final Worker worker;
    private final Clock clock;
    private final LateService<TrustStore> trust = new LateService<>();
    private final LateService<SecretPrompt> prompt = new LateService<>();
    private final Map<Seen, byte[]> recent = new LinkedHashMap<>();
    /** Keys that were taken on introducers' word; the store knows nothing of them, and a tunnel may stand on them. */
    private final Set<Seen> introduced = new LinkedHashSet<>();

    private volatile State state;
    private @Nullable Future<?> rechecking;

    /** The keys of a component. Until its configuration makes sense there are none, and the failure says why. */
    @Activate
    public OpenPgpKeys(Configuration configuration) {
        this(new Worker("xtls-auth-openpgp", STOPPED), Clock.systemUTC());
        state = state(configuration);
        if (state.misconfigured != null) {
            LOG.error("{}", state.misconfigured.text());
        }
        recheckRegularly();
    }

    OpenPgpKeys(Settings settings, Clock clock) {
        this(new Worker("xtls-auth-openpgp", STOPPED), clock);
        state = state(settings);
    }

    private OpenPgpKeys(Worker worker, Clock clock) {
        this.worker = worker;
        this.clock = clock;
        this.state = new State(Settings.NONE, new NoKey(NO_KEY), new CertificateFiles(List.of(), null), null);
    }

    @Reference(
            service = TrustStore.class,
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindTrustStore(ComponentServiceObjects<TrustStore> store) {
        trust.bind(store);
    }

    void unbindTrustStore(ComponentServiceObjects<TrustStore> store) {
        trust.unbind(store);
    }

    @Reference(
            service = SecretPrompt.class,
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindSecretPrompt(ComponentServiceObjects<SecretPrompt> human) {
        prompt.bind(human);
    }

    void unbindSecretPrompt(ComponentServiceObjects<SecretPrompt> human) {
        prompt.unbind(human);
    }

    void use(TrustStore store) {
        trust.use(store);
    }

    void use(SecretPrompt human) {
        prompt.use(human);
    }

    /** Applies a changed configuration. One that makes no sense is reported, and a former one that does stays. */
    @Modified
    void modified(Configuration configuration) {
        State changed = state(configuration);
        boolean broken = state.misconfigured != null;
        if (changed.misconfigured != null) {
            LOG.error("{}", changed.misconfigured.text());
            if (!broken) {
                return;
            }
        } else if (broken) {
            LOG.info("configuration {} is in force", PID);
        }
        state = changed;
        recheckRegularly();
        // A key ring that has just been named may hold a revocation that an open tunnel should hear of.
        worker.run(this::look);
    }

    /** Ends the thread. What was asked before is done first. */
    @Override
    @Deactivate
    public void close() {
        worker.close();
    }

    @Override
    public CompletionStage<List<KeyName>> keys(BareJid account) {
        return hasKey() ? own().thenApply(own -> List.of(own.name())) : CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<List<OwnKey>> held(BareJid account) {
        return hasKey()
                ? own().thenApply(own -> List.of(new OwnKey(own.name(), own.until())))
                : CompletableFuture.completedStage(List.of());
    }

    /** Whether an own key is configured at all, rightly or not. */
    boolean hasKey() {
        return !(state.own instanceof NoKey) || state.misconfigured != null;
    }

    /** The own key; fails with {@link XtlsException}. */
    CompletionStage<OwnIdentity> own() {
        return worker.submit(() -> {
            State now = state;
            Instant time = clock.instant();
            Evaluation evaluation = Evaluator.evaluate(now.own.certificate(), time);
            if (evaluation instanceof Usable usable) {
                return new OwnIdentity(usable, time);
            }
            throw new XtlsException(unusable((Unusable) evaluation));
        });
    }

    CompletionStage<Signer> signer(BareJid account, AuthenticationKey key) {
        return state.own.signer(account, key);
    }

    /** All that is known of a peer; fails with {@link XtlsException} without a trust store. */
    CompletionStage<PeerView> view(BareJid peer, @Nullable Offer offer) {
        Failure misconfigured = state.misconfigured;
        if (misconfigured != null) {
            return CompletableFuture.failedStage(new XtlsException(misconfigured));
        }
        TrustStore store = trust.get();
        if (store == null) {
            return CompletableFuture.failedStage(new XtlsException(NO_STORE));
        }
        return store.peer(peer)
                .thenCompose(known -> materials(store, known)
                        .thenCompose(materials -> worker.submit(() -> view(known, materials, offer))));
    }

    private PeerView view(KnownPeer known, List<byte[]> materials, @Nullable Offer offer)
            throws BadCertificateException {
        State now = state;
        Instant time = clock.instant();
        KeyRing local = now.local(known.peer());
        for (byte[] material : materials) {
            try {
                local = local.with(KeyRing.of(Certificate.read(material, Bounds.KEPT)));
            } catch (BadCertificateException e) {
                LOG.warn("what the trust store keeps of an OpenPGP key of {} {}", known.peer(), e.getMessage());
            }
        }
        WebOfTrust web = now.web(local, time);
        List<BadCertificateException> bad = new ArrayList<>();
        Map<String, Certificate> sent = new LinkedHashMap<>();
        OfferedKeys keys = offer == null ? new OfferedKeys(Set.of(), List.of()) : OfferedKeys.of(offer);
        for (byte[] bytes : keys.certificates()) {
            try {
                Certificate read = Certificate.read(bytes, Bounds.SENT);
                sent.put(read.fingerprint(), read);
            } catch (BadCertificateException e) {
                bad.add(e);
            }
        }
        List<Found> offered = new ArrayList<>();
        for (String name : keys.names()) {
            Certificate here = local.get(name).orElse(null);
            Certificate there = sent.get(name);
            if (here == null && there == null) {
                continue;
            }
            try {
                offered.add(found(here == null ? there : there == null ? here : here.with(there), known, web, time));
            } catch (BadCertificateException e) {
                bad.add(e);
            }
        }
        String binding = local.all().stream()
                .filter(certificate -> mayName(certificate, known.peer()))
                .map(certificate -> found(certificate, known, web, time))
                .filter(found -> found.evaluation() instanceof Usable)
                .map(Found::certified)
                .filter(certified -> !certified.isEmpty())
                .findFirst()
                .orElse("");
        return new PeerView(known, offered, bad, binding.isEmpty() ? "" : "an OpenPGP key " + binding, local);
    }

    private static Found found(@Nullable Certificate certificate, KnownPeer known, WebOfTrust web, Instant time) {
        if (certificate == null) {
            throw new IllegalArgumentException("nothing was found");
        }
        Evaluation evaluation = Evaluator.evaluate(certificate, time);
        String certified = evaluation instanceof Usable usable
                ? web.binds(certificate, usable.userIds(), known.peer()).orElse("")
                : "";
        return new Found(certificate, evaluation, certified);
    }

    private static boolean mayName(Certificate certificate, BareJid peer) {
        for (Iterator<String> ids = certificate.ring().getPublicKey().getUserIDs(); ids.hasNext(); ) {
            if (UserIds.names(ids.next(), peer)) {
                return true;
            }
        }
        return false;
    }

    private static CompletionStage<List<byte[]>> materials(TrustStore store, KnownPeer known) {
        CompletionStage<List<byte[]>> all = CompletableFuture.completedStage(List.of());
        List<KeyName> names = known.keys().stream()
                .map(KnownKey::name)
                .filter(name -> name.method().equals(OpenPgpMethod.NAME))
                .limit(MOST_KNOWN)
                .toList();
        for (KeyName name : names) {
            all = all.thenCombine(store.material(known.peer(), name), (before, material) -> {
                List<byte[]> now = new ArrayList<>(before);
                material.ifPresent(now::add);
                return now;
            });
        }
        return all;
    }

    /** The certificate of a key that was proved: kept beside its record, now or when somebody has decided on it. */
    void remember(BareJid peer, Certificate certificate) {
        Optional<byte[]> lasting = Evaluator.lasting(certificate, clock.instant(), TrustStore.MAX_MATERIAL);
        if (lasting.isEmpty()) {
            LOG.warn("the OpenPGP certificate {} of {} is too large to be kept", certificate.fingerprint(), peer);
            return;
        }
        byte[] bytes = lasting.get();
        Seen seen = new Seen(peer, certificate.name());
        synchronized (recent) {
            recent.remove(seen);
            recent.put(seen, bytes);
            if (recent.size() > MOST_RECENT) {
                recent.remove(recent.keySet().iterator().next());
            }
        }
        keep(seen, bytes);
    }

    /** A key was taken on an introducer's word: until this side stops it is looked at as those on record are. */
    void introduced(BareJid peer, KeyName key) {
        synchronized (introduced) {
            introduced.add(new Seen(peer, key));
            if (introduced.size() > MOST_INTRODUCED) {
                introduced.remove(introduced.iterator().next());
            }
        }
    }

    @Override
    public void changed(TrustChange change) {
        Seen seen = new Seen(change.peer(), change.key());
        byte[] bytes;
        synchronized (recent) {
            bytes = recent.get(seen);
        }
        if (bytes != null && (change.to() == KeyState.VERIFIED || change.to() == KeyState.FIRST_USE)) {
            byte[] kept = bytes;
            // Not on the store's own thread.
            worker.run(() -> keep(seen, kept));
        }
    }

    /** With all that is kept already: a revocation in there is in no newer copy that leaves it out. */
    private void keep(Seen seen, byte[] bytes) {
        TrustStore store = trust.get();
        if (store == null) {
            return;
        }
        var unused = store.material(seen.peer, seen.key)
                .thenCompose(before -> before.isEmpty()
                        ? CompletableFuture.completedStage(bytes)
                        : worker.submit(() -> joined(before.get(), bytes)))
                .thenCompose(all -> store.keep(seen.peer, seen.key, all))
                .whenComplete((kept, failure) -> {
                    if (failure != null) {
                        LOG.warn("the certificate of {} cannot be kept: {}", seen.key, failure.getMessage());
                    } else if (kept) {
                        synchronized (recent) {
                            recent.remove(seen, bytes);
                        }
                    }
                });
    }

    private byte[] joined(byte[] kept, byte[] seen) throws BadCertificateException {
        if (Arrays.equals(kept, seen)) {
            return kept;
        }
        Certificate before;
        try {
            before = Certificate.read(kept, Bounds.KEPT);
        } catch (BadCertificateException e) {
            return seen; // what cannot be read is worth nothing, and view has said so
        }
        Certificate all = before.with(Certificate.read(seen, Bounds.KEPT));
        return Evaluator.lasting(all, clock.instant(), TrustStore.MAX_MATERIAL).orElse(kept);
    }

    /**
     * Tells the trust store what an offer shows of a key. A revocation is its owner's word for good. That something has
     * expired is believed only of what is at hand here: a server can put an old copy, from before its owner prolonged it,
     * into any offer.
     */
    CompletionStage<?> learn(PeerView view, Found found) {
        if (found.evaluation() instanceof Unusable unusable && unusable.flaw().isForGood()) {
            return learn(view.known(), found.certificate(), unusable);
        }
        return view.local()
                .get(found.certificate().fingerprint())
                .<CompletionStage<?>>map(here -> learn(view.known(), here, Evaluator.evaluate(here, clock.instant())))
                .orElseGet(() -> CompletableFuture.completedStage(null));
    }

    /** Tells the trust store what has become of a key that it knows. */
    private CompletionStage<?> learn(KnownPeer known, Certificate certificate, Evaluation evaluation) {
        return learn(
                known,
                certificate,
                evaluation,
                known.key(certificate.name()).map(KnownKey::state).orElse(null));
    }

    private CompletionStage<?> learn(
            KnownPeer known, Certificate certificate, Evaluation evaluation, @Nullable KeyState held) {
        TrustStore store = trust.get();
        if (store == null
                || !(evaluation instanceof Unusable unusable)
                || (held != KeyState.VERIFIED && held != KeyState.FIRST_USE)) {
            return CompletableFuture.completedStage(null);
        }
        KeyState state = switch (unusable.flaw()) {
            case PRIMARY_REVOKED -> KeyState.DISTRUSTED;
            case PRIMARY_EXPIRED, PRIMARY_GIVEN_UP, SUBKEY_EXPIRED, SUBKEY_REVOKED -> KeyState.EXPIRED;
            default -> held;
        };
        if (state == held) {
            return CompletableFuture.completedStage(null);
        }
        String evidence = state == KeyState.DISTRUSTED
                ? "revoked by its owner: " + unusable.detail()
                : "OpenPGP: it " + unusable.phrase();
        LOG.warn("OpenPGP key {} of {} {}", certificate.fingerprint(), known.peer(), unusable.phrase());
        return store.put(known.peer(), certificate.name(), state, evidence).whenComplete((record, failure) -> {
            if (failure != null) {
                LOG.error("the trust store cannot be told: {}", failure.getMessage());
            }
        });
    }

    /** Looks at all known keys, and at those that introducers vouched for. */
    CompletionStage<?> recheck() {
        TrustStore store = trust.get();
        if (store == null) {
            return CompletableFuture.completedStage(null);
        }
        return recheckRecorded(store).thenCompose(done -> recheckIntroduced(store));
    }

    private CompletionStage<?> recheckIntroduced(TrustStore store) {
        List<Seen> all;
        synchronized (introduced) {
            all = List.copyOf(introduced);
        }
        CompletionStage<?> each = CompletableFuture.completedStage(null);
        for (Seen seen : all) {
            each = each.thenCompose(before -> store.peer(seen.peer))
                    .thenCompose(known -> known.key(seen.key).isPresent()
                            ? CompletableFuture.completedStage(null)
                            : worker.submit(() ->
                                            view(known, List.of(), null).local().get(seen.key.fingerprint()))
                                    .thenCompose(found -> found.<CompletionStage<?>>map(certificate -> learn(
                                                    known,
                                                    certificate,
                                                    Evaluator.evaluate(certificate, clock.instant()),
                                                    KeyState.VERIFIED))
                                            .orElseGet(() -> CompletableFuture.completedStage(null))));
        }
        return each;
    }

    private CompletionStage<?> recheckRecorded(TrustStore store) {
        return store.peers().thenCompose(peers -> {
            CompletionStage<?> all = CompletableFuture.completedStage(null);
            for (KnownPeer known : peers) {
                if (known.keys().stream().anyMatch(OpenPgpKeys::isCurrent)) {
                    all = all.thenCompose(before -> recheck(store, known));
                }
            }
            return all;
        });
    }

    private CompletionStage<?> recheck(TrustStore store, KnownPeer known) {
        return materials(store, known)
                .thenCompose(materials -> worker.submit(() -> view(known, materials, null)))
                .thenCompose(view -> {
                    CompletionStage<?> all = CompletableFuture.completedStage(null);
                    for (KnownKey key : known.keys()) {
                        Optional<Certificate> certificate =
                                isCurrent(key) ? view.local().get(key.name().fingerprint()) : Optional.empty();
                        if (certificate.isPresent()) {
                            Evaluation now = Evaluator.evaluate(certificate.get(), clock.instant());
                            all = all.thenCompose(before -> learn(known, certificate.get(), now));
                        }
                    }
                    return all;
                });
    }

    private static boolean isCurrent(KnownKey key) {
        return key.name().method().equals(OpenPgpMethod.NAME)
                && (key.state() == KeyState.VERIFIED || key.state() == KeyState.FIRST_USE);
    }

    private synchronized void recheckRegularly() {
        if (rechecking != null) {
            rechecking.cancel(false);
        }
        rechecking = worker.every(state.settings.recheck(), this::look);
    }

    private void look() {
        var unused = recheck().whenComplete((done, failure) -> {
            if (failure != null) {
                LOG.warn("known OpenPGP keys cannot be checked: {}", failure.getMessage());
            }
        });
    }

    @Override
    public CompletionStage<List<HandedKey>> hand(BareJid account, byte[] statement) {
        if (!hasKey()) {
            return CompletableFuture.completedStage(List.of());
        }
        byte[] said = statement.clone();
        return own().thenCompose(own -> signer(account, own.key())
                .thenCompose(signer -> worker.submit(() -> {
                    byte[] certificate = own.minimised(account)
                            .orElseThrow(() -> new XtlsException(Failure.of(
                                    Code.LOCAL,
                                    Fault.LOCAL,
                                    "The own OpenPGP certificate is too large to be handed.")));
                    Element keyinfo = own.keyinfo()
                            .with(Element.of(OfferedKeys.PUBKEY, "pgpdata")
                                    .withText(Base64.getEncoder().encodeToString(certificate)));
                    byte[] signature =
                            signer.sign(own.key().key().kind().schemes().get(0), said);
                    return List.of(new HandedKey(keyinfo, signature));
                })));
    }

    @Override
    public CompletionStage<Taken> take(BareJid peer, Element keyinfo, byte[] statement, byte[] signature) {
        Optional<Element> data = keyinfo.child(OfferedKeys.PUBKEY, "pgpdata");
        if (!keyinfo.is(OfferedKeys.PUBKEY, "keyinfo") || data.isEmpty()) {
            return CompletableFuture.completedStage(new Taken.Foreign());
        }
        String text = data.get().text();
        byte[] said = statement.clone();
        byte[] proof = signature.clone();
        return view(peer, null).thenCompose(view -> worker.submit(() -> take(view, keyinfo, text, said, proof)));
    }

    private Taken take(PeerView view, Element keyinfo, String text, byte[] statement, byte[] signature) {
        Optional<byte[]> bytes = OfferedKeys.decode(text);
        if (bytes.isEmpty()) {
            return new Taken.Refused("The OpenPGP certificate that was handed is no Base64.");
        }
        try {
            Certificate handed = Certificate.read(bytes.get(), Bounds.SENT);
            if (!OfferedKeys.name(keyinfo).equals(Optional.of(handed.fingerprint()))) {
                return new Taken.Refused("The OpenPGP certificate that was handed is not the one its name says.");
            }
            // What is known besides counts: a revocation is not in what its owner hands.
            Optional<Certificate> here = view.local().get(handed.fingerprint());
            Certificate certificate = here.isEmpty() ? handed : here.get().with(handed);
            Evaluation evaluation = Evaluator.evaluate(certificate, clock.instant());
            if (evaluation instanceof Unusable unusable) {
                var unused = learn(view.known(), certificate, unusable);
                return new Taken.Refused("The OpenPGP certificate that was handed " + unusable.phrase() + ".");
            }
            for (AuthenticationKey key : ((Usable) evaluation).keys()) {
                if (proves(key, statement, signature)) {
                    return Evaluator.lasting(certificate, clock.instant(), TrustStore.MAX_MATERIAL)
                            .<Taken>map(material -> new Taken.Held(certificate.name(), material))
                            .orElseGet(() -> new Taken.Refused(
                                    "The OpenPGP certificate that was handed is too large to be kept."));
                }
            }
            return new Taken.Refused("No authentication key of the OpenPGP certificate that was handed has signed"
                    + " that its owner handed it here.");
        } catch (BadCertificateException e) {
            return new Taken.Refused("The OpenPGP certificate that was handed " + e.getMessage() + ".");
        }
    }

    private static boolean proves(AuthenticationKey key, byte[] statement, byte[] signature) {
        try {
            return TlsSignatures.verify(
                    key.key().kind().schemes().get(0), key.key().toPublicKey(), statement, signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private State state(Configuration configuration) {
        try {
            return state(Settings.of(configuration));
        } catch (RuntimeException e) {
            Failure failure = new Failure(
                    Code.LOCAL, Fault.LOCAL, "configuration " + PID + ": " + e.getMessage() + ".", "Correct it.");
            // Never the defaults' place: with fewer files than were meant a revocation may be missed.
            return new State(Settings.NONE, new NoKey(failure), new CertificateFiles(List.of(), null), failure);
        }
    }

    private State state(Settings settings) {
        OwnKeySource own = new NoKey(NO_KEY);
        if (settings.key() != null) {
            own = new ExportedKey(settings.key(), settings.fingerprint(), settings.passphrase(), prompt::get, worker);
        } else if (settings.agent()) {
            own = new AgentKey(settings.gnuPg(), settings.fingerprint(), settings.patience(), worker, clock);
        }
        return new State(settings, own, new CertificateFiles(settings.keyRings(), settings.wkd()), null);
    }

    /** The user is told what GnuPG wants to hear. */
    private static Failure unusable(Unusable own) {
        String fingerprint = own.certificate().fingerprint();
        String command = switch (own.flaw()) {
            case NO_AUTHENTICATION_KEY,
                    SUBKEY_EXPIRED,
                    SUBKEY_REVOKED,
                    NOT_BOUND,
                    NO_BACK_SIGNATURE,
                    NOT_FOR_AUTHENTICATION,
                    ENCRYPTION_ONLY,
                    WEAK_KEY,
                    UNSUPPORTED_KEY -> "gpg --quick-add-key " + fingerprint + " ed25519 auth 2y";
            case PRIMARY_EXPIRED -> "gpg --quick-set-expire " + fingerprint + " 2y";
            default -> "";
        };
        return new Failure(
                Code.LOCAL,
                Fault.LOCAL,
                "The own OpenPGP certificate " + fingerprint + " " + own.phrase() + ".",
                command.isEmpty()
                        ? "Another key is needed."
                        : "Run '" + command + "', and export the key again where it is read from a file.");
    }

    /** What a stage's failure says to people. */
    static Failure failure(@Nullable Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof XtlsException known
                ? known.failure()
                : Failure.of(Code.LOCAL, Fault.LOCAL, "OpenPGP keys cannot be looked up: " + cause + ".");
    }

    private record Seen(BareJid peer, KeyName key) {}

    private record State(
            Settings settings,
            OwnKeySource own,
            CertificateFiles files,
            @Nullable Failure misconfigured) {
        KeyRing local(BareJid peer) throws BadCertificateException {
            return files.keyRing().with(files.published(peer));
        }

        WebOfTrust web(KeyRing local, Instant time) {
            List<Certificate> certificates = new ArrayList<>(local.all());
            List<Introducer> roots = new ArrayList<>(settings.introducers());
            try {
                Certificate mine = own.certificate();
                certificates.add(mine);
                roots.add(0, new Introducer(mine.fingerprint(), true, settings.depth()));
            } catch (XtlsException e) {
                // Without an own key others' certifications still count.
            }
            return new WebOfTrust(certificates, roots, settings.marginals(), time);
        }
    }

    private static final Failure STOPPED = new Failure(
            Code.SERVICE_GONE,
            Fault.LOCAL,
            "The method openpgp has been stopped.",
            "Start the bundle " + PID + " again.");

    private static final Failure NO_KEY = new Failure(
            Code.LOCAL,
            Fault.LOCAL,
            "No own OpenPGP key is configured.",
            "Set 'key' or 'agent' in the configuration " + PID + ".");

    private static final Failure NO_STORE = new Failure(
            Code.SERVICE_GONE,
            Fault.LOCAL,
            "There is no trust store, so no OpenPGP key can be judged.",
            "Start a bundle that provides one, such as org.xtls.trust.file.");
}
