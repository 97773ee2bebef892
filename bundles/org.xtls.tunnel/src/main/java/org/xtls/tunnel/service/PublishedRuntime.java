package org.xtls.tunnel.service;

import java.util.Dictionary;
import java.util.Map;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.xtls.runtime.XtlsRuntime;

/**
 * Shows the tunnel service to observers. A component of its own, so that the tunnel service is seen only when everything
 * that was there is bound to it, and no longer seen when it begins to stop; and registered by hand, because a component
 * cannot change its service's properties and the change count is one.
 */
@Component(
        service = {},
        immediate = true)
@Capability(namespace = "osgi.service", attribute = "objectClass:List<String>=\"org.xtls.runtime.XtlsRuntime\"")
public final class PublishedRuntime {
    private final TunnelService service;
    private final ServiceRegistration<XtlsRuntime> registration;
    private final Runnable whenItChanges = this::changed;

    /**
     * Starts.
     *
     * @param context the bundle's
     * @param service what is shown
     */
    @Activate
    public PublishedRuntime(BundleContext context, @Reference TunnelService service) {
        this.service = service;
        registration = context.registerService(XtlsRuntime.class, service, changeCount(service.changeCount()));
        service.observe(whenItChanges);
        changed();
    }

    @Deactivate
    void deactivate() {
        service.ignore(whenItChanges);
        registration.unregister();
    }

    private void changed() {
        try {
            long told;
            do {
                told = service.changeCount();
                registration.setProperties(changeCount(told));
            } while (told != service.changeCount()); // or another thread's older count could be what stays
        } catch (IllegalStateException e) {
            // Unregistered meanwhile: nobody observes any more.
        }
    }

    private static Dictionary<String, Object> changeCount(long count) {
        return FrameworkUtil.asDictionary(Map.of("service.changecount", count));
    }
}
