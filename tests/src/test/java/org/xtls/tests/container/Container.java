package org.xtls.tests.container;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.ops4j.pax.exam.CoreOptions;
import org.ops4j.pax.exam.ExamSystem;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.TestAddress;
import org.ops4j.pax.exam.TestContainer;
import org.ops4j.pax.exam.TestProbeBuilder;
import org.ops4j.pax.exam.nat.internal.NativeTestContainer;
import org.ops4j.pax.exam.spi.PaxExamRuntime;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.util.tracker.ServiceTracker;

/**
 * One OSGi framework in the test JVM, run by Pax Exam's native container. Which framework that is the class path says.
 * Several can run side by side; each has class loaders, storage and services of its own.
 */
public final class Container implements AutoCloseable {
    /** How long anything in a framework may take before a test fails with what is missing. */
    public static final Duration PATIENCE = Duration.ofSeconds(20);

    private final ExamSystem system;
    private final TestContainer container;

    private Container(ExamSystem system) {
        this.system = system;
        container = PaxExamRuntime.createContainer(system);
        container.start();
    }

    /** A framework with these bundles and nothing of Pax Exam. */
    public static Container start(Option... options) {
        return start(() -> PaxExamRuntime.createServerSystem(isolated(options)));
    }

    /** A framework with these bundles and those by which Pax Exam calls test methods in it. */
    static Container startForProbes(Option... options) {
        return start(() -> PaxExamRuntime.createTestSystem(isolated(options)));
    }

    /** The context of the system bundle. */
    public BundleContext context() {
        return ((NativeTestContainer) container).getSystemBundle().getBundleContext();
    }

    /** Installs and starts a bundle. */
    public Bundle install(String location, InputStream jar) {
        long id = container.install(location, jar);
        if (id < 0) {
            throw new IllegalStateException(location + " could not be installed or started");
        }
        return context().getBundle(id);
    }

    /** An installed bundle. */
    public Bundle bundle(String symbolicName) {
        return Arrays.stream(context().getBundles())
                .filter(bundle -> symbolicName.equals(bundle.getSymbolicName()))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no bundle " + symbolicName));
    }

    /** Has a bundle and all that are wired to it resolved anew, and waits until that is done. */
    public void refresh(Bundle bundle) {
        CompletableFuture<FrameworkEvent> done = new CompletableFuture<>();
        context()
                .getBundle(Constants.SYSTEM_BUNDLE_ID)
                .adapt(FrameworkWiring.class)
                .refreshBundles(List.of(bundle), done::complete);
        try {
            done.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("not refreshed: " + bundle, e);
        }
    }

    /** The service of a type that this JVM and the framework share; fails with the state of the bundles. */
    public <T> T service(Class<T> type) {
        ServiceTracker<T, T> tracker = new ServiceTracker<>(context(), type, null);
        tracker.open();
        try {
            T service = tracker.waitForService(PATIENCE.toMillis());
            if (service == null) {
                throw new AssertionError("no service " + type.getName() + " after " + PATIENCE + "; " + states());
            }
            return service;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } finally {
            tracker.close();
        }
    }

    /** A builder of the bundle that carries test methods into a framework of {@link #startForProbes}. */
    TestProbeBuilder probe() {
        try {
            return system.createProbe();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void call(TestAddress address) {
        container.call(address);
    }

    /** Stops the framework, waits for its end and removes its storage. */
    @Override
    public void close() {
        String storage = context().getProperty(Constants.FRAMEWORK_STORAGE);
        container.stop();
        system.clear();
        try (Stream<Path> files = Files.walk(Path.of(storage))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (NoSuchFileException e) {
            // Pax Exam has removed it, which it does not always.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String states() {
        Map<Integer, String> names =
                Map.of(Bundle.INSTALLED, "installed", Bundle.RESOLVED, "resolved", Bundle.STARTING, "starting");
        return Arrays.stream(context().getBundles())
                .filter(bundle -> bundle.getState() != Bundle.ACTIVE)
                .map(bundle -> bundle.getSymbolicName() + " is " + names.getOrDefault(bundle.getState(), "stopping"))
                .collect(Collectors.joining(", ", "not active: ", "."));
    }

    /**
     * Felix would otherwise look on this JVM's class path for what a bundle does not find. What Smack's resolver asks JNDI
     * for is in the JDK, but no package that a bundle could import.
     */
    private static Option[] isolated(Option... options) {
        return Contents.all(options, new Option[] {
            CoreOptions.frameworkProperty("felix.bootdelegation.implicit").value("false"),
            CoreOptions.frameworkProperty("org.osgi.framework.bundle.parent").value("ext"),
            CoreOptions.bootDelegationPackage("com.sun.jndi.dns")
        });
    }

    private static Container start(Systems systems) {
        // The back end inside a framework does not see the test JVM's resources.
        System.setProperty(
                "logback.configurationFile",
                Path.of("src/test/resources/logback-test.xml").toAbsolutePath().toString());
        try {
            return new Container(systems.create());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Systems {
        ExamSystem create() throws IOException;
    }
}
