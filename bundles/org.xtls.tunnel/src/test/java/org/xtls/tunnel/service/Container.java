package org.xtls.tunnel.service;

import java.lang.reflect.Proxy;
import java.util.Collections;
import java.util.Dictionary;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.ComponentException;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.XtlsException;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.bc.BcTlsEngine;
import org.xtls.trust.KeyName;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustListener;
import org.xtls.trust.TrustPrompt;
import org.xtls.trust.TrustStore;

/** One side: a tunnel service with all it needs, as Declarative Services would have put it together. */
final class Container implements AutoCloseable {
    static final int BOUND_SECONDS = 30;

    final FullJid me;
    final Server.ServedLink link;
    final TlsEngine engine = new BcTlsEngine();
    final MemoryTrust trust = new MemoryTrust();
    final ScriptedMethod method = new ScriptedMethod("test");
    final Provider provider = new Provider(1, "test", 100, method);
    final ConfiguredPolicy policy;
    final BlockingQueue<Long> changeCounts = new LinkedBlockingQueue<>();
    final Heard heard = new Heard();
    final TunnelService service;
    final PublishedRuntime runtime;
    final TrustWatch watch;
    private final Map<Object, ServiceReference<?>> references = Collections.synchronizedMap(new IdentityHashMap<>());
    volatile boolean registered;
    private boolean open = true;
    private long serviceIds;

    Container(Server server, String jid, Map<String, Object> configuration, Map<String, Object> policies) {
        me = FullJid.parse(jid);
        link = server.link(me);
        policy = new ConfiguredPolicy(policies);
        service = new TunnelService(settings(configuration), policy);
        bindEngine(engine);
        bindTrust(trust);
        service.bindMethod(provider.reference, provider.objects);
        listen(heard, 0);
        service.bindLink(link);
        runtime = new PublishedRuntime(context(), service);
        watch = new TrustWatch(context(), service);
    }

    Container(Server server, String jid, Map<String, Object> configuration) {
        this(server, jid, configuration, Map.of());
    }

    void bindEngine(TlsEngine bound) {
        service.bindEngine(reference(bound), bound);
    }

    void unbindEngine(TlsEngine unbound) {
        service.unbindEngine(reference(unbound));
    }

    void bindTrust(TrustStore bound) {
        service.bindTrust(reference(bound), bound);
    }

    void unbindTrust(TrustStore unbound) {
        service.unbindTrust(reference(unbound));
    }

    void bindPrompt(TrustPrompt bound) {
        service.bindPrompt(reference(bound), bound);
    }

    void unbindPrompt(TrustPrompt unbound) {
        service.unbindPrompt(reference(unbound));
    }

    /** A listener registered after those before it. */
    void listen(TunnelListener listener, int ranking) {
        service.bindListener(listener, Map.of(Constants.SERVICE_ID, ++serviceIds, Constants.SERVICE_RANKING, ranking));
    }

    /** The first registration of an object. */
    @SuppressWarnings("unchecked")
    <S> ServiceReference<S> reference(S registered) {
        return (ServiceReference<S>) references.computeIfAbsent(registered, object -> anotherReference());
    }

    static <S> ServiceReference<S> anotherReference() {
        return Provider.proxy(ServiceReference.class, (name, args) -> {
            throw new UnsupportedOperationException(name);
        });
    }

    Tunnel open(Container other) {
        return get(service.open(me, other.me));
    }

    @Override
    public void close() {
        if (open) {
            open = false;
            // In the order of Declarative Services: first who needs the component, then it, then its references.
            runtime.deactivate();
            watch.deactivate();
            service.deactivate();
            service.unbindLink(link);
            service.unbindMethod(provider.reference);
            unbindTrust(trust);
            unbindEngine(engine);
        }
    }

    /** What an application hears. */
    static final class Heard implements TunnelListener {
        final BlockingQueue<Tunnel> opened = new LinkedBlockingQueue<>();
        final BlockingQueue<Stanza> received = new LinkedBlockingQueue<>();
        final BlockingQueue<Tunnel> secured = new LinkedBlockingQueue<>();
        final BlockingQueue<KeyName> changedKeys = new LinkedBlockingQueue<>();
        final BlockingQueue<Closure> closed = new LinkedBlockingQueue<>();
        final BlockingQueue<Failure> failed = new LinkedBlockingQueue<>();
        volatile boolean takes = true;

        @Override
        public void opened(Tunnel tunnel) {
            opened.add(tunnel);
        }

        @Override
        public boolean received(Tunnel tunnel, Stanza stanza) {
            received.add(stanza);
            return takes;
        }

        @Override
        public void secured(Tunnel tunnel) {
            secured.add(tunnel);
        }

        @Override
        public void keyChanged(FullJid local, FullJid peer, KeyName key, KnownPeer known) {
            changedKeys.add(key);
        }

        @Override
        public void closed(Tunnel tunnel, Closure closure) {
            closed.add(closure);
        }

        @Override
        public void failed(FullJid local, FullJid peer, Failure failure) {
            failed.add(failure);
        }
    }

    static <T> T get(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(BOUND_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static Failure failure(CompletionStage<?> stage) {
        try {
            Object value = stage.toCompletableFuture().get(BOUND_SECONDS, TimeUnit.SECONDS);
            throw new AssertionError("did not fail, but gave " + value);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof XtlsException known) {
                return known.failure();
            }
            throw new AssertionError(e);
        } catch (TimeoutException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static <T> T next(BlockingQueue<T> queue) {
        try {
            T next = queue.poll(BOUND_SECONDS, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("nothing came");
            }
            return next;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private BundleContext context() {
        AtomicReference<TrustListener> listener = new AtomicReference<>();
        ServiceRegistration<?> registration = Provider.proxy(ServiceRegistration.class, (name, args) -> switch (name) {
            case "setProperties" -> changeCounts.add(count((Dictionary<?, ?>) args[0]));
            case "unregister" -> {
                TrustListener gone = listener.get();
                if (gone == null) {
                    registered = false;
                } else {
                    trust.tellNoMore(gone);
                }
                yield null;
            }
            default -> throw new UnsupportedOperationException(name);
        });
        return Provider.proxy(BundleContext.class, (name, args) -> {
            if (!name.equals("registerService")) {
                throw new UnsupportedOperationException(name);
            }
            if (args[0] == TrustListener.class) {
                listener.set((TrustListener) args[1]);
                trust.tell((TrustListener) args[1]);
                return registration;
            }
            registered = true;
            changeCounts.add(count((Dictionary<?, ?>) args[2]));
            return registration;
        });
    }

    private static Long count(Dictionary<?, ?> properties) {
        return (Long) properties.get("service.changecount");
    }

    static TunnelSettings settings(Map<String, Object> configuration) {
        return (TunnelSettings) Proxy.newProxyInstance(
                Container.class.getClassLoader(), new Class<?>[] {TunnelSettings.class}, (self, attribute, args) -> {
                    Object value = configuration.getOrDefault(attribute.getName(), attribute.getDefaultValue());
                    if (!(value instanceof Number)) {
                        throw new ComponentException(value + " is no " + attribute.getReturnType());
                    }
                    return value;
                });
    }

    /** The tunnels that this side shows to observers. */
    List<org.xtls.runtime.TunnelDTO> shown() {
        return service.runtime().tunnels;
    }
}
