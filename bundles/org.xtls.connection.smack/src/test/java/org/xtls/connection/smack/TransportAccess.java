package org.xtls.connection.smack;

import java.lang.reflect.Method;
import org.jivesoftware.smack.XMPPConnection;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceReference;
import org.xtls.transport.smack.SmackTransport;

/** Binds as Declarative Services do, who call methods that nobody else can. */
final class TransportAccess {
    private TransportAccess() {}

    static void bind(SmackTransport transport, Registry registry, XMPPConnection connection) throws Exception {
        Method bind =
                SmackTransport.class.getDeclaredMethod("bindConnection", ServiceReference.class, XMPPConnection.class);
        bind.setAccessible(true);
        bind.invoke(transport, registry.context.getServiceReference(XMPPConnection.class), connection);
    }

    /** Binds, and unbinds when the connection's service goes. */
    static void follow(SmackTransport transport, Registry registry, XMPPConnection connection) throws Exception {
        Method unbind = SmackTransport.class.getDeclaredMethod("unbindConnection", ServiceReference.class);
        unbind.setAccessible(true);
        registry.context.addServiceListener(event -> {
            if (event.getType() == ServiceEvent.UNREGISTERING
                    && registry.context.getService(event.getServiceReference()) == connection) {
                try {
                    unbind.invoke(transport, event.getServiceReference());
                } catch (ReflectiveOperationException e) {
                    throw new AssertionError(e);
                }
            }
        });
        bind(transport, registry, connection);
    }
}
