package org.xtls.tunnel.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.xtls.Acknowledgement;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.Tunnel;
import org.xtls.XtlsException;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.Verdict;
import org.xtls.transport.Iq;
import org.xtls.transport.LinkListener;
import org.xtls.tunnel.service.HotSwapSide.Heard;
import org.xtls.tunnel.service.HotSwapSide.Kind;
import org.xtls.xml.Element;

/**
 * Two containers with many pairs of tunnels between them open, talk and close, while in both of them methods, engine,
 * trust store and links go, come back and are replaced at random. What is done is in the seed, which a failure prints;
 * when each thread does it is not.
 */
class HotSwapTest {
    private static final int SEEDS = Integer.getInteger("xtls.seeds", 4);
    private static final long FIRST = Long.getLong("xtls.seed", 1);
    private static final int STEPS = Integer.getInteger("xtls.steps", 2_000);
    private static final int PAIRS = Integer.getInteger("xtls.pairs", 10);

    /** How much is under way at most before something is waited for. */
    private static final int UNDER_WAY = 40;

    private static final Map<String, Integer> FIGURES = new TreeMap<>();

    @Test
    void whatever_is_swapped_under_load_nothing_hangs_is_lost_or_doubled_and_failures_name_what_went()
            throws Exception {
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            try (Story story = new Story(seed)) {
                story.play();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + " (-Dxtls.seed=" + seed + " -Dxtls.seeds=1): " + e, e);
            }
        }
        // Not by the reporter, of which Maven prints nothing.
        System.out.println("hot swaps: " + FIGURES);
    }

    @Test
    void of_two_versions_of_a_method_the_old_one_finishes_its_negotiations_and_the_higher_serves_new_ones() {
        try (Pair pair = new Pair()) {
            LinkedBlockingQueue<CompletableFuture<Verdict>> judging = new LinkedBlockingQueue<>();
            ScriptedMethod old = new ScriptedMethod("alpha");
            old.verify = negotiation -> {
                CompletableFuture<Verdict> verdict = new CompletableFuture<>();
                judging.add(verdict);
                return verdict;
            };
            Provider first = alpha(21, "1.0.0", old);
            Provider second = alpha(22, "1.1.0", new ScriptedMethod("alpha"));
            Provider hers = alpha(23, "1.0.0", new ScriptedMethod("alpha"));
            pair.romeo.service.bindMethod(first.reference, first.objects);
            pair.juliet.service.bindMethod(hers.reference, hers.objects);
            CompletionStage<Tunnel> opening = pair.romeo.service.open(pair.juliet.me);
            CompletableFuture<Verdict> verdict = Container.next(judging);
            pair.romeo.service.bindMethod(second.reference, second.objects);
            assertEquals(0, first.givenBack.get(), "its negotiation goes on");
            verdict.complete(new Verdict.Verified(old.key(), "by the old one"));
            Tunnel tunnel = Container.get(opening);
            assertEquals("by the old one", tunnel.security().evidence());
            assertEquals(first.got.get(), first.givenBack.get());
            Container.get(tunnel.close());
            Container.next(pair.juliet.heard.closed);
            assertEquals("scripted", pair.romeo.open(pair.juliet).security().evidence());
            assertEquals(1, first.got.get());
            assertEquals(1, second.got.get());
        }
    }

    private static Provider alpha(long id, String version, ScriptedMethod method) {
        return new Provider(id, version, Map.of(AuthMethod.METHOD, "alpha", AuthMethod.PREFERENCE, 200), () -> method);
    }

    @Test
    void whoever_comes_too_late_to_a_tunnel_learns_what_went() {
        try (Pair pair = new Pair()) {
            Tunnel tunnel = pair.romeo.open(pair.juliet);
            pair.romeo.unbindEngine(pair.romeo.engine);
            for (CompletionStage<?> late :
                    List.of(tunnel.send(Stanza.chat("too late")), tunnel.renew(), tunnel.export("EXPORTER-late", 32))) {
                Failure failure = Container.failure(late);
                assertEquals(Code.CLOSED, failure.code());
                assertTrue(failure.message().endsWith("is closed: the TLS engine went away"), failure.message());
            }
        }
    }

    @Test
    void a_method_that_goes_while_it_judges_is_named_here_and_no_distrust_to_the_peer() {
        try (Pair pair = new Pair()) {
            LinkedBlockingQueue<Boolean> judging = new LinkedBlockingQueue<>();
            pair.juliet.method.verify = negotiation -> {
                judging.add(true);
                return new CompletableFuture<>();
            };
            CompletionStage<Tunnel> opening = pair.romeo.service.open(pair.juliet.me);
            Container.next(judging);
            pair.juliet.service.unbindMethod(pair.juliet.provider.reference);
            Failure hers = Container.next(pair.juliet.heard.failed);
            assertEquals("the authentication method test went away", hers.message());
            assertEquals(Code.TLS, Container.failure(opening).code());
        }
    }

    @Test
    void a_start_that_is_agreed_to_when_its_conversation_is_forgotten_is_closed() {
        try (Pair pair = new Pair()) {
            Server.ServedLink peer = pair.server.link(FullJid.parse("tybalt@capulet.com/street"));
            LinkedBlockingQueue<Iq> got = new LinkedBlockingQueue<>();
            peer.listen(new LinkListener() {
                @Override
                public void received(Iq iq) {
                    got.add(iq);
                }

                @Override
                public void unavailable(FullJid gone) {}

                @Override
                public void lost(String reason) {}
            });
            peer.send(new Iq.Result(pair.romeo.me, "forgotten", Element.of("urn:xmpp:tmp:xtls", "proceed")));
            Iq.Request close = (Iq.Request) Container.next(got);
            assertEquals("close", close.payload().name());
            peer.send(new Iq.Result(pair.romeo.me, close.id(), null));
        }
    }

    /** Romeo and Juliet, each with one link. */
    private static final class Pair implements AutoCloseable {
        final Server server = new Server();
        final Container romeo = new Container(server, "romeo@montague.net/orchard", Map.of());
        final Container juliet = new Container(server, "juliet@capulet.com/balcony", Map.of());

        @Override
        public void close() {
            romeo.close();
            juliet.close();
            server.close();
        }
    }

    /** Something asked of a side, and when. */
    private record Asked(
            HotSwapSide side, HotSwapSide other, String what, long at, Tunnel tunnel, CompletableFuture<?> stage) {}

    private record Sent(FullJid from, FullJid to, String body, CompletableFuture<Acknowledgement> stage) {}

    private static final class Story implements AutoCloseable {
        private final Random random;
        private final Server server = new Server();
        private final AtomicLong time = new AtomicLong();
        private final HotSwapSide.HeldBack heldBack = new HotSwapSide.HeldBack();
        private final List<FullJid> romeos = addresses("romeo%d@montague.net/orchard");
        private final List<FullJid> juliets = addresses("juliet%d@capulet.com/balcony");
        private final HotSwapSide romeo = new HotSwapSide("romeo", server, romeos, juliets, time, heldBack);
        private final HotSwapSide juliet = new HotSwapSide("juliet", server, juliets, romeos, time, heldBack);
        private final ExecutorService romeosSwaps = Executors.newSingleThreadExecutor();
        private final ExecutorService julietsSwaps = Executors.newSingleThreadExecutor();
        private final List<Asked> asked = new ArrayList<>();
        private final List<List<Asked>> opens = IntStream.range(0, PAIRS)
                .<List<Asked>>mapToObj(n -> new ArrayList<>())
                .toList();
        private final List<Future<?>> swaps = new ArrayList<>();
        private final List<Sent> sent = new ArrayList<>();
        private final Set<Tunnel> closedHere = new HashSet<>();

        Story(long seed) {
            random = new Random(seed);
            server.swallows = iq -> romeo.takesPresence(iq) || juliet.takesPresence(iq);
        }

        private static List<FullJid> addresses(String format) {
            return IntStream.range(0, PAIRS)
                    .mapToObj(n -> FullJid.parse(String.format(format, n)))
                    .toList();
        }

        void play() {
            for (int step = 0; step < STEPS; step++) {
                time.incrementAndGet();
                step();
            }
            settle();
            recover();
            settle();
            check();
        }

        private void step() {
            boolean romeos = random.nextBoolean();
            HotSwapSide side = romeos ? romeo : juliet;
            int pair = random.nextInt(PAIRS);
            int what = random.nextInt(100);
            if (what < 25) {
                open(side, pair);
            } else if (what < 55) {
                Tunnel tunnel = anyTunnel(side);
                for (int i = random.nextInt(4); tunnel != null && i >= 0; i--) {
                    send(side, tunnel);
                }
            } else if (what < 59) {
                Tunnel tunnel = anyTunnel(side);
                if (tunnel != null) {
                    close(side, tunnel);
                }
            } else if (what < 62) {
                Tunnel tunnel = anyTunnel(side);
                if (tunnel != null) {
                    ask(side, "renew", tunnel, tunnel.renew());
                }
            } else if (what < 72) {
                long seed = random.nextLong();
                swaps.add((romeos ? romeosSwaps : julietsSwaps).submit(() -> side.swap(new Random(seed))));
            } else if (what < 90) {
                heldBack.letOneGo();
            } else {
                for (int i = 0; i < 5 && !asked.isEmpty(); i++) {
                    await(asked.remove(random.nextInt(asked.size())));
                }
            }
            while (asked.size() > UNDER_WAY) {
                await(asked.remove(0));
            }
            if (swaps.size() > 3) {
                done(swaps.remove(0));
            }
        }

        private Tunnel anyTunnel(HotSwapSide side) {
            List<Tunnel> up = side.service.tunnels();
            return up.isEmpty() ? null : up.get(random.nextInt(up.size()));
        }

        private void open(HotSwapSide side, int pair) {
            FullJid local = (side == romeo ? romeos : juliets).get(pair);
            FullJid peer = (side == romeo ? juliets : romeos).get(pair);
            List<Asked> together = opens.get(pair);
            together.removeIf(one -> one.stage.isDone());
            // Whoever comes to a negotiation under way shares in what happened to it before.
            long at = together.stream().mapToLong(Asked::at).min().orElse(time.incrementAndGet());
            CompletableFuture<Tunnel> stage = side.service.open(local, peer).toCompletableFuture();
            Asked open = new Asked(side, other(side), "open " + local + " " + peer, at, null, stage);
            together.add(open);
            asked.add(open);
        }

        private void send(HotSwapSide side, Tunnel tunnel) {
            String body = "n" + sent.size() + "x".repeat(random.nextInt(20) == 0 ? random.nextInt(30_000) : 10);
            CompletableFuture<Acknowledgement> stage =
                    tunnel.send(Stanza.chat(body)).toCompletableFuture();
            sent.add(new Sent(tunnel.local(), tunnel.peer(), body, stage));
            ask(side, "send", tunnel, stage);
        }

        private void close(HotSwapSide side, Tunnel tunnel) {
            closedHere.add(tunnel);
            ask(side, "close", tunnel, tunnel.close());
        }

        private void ask(HotSwapSide side, String what, Tunnel tunnel, CompletionStage<?> stage) {
            asked.add(new Asked(
                    side,
                    other(side),
                    what + " " + tunnel.id(),
                    side.since.getOrDefault(tunnel, 0L),
                    tunnel,
                    stage.toCompletableFuture()));
        }

        private HotSwapSide other(HotSwapSide side) {
            return side == romeo ? juliet : romeo;
        }

        // ---- waiting, never without a bound

        private void await(Asked operation) {
            heldBack.flow(true);
            try {
                Object value = operation.stage.get(Container.BOUND_SECONDS, TimeUnit.SECONDS);
                if (value instanceof Acknowledgement by) {
                    assertEquals(Acknowledgement.PEER, by);
                }
            } catch (ExecutionException e) {
                assertTrue(e.getCause() instanceof XtlsException, operation.what + " failed with " + e.getCause());
                checkFailure(operation, ((XtlsException) e.getCause()).failure());
            } catch (TimeoutException e) {
                throw new AssertionError(
                        operation.side.name + " hangs: " + operation.what + "; " + operation.side.states()
                                + operation.other.states(),
                        e);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            } finally {
                heldBack.flow(false);
            }
        }

        private static void done(Future<?> swap) {
            try {
                swap.get(Container.BOUND_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                throw new AssertionError(e.getCause().toString(), e.getCause());
            } catch (TimeoutException | InterruptedException e) {
                throw new AssertionError("a swap hangs", e);
            }
        }

        private void settle() {
            swaps.forEach(Story::done);
            swaps.clear();
            asked.forEach(this::await);
            asked.clear();
        }

        // ---- what a failure must say

        private void checkFailure(Asked of, Failure failure) {
            String said = of.side.name + ": " + of.what + ": " + failure.code() + " " + failure.text();
            switch (failure.code()) {
                case SERVICE_GONE -> assertTrue(namesWhatWent(of, failure), said);
                case LINK_LOST -> assertTrue(of.side.disturbed(Kind.LINK, of.at), said);
                case LOCAL -> assertTrue(of.side.disturbed(Kind.METHOD, of.at) && namesAMethod(failure), said);
                case NO_COMMON_METHOD ->
                    assertTrue(of.side.disturbed(Kind.METHOD, of.at) || of.other.disturbed(Kind.METHOD, of.at), said);
                case CLOSED -> checkClosed(of, failure, said);
                case CLOSED_BY_PEER, REPLACED -> {}
                case REFUSED, NOT_SUPPORTED, PEER_GONE -> assertTrue(somethingWent(of.other, of.at), said);
                // Its service went before it could judge.
                case TLS ->
                    assertTrue(failure.text().contains("internal_error") && somethingWent(of.other, of.at), said);
                default -> throw new AssertionError(said);
            }
        }

        private static boolean somethingWent(HotSwapSide side, long since) {
            for (Kind kind : Kind.values()) {
                if (side.disturbed(kind, since)) {
                    return true;
                }
            }
            return false;
        }

        private static boolean namesWhatWent(Asked of, Failure failure) {
            for (Kind kind : Kind.values()) {
                if (failure.message().contains(kind.words) && of.side.disturbed(kind, of.at)) {
                    // Of several methods it has to be said which, unless all are gone.
                    return kind != Kind.METHOD
                            || namesAMethod(failure)
                            || failure.message().contains("there is no");
                }
            }
            return false;
        }

        private static boolean namesAMethod(Failure failure) {
            return HotSwapSide.METHODS.stream().anyMatch(failure.message()::contains);
        }

        /** Whoever comes too late to a tunnel learns what it ended of. */
        private void checkClosed(Asked of, Failure failure, String said) {
            if (of.tunnel == null) {
                // Fresh keys were under way, and whoever closed the tunnel closed that too.
                assertTrue(failure.message().contains("this side closed"), said);
                return;
            }
            if (closedHere.contains(of.tunnel)) {
                return;
            }
            CompletableFuture<org.xtls.Closure> closed = of.tunnel.closed().toCompletableFuture();
            assertTrue(closed.isDone(), said);
            Failure why = closed.join().failure();
            if (why.code() == Code.SERVICE_GONE || why.code() == Code.LINK_LOST) {
                assertTrue(failure.message().contains(why.message()), said + " but not: " + why.message());
            }
        }

        // ---- the end

        /** All is there again, and works. */
        private void recover() {
            romeo.completeAll();
            juliet.completeAll();
            for (int pair = 0; pair < PAIRS; pair++) {
                boolean talked = false;
                for (int i = 0; !talked; i++) {
                    send(romeo, opened(romeo, pair));
                    send(juliet, opened(juliet, pair));
                    List<Sent> last = List.copyOf(sent.subList(sent.size() - 2, sent.size()));
                    settle();
                    // A goodbye of what ended before may still have been on its way.
                    talked = last.stream().noneMatch(one -> one.stage.isCompletedExceptionally());
                    assertTrue(talked || i < 3, "nothing can be said in the end");
                }
            }
            for (int pair = 0; pair < PAIRS; pair++) {
                Tunnel tunnel = romeo.service
                        .tunnel(romeos.get(pair), juliets.get(pair))
                        .orElseThrow();
                Tunnel theirs = juliet.service
                        .tunnel(juliets.get(pair), romeos.get(pair))
                        .orElseThrow();
                close(romeo, tunnel);
                Container.get(tunnel.closed());
                Container.get(theirs.closed());
            }
        }

        /** At once, or after the last goodbye of what ended before. */
        private Tunnel opened(HotSwapSide side, int pair) {
            for (int i = 0; ; i++) {
                open(side, pair);
                Asked opening = asked.remove(asked.size() - 1);
                await(opening);
                if (!opening.stage.isCompletedExceptionally()) {
                    return (Tunnel) opening.stage.join();
                }
                assertTrue(i < 3, "no tunnel in the end: " + opening.stage);
            }
        }

        private void check() {
            Set<String> arrived = new HashSet<>();
            for (HotSwapSide side : List.of(romeo, juliet)) {
                for (Heard heard : side.heard) {
                    String which = heard.body().substring(0, heard.body().indexOf('x'));
                    assertTrue(arrived.add(which), which + " arrived twice");
                    Sent origin = sent.get(Integer.parseInt(which.substring(1)));
                    assertEquals(origin.body, heard.body());
                    assertEquals(origin.to, heard.local(), which + " came out of another's tunnel");
                    assertEquals(origin.from, heard.peer(), which + " came out of another's tunnel");
                }
                assertEquals(List.of(), side.service.runtime().tunnels);
                assertEquals(List.of(), side.service.runtime().missing);
            }
            int acknowledged = 0;
            for (Sent one : sent) {
                assertTrue(one.stage.isDone());
                if (!one.stage.isCompletedExceptionally()) {
                    acknowledged++;
                    String which = one.body.substring(0, one.body.indexOf('x'));
                    assertTrue(arrived.contains(which), which + " was acknowledged and lost");
                }
            }
            assertTrue(acknowledged > STEPS / 20, "hardly anything was said: " + acknowledged);
            FIGURES.merge("steps", STEPS, Integer::sum);
            FIGURES.merge("services that went", romeo.swaps() + juliet.swaps(), Integer::sum);
            FIGURES.merge("tunnels", romeo.since.size(), Integer::sum);
            FIGURES.merge("stanzas", sent.size(), Integer::sum);
            FIGURES.merge("acknowledged", acknowledged, Integer::sum);
            for (HotSwapSide side : List.of(romeo, juliet)) {
                side.checkReleased();
                assertEquals(List.of(), List.copyOf(side.wrongs));
            }
        }

        @Override
        public void close() throws InterruptedException {
            heldBack.flow(true);
            for (ExecutorService swapping : List.of(romeosSwaps, julietsSwaps)) {
                swapping.shutdown();
                assertTrue(swapping.awaitTermination(Container.BOUND_SECONDS, TimeUnit.SECONDS), "a swap hangs");
            }
            romeo.close();
            juliet.close();
            server.close();
            for (Thread thread : Thread.getAllStackTraces().keySet()) {
                if (thread.getName().startsWith("xtls-tunnel-")) {
                    thread.join(TimeUnit.SECONDS.toMillis(Container.BOUND_SECONDS));
                    assertTrue(!thread.isAlive(), thread + " is left");
                }
            }
        }
    }
}
