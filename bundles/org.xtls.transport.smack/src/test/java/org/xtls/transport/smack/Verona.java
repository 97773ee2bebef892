package org.xtls.transport.smack;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.felix.framework.FrameworkFactory;
import org.jivesoftware.smack.AbstractXMPPConnection;
import org.jivesoftware.smack.ConnectionConfiguration.SecurityMode;
import org.jivesoftware.smack.XMPPConnection;
import org.jivesoftware.smack.tcp.XMPPTCPConnection;
import org.jivesoftware.smack.tcp.XMPPTCPConnectionConfiguration;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;
import org.xtls.server.loopback.LoopbackServer;
import org.xtls.transport.Link;

/** A server, a real service registry, and a transport that is bound to what is registered there. */
final class Verona implements AutoCloseable {
    final LoopbackServer server;
    final BundleContext context;
    final SmackTransport transport;
    private final Framework framework;
    private final BlockingQueue<String> withdrawn = new LinkedBlockingQueue<>();
    private final List<AbstractXMPPConnection> connections = new ArrayList<>();

    Verona(Path cache, LoopbackServer.Builder builder) throws Exception {
        server = builder.user("romeo@montague.net", "secret")
                .user("juliet@capulet.com", "secret")
                .user("mallory@capulet.com", "secret")
                .start();
        framework = new FrameworkFactory().newFramework(Map.of(Constants.FRAMEWORK_STORAGE, cache.toString()));
        framework.start();
        context = framework.getBundleContext();
        context.addServiceListener(
                event -> {
                    if (event.getType() == ServiceEvent.UNREGISTERING) {
                        withdrawn.add((String) event.getServiceReference().getProperty(Link.LOCAL));
                    }
                },
                "(objectClass=" + Link.class.getName() + ")");
        transport = new SmackTransport(context);
    }

    /** Connected, not logged in. */
    AbstractXMPPConnection connect(String local, String domain) throws Exception {
        return connect(local, domain, true);
    }

    AbstractXMPPConnection connect(String local, String domain, boolean presence) throws Exception {
        XMPPTCPConnection connection = new XMPPTCPConnection(XMPPTCPConnectionConfiguration.builder()
                .setHost("127.0.0.1")
                .setPort(server.port())
                .setXmppDomain(domain)
                .setUsernameAndPassword(local, "secret")
                .setResource("test")
                .setSecurityMode(SecurityMode.disabled)
                .setSendPresence(presence)
                .build());
        connections.add(connection);
        connection.connect();
        return connection;
    }

    AbstractXMPPConnection login(String local, String domain) throws Exception {
        AbstractXMPPConnection connection = connect(local, domain);
        connection.login();
        return connection;
    }

    /** What Declarative Services do; the container test has the real ones. */
    ServiceRegistration<XMPPConnection> register(XMPPConnection connection) {
        ServiceRegistration<XMPPConnection> registration =
                context.registerService(XMPPConnection.class, connection, null);
        transport.bindConnection(registration.getReference(), connection);
        return registration;
    }

    void unregister(ServiceRegistration<XMPPConnection> registration) {
        ServiceReference<XMPPConnection> reference = registration.getReference();
        registration.unregister();
        transport.unbindConnection(reference);
    }

    /** A link with a listener that writes everything down. */
    Notes listen(AbstractXMPPConnection connection) throws Exception {
        register(connection);
        return new Notes(link(connection));
    }

    Link link(AbstractXMPPConnection connection) throws Exception {
        return links().stream()
                .map(context::getService)
                .filter(link ->
                        link.local().toString().equals(connection.getUser().toString()))
                .findFirst()
                .orElseThrow();
    }

    /** Whose link was withdrawn next. */
    String withdrawn() throws InterruptedException {
        return String.valueOf(withdrawn.poll(20, TimeUnit.SECONDS));
    }

    /** What a user of links does: it lets go of one when its service goes, and is told nothing more. */
    void letGoWithTheService(Notes notes) {
        context.addServiceListener(event -> {
            if (event.getType() == ServiceEvent.UNREGISTERING
                    && context.getService(event.getServiceReference()) == notes.link) {
                notes.listening.close();
            }
        });
    }

    List<ServiceReference<Link>> links() throws Exception {
        return List.copyOf(context.getServiceReferences(Link.class, null));
    }

    @Override
    public void close() throws Exception {
        connections.forEach(AbstractXMPPConnection::instantShutdown);
        transport.close();
        framework.stop();
        framework.waitForStop(10_000);
        server.kill();
    }
}
