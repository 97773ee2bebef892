package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.xtls.tests.Waiting.now;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;
import org.osgi.framework.wiring.BundleWiring;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.container.ClassPathBundles;
import org.xtls.tests.container.Contents;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.End;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Talk;

/**
 * Each bundle of ours is stopped, updated and refreshed under an open tunnel, in both frameworks; they open and talk
 * again, and nothing of what went is left.
 */
class BundlesTest {
    @RegisterExtension
    static final Theatre THEATRE = new Theatre(Contents.openPgp(), Contents.srp(), Contents.shell());

    private static ProsodyServer server;

    @BeforeAll
    static void startServer() {
        server = ProsodyServer.start(Theatre.users());
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    /** What can happen to a bundle that is not for good. */
    enum Change {
        STOP_AND_START {
            @Override
            void happensTo(Bundle bundle, Player player) throws BundleException {
                bundle.stop();
                bundle.start();
            }
        },
        UPDATE {
            @Override
            void happensTo(Bundle bundle, Player player) throws BundleException, IOException {
                try (InputStream jar = Files.newInputStream(ClassPathBundles.jar(bundle.getSymbolicName()))) {
                    bundle.update(jar);
                }
            }
        },
        REFRESH {
            @Override
            void happensTo(Bundle bundle, Player player) {
                player.container().refresh(bundle);
            }
        };

        abstract void happensTo(Bundle bundle, Player player) throws BundleException, IOException;
    }

    /**
     * What a bundle's going does to an open tunnel at either end; no code: it stays open. Threads are those that it has
     * at rest: the transport's are there only while a server reads slowly.
     */
    private record Role(String threads, String hisEnd, String hersEnd, boolean endsLogin) {
        static final Role NONE = new Role("", "", "", false);

        boolean endsTunnel() {
            return !hisEnd.isEmpty();
        }
    }

    private static final Map<String, Role> ROLES = Map.of(
            "org.xtls.tunnel", new Role("xtls-tunnel-", "SERVICE_GONE", "CLOSED_BY_PEER", false),
            "org.xtls.tls.bc", new Role("", "SERVICE_GONE", "CLOSED_BY_PEER", false),
            "org.xtls.trust.file", new Role("xtls-trust-file", "SERVICE_GONE", "CLOSED_BY_PEER", false),
            "org.xtls.transport.smack", new Role("", "LINK_LOST", "CLOSED_BY_PEER", false),
            "org.xtls.connection.smack", new Role("xtls-login", "LINK_LOST", "CLOSED_BY_PEER", true),
            "org.xtls.auth.x509", new Role("xtls-auth-x509", "", "", false),
            "org.xtls.auth.openpgp", new Role("xtls-auth-openpgp", "", "", false),
            "org.xtls.auth.srp", new Role("xtls-auth-srp", "", "", false),
            "org.xtls.shell", Role.NONE,
            "org.xtls.api", Role.NONE);

    /** The refresh of the api is that of everything that is wired to it. */
    private static final Role EVERYTHING = new Role("xtls-", "", "", true);

    /**
     * The loopback server is no part of a tunnel, and beside the store in files the one in a database would be idle. Those
     * that only look on have container tests of their own, with what they need.
     */
    @Test
    void every_bundle_that_is_deployed_has_its_row() {
        Set<String> ours = new TreeSet<>(ClassPathBundles.all().keySet());
        ours.removeIf(name -> !name.startsWith("org.xtls.")
                || Set.of(
                                "org.xtls.server.loopback",
                                "org.xtls.trust.jdbc",
                                "org.xtls.webconsole",
                                "org.xtls.health",
                                "org.xtls.jmx")
                        .contains(name));
        assertEquals(ours, ROLES.keySet());
    }

    static Stream<Arguments> bundlesAndChanges() {
        return ROLES.keySet().stream()
                .sorted()
                .flatMap(bundle -> Arrays.stream(Change.values()).map(change -> arguments(bundle, change)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("bundlesAndChanges")
    void under_an_open_tunnel(String bundle, Change change) throws Exception {
        Role role = bundle.equals("org.xtls.api") && change == Change.REFRESH ? EVERYTHING : ROLES.get(bundle);
        LogMark log = LogMark.now();
        List<String> errors = new CopyOnWriteArrayList<>();
        FrameworkListener ear = event -> {
            if (event.getType() == FrameworkEvent.ERROR) {
                errors.add(event.getBundle() + ": " + event.getThrowable());
            }
        };
        for (Player player : List.of(THEATRE.romeo(), THEATRE.juliet())) {
            player.container().context().addFrameworkListener(ear);
        }
        List<WeakReference<Thread>> threads;
        Scene scene = THEATRE.scene(server.port()).trusting();
        ReferenceQueue<ClassLoader> collected = new ReferenceQueue<>();
        WeakReference<ClassLoader> old = loader(THEATRE.romeo(), bundle, collected);
        try {
            threads = changeUnderATunnel(scene, bundle, change, role);
            if (role.endsLogin()) {
                scene = new Scene(
                        THEATRE.romeo().enter(server.port(), scene.romeo().account(), "orchard"),
                        THEATRE.juliet().enter(server.port(), scene.juliet().account(), "balcony"));
            }
            talkAgain(scene);
        } finally {
            scene.close();
            for (Player player : List.of(THEATRE.romeo(), THEATRE.juliet())) {
                player.container().context().removeFrameworkListener(ear);
            }
        }
        assertEnded(threads);
        assertEquals(List.of(), errors);
        assertEquals(List.of(), log.complaints());
        // Stopped only, a bundle stays resolved; and who is wired to the old api stays so until it is refreshed.
        if (change == Change.REFRESH || change == Change.UPDATE && !bundle.equals("org.xtls.api")) {
            awaitCollection(old, collected);
        }
    }

    /** The bundle's threads. In a method of its own, so that no local variable keeps what it holds alive. */
    private static List<WeakReference<Thread>> changeUnderATunnel(Scene scene, String bundle, Change change, Role role)
            throws Exception {
        Talk out = scene.romeo().opensTo(scene.juliet());
        Talk back = scene.juliet().tunnel();
        assertEquals("PEER", now(out.send(chat("before"))));
        List<WeakReference<Thread>> threads = threads(role);
        assertEquals(role.threads().isEmpty(), threads.isEmpty(), "threads of " + bundle);
        if (role == EVERYTHING) {
            change(THEATRE.romeo(), bundle, change);
            change(THEATRE.juliet(), bundle, change);
            return threads;
        }
        CompletableFuture<End> his = out.closed();
        CompletableFuture<End> hers = back.closed();
        change(THEATRE.romeo(), bundle, change);
        if (role.endsTunnel()) {
            assertEquals(role.hisEnd(), now(his).code(), now(his).toString());
            assertEquals(role.hersEnd(), now(hers).code(), now(hers).toString());
        }
        change(THEATRE.juliet(), bundle, change);
        if (!role.endsTunnel()) {
            assertEquals("PEER", now(out.send(chat("all the while"))));
            assertEquals("PEER", now(back.send(chat("all the while"))));
            now(out.close());
            now(hers);
        }
        return threads;
    }

    private static void change(Player player, String bundle, Change change) throws Exception {
        Bundle changed = player.container().bundle(bundle);
        change.happensTo(changed, player);
        assertEquals(Bundle.ACTIVE, changed.getState());
        player.findActor();
    }

    private static void talkAgain(Scene scene) {
        Talk out = scene.romeo().opensTo(scene.juliet());
        assertEquals("PEER", now(out.send(chat("to Juliet, again"))));
        awaitStanza(scene.juliet(), "to Juliet, again");
        Talk back = scene.juliet().talks().get(0);
        assertEquals("PEER", now(back.send(chat("to Romeo, again"))));
        awaitStanza(scene.romeo(), "to Romeo, again");
    }

    private static void awaitStanza(Session session, String text) {
        Event event = session.nextOfAnyKind();
        while (!event.stanza().contains(text)) {
            event = session.nextOfAnyKind();
        }
    }

    private static WeakReference<ClassLoader> loader(Player player, String bundle, ReferenceQueue<ClassLoader> queue) {
        return new WeakReference<>(
                player.container().bundle(bundle).adapt(BundleWiring.class).getClassLoader(), queue);
    }

    /** Weak, since a thread that has ended still holds its context class loader. */
    private static List<WeakReference<Thread>> threads(Role role) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !role.threads().isEmpty() && thread.getName().startsWith(role.threads()))
                .map(WeakReference::new)
                .toList();
    }

    private static void assertEnded(List<WeakReference<Thread>> threads) throws InterruptedException {
        for (WeakReference<Thread> reference : threads) {
            Thread thread = reference.get();
            if (thread != null) {
                thread.join(TimeUnit.SECONDS.toMillis(Waiting.PATIENCE_SECONDS));
                assertFalse(thread.isAlive(), thread + " outlived its bundle");
            }
        }
    }

    /** Each round asks for a collection; how many that takes is the virtual machine's affair, so the bound is in time. */
    private static void awaitCollection(Reference<ClassLoader> old, ReferenceQueue<ClassLoader> collected)
            throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Waiting.PATIENCE_SECONDS);
        Reference<? extends ClassLoader> gone = null;
        while (gone == null && System.nanoTime() < end) {
            System.gc();
            gone = collected.remove(200);
        }
        assertEquals(old, gone, "something still holds the old class loader");
    }

    private static String chat(String text) {
        return "<message type='chat'><body>" + text + "</body></message>";
    }
}
