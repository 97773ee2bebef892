package org.xtls.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.felix.hc.api.Result;
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
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.cm.ConfigurationListener;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.XtlsRuntime;
import org.xtls.tests.felix.Felix;

/** The bundle in Felix, its checks run by Felix's own executor. */
class HealthCheckIT {
    /** What the tests and the bundle talk in comes from the class path: one class for both. */
    private static final String SHARED = "org.xtls;version=0.1.0,org.xtls.auth;version=0.2.0,"
            + "org.xtls.runtime;version=0.1.0,org.xtls.tls;version=0.1.0,org.xtls.trust;version=0.1.0,"
            + "org.xtls.xml;version=0.1.0,org.slf4j;version=1.7.36,org.slf4j.helpers;version=1.7.36,"
            + "org.apache.felix.hc.api;version=2.0.0,org.apache.felix.hc.api.condition;version=1.0.0,"
            + "org.apache.felix.hc.api.execution;version=2.0.0,org.osgi.service.cm;version=1.6.1";

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
                        "XTLS own keys", Status.CRITICAL,
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
                        "XTLS own keys", Status.OK,
                        "XTLS trust store", Status.CRITICAL),
                run(executor));
    }

    /** A certificate of a CA's hand is renewed by people, who are told in time. */
    @Test
    void a_certificate_that_expires_warns_first_and_then_is_no_key() throws Exception {
        for (String type : List.of(
                "org.bouncycastle.jce.provider.BouncyCastleProvider",
                "org.bouncycastle.asn1.cms.CMSObjectIdentifiers",
                "org.bouncycastle.openssl.PEMParser")) {
            Felix.install(framework, Felix.jar(type));
        }
        Felix.install(framework, Felix.jar("org.xtls.auth.x509.X509Method")).start();
        RuntimeDTO dto = new RuntimeDTO();
        dto.links = List.of("romeo@montague.net/orchard");
        framework.getBundleContext().registerService(XtlsRuntime.class, () -> dto, null);
        HealthCheckExecutor executor = executor();

        openssl("genpkey", "-algorithm", "ed25519", "-out", "romeo.key");
        openssl("req", "-new", "-key", "romeo.key", "-subj", "/CN=romeo", "-out", "romeo.csr");
        certificate(20);
        configure("org.xtls.auth.x509", Map.of("certificate", file("romeo.pem"), "key", file("romeo.key")));
        assertSays(executor, Status.WARN, "in 19 days. Renew it.");

        configure("org.xtls.health", Map.of("expiryWarningDays", 15));
        assertSays(executor, Status.OK, "is good until");
        configure("org.xtls.health", Map.of("expiryWarningDays", 0));
        assertSays(executor, Status.OK, "is good until");

        certificate(-1);
        assertSays(executor, Status.CRITICAL, "not now. Put a renewed one in its place.");
        certificate(400);
        assertSays(executor, Status.OK, "is good until");
        Files.delete(directory.resolve("romeo.key"));
        assertSays(executor, Status.CRITICAL, "romeo.key cannot be read");
    }

    private void certificate(int days) throws Exception {
        openssl(
                "x509",
                "-req",
                "-in",
                "romeo.csr",
                "-signkey",
                "romeo.key",
                "-days",
                String.valueOf(days),
                "-out",
                "romeo.pem");
    }

    private void openssl(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), told);
    }

    private String file(String name) {
        return directory.resolve(name).toString();
    }

    /** Returns when it has been taken up: what Declarative Services hear of comes in order. */
    private void configure(String pid, Map<String, Object> values) throws Exception {
        BundleContext context = framework.getBundleContext();
        CountDownLatch told = new CountDownLatch(1);
        ServiceRegistration<ConfigurationListener> ear = context.registerService(
                ConfigurationListener.class,
                event -> {
                    if (event.getPid().equals("org.xtls.settled")) {
                        told.countDown();
                    }
                },
                null);
        ConfigurationAdmin admin = context.getService(context.getServiceReference(ConfigurationAdmin.class));
        admin.getConfiguration(pid, "?").update(FrameworkUtil.asDictionary(values));
        admin.getConfiguration("org.xtls.settled", "?").update(FrameworkUtil.asDictionary(Map.of("what", pid)));
        assertTrue(told.await(20, TimeUnit.SECONDS), pid);
        ear.unregister();
    }

    private static void assertSays(HealthCheckExecutor executor, Status status, String words) {
        Result result = results(executor).get("XTLS own keys");
        assertEquals(status, result.getStatus(), result.toString());
        assertTrue(result.toString().contains(words), result.toString());
    }

    private static Map<String, Result> results(HealthCheckExecutor executor) {
        Map<String, Result> results = new TreeMap<>();
        executor.execute(
                        HealthCheckSelector.tags("xtls"),
                        new HealthCheckExecutionOptions().setForceInstantExecution(true))
                .forEach(result ->
                        results.put(result.getHealthCheckMetadata().getTitle(), result.getHealthCheckResult()));
        return results;
    }

    private static Map<String, Status> run(HealthCheckExecutor executor) {
        Map<String, Status> states = new TreeMap<>();
        results(executor).forEach((name, result) -> states.put(name, result.getStatus()));
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
