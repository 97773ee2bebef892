package org.xtls.auth.openpgp;

import org.jspecify.annotations.Nullable;
import org.osgi.service.component.ComponentServiceObjects;

/**
 * A service that comes and goes, got when it is first needed, not when it is bound: a trust store calls the listeners
 * that need it, and neither of the two could start if each had to be there before the other.
 */
final class LateService<T> {
    private @Nullable ComponentServiceObjects<T> objects;
    private @Nullable T service;

    synchronized void bind(ComponentServiceObjects<T> bound) {
        release();
        objects = bound;
    }

    synchronized void unbind(ComponentServiceObjects<T> bound) {
        if (objects != null && objects.getServiceReference().equals(bound.getServiceReference())) {
            release();
            objects = null;
        }
    }

    /** Without a framework. */
    synchronized void use(T given) {
        service = given;
    }

    synchronized @Nullable T get() {
        if (service == null && objects != null) {
            service = objects.getService();
        }
        return service;
    }

    private void release() {
        if (service != null && objects != null) {
            objects.ungetService(service);
        }
        service = null;
    }
}
