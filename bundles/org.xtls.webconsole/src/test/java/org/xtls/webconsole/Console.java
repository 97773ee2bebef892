package org.xtls.webconsole;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.AllServiceListener;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.xtls.tests.felix.Felix;
import org.xtls.trust.TrustStore;

/** A Felix framework with the web console on 127.0.0.1, the trust store in files, and this bundle. */
final class Console implements AutoCloseable {
    static final String USER = "prince";
    static final String PASSWORD = "verona";
    private static final int BOUND_SECONDS = 60;

    /** What the tests and the bundles talk in comes from the class path: one class for both. */
    private static final String SHARED = "org.xtls;version=0.1.0,org.xtls.runtime;version=0.1.0,"
            + "org.xtls.trust;version=0.1.0,org.slf4j;version=2.0.20,org.slf4j.spi;version=2.0.20,org.slf4j;version=1.7.36,"
            + "org.slf4j.helpers;version=1.7.36";

    private static final List<String> OTHERS = List.of(
            "org.osgi.util.function.Function",
            "org.osgi.util.promise.Promise",
            "org.osgi.service.component.ComponentContext",
            "org.osgi.service.log.LogService",
            "jakarta.servlet.Servlet",
            "org.apache.commons.io.IOUtils",
            "org.apache.commons.fileupload.FileUpload",
            "org.owasp.encoder.Encode",
            "com.google.zxing.BarcodeFormat",
            "org.apache.felix.inventory.Format",
            "org.apache.felix.scr.impl.Activator",
            "org.apache.felix.http.jetty.internal.JettyActivator",
            "org.apache.felix.webconsole.servlet.AbstractServlet",
            "org.xtls.trust.file.FileTrustStore");

    private final Framework framework;

    Console(Path directory) throws Exception {
        framework = Felix.start(
                directory.resolve("cache"),
                Map.of(
                        Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
                        SHARED,
                        "xtls.home",
                        directory.resolve("home").toString(),
                        "org.osgi.service.http.port",
                        "0",
                        "org.apache.felix.http.host",
                        "127.0.0.1",
                        "felix.webconsole.username",
                        USER,
                        "felix.webconsole.password",
                        PASSWORD),
                OTHERS);
    }

    BundleContext context() {
        return framework.getBundleContext();
    }

    TrustStore trust() throws Exception {
        return context().getService(context().getServiceReference(TrustStore.class));
    }

    /** Such as {@code http://127.0.0.1:4711}. */
    String origin() throws Exception {
        ServiceReference<?> runtime = service("org.osgi.service.servlet.runtime.HttpServiceRuntime");
        Object endpoints = runtime.getProperty("osgi.http.endpoint");
        List<String> all = endpoints instanceof String[] many ? List.of(many) : List.of(String.valueOf(endpoints));
        return all.stream()
                .filter(endpoint -> endpoint.startsWith("http://127.0.0.1:"))
                .findFirst()
                .map(endpoint -> endpoint.replaceAll("/$", ""))
                .orElseThrow(() -> new AssertionError("no endpoint on loopback: " + all));
    }

    String page() throws Exception {
        return origin() + "/system/console/xtls";
    }

    /** A service, as soon as it is there, whosever classes it is made of. */
    private ServiceReference<?> service(String name) throws Exception {
        CountDownLatch registered = new CountDownLatch(1);
        AllServiceListener listener = event -> {
            if (event.getType() == ServiceEvent.REGISTERED) {
                registered.countDown();
            }
        };
        context().addServiceListener(listener, "(objectClass=" + name + ")");
        if (context().getAllServiceReferences(name, null) == null) {
            assertTrue(registered.await(BOUND_SECONDS, TimeUnit.SECONDS), "there is no " + name);
        }
        context().removeServiceListener(listener);
        return context().getAllServiceReferences(name, null)[0];
    }

    Bundle bundle(String name) {
        return Felix.bundle(framework, name);
    }

    @Override
    public void close() throws Exception {
        Felix.stop(framework);
    }
}
