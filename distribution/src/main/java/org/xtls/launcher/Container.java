package org.xtls.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.startlevel.FrameworkStartLevel;

/**
 * A framework with the distribution's bundles. {@code bundles/1} is started at start level 1, and so on, and the levels
 * stop in the opposite order: the shell goes first, then the tunnel, then what it stands on.
 */
final class Container implements AutoCloseable {
    private static final Logger log = Logger.getLogger(Container.class.getName());

    /** The log is up at this level. */
    private static final int LOG_LEVEL = 2;

    private static final int HIGHEST_LEVEL = 9;
    private static final int DEPLOYED_LEVEL = 8;
    private static final long STOP_MILLIS = 20_000;

    private final Framework framework;
    private final Path bundles;
    private final boolean terminal;
    private final JdkLogging logging = new JdkLogging();
    private volatile boolean closing;

    private Container(Framework framework, Path bundles, boolean terminal) {
        this.framework = framework;
        this.bundles = bundles;
        this.terminal = terminal;
    }

    static Container create(Path installation, Home home, Options options) {
        JdkLogging.quiet();
        // The log's back end knows system properties only.
        System.setProperty("xtls.home", home.folder().toString());
        if (System.getProperty("logback.configurationFile") == null) {
            System.setProperty(
                    "logback.configurationFile",
                    installation.resolve("etc").resolve("logback.xml").toString());
        }
        FrameworkFactory factory = ServiceLoader.load(FrameworkFactory.class)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("There is no OSGi framework in lib/ of " + installation));
        return new Container(
                factory.newFramework(properties(installation, home, options)),
                installation.resolve("bundles"),
                options.task() == Options.Task.TERMINAL);
    }

    void start() throws BundleException, IOException, InterruptedException {
        framework.init();
        framework.getBundleContext().addFrameworkListener(Container::note);
        List<Bundle> installed = new ArrayList<>();
        for (int level = 1; level <= HIGHEST_LEVEL; level++) {
            installed.addAll(install(bundles.resolve(Integer.toString(level)), level));
        }
        if (terminal) {
            installed.addAll(install(bundles.resolve("terminal"), HIGHEST_LEVEL));
        }
        for (Bundle bundle : installed) {
            if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
                bundle.start(Bundle.START_ACTIVATION_POLICY);
            }
        }
        framework.start();
        logging.lead(framework.getBundleContext());
        CountDownLatch up = new CountDownLatch(1);
        framework.adapt(FrameworkStartLevel.class).setStartLevel(HIGHEST_LEVEL, event -> up.countDown());
        up.await();
    }

    /** Runs the session that the container has for the main thread, or waits for the shell to end. */
    int runSession() throws InterruptedException {
        if (terminal) {
            framework.waitForStop(0);
            return 0;
        }
        BundleContext context = framework.getBundleContext();
        ServiceReference<?> reference = session(context);
        if (reference == null || !(context.getService(reference) instanceof Callable<?> session)) {
            System.err.println("xtls: the container has no session to run: is bundle org.xtls.shell active?");
            return 1;
        }
        exitWhenStopped();
        try {
            Object status = session.call();
            // A command that was cut off by an orderly stop has not failed.
            return status instanceof Integer failed && framework.getState() == Bundle.ACTIVE ? failed : 0;
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            System.err.println("xtls: " + e);
            return 1;
        }
    }

    /** Stops the bundles, the highest level first: tunnels are closed, connections logged out, then the rest goes. */
    @Override
    public void close() {
        closing = true;
        logging.letGo();
        try {
            framework.stop();
            if (framework.waitForStop(STOP_MILLIS).getType() == FrameworkEvent.WAIT_TIMEDOUT) {
                System.err.println("xtls: the container did not stop within " + STOP_MILLIS / 1000 + " seconds");
            }
        } catch (BundleException e) {
            System.err.println("xtls: the container does not stop: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Map<String, String> properties(Path installation, Home home, Options options) {
        Map<String, String> properties = new HashMap<>();
        properties.put("xtls.home", home.folder().toString());
        if (options.task() == Options.Task.COMMANDS) {
            properties.put("xtls.commands", options.commands());
        } else {
            properties.put("xtls.interactive", "true");
        }
        properties.put(Constants.FRAMEWORK_STORAGE, home.path("cache"));
        // What is installed is what lies in bundles/ and deploy/, whatever an older version has left in the cache.
        properties.put(Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
        properties.put(Constants.FRAMEWORK_BEGINNING_STARTLEVEL, Integer.toString(LOG_LEVEL));
        // java.naming looks for its DNS provider, a module of the platform class loader, through a bundle's parents.
        properties.put(Constants.FRAMEWORK_BUNDLE_PARENT, Constants.FRAMEWORK_BUNDLE_PARENT_EXT);
        // JLine hears Ctrl-C by this package, and does not import it.
        properties.put(Constants.FRAMEWORK_BOOTDELEGATION, "sun.misc");
        // Felix writes to standard output; its framework events go to the log.
        properties.put("felix.log.level", "0");
        properties.put("felix.cm.dir", home.path("config"));
        properties.put("felix.fileinstall.dir", home.path("deploy"));
        properties.put("felix.fileinstall.tmpdir", home.path("cache"));
        properties.put("felix.fileinstall.poll", "1000");
        properties.put("felix.fileinstall.noInitialDelay", "true");
        properties.put("felix.fileinstall.enableConfigSave", "false");
        properties.put("felix.fileinstall.start.level", Integer.toString(DEPLOYED_LEVEL));
        properties.put("felix.fileinstall.log.level", "3");
        properties.put("felix.fileinstall.log.default", "jul");
        properties.put("gosh.home", installation.toString());
        return properties;
    }

    private List<Bundle> install(Path folder, int level) throws BundleException, IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Path> jars;
        try (Stream<Path> files = Files.list(folder)) {
            jars = files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted()
                    .toList();
        }
        List<Bundle> installed = new ArrayList<>();
        for (Path jar : jars) {
            Bundle bundle = framework.getBundleContext().installBundle("reference:" + jar.toUri());
            bundle.adapt(BundleStartLevel.class).setStartLevel(level);
            installed.add(bundle);
        }
        return installed;
    }

    private static @Nullable ServiceReference<?> session(BundleContext context) {
        try {
            return context.getServiceReferences(Callable.class, "(main.thread=true)").stream()
                    .max(Comparator.naturalOrder())
                    .orElse(null);
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A session may wait for input that never comes when somebody says "stop 0". */
    private void exitWhenStopped() {
        Thread watch = new Thread(
                () -> {
                    try {
                        framework.waitForStop(0);
                    } catch (InterruptedException e) {
                        return;
                    }
                    if (!closing) {
                        System.exit(0);
                    }
                },
                "xtls-stop-watch");
        watch.setDaemon(true);
        watch.start();
    }

    private static void note(FrameworkEvent event) {
        if (event.getType() == FrameworkEvent.ERROR) {
            log.log(Level.WARNING, "framework: " + event.getBundle(), event.getThrowable());
        }
    }
}
