package org.xtls.transport.smack;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jivesoftware.smack.Smack;
import org.jivesoftware.smack.XMPPConnection;
import org.jivesoftware.smackx.disco.ServiceDiscoveryManager;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.transport.Link;

/**
 * The whiteboard: whoever registers an {@link XMPPConnection} as a service gets an {@link Link} for
 * each authenticated stream of it, and has it taken back when the connection's service goes.
 */
@Component(immediate = true)
@Capability(
        namespace = "osgi.service",
        attribute = "objectClass:List<String>='org.xtls.transport.Link'",
        uses = Link.class,
        effective = "active")
public final class SmackTransport {
    private static final Logger LOG = LoggerFactory.getLogger(SmackTransport.class);

    /** The service property in which whoever withdraws a connection with a dead stream says why it died. */
    static final String LOST = "xtls.lost";

    private final BundleContext context;
    private final ExecutorService senders;
    private final ScheduledThreadPoolExecutor timer;
    private final Map<ServiceReference<XMPPConnection>, XMPPConnection> services = new HashMap<>();
    private final Map<XMPPConnection, Stream> streams = new HashMap<>();

    /**
     * Teaches Smack to read XTLS.
     *
     * @param context where links are registered
     */
    @Activate
    public SmackTransport(BundleContext context) {
        this.context = context;
        this.senders = senders();
        this.timer =
                new ScheduledThreadPoolExecutor(1, threads("xtls-link-timer"), new ThreadPoolExecutor.DiscardPolicy());
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(10, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        initializeSmack();
        PayloadProvider.register();
    }

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindConnection(ServiceReference<XMPPConnection> service, XMPPConnection connection) {
        Stream stream;
        synchronized (streams) {
            services.put(service, connection);
            if (streams.containsKey(connection)) {
                return;
            }
            stream = new Stream(connection, context, senders, timer);
            streams.put(connection, stream);
        }
        stream.attach();
    }

    void unbindConnection(ServiceReference<XMPPConnection> service) {
        Stream stream;
        synchronized (streams) {
            XMPPConnection connection = services.remove(service);
            if (connection == null || services.containsValue(connection)) {
                return;
            }
            stream = streams.remove(connection);
        }
        if (stream != null) {
            stream.detach(service.getProperty(LOST) instanceof String reason ? reason : "the connection was withdrawn");
        }
    }

    /** Leaves every connection as it was found. */
    @Deactivate
    public void close() {
        Map<XMPPConnection, Stream> attached;
        synchronized (streams) {
            attached = new HashMap<>(streams);
            streams.clear();
            services.clear();
        }
        attached.values().forEach(stream -> stream.detach("the transport was stopped"));
        PayloadProvider.unregister();
        timer.shutdownNow();
        senders.shutdownNow();
        awaitEnd(timer);
        awaitEnd(senders);
    }

    /** Who still sends when the transport has stopped has been told so, and gets no exception on top. */
    static ExecutorService senders() {
        return new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                10,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                threads("xtls-link-sender"),
                new ThreadPoolExecutor.DiscardPolicy());
    }

    private static void awaitEnd(ExecutorService executor) {
        try {
            if (!executor.awaitTermination(5, TimeUnit.SECONDS)) {
                LOG.warn("A thread of the transport has not ended in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Smack reads resources of its own through the context class loader, and the threads that it starts meanwhile keep
     * that loader for ever: so let it be Smack's. Only its DNS resolver needs the JDK's.
     */
    private static void initializeSmack() {
        Thread thread = Thread.currentThread();
        ClassLoader callers = thread.getContextClassLoader();
        try {
            thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
            load("org.jivesoftware.smack.util.dns.javax.JavaxResolver");
            thread.setContextClassLoader(ServiceDiscoveryManager.class.getClassLoader());
            Smack.ensureInitialized();
            load("org.jivesoftware.smack.AbstractXMPPConnection");
        } finally {
            thread.setContextClassLoader(callers);
        }
    }

    private static void load(String name) {
        try {
            Class.forName(name, true, Smack.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            LOG.debug("This Smack has no {}", name);
        }
    }

    private static ThreadFactory threads(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            thread.setContextClassLoader(null);
            return thread;
        };
    }
}
