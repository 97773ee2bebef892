package org.xtls.tunnel.keys;

import java.lang.reflect.Proxy;
import java.util.Map;
import org.osgi.framework.ServiceReference;
import org.xtls.TunnelListener;
import org.xtls.auth.AuthMethod;
import org.xtls.trust.TrustStore;

/** The component with its references, as Declarative Services would have bound them. */
public final class Bootstrapped implements AutoCloseable {
    private final Bootstrapping component;
    private final ServiceReference<TrustStore> trust = reference(0, "");
    private long references;

    public Bootstrapped(Map<String, Object> policies, TrustStore store, long answerMillis) {
        component = new Bootstrapping(policies, answerMillis);
        component.bindTrust(trust, store);
    }

    public Bootstrapped with(Ed25519Keys... keys) {
        for (Ed25519Keys one : keys) {
            component.bindTransfer(reference(++references, one.method), one);
        }
        return this;
    }

    public TunnelListener listener() {
        return component;
    }

    public void modified(Map<String, Object> policies) {
        component.modified(policies);
    }

    public void loseTrust() {
        component.unbindTrust(trust);
    }

    @Override
    public void close() {
        component.deactivate();
    }

    @SuppressWarnings("unchecked")
    private static <S> ServiceReference<S> reference(long id, String method) {
        return (ServiceReference<S>) Proxy.newProxyInstance(
                Bootstrapped.class.getClassLoader(),
                new Class<?>[] {ServiceReference.class},
                (self, called, args) -> switch (called.getName()) {
                    case "equals" -> self == args[0];
                    case "hashCode" -> System.identityHashCode(self);
                    case "getProperty" -> args[0].equals(AuthMethod.METHOD) ? method : (Long) id;
                    case "compareTo" ->
                        Long.compare((Long) ((ServiceReference<?>) args[0]).getProperty("service.id"), id);
                    default -> throw new UnsupportedOperationException(called.getName());
                });
    }
}
