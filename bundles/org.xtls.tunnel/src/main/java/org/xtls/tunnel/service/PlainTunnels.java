package org.xtls.tunnel.service;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.ComponentServiceObjects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.TunnelListener;
import org.xtls.Xtls;
import org.xtls.auth.AuthMethod;
import org.xtls.tls.TlsEngine;
import org.xtls.transport.Link;
import org.xtls.trust.TrustListener;
import org.xtls.trust.TrustPrompt;
import org.xtls.trust.TrustStore;

/**
 * The tunnel service outside of any framework: hands it what Declarative Services would have bound to it. It may be used
 * from any thread.
 */
public final class PlainTunnels implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PlainTunnels.class);

    private final AtomicLong ids = new AtomicLong();
    private final TunnelService service;

    /**
     * Tunnels with bounds and deadlines as they are by default; there are none before there are a method and a link.
     *
     * @param engine makes TLS sessions
     * @param trust the known keys; whoever made it closes it after this
     * @param policy as the configuration {@link org.xtls.trust.Policy#PID} has it; empty for the default
     * @throws IllegalArgumentException when the policy makes no sense; the message says why
     */
    public PlainTunnels(TlsEngine engine, TrustStore trust, Map<String, Object> policy) {
        ConfiguredPolicy configured = new ConfiguredPolicy(policy);
        configured.problem().ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
        });
        service = new TunnelService(
                proxy(TunnelSettings.class, (self, attribute, none) -> attribute.getDefaultValue()), configured);
        service.bindEngine(reference(Map.of()), engine);
        service.bindTrust(reference(Map.of()), trust);
    }

    /**
     * What applications use.
     *
     * @return the service
     */
    public Xtls xtls() {
        return service;
    }

    /**
     * From now on there is a method.
     *
     * @param method its name on the wire
     * @param preference its place among methods, the highest first
     * @param instances makes one for each negotiation; one that is {@link AutoCloseable} is closed with it
     * @throws IllegalArgumentException when the name is none
     */
    public void add(String method, int preference, Supplier<? extends AuthMethod> instances) {
        if (!method.matches("[a-z][a-z0-9-]{0,31}")) {
            throw new IllegalArgumentException("'" + method + "' is no name of a method");
        }
        service.bindMethod(
                reference(Map.of(AuthMethod.METHOD, method, AuthMethod.PREFERENCE, preference)), objects(instances));
    }

    /**
     * From now on tunnels can be opened over a link.
     *
     * @param link the link
     */
    public void add(Link link) {
        service.bindLink(link);
    }

    /**
     * The tunnels of a link are closed, and it is let go.
     *
     * @param link the link
     */
    public void remove(Link link) {
        service.unbindLink(link);
    }

    /**
     * From now on somebody hears of tunnels and stanzas; in the order of these calls.
     *
     * @param listener who
     */
    public void add(TunnelListener listener) {
        service.bindListener(listener, Map.of(Constants.SERVICE_ID, ids.incrementAndGet()));
    }

    /**
     * From now on a human decides on unknown keys, where the policy has one asked.
     *
     * @param prompt how he is asked
     */
    public void ask(TrustPrompt prompt) {
        service.bindPrompt(reference(Map.of()), prompt);
    }

    /**
     * How open tunnels hear of keys that are distrusted or expire.
     *
     * @return what the trust store is to tell
     */
    public TrustListener trustListener() {
        return service::trustChanged;
    }

    /** All tunnels are closed in good order. */
    @Override
    public void close() {
        service.deactivate();
    }

    private <S> ServiceReference<S> reference(Map<String, Object> properties) {
        Long id = ids.incrementAndGet();
        return proxy(ServiceReference.class, (self, method, args) -> switch (method.getName()) {
            case "getProperty" -> Constants.SERVICE_ID.equals(args[0]) ? id : properties.get(args[0]);
            case "getBundle" -> null;
            case "compareTo" ->
                Long.compare((Long) ((ServiceReference<?>) args[0]).getProperty(Constants.SERVICE_ID), id);
            default -> throw new UnsupportedOperationException(method.getName());
        });
    }

    private static ComponentServiceObjects<AuthMethod> objects(Supplier<? extends AuthMethod> instances) {
        return proxy(ComponentServiceObjects.class, (self, method, args) -> switch (method.getName()) {
            case "getService" -> instances.get();
            case "ungetService" -> {
                end(args[0]);
                yield null;
            }
            default -> throw new UnsupportedOperationException(method.getName());
        });
    }

    private static void end(Object method) {
        if (method instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Exception e) {
                LOG.warn("{} was not closed", method, e);
            }
        }
    }

    /** A proxy and no class: these interfaces are the framework's to implement, and may grow. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T> T proxy(Class<?> type, InvocationHandler calls) {
        return (T) Proxy.newProxyInstance(
                PlainTunnels.class.getClassLoader(),
                new Class<?>[] {type},
                (self, method, args) -> switch (method.getName()) {
                    case "equals" -> self == args[0];
                    case "hashCode" -> System.identityHashCode(self);
                    case "toString" -> type.getSimpleName() + " of no framework";
                    default -> calls.invoke(self, method, args);
                });
    }
}
