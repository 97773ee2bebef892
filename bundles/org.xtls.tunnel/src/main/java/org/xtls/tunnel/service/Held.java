package org.xtls.tunnel.service;

import org.jspecify.annotations.Nullable;
import org.osgi.framework.ServiceReference;

/**
 * What an optional reference is bound to. A better service takes the place of another by being bound before the other is
 * unbound; and one object may be registered more than once, so that only its {@link ServiceReference} tells.
 */
final class Held<S> {
    private @Nullable ServiceReference<S> reference;
    private @Nullable S service;

    synchronized @Nullable S get() {
        return service;
    }

    synchronized void bind(ServiceReference<S> bound, S by) {
        reference = bound;
        service = by;
    }

    /** False when another service has taken its place already. */
    synchronized boolean unbind(ServiceReference<S> unbound) {
        if (!unbound.equals(reference)) {
            return false;
        }
        reference = null;
        service = null;
        return true;
    }
}
