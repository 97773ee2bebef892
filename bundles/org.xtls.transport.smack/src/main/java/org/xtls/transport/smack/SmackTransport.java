package org.xtls.transport.smack;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jivesoftware.smack.XMPPConnection;
import org.osgi.annotation.bundle.Capability;
import org.osgi.annotation.bundle.Requirement;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
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
import org.xtls.embedded.smack.SmackStart;
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
// Smack reads its own settings with it, and requires it nowhere.
@Requirement(
        namespace = "osgi.serviceloader",
        filter = "(osgi.serviceloader=org.jivesoftware.smack.xml.XmlPullParserFactory)")
public final class SmackTransport {
    private static final Logger LOG = LoggerFactory.getLogger(SmackTransport.class);

    /** The service property in which whoever withdraws a connection with a dead stream says why it died. */
    static final String LOST = "xtls.lost";

    /** Makes a link known, and returns what takes it back. */
    private final Function<Link, Runnable> announcing;

    private final ExecutorService senders = senders();
    private final ScheduledThreadPoolExecutor timer = timer();
    private final Map<ServiceReference<XMPPConnection>, XMPPConnection> services = new HashMap<>();
    private final Map<XMPPConnection, Stream> streams = new HashMap<>();

    /**
     * Teaches Smack to read XTLS.
     *
     * @param context where links are registered
     */
    @Activate
    public SmackTransport(BundleContext context) {
        this.announcing = link -> context.registerService(
                Link.class,
                link,
                FrameworkUtil.asDictionary(Map.of(Link.LOCAL, link.local().toString())))::unregister;
        SmackStart.initialize();
        PayloadProvider.register();
    }

    /**
     * A transport outside of any framework; one for each Smack, which it teaches to read XTLS.
     *
     * @param came is given each link when it is there
     * @param gone is given it back when it is lost or withdrawn
     */
    // Of another length than the component's: Felix SCR tries all of that length, and logs an error for each that it
    // cannot fill.
    public SmackTransport(Consumer<Link> came, Consumer<Link> gone) {
        this.announcing = link -> {
            came.accept(link);
            return () -> gone.accept(link);
        };
        SmackStart.initialize();
        PayloadProvider.register();
    }

    /**
     * From now on a connection has a link for each of its authenticated streams, as if it were a service.
     *
     * @param connection the connection, logged in or not yet
     */
    public void add(XMPPConnection connection) {
        attach(connection);
    }

    /**
     * Leaves a connection as it was found.
     *
     * @param connection the connection, logged out or not yet
     */
    public void remove(XMPPConnection connection) {
        Stream stream;
        synchronized (streams) {
            stream = streams.remove(connection);
        }
        if (stream != null) {
            stream.detach("the connection was withdrawn");
        }
    }

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindConnection(ServiceReference<XMPPConnection> service, XMPPConnection connection) {
        synchronized (streams) {
            services.put(service, connection);
        }
        attach(connection);
    }

    private void attach(XMPPConnection connection) {
        Stream stream;
        synchronized (streams) {
            if (streams.containsKey(connection)) {
                return;
            }
            stream = new Stream(connection, announcing, senders, timer);
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

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer =
                new ScheduledThreadPoolExecutor(1, threads("xtls-link-timer"), new ThreadPoolExecutor.DiscardPolicy());
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(10, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        return timer;
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

    private static ThreadFactory threads(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            thread.setContextClassLoader(null);
            return thread;
        };
    }
}
