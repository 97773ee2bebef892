package org.xtls.jmx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import javax.management.openmbean.TabularData;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;
import org.xtls.runtime.CountsDTO;
import org.xtls.runtime.MethodDTO;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.TunnelDTO;
import org.xtls.runtime.XtlsRuntime;
import org.xtls.tests.felix.Felix;

/** The bundle in Felix frameworks, read over JMX as a monitor reads it. */
class RuntimeMBeanIT {
    private static final List<String> OTHERS = List.of(
            "org.osgi.util.function.Function",
            "org.osgi.util.promise.Promise",
            "org.osgi.service.component.ComponentContext",
            "org.apache.felix.scr.impl.Activator");

    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    private final List<Framework> frameworks = new ArrayList<>();
    private final ObjectName name;

    @TempDir
    private Path directory;

    RuntimeMBeanIT() throws Exception {
        name = new ObjectName("org.xtls:type=Runtime");
    }

    @BeforeEach
    void isolate() {
        // The frameworks' threads would inherit the test's class path.
        Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
    }

    @AfterEach
    void stop() throws Exception {
        for (Framework framework : frameworks) {
            Felix.stop(framework);
        }
        Thread.currentThread().setContextClassLoader(getClass().getClassLoader());
        assertEquals(Set.of(), server.queryNames(new ObjectName("org.xtls:*"), null));
    }

    @Test
    void a_monitor_reads_what_the_runtime_service_says() throws Exception {
        Framework framework = container();
        assertEquals(false, get("Ready"));
        assertEquals(List.of("tunnel service"), List.of((String[]) get("Missing")));
        assertEquals(0L, get("Handshakes"));

        ServiceRegistration<XtlsRuntime> registration =
                framework.getBundleContext().registerService(XtlsRuntime.class, RuntimeMBeanIT::verona, null);
        assertEquals(true, get("Ready"));
        assertEquals(List.of(), List.of((String[]) get("Missing")));
        assertEquals(List.of("romeo@montague.net/orchard"), List.of((String[]) get("Links")));
        assertEquals(List.of("x509", "srp-psk"), List.of((String[]) get("Methods")));
        assertEquals(3, get("Tunnels"));
        assertEquals(Map.of("open", 2, "renewing", 1, "negotiating", 1), table("TunnelsByState"));
        assertEquals(Map.of("x509", 2, "srp-psk", 1), table("TunnelsByMethod"));
        assertEquals(12L, get("Handshakes"));
        assertEquals(Map.of("x509", 10L, "srp-psk", 2L), table("HandshakesByMethod"));
        assertEquals(4L, get("Failures"));
        assertEquals(Map.of("UNTRUSTED", 3L, "TIMEOUT", 1L), table("FailuresByReason"));
        assertEquals(Map.of("CLOSED", 9L), table("ClosuresByReason"));
        assertEquals(123_456L, get("BytesSent"));
        assertEquals(654_321L, get("BytesReceived"));
        assertEquals(42L, get("ChangeCount"));

        registration.unregister();
        assertEquals(false, get("Ready"));
        assertEquals(0, get("Tunnels"));
    }

    @Test
    void it_is_registered_only_while_the_bundle_is_active() throws Exception {
        Framework framework = container();
        assertTrue(server.isRegistered(name));
        own(framework).stop();
        assertFalse(server.isRegistered(name));
        own(framework).start();
        assertTrue(server.isRegistered(name));
    }

    @Test
    void a_second_container_in_the_same_jvm_gets_a_name_of_its_own() throws Exception {
        Framework first = container();
        Framework second = container();
        ObjectName other =
                new ObjectName(name + ",framework=" + second.getBundleContext().getProperty(Constants.FRAMEWORK_UUID));
        assertTrue(server.isRegistered(other));
        own(first).stop();
        assertFalse(server.isRegistered(name), "each takes back its own");
        assertTrue(server.isRegistered(other));
        own(second).stop();
        assertFalse(server.isRegistered(other));
    }

    @Test
    void a_bundle_that_has_gone_can_be_collected() throws Exception {
        Framework framework = container();
        framework.getBundleContext().registerService(XtlsRuntime.class, RuntimeMBeanIT::verona, null);
        get("TunnelsByState");
        server.getMBeanInfo(name);
        Felix.takeAway(framework, "org.xtls.jmx");
    }

    private Object get(String attribute) throws Exception {
        return server.getAttribute(name, attribute);
    }

    /** A map as JMX shows it. */
    private Map<Object, Object> table(String attribute) throws Exception {
        Map<Object, Object> map = new HashMap<>();
        for (Object row : ((TabularData) get(attribute)).values()) {
            var entry = (CompositeData) row;
            map.put(entry.get("key"), entry.get("value"));
        }
        return map;
    }

    private static RuntimeDTO verona() {
        RuntimeDTO dto = new RuntimeDTO();
        dto.changeCount = 42;
        dto.links = List.of("romeo@montague.net/orchard");
        dto.methods = List.of(method("x509"), method("srp-psk"));
        dto.tunnels = List.of(
                tunnel("open", "x509"),
                tunnel("renewing", "x509"),
                tunnel("open", "srp-psk"),
                tunnel("negotiating", ""));
        dto.counts = new CountsDTO();
        dto.counts.handshakes = Map.of("x509", 10L, "srp-psk", 2L);
        dto.counts.failures = Map.of("UNTRUSTED", 3L, "TIMEOUT", 1L);
        dto.counts.closures = Map.of("CLOSED", 9L);
        dto.counts.bytesSent = 123_456;
        dto.counts.bytesReceived = 654_321;
        return dto;
    }

    private static MethodDTO method(String name) {
        MethodDTO method = new MethodDTO();
        method.name = name;
        return method;
    }

    private static TunnelDTO tunnel(String state, String method) {
        TunnelDTO tunnel = new TunnelDTO();
        tunnel.state = state;
        tunnel.method = method;
        return tunnel;
    }

    private Framework container() throws Exception {
        Framework framework = Felix.start(
                directory.resolve("cache" + frameworks.size()),
                // What the tests and the bundle talk in.
                Map.of(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, "org.xtls.runtime;version=0.1.0"),
                OTHERS);
        frameworks.add(framework);
        return framework;
    }

    private static Bundle own(Framework framework) {
        return Felix.bundle(framework, "org.xtls.jmx");
    }
}
