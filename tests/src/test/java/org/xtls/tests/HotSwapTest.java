package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.container.ClassPathBundles;
import org.xtls.tests.container.Contents;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Refusal;
import org.xtls.tests.stage.Talk;

/**
 * Pairs open, talk and close through a server, while bundles are stopped, started, updated, uninstalled, installed and
 * refreshed in both frameworks at random. What happens is in the seed, which a failure prints; when is not.
 *
 * <p>{@code -Dxtls.pairs}, {@code -Dxtls.seconds} and {@code -Dxtls.seed} make it longer: {@code tests/soak} does.
 */
class HotSwapTest {
    private static final int PAIRS = Integer.getInteger("xtls.pairs", 6);
    private static final int SECONDS = Integer.getInteger("xtls.seconds", 25);
    private static final long SEED = Long.getLong("xtls.seed", 1);

    /** Far more than anything takes on a busy machine, and less than the time after which an answer is given up. */
    private static final int HANGS_SECONDS = 50;

    private static final List<String> SWAPPED = List.of(
            "org.xtls.auth.x509",
            "org.xtls.auth.srp",
            "org.xtls.auth.openpgp",
            "org.xtls.tls.bc",
            "org.xtls.trust.file",
            "org.xtls.transport.smack");

    /** By these a failure names what went. */
    private static final Pattern NAMED =
            Pattern.compile("TLS engine|trust store|authentication method|x509|openpgp|srp|tunnel service|connection");

    private static final Pattern NUMBER = Pattern.compile("<body>n(\\d+)</body>");

    @RegisterExtension
    static final Theatre THEATRE = new Theatre(Contents.openPgp(), Contents.srp());

    private static ProsodyServer server;

    @BeforeAll
    static void startServer() {
        server = ProsodyServer.start(Theatre.users());
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    private record Sent(String from, String to, CompletableFuture<String> stage) {}

    private final Map<Integer, Sent> sent = new ConcurrentHashMap<>();
    private final AtomicInteger numbers = new AtomicInteger();
    private final Map<String, Integer> refusals = new ConcurrentHashMap<>();
    private final Queue<String> wrongs = new ConcurrentLinkedQueue<>();
    private final AtomicInteger opened = new AtomicInteger();
    private volatile boolean ended;
    private int comebacks; // under this object's lock

    @Test
    void whatever_is_swapped_nothing_hangs_is_lost_or_doubled_and_all_comes_back(TestReporter reporter)
            throws Exception {
        List<Scene> scenes = new ArrayList<>();
        ExecutorService pairs = Executors.newFixedThreadPool(PAIRS);
        try {
            for (int pair = 0; pair < PAIRS; pair++) {
                scenes.add(trusting());
            }
            List<Future<?>> talking = new ArrayList<>();
            for (Scene scene : scenes) {
                Random random = new Random(SEED * 1_000 + talking.size());
                talking.add(pairs.submit(() -> talk(scene, random)));
            }
            int swaps = swap(new Random(SEED));
            ended = true;
            comesBack();
            for (Future<?> one : talking) {
                one.get(3 * HANGS_SECONDS, TimeUnit.SECONDS);
            }
            for (Scene scene : scenes) {
                recovers(scene);
            }
            int acknowledged = check(scenes);
            reporter.publishEntry(
                    "hot swaps",
                    swaps + " bundles swapped, " + opened + " tunnels opened, " + sent.size() + " stanzas sent, "
                            + acknowledged + " acknowledged, refusals " + new TreeMap<>(refusals));
            assertEquals(List.of(), List.copyOf(wrongs));
            assertTrue(acknowledged > PAIRS, "hardly anything was said");
        } catch (AssertionError | Exception e) {
            throw new AssertionError("-Dxtls.seed=" + SEED + ": " + e + " " + wrongs, e);
        } finally {
            ended = true;
            comesBack();
            pairs.shutdownNow();
            scenes.forEach(Scene::close);
        }
    }

    /** By certificates, and by a secret where those cannot be had. */
    private static Scene trusting() {
        Scene scene = THEATRE.scene(server.port()).trusting();
        String hers = scene.juliet().account();
        String his = scene.romeo().account();
        String code = THEATRE.romeo().actor().pair(his, hers);
        now(THEATRE.juliet().actor().enterCode(hers, his, code));
        return scene;
    }

    // ---- what happens to bundles

    private int swap(Random random) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        int swaps = 0;
        while (System.nanoTime() < end && wrongs.isEmpty()) {
            Player player = random.nextBoolean() ? THEATRE.romeo() : THEATRE.juliet();
            swap(player, SWAPPED.get(random.nextInt(SWAPPED.size())), random);
            swaps++;
            comesBack();
            // So that there is something to be interrupted.
            awaitTunnels(1 + random.nextInt(PAIRS), end);
        }
        return swaps;
    }

    private void swap(Player player, String name, Random random) throws BundleException, IOException {
        Bundle bundle = player.container().bundle(name);
        Path jar = ClassPathBundles.jar(name);
        switch (random.nextInt(4)) {
            case 0 -> {
                bundle.stop();
                bundle.start();
            }
            case 1 -> {
                try (InputStream newer = Files.newInputStream(jar)) {
                    bundle.update(newer);
                }
            }
            case 2 -> player.container().refresh(bundle);
            default -> {
                String location = bundle.getLocation();
                bundle.uninstall();
                if (random.nextBoolean()) {
                    player.container().refresh(bundle);
                }
                try (InputStream again = Files.newInputStream(jar)) {
                    player.container().context().installBundle(location, again).start();
                }
            }
        }
    }

    private synchronized void comesBack() {
        comebacks++;
        notifyAll();
    }

    private synchronized int comebacks() {
        return comebacks;
    }

    /** Returns when something has come back since, or soon. */
    private synchronized void awaitComeback(int since) throws InterruptedException {
        if (comebacks == since && !ended) {
            wait(500);
        }
    }

    private final Object tunnels = new Object();

    private void awaitTunnels(int more, long end) throws InterruptedException {
        synchronized (tunnels) {
            int before = opened.get();
            long bound = Math.min(end, System.nanoTime() + TimeUnit.SECONDS.toNanos(2));
            while (opened.get() < before + more) {
                long left = TimeUnit.NANOSECONDS.toMillis(bound - System.nanoTime());
                if (left <= 0) {
                    return;
                }
                tunnels.wait(left);
            }
        }
    }

    // ---- what pairs do

    private void talk(Scene scene, Random random) {
        try {
            while (!ended && wrongs.isEmpty()) {
                boolean romeos = random.nextBoolean();
                Session from = romeos ? scene.romeo() : scene.juliet();
                Session to = romeos ? scene.juliet() : scene.romeo();
                int since = comebacks();
                Talk out = result(from.opening(to.jid()), "opening by " + from.jid());
                if (out == null) {
                    awaitComeback(since);
                    continue;
                }
                synchronized (tunnels) {
                    opened.incrementAndGet();
                    tunnels.notifyAll();
                }
                List<CompletableFuture<String>> under = new ArrayList<>();
                for (int i = random.nextInt(6); i >= 0; i--) {
                    under.add(send(out));
                    to.talks().forEach(back -> under.add(send(back)));
                }
                for (CompletableFuture<String> one : under) {
                    result(one, "sending by " + from.jid());
                }
                if (random.nextInt(3) == 0) {
                    result(out.close(), "closing by " + from.jid());
                } else if (random.nextInt(6) == 0) {
                    result(out.renew(), "renewing by " + from.jid());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | AssertionError e) {
            wrongs.add(scene.romeo().jid() + ": " + e);
        }
    }

    private CompletableFuture<String> send(Talk talk) {
        int number = numbers.getAndIncrement();
        CompletableFuture<String> stage = talk.send("<message type='chat'><body>n" + number + "</body></message>");
        sent.put(number, new Sent(talk.local(), talk.peer(), stage));
        return stage;
    }

    /** The result; null when it was refused for a reason that is one. */
    private <T> T result(CompletableFuture<T> stage, String what) throws InterruptedException {
        try {
            return stage.get(HANGS_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("hangs: " + what, e);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof Refusal refusal)) {
                throw new AssertionError(what, e);
            }
            check(what, refusal);
            return null;
        }
    }

    private void check(String what, Refusal refusal) {
        refusals.merge(refusal.code(), 1, Integer::sum);
        switch (refusal.code()) {
            case "SERVICE_GONE", "LOCAL", "NO_COMMON_METHOD", "LINK_LOST" -> {
                if (!NAMED.matcher(refusal.getMessage()).find()) {
                    wrongs.add(what + " does not say what went: " + refusal);
                }
            }
            case "CLOSED", "CLOSED_BY_PEER", "REFUSED", "NOT_SUPPORTED", "PEER_GONE", "TLS", "REPLACED" -> {}
            // A tunnel in whose place fresh keys are being made cannot say goodbye: that is heard as a truncation.
            case "TRUNCATED" -> {}
            default -> {
                if (!refusal.getMessage().contains("item-not-found")) {
                    wrongs.add(what + ": " + refusal);
                }
            }
        }
    }

    // ---- the end

    private void recovers(Scene scene) throws InterruptedException {
        for (Session from : List.of(scene.romeo(), scene.juliet())) {
            Session to = from == scene.romeo() ? scene.juliet() : scene.romeo();
            String acknowledged = null;
            for (int i = 0; i < 5 && acknowledged == null; i++) {
                Talk out = result(from.opening(to.jid()), "opening in the end by " + from.jid());
                acknowledged = out == null ? null : result(send(out), "sending in the end by " + from.jid());
            }
            assertEquals("PEER", acknowledged, from.jid() + " in the end");
        }
    }

    /** How many stanzas were acknowledged. */
    private int check(List<Scene> scenes) {
        Set<Integer> arrived = new HashSet<>();
        for (Scene scene : scenes) {
            for (Session session : List.of(scene.romeo(), scene.juliet())) {
                for (Event event : session.unheard()) {
                    Matcher number = NUMBER.matcher(event.stanza());
                    if (event.kind() == Event.Kind.RECEIVED && number.find()) {
                        int n = Integer.parseInt(number.group(1));
                        assertTrue(arrived.add(n), n + " came twice");
                        assertEquals(event.local(), sent.get(n).to, n + " came out of another's tunnel");
                        assertEquals(event.peer(), sent.get(n).from, n + " came out of another's tunnel");
                    }
                }
            }
        }
        Map<String, Integer> ends = new HashMap<>();
        sent.forEach((number, one) -> {
            assertTrue(one.stage.isDone(), number + " hangs");
            if (!one.stage.isCompletedExceptionally()) {
                assertEquals("PEER", one.stage.join());
                assertTrue(arrived.contains(number), number + " was acknowledged and lost");
                ends.merge("acknowledged", 1, Integer::sum);
            }
        });
        return ends.getOrDefault("acknowledged", 0);
    }
}
