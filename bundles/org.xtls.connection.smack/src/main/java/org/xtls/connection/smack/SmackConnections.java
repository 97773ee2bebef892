package org.xtls.connection.smack;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jivesoftware.smack.XMPPConnection;
import org.osgi.annotation.bundle.Capability;
import org.osgi.annotation.bundle.Requirement;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.FullJid;
import org.xtls.XtlsException;
import org.xtls.transport.Connections;
import org.xtls.transport.Login;

/** All sessions of this bundle, and the threads on which they log in and out. */
@Component(
        service = {Connections.class, SmackConnections.class},
        immediate = true, // sessions live whether anybody holds the service or not
        configurationPolicy = ConfigurationPolicy.IGNORE)
@Capability(
        namespace = "osgi.service",
        attribute = "objectClass:List<String>='org.jivesoftware.smack.XMPPConnection'",
        uses = XMPPConnection.class,
        effective = "active")
// Smack reads streams with it, and requires it nowhere.
@Requirement(
        namespace = "osgi.serviceloader",
        filter = "(osgi.serviceloader=org.jivesoftware.smack.xml.XmlPullParserFactory)")
public final class SmackConnections implements Connections {
    private static final Logger LOG = LoggerFactory.getLogger(SmackConnections.class);

    /** So many servers may keep us waiting at the same time. */
    private static final int WORKERS = 4;

    private static final long PATIENCE_SECONDS = 3;

    private final BundleContext context;
    private final ThreadPoolExecutor workers;
    private final ScheduledThreadPoolExecutor timer;
    private final Set<Session> sessions = ConcurrentHashMap.newKeySet();

    /**
     * Connects nothing yet.
     *
     * @param context where connections are registered
     */
    @Activate
    public SmackConnections(BundleContext context) {
        this.context = context;
        this.workers = new ThreadPoolExecutor(
                WORKERS, WORKERS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads("xtls-login"));
        workers.allowCoreThreadTimeOut(true);
        this.timer = new ScheduledThreadPoolExecutor(1, threads("xtls-login-timer"));
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(10, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
    }

    @Override
    public CompletionStage<FullJid> connect(Login login) {
        CompletableFuture<FullJid> bound = new CompletableFuture<>();
        try {
            workers.execute(() -> {
                try {
                    bound.complete(open(new Session(login, false, context, this::lost)));
                } catch (XtlsException | RuntimeException | LinkageError e) {
                    bound.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            bound.completeExceptionally(LoginFailure.stopped());
        }
        return bound.minimalCompletionStage();
    }

    @Override
    public CompletionStage<Void> disconnect(FullJid local) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        sessions.stream()
                .filter(session -> session.local().filter(local::equals).isPresent())
                .findFirst()
                .ifPresentOrElse(session -> end(session, () -> done.complete(null)), () -> done.complete(null));
        return done.minimalCompletionStage();
    }

    @Override
    public List<FullJid> connected() {
        return sessions.stream()
                .map(Session::local)
                .flatMap(Optional::stream)
                .sorted()
                .toList();
    }

    /** Logs everybody out; what hangs is interrupted. */
    @Deactivate
    public void close() {
        timer.shutdownNow();
        sessions.forEach(session -> end(session, () -> {}));
        workers.shutdown();
        try {
            if (!workers.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                workers.shutdownNow();
                if (!workers.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    LOG.warn("A login or logout has not ended in time");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Logs in on this thread. */
    FullJid open(Session session) throws XtlsException {
        sessions.add(session);
        boolean opened = false;
        try {
            FullJid local = session.open();
            opened = true;
            return local;
        } finally {
            if (!opened) {
                sessions.remove(session);
            }
        }
    }

    /** Withdraws the connection at once, and logs out on a worker. */
    void end(Session session, Runnable then) {
        sessions.remove(session);
        session.withdraw();
        try {
            workers.execute(() -> {
                session.close();
                then.run();
            });
        } catch (RejectedExecutionException e) {
            then.run();
        }
    }

    /** Runs a task on a worker after some time; not at all when this component has ended. */
    Future<?> later(long milliseconds, Runnable task) {
        try {
            return timer.schedule(() -> workers.execute(task), milliseconds, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.completedFuture(null);
        }
    }

    BundleContext context() {
        return context;
    }

    private void lost(Session session, Loss loss) {
        end(session, () -> {});
    }

    private static ThreadFactory threads(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            // Smack's reader threads inherit it, and the JDK looks for its DNS client through it.
            thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
            return thread;
        };
    }
}
