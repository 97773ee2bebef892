package org.xtls.tunnel.service;

import java.lang.reflect.Proxy;
import java.util.Dictionary;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.XtlsException;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.bc.BcTlsEngine;

/** One side: a tunnel service with all it needs, as Declarative Services would have put it together. */
final class Container implements AutoCloseable {
    static final int BOUND_SECONDS = 30;

    final FullJid me;
    final Server.ServedLink link;
    final TlsEngine engine = new BcTlsEngine();
    final MemoryTrust trust = new MemoryTrust();
    final ScriptedMethod method = new ScriptedMethod("test");
    final Provider provider = new Provider(1, "test", 100, method);
    final ConfiguredPolicy policy = new ConfiguredPolicy(Map.of());
    final BlockingQueue<Long> changeCounts = new LinkedBlockingQueue<>();
    final Heard heard = new Heard();
    final TunnelService service;
    volatile boolean registered;
    private boolean open = true;

    Container(Server server, String jid, Map<String, Object> configuration) {
        me = FullJid.parse(jid);
        link = server.link(me);
        service = new TunnelService(context(), settings(configuration), policy);
        service.bindEngine(engine);
        service.bindTrust(trust);
        service.bindMethod(provider.reference, provider.objects);
        service.bindListener(heard);
        service.bindLink(link);
    }

    Tunnel open(Container other) {
        return get(service.open(me, other.me));
    }

    @Override
    public void close() {
        if (open) {
            open = false;
            // In the order of Declarative Services: first the component, then its references.
            service.deactivate();
            service.unbindLink(link);
            service.unbindMethod(provider.reference);
            service.unbindTrust(trust);
            service.unbindEngine(engine);
        }
    }

    /** What an application hears. */
    static final class Heard implements TunnelListener {
        final BlockingQueue<Tunnel> opened = new LinkedBlockingQueue<>();
        final BlockingQueue<Stanza> received = new LinkedBlockingQueue<>();
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
        ServiceRegistration<?> registration = Provider.proxy(ServiceRegistration.class, (name, args) -> switch (name) {
            case "setProperties" -> changeCounts.add(count((Dictionary<?, ?>) args[0]));
            case "unregister" -> registered = false;
            default -> throw new UnsupportedOperationException(name);
        });
        return Provider.proxy(BundleContext.class, (name, args) -> {
            if (!name.equals("registerService")) {
                throw new UnsupportedOperationException(name);
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
                Container.class.getClassLoader(),
                new Class<?>[] {TunnelSettings.class},
                (self, attribute, args) ->
                        configuration.getOrDefault(attribute.getName(), attribute.getDefaultValue()));
    }

    /** The tunnels that this side shows to observers. */
    List<org.xtls.runtime.TunnelDTO> shown() {
        return service.runtime().tunnels;
    }
}
