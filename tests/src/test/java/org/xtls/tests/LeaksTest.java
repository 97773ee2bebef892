package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;

import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.osgi.framework.Bundle;
import org.osgi.framework.wiring.BundleWiring;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.container.ClassPathBundles;
import org.xtls.tests.container.Container;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Talk;

/** A bundle is installed, used, uninstalled and refreshed again and again, and nothing of any of its lives is left. */
class LeaksTest {
    private static final int CYCLES = Integer.getInteger("xtls.cycles", 100);

    @RegisterExtension
    static final Theatre THEATRE = new Theatre();

    private static ProsodyServer server;

    @BeforeAll
    static void startServer() {
        server = ProsodyServer.start(Theatre.users());
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    /** The method a hundred times, as it is what is swapped most; the one that Smack knows of every tenth time. */
    @ParameterizedTest
    @CsvSource({"org.xtls.auth.x509, 1", "org.xtls.transport.smack, 10"})
    void of_a_bundle_that_came_and_went_a_hundred_times_nothing_is_left(String name, int every) throws Exception {
        Container container = THEATRE.romeo().container();
        try (Scene scene = THEATRE.scene(server.port()).trusting()) {
            String location = container.bundle(name).getLocation();
            cycle(scene, name, location); // Smack and all others are warm
            Map<String, Long> threads = threads();
            Map<String, Integer> statics = smackStatics(container);
            List<WeakReference<ClassLoader>> gone = new ArrayList<>();
            for (int i = 0; i < CYCLES / every; i++) {
                gone.add(cycle(scene, name, location));
            }
            awaitCollection(gone);
            assertEquals(statics, smackStatics(container), "what Smack holds");
            // Pools that are idle shrink: there may be fewer.
            threads().forEach((thread, count) -> {
                boolean pooled = thread.startsWith("xtls-tunnel-");
                assertTrue(
                        threads.containsKey(thread) && (pooled || count <= threads.get(thread)),
                        count + " threads " + thread + ", before " + threads);
            });
        }
    }

    /** Uses it, and has another take its place; gives the loader of the one that went. */
    private static WeakReference<ClassLoader> cycle(Scene scene, String name, String location) throws Exception {
        Container container = THEATRE.romeo().container();
        Talk talk = scene.romeo().opensTo(scene.juliet());
        assertEquals("PEER", now(talk.send("<message type='chat'><body>used</body></message>")));
        now(talk.close());
        Bundle bundle = container.bundle(name);
        WeakReference<ClassLoader> loader =
                new WeakReference<>(bundle.adapt(BundleWiring.class).getClassLoader());
        bundle.uninstall();
        container.refresh(bundle);
        try (InputStream jar = Files.newInputStream(ClassPathBundles.jar(name))) {
            container.context().installBundle(location, jar).start();
        }
        return loader;
    }

    /** Each round asks for a collection; the bound is in time. */
    private static void awaitCollection(List<WeakReference<ClassLoader>> gone) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Waiting.PATIENCE_SECONDS);
        long left = gone.size();
        while (left > 0 && System.nanoTime() < end) {
            System.gc();
            left = gone.stream().filter(loader -> loader.get() != null).count();
        }
        assertEquals(0, left, "class loaders of bundles that went are held");
    }

    /** How many threads of ours there are, by name without number. */
    private static Map<String, Long> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(thread -> thread.startsWith("xtls-"))
                .collect(Collectors.groupingBy(
                        thread -> thread.replaceAll("[0-9]+", ""), TreeMap::new, Collectors.counting()));
    }

    /**
     * The sizes of all static collections of Smack: providers, listeners, the managers' registries, and of the handlers,
     * listeners and features that each connection's managers and the connections themselves hold.
     */
    private static Map<String, Integer> smackStatics(Container container) throws Exception {
        Map<String, Integer> sizes = new TreeMap<>();
        Bundle core = container.bundle("smack-core");
        for (String name : List.of(
                "org.jivesoftware.smack.provider.ProviderManager",
                "org.jivesoftware.smack.XMPPConnectionRegistry",
                "org.jivesoftware.smack.SmackConfiguration")) {
            count(core.loadClass(name), null, sizes);
        }
        Bundle extensions = container.bundle("smack-extensions");
        Class<?> disco = extensions.loadClass("org.jivesoftware.smackx.disco.ServiceDiscoveryManager");
        count(disco, null, sizes);
        Field instances = disco.getDeclaredField("instances");
        instances.setAccessible(true);
        Set<Object> connections = Collections.newSetFromMap(new java.util.IdentityHashMap<>());
        for (Map.Entry<?, ?> entry : Map.copyOf((Map<?, ?>) instances.get(null)).entrySet()) {
            // Those of stories before hang on until they are collected.
            if (!(boolean) core.loadClass("org.jivesoftware.smack.XMPPConnection")
                    .getMethod("isConnected")
                    .invoke(entry.getKey())) {
                continue;
            }
            connections.add(entry.getKey());
            count(entry.getValue().getClass(), entry.getValue(), sizes);
        }
        for (Object connection : connections) {
            for (Class<?> type = connection.getClass(); type != Object.class; type = type.getSuperclass()) {
                count(type, connection, sizes);
            }
        }
        return sizes;
    }

    /** Those of an object, or the static ones. Of queues and what passes through a connection nothing is said. */
    private static void count(Class<?> type, Object of, Map<String, Integer> sizes) throws IllegalAccessException {
        Set<String> telling = new TreeSet<>(Arrays.asList("handler", "listener", "provider", "feature", "manager"));
        for (Field field : type.getDeclaredFields()) {
            String name = field.getName().toLowerCase(Locale.ROOT);
            if (name.startsWith("node")) {
                continue; // the latest hashes of entity capabilities, Smack's own
            }
            if (Modifier.isStatic(field.getModifiers()) != (of == null)
                    || telling.stream().noneMatch(name::contains)) {
                continue;
            }
            field.setAccessible(true);
            Object value = field.get(of);
            int size =
                    value instanceof Map<?, ?> map ? map.size() : value instanceof Collection<?> all ? all.size() : -1;
            if (size >= 0) {
                sizes.merge(type.getSimpleName() + "." + field.getName(), size, Integer::sum);
            }
        }
    }
}
