package org.xtls.tunnel.service;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.Dictionary;
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
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
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
import org.xtls.trust.Policy;
import org.xtls.trust.TrustPrompt;
import org.xtls.trust.TrustStore;
import org.xtls.tunnel.protocol.Settings;
import org.xtls.tunnel.protocol.Surroundings;

/** The tunnel service: holds together what comes and goes, and lends it its threads. */
@Component(service = Xtls.class, immediate = true, configurationPid = "org.xtls.tunnel")
@Designate(ocd = TunnelSettings.class)
@Capability(namespace = "osgi.service", attribute = "objectClass:List<String>=\"org.xtls.runtime.XtlsRuntime\"")
public final class TunnelService implements Xtls, XtlsRuntime, Surroundings {
    private static final Logger LOG = LoggerFactory.getLogger(TunnelService.class);

    /** How long what stops waits for tunnels to say goodbye: long enough for a few stanzas to be queued. */
    private static final long GOODBYE_MILLIS = 2_000;

    private final Methods methods = new Methods();
    private final AtomicReference<@Nullable TlsEngine> engine = new AtomicReference<>();
    private final AtomicReference<@Nullable TrustStore> trust = new AtomicReference<>();
    private final AtomicReference<@Nullable TrustPrompt> prompt = new AtomicReference<>();
    private final Map<Link, Talks> links = new ConcurrentHashMap<>();
    private final List<TunnelListener> listeners = new CopyOnWriteArrayList<>();
    private final Questions questions = new Questions(methods, trust::get, prompt::get);
    private final HalfOpen halfOpen = new HalfOpen();
    private final SecureRandom random = new SecureRandom();
    private final AtomicLong tunnelIds = new AtomicLong();
    private final AtomicLong changes = new AtomicLong();
    private final ConfiguredPolicy policy;
    private final Runnable whenPolicyChanges = this::changed;
    private final ThreadPoolExecutor threads;
    private final ScheduledThreadPoolExecutor clock;
    private volatile Configured configured;
    private volatile @Nullable ServiceRegistration<XtlsRuntime> runtime;

    private record Configured(Settings settings, int halfOpen, int halfOpenOfPeer) {}

    /**
     * Starts.
     *
     * @param context the bundle's
     * @param settings the configuration
     * @param policy the policy in force
     * @throws IllegalArgumentException when a value is out of range: nothing runs on a wrong configuration
     */
    @Activate
    public TunnelService(BundleContext context, TunnelSettings settings, @Reference ConfiguredPolicy policy) {
        this.policy = policy;
        configured = read(settings);
        ThreadFactory named = new Named();
        threads = new ThreadPoolExecutor(
                settings.threads(), settings.threads(), 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named);
        threads.allowCoreThreadTimeOut(true);
        clock = new ScheduledThreadPoolExecutor(1, named);
        clock.setRemoveOnCancelPolicy(true);
        runtime = context.registerService(XtlsRuntime.class, this, changeCount(0));
        policy.observe(whenPolicyChanges);
    }

    @Modified
    void modified(TunnelSettings settings) {
        try {
            configured = read(settings);
            changed();
        } catch (IllegalArgumentException e) {
            LOG.error("the new configuration is not taken, the old one stays in force: {}", e.getMessage());
        }
    }

    private static Configured read(TunnelSettings settings) {
        if (settings.halfOpen() < 1 || settings.halfOpenOfPeer() < 1) {
            throw new IllegalArgumentException("halfOpen and halfOpenOfPeer: at least 1");
        }
        if (settings.threads() < 1 || settings.threads() > 256) {
            throw new IllegalArgumentException("threads: 1 to 256");
        }
        return new Configured(
                new Settings(
                        settings.window(),
                        settings.iqBytes(),
                        settings.dataBytes(),
                        settings.stanzaBytes(),
                        settings.queueBytes(),
                        settings.negotiationMillis(),
                        settings.answerMillis()),
                settings.halfOpen(),
                settings.halfOpenOfPeer());
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
        ServiceRegistration<XtlsRuntime> registered = runtime;
        runtime = null;
        if (registered != null) {
            registered.unregister();
        }
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
        List<String> missing = missing();
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
        Policy inForce = policy.get();
        dto.policy = new LinkedHashMap<>();
        for (Policy.Key key : Policy.Key.values()) {
            dto.policy.put(key.toString(), inForce.value(key));
        }
        dto.missing = missing();
        return dto;
    }

    private List<String> missing() {
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
        ServiceRegistration<XtlsRuntime> registered = runtime;
        if (registered != null) {
            try {
                long told;
                do {
                    told = changes.get();
                    registered.setProperties(changeCount(told));
                } while (told != changes.get()); // or another thread's older count could be what stays
            } catch (IllegalStateException e) {
                // Unregistered meanwhile: nobody observes any more.
            }
        }
    }

    private static Dictionary<String, Object> changeCount(long count) {
        return FrameworkUtil.asDictionary(Map.of("service.changecount", count));
    }

    // ---- what conversations look up

    @Override
    public Settings settings() {
        return configured.settings;
    }

    @Override
    public Policy policy(BareJid peer) {
        return policy.get();
    }

    @Override
    public @Nullable TlsEngine engine() {
        return engine.get();
    }

    @Override
    public String newId() {
        byte[] id = new byte[12];
        random.nextBytes(id);
        return Base64.getUrlEncoder().encodeToString(id);
    }

    @Override
    public boolean enter(BareJid peer) {
        return halfOpen.enter(peer, configured.halfOpenOfPeer, configured.halfOpen);
    }

    @Override
    public void leave(BareJid peer) {
        halfOpen.leave(peer);
    }

    Questions questions() {
        return questions;
    }

    Executor threads() {
        return threads;
    }

    String newTunnelId() {
        return "t" + tunnelIds.incrementAndGet();
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

    /** Tells every listener; what one throws is its own affair. */
    void tell(Consumer<TunnelListener> what) {
        offer(listener -> {
            what.accept(listener);
            return false;
        });
    }

    /** Offers to every listener; true when one of them took it. */
    boolean offer(Predicate<TunnelListener> what) {
        boolean taken = false;
        for (TunnelListener listener : listeners) {
            try {
                taken |= what.test(listener);
            } catch (RuntimeException | LinkageError e) {
                // The latter from a listener whose bundle has just been refreshed.
                LOG.error("a tunnel listener failed", e);
            }
        }
        return taken;
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
    void bindEngine(TlsEngine bound) {
        engine.set(bound);
        changed();
    }

    void unbindEngine(TlsEngine unbound) {
        engine.compareAndSet(unbound, null);
        // Its sessions are in every tunnel, and a session does not outlive its engine.
        endAll(Failures.gone("TLS engine"));
        changed();
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindTrust(TrustStore bound) {
        trust.set(bound);
        changed();
    }

    void unbindTrust(TrustStore unbound) {
        trust.compareAndSet(unbound, null);
        endAll(Failures.gone("trust store"));
        changed();
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindPrompt(TrustPrompt bound) {
        prompt.set(bound);
    }

    void unbindPrompt(TrustPrompt unbound) {
        prompt.compareAndSet(unbound, null);
    }

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindListener(TunnelListener listener) {
        listeners.add(listener);
    }

    void unbindListener(TunnelListener listener) {
        listeners.remove(listener);
    }

    private void endAll(Failure failure) {
        end(List.copyOf(links.values()), failure);
    }

    /** Says goodbye while answers are still heard, and once more to whatever started meanwhile. */
    private static void leave(List<Talks> left, Failure failure) {
        end(left, failure);
        left.forEach(Talks::stopListening);
        end(left, failure);
    }

    private static void end(List<Talks> ended, Failure failure) {
        await(CompletableFuture.allOf(
                ended.stream().map(talks -> talks.shutDown(failure)).toArray(CompletableFuture<?>[]::new)));
    }

    /** Lets goodbyes leave before what they need is gone; whoever calls from a tunnel's own thread cannot wait. */
    private static void await(CompletableFuture<Void> goodbyes) {
        if (Thread.currentThread().getName().startsWith(Named.PREFIX)) {
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

    private static final class Named implements ThreadFactory {
        static final String PREFIX = "xtls-tunnel-";
        private final AtomicInteger count = new AtomicInteger();

        @Override
        public Thread newThread(Runnable task) {
            Thread thread = new Thread(null, task, PREFIX + count.incrementAndGet(), 0, false);
            thread.setDaemon(true);
            // Made wherever the first tunnel is opened from, and not to keep that caller's class loader alive; nor are
            // its inheritable thread locals taken over.
            thread.setContextClassLoader(TunnelService.class.getClassLoader());
            return thread;
        }
    }
}
