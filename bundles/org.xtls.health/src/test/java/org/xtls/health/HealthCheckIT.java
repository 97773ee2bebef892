package org.xtls.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.felix.hc.api.Result.Status;
import org.apache.felix.hc.api.execution.HealthCheckExecutionOptions;
import org.apache.felix.hc.api.execution.HealthCheckExecutor;
import org.apache.felix.hc.api.execution.HealthCheckSelector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.AllServiceListener;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.launch.Framework;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.XtlsRuntime;
import org.xtls.tests.felix.Felix;

/** The bundle in Felix, its checks run by Felix's own executor. */
class HealthCheckIT {
    /** What the tests and the bundle talk in comes from the class path: one class for both. */
    private static final String SHARED = "org.xtls;version=0.1.0,org.xtls.runtime;version=0.1.0,"
            + "org.xtls.trust;version=0.1.0,org.slf4j;version=1.7.36,org.slf4j.helpers;version=1.7.36,"
            + "org.apache.felix.hc.api;version=2.0.0,org.apache.felix.hc.api.condition;version=1.0.0,"
            + "org.apache.felix.hc.api.execution;version=2.0.0";

    private static final List<String> OTHERS = List.of(
            "org.osgi.util.function.Function",
            "org.osgi.util.promise.Promise",
            "org.osgi.service.component.ComponentContext",
            "org.osgi.service.event.EventAdmin",
            "org.osgi.service.servlet.context.ServletContextHelper",
            "jakarta.servlet.Servlet",
            "org.apache.felix.cm.impl.ConfigurationManager",
            "org.apache.felix.scr.impl.Activator",
            "org.apache.felix.eventadmin.impl.Activator",
            "org.apache.felix.hc.core.impl.executor.HealthCheckExecutorImpl");

    @TempDir
    private Path directory;

    private Framework framework;

    @BeforeEach
    void start() throws Exception {
        Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
        framework = Felix.start(
                directory.resolve("cache"), Map.of(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, SHARED), OTHERS);
    }

    @AfterEach
    void stop() throws Exception {
        Felix.stop(framework);
        Thread.currentThread().setContextClassLoader(getClass().getClassLoader());
    }

    @Test
    void the_executor_finds_the_checks_by_their_tag_and_they_follow_the_services() throws Exception {
        HealthCheckExecutor executor = executor();
        assertEquals(
                Map.of(
                        "XTLS services", Status.CRITICAL,
                        "XTLS configuration", Status.CRITICAL,
                        "XTLS link", Status.CRITICAL,
                        "XTLS trust store", Status.CRITICAL),
                run(executor));
        RuntimeDTO dto = new RuntimeDTO();
        dto.links = List.of("romeo@montague.net/orchard");
        framework.getBundleContext().registerService(XtlsRuntime.class, () -> dto, null);
        assertEquals(
                Map.of(
                        "XTLS services", Status.OK,
                        "XTLS configuration", Status.OK,
                        "XTLS link", Status.OK,
                        "XTLS trust store", Status.CRITICAL),
                run(executor));
    }

    private static Map<String, Status> run(HealthCheckExecutor executor) {
        Map<String, Status> states = new TreeMap<>();
        executor.execute(
                        HealthCheckSelector.tags("xtls"),
                        new HealthCheckExecutionOptions().setForceInstantExecution(true))
                .forEach(result -> states.put(
                        result.getHealthCheckMetadata().getTitle(),
                        result.getHealthCheckResult().getStatus()));
        return states;
    }

    /**
     * Felix's executor, as soon as it is there. Its other interface is another class on the test's class path, so it has to
     * be asked for whatever the classes.
     */
    private HealthCheckExecutor executor() throws Exception {
        String name = HealthCheckExecutor.class.getName();
        BundleContext context = framework.getBundleContext();
        CountDownLatch registered = new CountDownLatch(1);
        AllServiceListener listener = event -> {
            if (event.getType() == ServiceEvent.REGISTERED) {
                registered.countDown();
            }
        };
        context.addServiceListener(listener, "(objectClass=" + name + ")");
        if (context.getAllServiceReferences(name, null) == null) {
            assertTrue(registered.await(60, TimeUnit.SECONDS), "there is no executor");
        }
        context.removeServiceListener(listener);
        return (HealthCheckExecutor) context.getService(context.getAllServiceReferences(name, null)[0]);
    }
}
