package org.xtls.tunnel.service;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.ComponentServiceObjects;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.component.annotations.ReferenceScope;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.FullJid;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.Xtls;
import org.xtls.XtlsException;
import org.xtls.auth.AuthMethod;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.XtlsRuntime;
import org.xtls.tls.TlsEngine;
import org.xtls.transport.Link;
import org.xtls.trust.KeyState;
import org.xtls.trust.Policies;
import org.xtls.trust.Policy;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustPrompt;
import org.xtls.trust.TrustStore;
import org.xtls.tunnel.protocol.Settings;
import org.xtls.tunnel.protocol.Surroundings;

/** The tunnel service: holds together what comes and goes, and lends it its threads. */
@Component(
        service = {Xtls.class, TunnelService.class},
        immediate = true,
        configurationPid = Configured.PID)
@Designate(ocd = TunnelSettings.class)
public final class TunnelService implements Xtls, XtlsRuntime, Surroundings {
    private static final Logger LOG = LoggerFactory.getLogger(TunnelService.class);

    /** How long what stops waits for tunnels to say goodbye: long enough for a few stanzas to be queued. */
    private static final long GOODBYE_MILLIS = 2_000;

    /** Where nothing sound is configured: nothing gets this far, and nothing would pass. */
    private static final Policy NOBODY =
            Policy.DEFAULT.with(Policy.FirstUse.REJECT).withConfirmedOffers(true);

    /** No vowels, so that no words come up; no letter that looks like a digit. */
    private static final String LETTERS = "bcdfghjkmnpqrstvwxz";

    private final Methods methods = new Methods();
    private final Held<TlsEngine> engine = new Held<>();
    private final Held<TrustStore> trust = new Held<>();
    private final Held<TrustPrompt> prompt = new Held<>();
    private final Map<Link, Talks> links = new ConcurrentHashMap<>();
    private final Listeners listeners = new Listeners();
    private final Questions questions = new Questions(methods, trust::get, prompt::get, this::policy);
    private final HalfOpen halfOpen = new HalfOpen();
    private final Counts counts = new Counts();
    private final SecureRandom random = new SecureRandom();
    private final String idPrefix = letter() + letter();
    private final AtomicLong tunnelIds = new AtomicLong();
    private final AtomicLong changes = new AtomicLong();
    private final List<Runnable> observers = new CopyOnWriteArrayList<>();
    private final ConfiguredPolicy policy;
    private final Runnable whenPolicyChanges = this::changed;
    private final Workers workers = new Workers();
    private final ThreadPoolExecutor threads;
    private final ScheduledThreadPoolExecutor clock;
    private volatile @Nullable Configured configured;
    private volatile String problem = "";

    /**
     * Starts. A wrong value does not throw: Declarative Services would not try again when it is corrected.
     *
     * @param settings the configuration
     * @param policy the policy in force
     */
    @Activate
    public TunnelService(TunnelSettings settings, @Reference ConfiguredPolicy policy) {
        this.policy = policy;
        threads = new ThreadPoolExecutor(1, 1, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), workers);
        threads.allowCoreThreadTimeOut(true);
        clock = new ScheduledThreadPoolExecutor(1, workers);
        clock.setRemoveOnCancelPolicy(true);
        configure(settings);
        policy.observe(whenPolicyChanges);
    }

    @Modified
    void modified(TunnelSettings settings) {
        configure(settings);
        changed();
    }

    private void configure(TunnelSettings settings) {
        try {
            Configured read = Configured.of(settings);
            resize(read.threads());
            configured = read;
        } catch (IllegalArgumentException e) {
            problem = "the configuration " + Configured.PID + " is wrong: " + e.getMessage();
            if (configured == null) {
                LOG.error("no tunnel is made before this is corrected: {}", problem);
            } else {
                LOG.error("the new configuration is not taken, the old one stays in force: {}", problem);
            }
        }
    }

    /** In the order in which a pool's least number of threads is never above its largest. */
    private void resize(int wanted) {
        if (wanted > threads.getMaximumPoolSize()) {
            threads.setMaximumPoolSize(wanted);
            threads.setCorePoolSize(wanted);
        } else {
            threads.setCorePoolSize(wanted);
            threads.setMaximumPoolSize(wanted);
        }
    }

    /** What is wrong with the configurations without which nothing is negotiated; empty when nothing is. */
    List<String> misconfigured() {
        List<String> wrong = new ArrayList<>();
        if (configured == null) {
            wrong.add(problem);
        }
        policy.problem().ifPresent(wrong::add);
        return wrong;
    }

    @Deactivate
    void deactivate() {
        policy.ignore(whenPolicyChanges);
        // Links are unbound only after this: by then the threads that say goodbye would be gone.
        List<Talks> all = List.copyOf(links.values());
        links.clear();
        leave(all, Failures.gone("tunnel service"));
        clock.shutdownNow();
        threads.shutdown();
    }

    // ---- for applications

    @Override
    public CompletionStage<Tunnel> open(FullJid peer) {
        List<Talks> all = List.copyOf(links.values());
        if (all.size() == 1) {
            return open(all.get(0), peer);
        }
        String message = all.isEmpty()
                ? "there is no connection to a server"
                : "there are " + all.size() + " connections, and it was not said which is to be used";
        return failed(new Failure(Code.LINK_LOST, Fault.LOCAL, message, all.isEmpty() ? "Connect first." : ""));
    }

    @Override
    public CompletionStage<Tunnel> open(FullJid local, FullJid peer) {
        return talks(local)
                .map(talks -> open(talks, peer))
                .orElseGet(() -> failed(new Failure(
                        Code.LINK_LOST, Fault.LOCAL, "there is no connection as " + local, "Connect first.")));
    }

    private CompletionStage<Tunnel> open(Talks talks, FullJid peer) {
        if (peer.equals(talks.local())) {
            return failed(Failure.of(Code.LOCAL, Fault.LOCAL, peer + " is this side's own address"));
        }
        List<String> misconfigured = misconfigured();
        if (!misconfigured.isEmpty()) {
            return failed(Failures.misconfigured(String.join("; ", misconfigured)));
        }
        List<String> missing = missingServices();
        if (!missing.isEmpty()) {
            return failed(Failures.missing(String.join(" and no ", missing)));
        }
        return talks.open(peer).copy();
    }

    private static CompletionStage<Tunnel> failed(Failure failure) {
        return CompletableFuture.failedFuture(new XtlsException(failure));
    }

    @Override
    public List<Tunnel> tunnels() {
        List<Tunnel> tunnels = new ArrayList<>();
        links.values()
                .forEach(talks -> talks.all().forEach(talk -> talk.tunnel().ifPresent(tunnels::add)));
        return tunnels;
    }

    @Override
    public Optional<Tunnel> tunnel(FullJid local, FullJid peer) {
        return tunnels().stream()
                .filter(tunnel -> tunnel.local().equals(local) && tunnel.peer().equals(peer))
                .findFirst();
    }

    private Optional<Talks> talks(FullJid local) {
        return links.values().stream()
                .filter(talks -> talks.local().equals(local))
                .findFirst();
    }

    // ---- for observers

    @Override
    public RuntimeDTO runtime() {
        RuntimeDTO dto = new RuntimeDTO();
        dto.changeCount = changes.get();
        dto.links = links.values().stream()
                .map(talks -> talks.local().toString())
                .sorted()
                .toList();
        dto.methods = methods.describe();
        dto.tunnels = links.values().stream()
                .flatMap(talks -> talks.all().stream())
                .flatMap(talk -> talk.describe().stream())
                .sorted(Comparator.comparing(tunnel -> tunnel.local + ' ' + tunnel.peer))
                .toList();
        dto.policy = new LinkedHashMap<>();
        policy.get().ifPresent(inForce -> {
            for (Policy.Key key : Policy.Key.values()) {
                dto.policy.put(key.toString(), inForce.general().value(key));
            }
            if (!inForce.rules().isEmpty()) {
                dto.policy.put(
                        Policies.RULES,
                        inForce.rules().stream().map(Policies.Rule::toString).collect(Collectors.joining("; ")));
            }
        });
        dto.missing = missingServices();
        misconfigured().forEach(wrong -> dto.missing.add("sound configuration: " + wrong));
        dto.counts = counts.describe();
        return dto;
    }

    private List<String> missingServices() {
        List<String> missing = new ArrayList<>();
        if (engine.get() == null) {
            missing.add("TLS engine");
        }
        if (trust.get() == null) {
            missing.add("trust store");
        }
        if (methods.serving().isEmpty()) {
            missing.add("authentication method");
        }
        return missing;
    }

    void changed() {
        changes.incrementAndGet();
        observers.forEach(Runnable::run);
    }

    long changeCount() {
        return changes.get();
    }

    void observe(Runnable observer) {
        observers.add(observer);
    }

    void ignore(Runnable observer) {
        observers.remove(observer);
    }

    // ---- what conversations look up

    @Override
    public Settings settings() {
        Configured now = configured;
        return now == null ? Settings.DEFAULT : now.settings();
    }

    @Override
    public Policy policy(BareJid peer) {
        return policy.get().map(policies -> policies.of(peer)).orElse(NOBODY);
    }

    @Override
    public @Nullable TlsEngine engine() {
        return misconfigured().isEmpty() ? engine.get() : null;
    }

    @Override
    public String newId() {
        byte[] id = new byte[12];
        random.nextBytes(id);
        return Base64.getUrlEncoder().encodeToString(id);
    }

    @Override
    public boolean enter(BareJid peer) {
        Configured now = configured;
        if (now == null) {
            return false;
        }
        // Up, a tunnel costs memory for as long as its peer likes, and an account can have any number of resources.
        List<Tunnel> up = tunnels();
        long ofPeer =
                up.stream().filter(tunnel -> tunnel.peer().bare().equals(peer)).count();
        return up.size() < now.tunnels()
                && ofPeer < now.tunnelsOfPeer()
                && halfOpen.enter(peer, now.halfOpenOfPeer(), now.halfOpen());
    }

    @Override
    public void leave(BareJid peer) {
        halfOpen.leave(peer);
    }

    Questions questions() {
        return questions;
    }

    Counts counts() {
        return counts;
    }

    Executor threads() {
        return threads;
    }

    String newTunnelId() {
        return idPrefix + tunnelIds.incrementAndGet();
    }

    private String letter() {
        return String.valueOf(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }

    /** Null when the service has stopped, and with it time. */
    @Nullable
    Future<?> schedule(long millis, Runnable task) {
        try {
            return clock.schedule(task, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            return null;
        }
    }

    Listeners listeners() {
        return listeners;
    }

    // ---- what comes and goes

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindLink(Link link) {
        Talks talks = new Talks(link, this);
        links.put(link, talks);
        talks.listen();
        LOG.info("link {} is there", link.local());
        changed();
    }

    void unbindLink(Link link) {
        Talks talks = links.remove(link);
        if (talks != null) {
            Failure gone = new Failure(
                    Code.LINK_LOST,
                    Fault.LOCAL,
                    "the connection of " + link.local() + " to its server is gone",
                    "Connect again.");
            leave(List.of(talks), gone);
            LOG.info("link {} is gone", link.local());
            changed();
        }
    }

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY,
            scope = ReferenceScope.PROTOTYPE_REQUIRED)
    void bindMethod(ServiceReference<AuthMethod> reference, ComponentServiceObjects<AuthMethod> objects) {
        Optional<String> name = methods.put(reference, objects);
        if (name.isEmpty()) {
            LOG.error("{} provides an authentication method without a usable {}", reference, AuthMethod.METHOD);
        } else {
            LOG.info("method {} is there, from {}", name.get(), reference.getBundle());
        }
        changed();
    }

    void updatedMethod(ServiceReference<AuthMethod> reference, ComponentServiceObjects<AuthMethod> objects) {
        bindMethod(reference, objects);
    }

    void unbindMethod(ServiceReference<AuthMethod> reference) {
        methods.remove(reference);
        LOG.info("method {} is gone", reference.getProperty(AuthMethod.METHOD));
        links.values().forEach(talks -> talks.all().forEach(talk -> talk.methodGone(reference)));
        changed();
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindEngine(ServiceReference<TlsEngine> reference, TlsEngine bound) {
        engine.bind(reference, bound);
        changed();
    }

    /**
     * Its sessions are in every tunnel, and a session does not outlive its engine. That holds for an engine that another
     * has replaced, too: from now on nobody tells when its bundle goes.
     */
    void unbindEngine(ServiceReference<TlsEngine> reference) {
        boolean gone = engine.unbind(reference);
        endAll(gone ? Failures.gone("TLS engine") : Failures.replaced("TLS engine"));
        changed();
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindTrust(ServiceReference<TrustStore> reference, TrustStore bound) {
        trust.bind(reference, bound);
        changed();
    }

    /** A tunnel holds nothing of a store: one that was replaced takes none with it. */
    void unbindTrust(ServiceReference<TrustStore> reference) {
        if (trust.unbind(reference)) {
            endAll(Failures.gone("trust store"));
        }
        changed();
    }

    /** A trust store, perhaps not the one in use, has learned something of a key. */
    void trustChanged(TrustChange change) {
        if (change.to() != KeyState.VERIFIED) {
            links.values().forEach(talks -> talks.trustChanged(change));
            return;
        }
        // Only the store in use makes a tunnel verified, and only when it has not thought better of it.
        var unused = questions.isVerified(change.peer(), change.key()).thenAccept(is -> {
            if (is) {
                links.values().forEach(talks -> talks.trustChanged(change));
            }
        });
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindPrompt(ServiceReference<TrustPrompt> reference, TrustPrompt bound) {
        prompt.bind(reference, bound);
    }

    void unbindPrompt(ServiceReference<TrustPrompt> reference) {
        prompt.unbind(reference);
    }

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindListener(TunnelListener listener, Map<String, Object> properties) {
        listeners.put(listener, properties);
    }

    void updatedListener(TunnelListener listener, Map<String, Object> properties) {
        listeners.put(listener, properties);
    }

    void unbindListener(TunnelListener listener, Map<String, Object> properties) {
        listeners.remove(properties);
    }

    private void endAll(Failure failure) {
        end(List.copyOf(links.values()), failure);
    }

    /** Says goodbye while answers are still heard, and once more to whatever started meanwhile. */
    private void leave(List<Talks> left, Failure failure) {
        end(left, failure);
        left.forEach(talks -> talks.stop(failure));
        end(left, failure);
    }

    private void end(List<Talks> ended, Failure failure) {
        await(CompletableFuture.allOf(
                ended.stream().map(talks -> talks.shutDown(failure)).toArray(CompletableFuture<?>[]::new)));
    }

    /** Lets goodbyes leave before what they need is gone; whoever calls from a tunnel's own thread cannot wait. */
    private void await(CompletableFuture<Void> goodbyes) {
        if (workers.made(Thread.currentThread())) {
            return;
        }
        try {
            goodbyes.get(GOODBYE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.warn("not every tunnel was closed in time");
        } catch (ExecutionException e) {
            LOG.error("a tunnel was not closed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Workers implements ThreadFactory {
        private final AtomicInteger count = new AtomicInteger();

        private final class Worker extends Thread {
            Worker(Runnable task, String name) {
                super(null, task, name, 0, false);
            }

            boolean isOf(Workers workers) {
                return workers == Workers.this;
            }
        }

        @Override
        public Thread newThread(Runnable task) {
            Thread thread = new Worker(task, "xtls-tunnel-" + count.incrementAndGet());
            thread.setDaemon(true);
            // Made wherever the first tunnel is opened from, and not to keep that caller's class loader alive; nor are
            // its inheritable thread locals taken over.
            thread.setContextClassLoader(TunnelService.class.getClassLoader());
            return thread;
        }

        boolean made(Thread thread) {
            return thread instanceof Worker worker && worker.isOf(this);
        }
    }
}
