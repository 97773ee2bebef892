package org.xtls.connection.smack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.apache.felix.framework.FrameworkFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.AllServiceListener;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.startlevel.FrameworkStartLevel;
import org.xtls.server.loopback.LoopbackServer;
import org.xtls.tests.felix.Felix;

/** Both bundles of Smack's in a Felix framework, with the smallest set of bundles around them. */
class ContainerIT {
    private static final List<List<String>> START_LEVELS = List.of(
            List.of(),
            List.of(
                    "org.objectweb.asm.ClassVisitor",
                    "org.objectweb.asm.commons.Method",
                    "org.objectweb.asm.tree.ClassNode",
                    "org.objectweb.asm.tree.analysis.Analyzer",
                    "org.objectweb.asm.util.Printer",
                    "org.apache.aries.spifly.dynamic.DynamicWeavingActivator",
                    "org.slf4j.Logger",
                    "ch.qos.logback.classic.Logger",
                    "ch.qos.logback.core.Appender"),
            List.of(
                    "org.jxmpp.JxmppContext",
                    "org.jxmpp.jid.Jid",
                    "org.jxmpp.util.cache.Cache",
                    "org.minidns.dnsname.DnsName",
                    "org.jivesoftware.smack.xml.XmlPullParser",
                    "org.jivesoftware.smack.xml.stax.StaxXmlPullParserFactory",
                    "org.jivesoftware.smack.XMPPConnection",
                    "org.jivesoftware.smack.tcp.XMPPTCPConnection",
                    "org.jivesoftware.smack.sm.StreamManagementException",
                    "org.jivesoftware.smackx.disco.ServiceDiscoveryManager",
                    "org.jivesoftware.smack.roster.Roster",
                    "org.jivesoftware.smack.java7.XmppHostnameVerifier",
                    "org.jivesoftware.smack.sasl.javax.SASLPlainMechanism",
                    "org.jivesoftware.smack.util.dns.javax.JavaxResolver"),
            List.of(
                    "org.osgi.util.function.Function",
                    "org.osgi.util.promise.Promise",
                    "org.osgi.service.component.ComponentContext",
                    "org.apache.felix.cm.impl.ConfigurationManager",
                    "org.apache.felix.scr.impl.Activator"),
            List.of("org.xtls.transport.Link", "org.xtls.transport.smack.SmackTransport"));

    @TempDir
    private Path cache;

    private final Queue<String> complaints = new ConcurrentLinkedQueue<>();
    private final BlockingQueue<String> links = new LinkedBlockingQueue<>();
    private final Handler ear = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            if (entry.getLevel().intValue() >= Level.SEVERE.intValue()) {
                complaints.add(entry.getLoggerName() + ": " + entry.getMessage() + " " + entry.getThrown());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    private LoopbackServer server;
    private Framework framework;

    @BeforeEach
    void start() throws Exception {
        // The framework's threads would inherit the test's class path.
        Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
        Logger.getLogger("").addHandler(ear);
        server = LoopbackServer.builder().user("romeo@montague.net", "secret").start();
        framework = new FrameworkFactory()
                .newFramework(Map.of(
                        Constants.FRAMEWORK_STORAGE, cache.toString(), "felix.bootdelegation.implicit", "false"));
        framework.start();
        BundleContext context = framework.getBundleContext();
        for (int level = 1; level < START_LEVELS.size(); level++) {
            for (String type : START_LEVELS.get(level)) {
                install(Felix.jar(type), level);
            }
        }
        install(Felix.ownJar(), START_LEVELS.size() - 1);
        for (Bundle bundle : context.getBundles()) {
            bundle.start(Bundle.START_ACTIVATION_POLICY);
        }
        context.addServiceListener(
                (AllServiceListener) event -> links.add((event.getType() == ServiceEvent.REGISTERED ? "up " : "down ")
                        + event.getServiceReference().getProperty("xtls.local")),
                "(objectClass=org.xtls.transport.Link)");
        CountDownLatch reached = new CountDownLatch(1);
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        framework.adapt(FrameworkStartLevel.class).setStartLevel(START_LEVELS.size(), event -> {
            if (event.getType() == FrameworkEvent.ERROR) {
                failures.add(event.getThrowable());
            } else {
                reached.countDown();
            }
        });
        reached.await();
        assertEquals(List.of(), failures);
    }

    @AfterEach
    void stop() throws Exception {
        Felix.stop(framework);
        server.kill();
        Thread.currentThread().setContextClassLoader(getClass().getClassLoader());
        Logger.getLogger("").removeHandler(ear);
    }

    @Test
    void a_configured_account_gets_its_link_and_both_bundles_can_go_and_come() throws Exception {
        Object configuration = configure("resource", "orchard");
        assertEquals("up romeo@montague.net/orchard", next());

        bundle("org.xtls.transport.smack").stop();
        assertEquals("down romeo@montague.net/orchard", next());
        assertEquals(1, server.clients().size(), "the connection stays");
        bundle("org.xtls.transport.smack").start();
        assertEquals("up romeo@montague.net/orchard", next());

        bundle("org.xtls.connection.smack").stop();
        assertEquals("down romeo@montague.net/orchard", next());
        assertEquals(0, server.clients().size());
        bundle("org.xtls.connection.smack").start();
        assertEquals("up romeo@montague.net/orchard", next());

        update(configuration, "resource", "balcony");
        assertEquals("down romeo@montague.net/orchard", next());
        assertEquals("up romeo@montague.net/balcony", next());
        update(configuration, "serverTls", "perhaps");
        update(configuration, "resource", "tomb");
        assertEquals("down romeo@montague.net/balcony", next(), "the value in between has changed nothing");
        assertEquals("up romeo@montague.net/tomb", next());

        call(configuration, "delete");
        assertEquals("down romeo@montague.net/tomb", next());
        assertNull(links.poll());
        assertEquals(List.of(), List.copyOf(complaints));
    }

    @Test
    void an_account_that_made_no_sense_from_the_start_is_logged_in_when_it_is_corrected() throws Exception {
        Object noAccount = configure("jid", "montague.net");
        Object noNumber = configure("port", "many");
        Object noPassword = configure(".password", "");
        for (Object configuration : List.of(noAccount, noNumber, noPassword)) {
            update(configuration, "serverTls", "perhaps");
            update(configuration, "resource", "orchard");
            assertEquals("up romeo@montague.net/orchard", next());
            update(configuration, "longestPause", "long");
            call(configuration, "delete");
            assertEquals("down romeo@montague.net/orchard", next());
        }
        assertNull(links.poll());
    }

    @Test
    void a_transport_that_has_gone_can_be_collected() throws Exception {
        configure("resource", "orchard");
        assertEquals("up romeo@montague.net/orchard", next());
        Felix.takeAway(framework, "org.xtls.transport.smack");
    }

    private Object configure(String key, String value) throws Exception {
        BundleContext context = framework.getBundleContext();
        Object admin =
                context.getService(context.getAllServiceReferences("org.osgi.service.cm.ConfigurationAdmin", null)[0]);
        Object configuration = admin.getClass()
                .getMethod("createFactoryConfiguration", String.class, String.class)
                .invoke(admin, "org.xtls.connection.smack", "?");
        update(configuration, key, value);
        return configuration;
    }

    private void update(Object configuration, String key, Object value) throws Exception {
        Dictionary<String, Object> properties = new Hashtable<>(Map.of(
                "jid", "romeo@montague.net",
                ".password", "secret",
                "host", "127.0.0.1",
                "port", server.port(),
                "serverTls", "disabled"));
        properties.put(key, value);
        configuration.getClass().getMethod("update", Dictionary.class).invoke(configuration, properties);
    }

    private static void call(Object target, String method) throws Exception {
        target.getClass().getMethod(method).invoke(target);
    }

    private void install(Path jar, int level) throws Exception {
        Felix.install(framework, jar).adapt(BundleStartLevel.class).setStartLevel(level);
    }

    private Bundle bundle(String name) {
        return Felix.bundle(framework, name);
    }

    private String next() throws InterruptedException {
        return String.valueOf(links.poll(20, TimeUnit.SECONDS));
    }
}
