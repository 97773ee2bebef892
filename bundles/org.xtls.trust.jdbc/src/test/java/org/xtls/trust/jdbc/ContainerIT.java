package org.xtls.trust.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.trust.jdbc.Stages.await;
import static org.xtls.trust.jdbc.Stages.failure;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceListener;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.tests.felix.Felix;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustListener;
import org.xtls.trust.TrustStore;

/** The bundle in Felix frameworks, with the drivers' own bundles and the smallest set of others around them. */
@ExtendWith(PostgresExtension.class)
class ContainerIT {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final KeyName KEY = new KeyName("x509", "ab".repeat(32));
    private static final String NAME = "org.xtls.trust.jdbc";
    private static final String DRIVER = "org.postgresql.jdbc";

    /** What the tests and the bundle talk in comes from the class path: one class for both. */
    private static final String SHARED = "org.xtls;version=0.1.0,org.xtls.trust;version=0.1.0,"
            + "org.slf4j;version=2.0.20,org.osgi.service.cm;version=1.6.1";

    private static final List<String> OTHERS = List.of(
            "org.osgi.util.function.Function",
            "org.osgi.util.promise.Promise",
            "org.osgi.service.component.ComponentContext",
            "org.osgi.service.jdbc.DataSourceFactory",
            "org.apache.felix.cm.impl.ConfigurationManager",
            "org.apache.felix.scr.impl.Activator",
            "org.postgresql.Driver",
            "org.h2.Driver");

    @TempDir
    private Path directory;

    private final PostgresServer server;
    private final String database;
    private final List<Framework> frameworks = new ArrayList<>();
    private Framework framework;

    ContainerIT(PostgresServer server) throws Exception {
        this.server = server;
        this.database = server.newDatabase();
    }

    @BeforeEach
    void start() throws Exception {
        // The framework's threads would inherit the test's class path.
        Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
        framework = container();
    }

    @AfterEach
    void stop() throws Exception {
        for (Framework running : frameworks) {
            Felix.stop(running);
        }
        Thread.currentThread().setContextClassLoader(getClass().getClassLoader());
    }

    @Test
    void it_is_there_only_where_it_is_configured_and_goes_before_the_embedded_store() throws Exception {
        BundleContext context = framework.getBundleContext();
        assertNull(context.getServiceReference(TrustStore.class));
        TrustStore embedded = new NoStore();
        context.registerService(TrustStore.class, embedded, null);

        Configuration configuration = configure(framework, postgres());
        ServiceReference<TrustStore> reference = service(framework);
        assertEquals(100, reference.getProperty(Constants.SERVICE_RANKING));
        assertEquals(reference, context.getServiceReference(TrustStore.class));
        TrustStore store = context.getService(reference);
        assertEquals(
                1,
                await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"))
                        .keys()
                        .size());

        try (Seen gone = new Seen(framework, ServiceEvent.UNREGISTERING)) {
            configuration.delete();
            gone.await();
        }
        assertEquals(embedded, context.getService(context.getServiceReference(TrustStore.class)));
        assertEquals(0, server.connections(database));
        assertEquals(Code.SERVICE_GONE, failure(store.peers()).code());
    }

    @Test
    void a_wrong_configuration_is_refused_with_the_reason_until_it_is_corrected() throws Exception {
        Map<String, Object> wrong = postgres();
        wrong.put("pollSeconds", "often");
        Configuration configuration = configure(framework, wrong);
        ServiceReference<TrustStore> reference = service(framework);
        TrustStore store = framework.getBundleContext().getService(reference);
        Failure failure = failure(store.peer(JULIET));
        assertEquals(
                "configuration org.xtls.trust.jdbc: pollSeconds: it is no whole number. Correct it.", failure.text());

        try (Seen changed = new Seen(framework, ServiceEvent.MODIFIED)) {
            configuration.update(new Hashtable<>(postgres()));
            changed.await();
        }
        assertEquals(KnownPeer.stranger(JULIET), await(store.peer(JULIET)));
        assertEquals(reference, service(framework), "the component was not made anew");

        try (Seen changed = new Seen(framework, ServiceEvent.MODIFIED)) {
            wrong.put("pollSeconds", 0);
            configuration.update(new Hashtable<>(wrong));
            changed.await();
        }
        assertEquals(KnownPeer.stranger(JULIET), await(store.peer(JULIET)), "the former one stays");
    }

    @Test
    void a_wrong_password_is_replaced_without_a_restart() throws Exception {
        Map<String, Object> wrong = postgres();
        wrong.put(".password", "rosaline-rosaline");
        Configuration configuration = configure(framework, wrong);
        TrustStore store = framework.getBundleContext().getService(service(framework));
        Failure failure = failure(store.peer(JULIET));
        assertTrue(failure.message().contains("password authentication failed"), failure.text());
        assertTrue(failure.message().contains(server.url(database)), failure.text());
        try (Seen changed = new Seen(framework, ServiceEvent.MODIFIED)) {
            configuration.update(new Hashtable<>(postgres()));
            changed.await();
        }
        assertEquals(KnownPeer.stranger(JULIET), await(store.peer(JULIET)));
    }

    @Test
    void the_driver_may_come_late_and_go_and_come() throws Exception {
        Felix.bundle(framework, DRIVER).stop();
        configure(framework, postgres());
        TrustStore store = framework.getBundleContext().getService(service(framework));
        Failure failure = failure(store.peers());
        assertEquals(Code.SERVICE_GONE, failure.code());
        assertEquals("There is no JDBC driver org.postgresql.Driver. Install and start its bundle.", failure.text());

        Felix.bundle(framework, DRIVER).start();
        await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        Felix.bundle(framework, DRIVER).stop();
        assertEquals(Code.SERVICE_GONE, failure(store.peers()).code());
        assertEquals(0, server.connections(database));
        Felix.bundle(framework, DRIVER).start();
        assertEquals(1, await(store.peers()).size());
    }

    @Test
    void a_data_source_service_is_taken_where_the_filter_says_so() throws Exception {
        BundleContext context = framework.getBundleContext();
        configure(framework, Map.of("dataSource.target", "(fleet=verona)", "pollSeconds", 1));
        TrustStore store = context.getService(service(framework));
        DataSource other = H2TrustStoreTest.inMemory();
        context.registerService(DataSource.class, other, new Hashtable<>(Map.of("fleet", "mantua")));
        Failure failure = failure(store.peers());
        assertEquals(Code.SERVICE_GONE, failure.code());
        assertTrue(failure.message().contains("(fleet=verona)"), failure.text());

        DataSource source = server.dataSource(database);
        ServiceRegistration<DataSource> registration =
                context.registerService(DataSource.class, source, new Hashtable<>(Map.of("fleet", "verona")));
        await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        registration.unregister();
        assertEquals(Code.SERVICE_GONE, failure(store.peers()).code());
        assertEquals(0, server.connections(database));
        context.registerService(DataSource.class, source, new Hashtable<>(Map.of("fleet", "verona")));
        assertEquals(1, await(store.peers()).size());
    }

    @Test
    void listeners_in_every_container_hear_of_every_change_while_they_are_there() throws Exception {
        Framework second = container();
        configure(framework, postgres());
        configure(second, postgres());
        TrustStore here = framework.getBundleContext().getService(service(framework));
        TrustStore there = second.getBundleContext().getService(service(second));
        await(here.peers());
        await(there.peers());

        Heard heardHere = new Heard();
        Heard heardThere = new Heard();
        ServiceRegistration<TrustListener> listening =
                framework.getBundleContext().registerService(TrustListener.class, heardHere, null);
        second.getBundleContext().registerService(TrustListener.class, heardThere, null);
        await(there.put(JULIET, KEY, KeyState.DISTRUSTED, "stolen"));
        TrustChange change = heardThere.next();
        assertEquals(change, heardHere.next());
        assertEquals("stolen", change.evidence());

        listening.unregister();
        await(here.put(JULIET, KEY, KeyState.VERIFIED, "found again"));
        assertEquals("found again", heardThere.next().evidence());
        assertTrue(heardHere.isEmpty());
    }

    @Test
    void an_embedded_h2_needs_no_more_than_its_bundle_and_a_url() throws Exception {
        configure(framework, Map.of("url", "jdbc:h2:file:" + directory.resolve("trust"), "user", "sa"));
        TrustStore store = framework.getBundleContext().getService(service(framework));
        await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        Felix.bundle(framework, NAME).stop();
        Felix.bundle(framework, NAME).start();
        store = framework.getBundleContext().getService(service(framework));
        assertEquals(KeyState.VERIFIED, await(store.peer(JULIET)).keys().get(0).state());
    }

    @Test
    void a_bundle_that_has_gone_can_be_collected_while_the_driver_stays() throws Exception {
        configure(framework, postgres());
        await(framework
                .getBundleContext()
                .getService(service(framework))
                .put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        Felix.takeAway(framework, NAME);
    }

    private Map<String, Object> postgres() {
        return new Hashtable<>(Map.of(
                "url",
                server.url(database),
                "user",
                PostgresServer.ADMIN,
                ".password",
                PostgresServer.PASSWORD,
                "pollSeconds",
                1));
    }

    private Framework container() throws Exception {
        Framework made = Felix.start(
                directory.resolve("cache" + frameworks.size()),
                Map.of(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, SHARED),
                OTHERS);
        frameworks.add(made);
        return made;
    }

    private static Configuration configure(Framework framework, Map<String, Object> values) throws Exception {
        BundleContext context = framework.getBundleContext();
        ConfigurationAdmin admin = context.getService(context.getServiceReference(ConfigurationAdmin.class));
        Configuration configuration = admin.getConfiguration(NAME, "?");
        configuration.update(new Hashtable<>(values));
        return configuration;
    }

    /** This bundle's service, as soon as it is there. */
    private static ServiceReference<TrustStore> service(Framework framework) throws Exception {
        BundleContext context = framework.getBundleContext();
        try (Seen registered = new Seen(framework, ServiceEvent.REGISTERED)) {
            if (context.getServiceReferences(TrustStore.class, filter()).isEmpty()) {
                registered.await();
            }
        }
        return context.getServiceReferences(TrustStore.class, filter())
                .iterator()
                .next();
    }

    private static String filter() {
        return "(&(objectClass=" + TrustStore.class.getName() + ")(component.name=org.xtls.trust.jdbc.JdbcTrustStore))";
    }

    /** An event of this bundle's service. */
    private static final class Seen implements AutoCloseable {
        private final CountDownLatch seen = new CountDownLatch(1);
        private final BundleContext context;
        private final ServiceListener listener;

        Seen(Framework framework, int type) throws Exception {
            context = framework.getBundleContext();
            listener = event -> {
                if (event.getType() == type) {
                    seen.countDown();
                }
            };
            context.addServiceListener(listener, filter());
        }

        void await() throws InterruptedException {
            assertTrue(seen.await(Stages.PATIENCE_SECONDS, TimeUnit.SECONDS), "the event has not come");
        }

        @Override
        public void close() {
            context.removeServiceListener(listener);
        }
    }

    /** Ranks as the embedded store does. */
    private static final class NoStore implements TrustStore {
        @Override
        public CompletionStage<KnownPeer> peer(BareJid peer) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<List<KnownPeer>> peers() {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<KnownPeer> vouch(BareJid peer, KeyName key, String evidence) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<KnownPeer> remember(BareJid peer, String method, boolean confirmed) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Boolean> keep(BareJid peer, KeyName key, byte[] material) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Optional<byte[]>> material(BareJid peer, KeyName key) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<List<TrustChange>> history(BareJid peer) {
            throw new UnsupportedOperationException();
        }
    }
}
