package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
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

    /** One in so many swaps is of the api, which restarts everything. */
    private static final int API_SELDOM = 25;

    /** Swaps before an operation began that may still end it: what it joins was under way already. */
    private static final int JUST_BEFORE = 2;

    private static final String API = "org.xtls.api";
    private static final List<String> METHODS =
            List.of("org.xtls.auth.x509", "org.xtls.auth.srp", "org.xtls.auth.openpgp");
    private static final List<String> SWAPPED = Stream.concat(
                    METHODS.stream(), Stream.of("org.xtls.tls.bc", "org.xtls.trust.file", "org.xtls.transport.smack"))
            .toList();

    /** Without these one side has nothing to offer. */
    private static final List<String> NEEDED_TO_OFFER =
            Stream.concat(METHODS.stream(), Stream.of("org.xtls.trust.file")).toList();

    /** What a failure calls them; the last goes with the api only. */
    private static final Map<String, String> WORDS = Map.of(
            "org.xtls.auth.x509", "x509",
            "org.xtls.auth.srp", "srp",
            "org.xtls.auth.openpgp", "openpgp",
            "org.xtls.tls.bc", "TLS engine",
            "org.xtls.trust.file", "trust store",
            "org.xtls.transport.smack", "connection",
            "org.xtls.tunnel", "tunnel service");

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

    private record Swap(Player player, String bundle) {}

    /** What one side has asked for, and how many swaps there had been by then, and how many of them of its api. */
    private record Asked(String what, Player here, Player there, int since, long apis) {
        Asked of(String doing) {
            return new Asked(doing, here, there, since, apis);
        }
    }

    private final Map<Integer, Sent> sent = new ConcurrentHashMap<>();
    private final AtomicInteger numbers = new AtomicInteger();
    private final Map<String, Integer> refusals = new ConcurrentHashMap<>();
    private final Queue<String> wrongs = new ConcurrentLinkedQueue<>();
    private final AtomicInteger opened = new AtomicInteger();
    private final List<Swap> swaps = new CopyOnWriteArrayList<>();

    /** Held for writing while somebody logs in again; what is under way goes on. */
    private final ReadWriteLock stage = new ReentrantReadWriteLock();

    /** Stanzas that may have come while the application that would hear them was away. */
    private final Set<Integer> unheard = ConcurrentHashMap.newKeySet();

    private volatile boolean ended;
    private int comebacks; // under this object's lock

    @Test
    void whatever_is_swapped_nothing_hangs_is_lost_or_doubled_and_all_comes_back() throws Exception {
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
            swap(scenes, new Random(SEED));
            ended = true;
            comesBack();
            for (Future<?> one : talking) {
                one.get(3 * HANGS_SECONDS, TimeUnit.SECONDS);
            }
            for (Scene scene : scenes) {
                recovers(scene);
            }
            int acknowledged = check(scenes);
            // Not by the reporter, of which Maven prints nothing.
            System.out.println("hot swaps: " + swaps.size() + " bundles swapped, the api "
                    + (apis(THEATRE.romeo()) + apis(THEATRE.juliet())) + " times, "
                    + opened + " tunnels opened, " + sent.size() + " stanzas sent, " + acknowledged
                    + " acknowledged, refusals " + new TreeMap<>(refusals));
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

    private void swap(List<Scene> scenes, Random random) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (System.nanoTime() < end && wrongs.isEmpty()) {
            Player player = random.nextBoolean() ? THEATRE.romeo() : THEATRE.juliet();
            if (random.nextInt(API_SELDOM) == 0) {
                swapApi(player, scenes, random);
            } else {
                swap(player, SWAPPED.get(random.nextInt(SWAPPED.size())), random);
            }
            comesBack();
            // So that there is something to be interrupted.
            awaitTunnels(1 + random.nextInt(PAIRS), end);
        }
    }

    private long apis(Player player) {
        return swaps.stream().filter(swap -> swap.equals(new Swap(player, API))).count();
    }

    /** Everything is resolved anew, to a newer api or to the same; then all log in again. */
    private void swapApi(Player player, List<Scene> scenes, Random random) throws BundleException, IOException {
        stage.writeLock().lock();
        try {
            swaps.add(new Swap(player, API));
            Bundle api = player.container().bundle(API);
            if (random.nextBoolean()) {
                try (InputStream newer = Files.newInputStream(ClassPathBundles.jar(API))) {
                    api.update(newer);
                }
            }
            player.container().refresh(api);
            player.findActor();
            for (Scene scene : scenes) {
                Session session = player == THEATRE.romeo() ? scene.romeo() : scene.juliet();
                String resource = session.jid().substring(session.jid().indexOf('/') + 1);
                assertEquals(
                        session.jid(),
                        player.enter(server.port(), session.account(), resource).jid());
            }
        } finally {
            stage.writeLock().unlock();
        }
    }

    private void swap(Player player, String name, Random random) throws BundleException, IOException {
        swaps.add(new Swap(player, name));
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
                Asked opening = asked("opening", from);
                Talk out = result(onStage(opening, () -> from.opening(to.jid())), opening);
                if (out == null) {
                    awaitComeback(since);
                    continue;
                }
                synchronized (tunnels) {
                    opened.incrementAndGet();
                    tunnels.notifyAll();
                }
                Map<CompletableFuture<String>, Asked> under = new LinkedHashMap<>();
                for (int i = random.nextInt(6); i >= 0; i--) {
                    send(out, opening.of("sending"), under);
                    Asked back = asked("sending back", to, opening.since);
                    List<Talk> talks = onStage(back, to::talks);
                    if (talks != null) {
                        talks.forEach(talk -> send(talk, back, under));
                    }
                }
                for (Map.Entry<CompletableFuture<String>, Asked> one : under.entrySet()) {
                    result(one.getKey(), one.getValue());
                }
                if (random.nextInt(3) == 0) {
                    result(onStage(opening, out::close), opening.of("closing"));
                } else if (random.nextInt(6) == 0) {
                    result(onStage(opening, out::renew), opening.of("renewing"));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | AssertionError e) {
            wrongs.add(scene.romeo().jid() + ": " + e);
        }
    }

    private Asked asked(String what, Session by) {
        return asked(what, by, swaps.size());
    }

    private Asked asked(String what, Session by, int since) {
        boolean romeos = by.jid().startsWith("romeo");
        Player here = romeos ? THEATRE.romeo() : THEATRE.juliet();
        return new Asked(what, here, romeos ? THEATRE.juliet() : THEATRE.romeo(), since, apis(here));
    }

    /** Asks while somebody acts in that framework; null where he is another by now, who knows nothing of it. */
    private <T> T onStage(Asked asked, Supplier<T> act) {
        stage.readLock().lock();
        try {
            return asked.apis == apis(asked.here) ? act.get() : null;
        } finally {
            stage.readLock().unlock();
        }
    }

    private void send(Talk talk, Asked asked, Map<CompletableFuture<String>, Asked> under) {
        int number = numbers.getAndIncrement();
        long before = apis(asked.there);
        CompletableFuture<String> stage =
                onStage(asked, () -> talk.send("<message type='chat'><body>n" + number + "</body></message>"));
        if (stage != null) {
            CompletableFuture<String> told = stage.whenComplete((by, failure) -> {
                if (apis(asked.there) != before) {
                    unheard.add(number);
                }
            });
            sent.put(number, new Sent(talk.local(), talk.peer(), told));
            under.put(told, asked);
        }
    }

    /** The result; null when it was refused for a reason that is one. */
    private <T> T result(CompletableFuture<T> stage, Asked asked) throws InterruptedException {
        if (stage == null) {
            return null;
        }
        try {
            return stage.get(HANGS_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("hangs: " + asked.what, e);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof Refusal refusal)) {
                throw new AssertionError(asked.what, e);
            }
            check(asked, refusal);
            return null;
        }
    }

    private void check(Asked asked, Refusal refusal) {
        refusals.merge(refusal.code(), 1, Integer::sum);
        Set<String> here = went(asked.here, asked.since);
        Set<String> there = went(asked.there, asked.since);
        Set<String> named = named(refusal.getMessage());
        boolean right = switch (refusal.code()) {
            case "SERVICE_GONE", "LINK_LOST" -> !named.isEmpty() && here.containsAll(named);
            // Names all that was tried, and of these one has gone.
            case "LOCAL" -> !Collections.disjoint(here, named);
            case "NO_COMMON_METHOD" ->
                !Collections.disjoint(NEEDED_TO_OFFER, here) || !Collections.disjoint(NEEDED_TO_OFFER, there);
            // Came too late to a tunnel: closed by one of the two, or ended by what it names.
            case "CLOSED" -> here.containsAll(named);
            case "CLOSED_BY_PEER", "REPLACED" -> true;
            case "NOT_SUPPORTED", "PEER_GONE" -> !there.isEmpty();
            // Or too little was left here to be offered.
            case "REFUSED" -> !there.isEmpty() || !Collections.disjoint(METHODS, here);
            // What was to judge went; the peer does not hear that as distrust.
            case "TLS" -> refusal.getMessage().contains("internal_error") && !there.isEmpty();
            default -> false;
        };
        if (!right) {
            wrongs.add(asked.what + " by " + (asked.here == THEATRE.romeo() ? "romeo" : "juliet") + ": " + refusal
                    + ", but here went " + here + " and there " + there);
        }
    }

    /** The bundles that went from one framework since then, or just before. */
    private Set<String> went(Player from, int since) {
        List<Swap> all = List.copyOf(swaps);
        Set<String> went = all.subList(Math.max(0, since - JUST_BEFORE), all.size()).stream()
                .filter(swap -> swap.player == from)
                .map(Swap::bundle)
                .collect(Collectors.toSet());
        return went.contains(API) ? WORDS.keySet() : went;
    }

    private static Set<String> named(String message) {
        return WORDS.entrySet().stream()
                .filter(words -> message.contains(words.getValue()))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    // ---- the end

    private void recovers(Scene scene) throws InterruptedException {
        for (Session from : List.of(scene.romeo(), scene.juliet())) {
            Session to = from == scene.romeo() ? scene.juliet() : scene.romeo();
            String acknowledged = null;
            for (int i = 0; i < 5 && acknowledged == null; i++) {
                Asked opening = asked("opening in the end", from);
                Talk out = result(from.opening(to.jid()), opening);
                Map<CompletableFuture<String>, Asked> under = new HashMap<>();
                if (out != null) {
                    send(out, opening.of("sending in the end"), under);
                }
                for (CompletableFuture<String> one : under.keySet()) {
                    acknowledged = result(one, under.get(one));
                }
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
                assertTrue(arrived.contains(number) || unheard.contains(number), number + " was acknowledged and lost");
                ends.merge("acknowledged", 1, Integer::sum);
            }
        });
        return ends.getOrDefault("acknowledged", 0);
    }
}
