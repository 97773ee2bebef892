package org.xtls.tests.felix;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.felix.framework.FrameworkFactory;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.framework.wiring.FrameworkWiring;

/** Felix frameworks around the bundle that a module builds. */
public final class Felix {
    private static final int PATIENCE_SECONDS = 60;

    private Felix() {}

    /**
     * Starts a framework, and bundles in it.
     *
     * @param cache where it keeps them; empty
     * @param properties of the framework. Packages in {@link Constants#FRAMEWORK_SYSTEMPACKAGES_EXTRA} come from the
     *     test's class path: one class for the test and for the bundles
     * @param classes one of each bundle that the module's own needs
     */
    public static Framework start(Path cache, Map<String, String> properties, List<String> classes)
            throws BundleException, IOException {
        Map<String, String> all = new HashMap<>(properties);
        all.put(Constants.FRAMEWORK_STORAGE, cache.toString());
        all.put("felix.bootdelegation.implicit", "false");
        Thread thread = Thread.currentThread();
        ClassLoader callers = thread.getContextClassLoader();
        // The framework's threads would inherit the test's class path.
        thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
        try {
            Framework framework = new FrameworkFactory().newFramework(all);
            framework.start();
            List<Bundle> bundles = new ArrayList<>();
            for (String name : classes) {
                bundles.add(install(framework, jar(name)));
            }
            bundles.add(install(framework, ownJar()));
            for (Bundle bundle : bundles) {
                bundle.start(Bundle.START_ACTIVATION_POLICY);
            }
            return framework;
        } finally {
            thread.setContextClassLoader(callers);
        }
    }

    /** Stops a framework, and waits for that. */
    public static void stop(Framework framework) throws BundleException, InterruptedException {
        framework.stop();
        framework.waitForStop(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
    }

    /** Installs a jar. */
    public static Bundle install(Framework framework, Path jar) throws BundleException, IOException {
        try (InputStream content = Files.newInputStream(jar)) {
            return framework.getBundleContext().installBundle(jar.toUri().toString(), content);
        }
    }

    /** The bundle of that symbolic name. */
    public static Bundle bundle(Framework framework, String name) {
        return Stream.of(framework.getBundleContext().getBundles())
                .filter(bundle -> name.equals(bundle.getSymbolicName()))
                .findFirst()
                .orElseThrow();
    }

    /**
     * Takes a bundle away for good.
     *
     * @throws AssertionError when something goes on holding its classes
     */
    public static void takeAway(Framework framework, String name) throws BundleException, InterruptedException {
        ReferenceQueue<ClassLoader> collected = new ReferenceQueue<>();
        Reference<ClassLoader> loader = uninstall(framework, name, collected);
        @Nullable Object found = null;
        for (int i = 0; found == null && i < 100; i++) {
            System.gc();
            found = collected.remove(100);
        }
        if (found == null) {
            throw new AssertionError(name + " is still held: " + loader.get());
        }
    }

    /** The jar on the test's class path that has that class. */
    public static Path jar(String className) {
        try {
            Class<?> type = Class.forName(className, false, Felix.class.getClassLoader());
            return Path.of(URI.create(
                    type.getProtectionDomain().getCodeSource().getLocation().toString()));
        } catch (ClassNotFoundException e) {
            throw new AssertionError(className + " is not on the class path of the tests", e);
        }
    }

    /** The bundle that the module in the working directory has built; modules are named as their directories are. */
    public static Path ownJar() throws IOException {
        String module = Path.of("").toAbsolutePath().getFileName().toString();
        Pattern name = Pattern.compile(Pattern.quote(module) + "-[0-9.]+(-SNAPSHOT)?\\.jar");
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            List<Path> jars = files.filter(
                            file -> name.matcher(file.getFileName().toString()).matches())
                    .toList();
            if (jars.size() != 1) {
                throw new AssertionError("the bundle is not built, or more than once: " + jars);
            }
            return jars.get(0);
        }
    }

    /** In a method of its own, so that no local variable holds what is to go. */
    private static Reference<ClassLoader> uninstall(
            Framework framework, String name, ReferenceQueue<ClassLoader> collected)
            throws BundleException, InterruptedException {
        Bundle gone = bundle(framework, name);
        Reference<ClassLoader> loader =
                new WeakReference<>(gone.adapt(BundleWiring.class).getClassLoader(), collected);
        gone.uninstall();
        CountDownLatch refreshed = new CountDownLatch(1);
        framework.adapt(FrameworkWiring.class).refreshBundles(List.of(gone), event -> refreshed.countDown());
        if (!refreshed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError(name + " has not been refreshed");
        }
        return loader;
    }
}
