package org.xtls.connection.smack;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.felix.framework.FrameworkFactory;
import org.jivesoftware.smack.XMPPConnection;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.launch.Framework;

/** A real service registry that tells what becomes of connections. */
final class Registry implements AutoCloseable {
    final BundleContext context;
    private final Framework framework;
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

    Registry(Path cache) throws Exception {
        framework = new FrameworkFactory().newFramework(Map.of(Constants.FRAMEWORK_STORAGE, cache.toString()));
        framework.start();
        context = framework.getBundleContext();
        context.addServiceListener(
                event -> {
                    if (event.getType() == ServiceEvent.MODIFIED) {
                        return;
                    }
                    XMPPConnection connection = (XMPPConnection) context.getService(event.getServiceReference());
                    events.add((event.getType() == ServiceEvent.REGISTERED ? "registered " : "unregistered ")
                            + connection.getUser()
                            + (connection.isAuthenticated() ? " online" : " offline"));
                },
                "(objectClass=" + XMPPConnection.class.getName() + ")");
    }

    String next() throws InterruptedException {
        return String.valueOf(events.poll(20, TimeUnit.SECONDS));
    }

    List<XMPPConnection> connections() throws Exception {
        return context.getServiceReferences(XMPPConnection.class, null).stream()
                .map(context::getService)
                .toList();
    }

    @Override
    public void close() throws Exception {
        framework.stop();
        framework.waitForStop(10_000);
    }
}
