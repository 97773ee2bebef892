package org.xtls.tunnel.service;

import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.xtls.trust.TrustListener;

/**
 * Lets open tunnels hear of changes in the trust store. A component of its own that registers by hand: the tunnel service
 * uses the store, and were it the store's listener too, each would wait for the other to be made.
 */
@Component(
        service = {},
        immediate = true)
@Capability(namespace = "osgi.service", attribute = "objectClass:List<String>=\"org.xtls.trust.TrustListener\"")
public final class TrustWatch {
    private final ServiceRegistration<TrustListener> registration;

    /**
     * Starts.
     *
     * @param context the bundle's
     * @param service who listens
     */
    @Activate
    public TrustWatch(BundleContext context, @Reference TunnelService service) {
        registration = context.registerService(TrustListener.class, service::trustChanged, null);
    }

    @Deactivate
    void deactivate() {
        registration.unregister();
    }
}
