package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.xtls.Acknowledgement;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Stanza;
import org.xtls.transport.Iq;
import org.xtls.transport.StanzaError;
import org.xtls.trust.KeyState;
import org.xtls.xml.Element;

/** Thousands of orders in which things can happen, each from a seed that a failure prints. */
class InterleavingsTest {
    private static final int SEEDS = Integer.getInteger("xtls.seeds", 1_000);
    private static final long FIRST = Long.getLong("xtls.seed", 1);
    private static final Set<Code> ALARMS =
            EnumSet.of(Code.TRUNCATED, Code.TLS, Code.PROTOCOL, Code.UNCONFIRMED, Code.OFFER_TAMPERED, Code.REROUTED);
    private static final Set<Code> CLOSED = EnumSet.of(Code.CLOSED, Code.CLOSED_BY_PEER, Code.REPLACED);

    @Test
    void in_every_order_of_events_nothing_is_lost_doubled_or_left_hanging() {
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            try {
                story(new Random(seed));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + " (-Dxtls.seed=" + seed + " -Dxtls.seeds=1): " + e, e);
            }
        }
    }

    private static void story(Random random) {
        World world = new World();
        if (random.nextInt(8) > 0) {
            world.romeo.credential = Keys::psk; // faster
            world.juliet.credential = Keys::psk;
        }
        if (random.nextInt(4) == 0) {
            Settings d = Settings.DEFAULT;
            world.romeo.settings = new Settings(
                    2,
                    d.iqBytes(),
                    d.dataBytes(),
                    d.stanzaBytes(),
                    d.queueBytes(),
                    d.negotiationMillis(),
                    d.answerMillis());
        }
        for (World.Side side : List.of(world.romeo, world.juliet)) {
            if (random.nextInt(4) == 0) {
                side.takesUnverified();
            }
        }
        if (random.nextInt(3) > 0) {
            world.romeo.open();
            world.settle(random);
        }
        List<List<String>> sent = List.of(new ArrayList<>(), new ArrayList<>());
        int events = 20 + random.nextInt(150);
        for (int i = 0; i < events; i++) {
            int who = random.nextInt(2);
            World.Side side = who == 0 ? world.romeo : world.juliet;
            int what = random.nextInt(100);
            if (what < 10) {
                side.open();
            } else if (what < 40 && side.isUp()) {
                String body =
                        "n" + sent.get(who).size() + "x".repeat(random.nextInt(8) == 0 ? random.nextInt(60_000) : 10);
                assertEquals(sent.get(who).size(), side.send(body));
                sent.get(who).add(body);
            } else if (what < 42 && side.isUp()) {
                side.close();
            } else if (what < 45 && side.isUp()) {
                side.perform(side.conversation.renew(world.now));
            } else if (what < 46) {
                if (random.nextInt(4) == 0) {
                    side.breaks();
                } else {
                    world.pass(random.nextInt(1_000));
                }
            } else if (what < 48) {
                KeyState[] states = KeyState.values();
                side.learns(random.nextBoolean() ? KeyState.VERIFIED : states[random.nextInt(states.length)]);
            } else {
                world.step(random);
            }
            assertTrue(world.romeo.unansweredData() <= world.romeo.settings.window() + 4L, "the window does not hold");
        }
        world.settle(random);
        // Whatever was to come to nothing by time alone does so now.
        for (int i = 0; i < 20; i++) {
            world.pass(400_000);
            world.settle(random);
        }
        quiet(world, sent);
        noAlarm(world.romeo);
        noAlarm(world.juliet);

        // And all goes on working.
        world.romeo.open();
        world.settle(random);
        assertTrue(world.romeo.isUp() && world.juliet.isUp(), "no tunnel in the end: " + world.romeo.failures);
        long last = world.romeo.send("last");
        world.settle(random);
        assertEquals(Acknowledgement.PEER, world.romeo.acknowledged.get(last));
        Stanza arrived = world.juliet.delivered.get(world.juliet.delivered.size() - 1);
        assertEquals("last", arrived.body().orElse(""));
    }

    @Test
    void whatever_a_server_does_no_send_is_called_acknowledged_by_the_peer_that_did_not_arrive() {
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            try {
                hostileStory(new Random(seed));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + " (-Dxtls.seed=" + seed + " -Dxtls.seeds=1): " + e, e);
            }
        }
    }

    /** A server that drops, answers for the peer, refuses and spoils at random. */
    private static void hostileStory(Random random) {
        World world = new World();
        if (random.nextInt(3) > 0) {
            world.romeo.credential = Keys::psk;
            world.juliet.credential = Keys::psk;
        }
        world.romeo.open();
        if (random.nextBoolean()) {
            world.settle(random);
        }
        world.server = (from, iq) -> {
            int mood = random.nextInt(200);
            if (mood == 0) {
                return List.of();
            }
            if (iq instanceof Iq.Request request) {
                if (mood < 4) {
                    from.inbox.add(new Iq.Result(from.other, iq.id(), null));
                    return List.of();
                }
                if (mood < 5) {
                    StanzaError.Condition[] all = StanzaError.Condition.values();
                    from.inbox.add(World.error(iq.id(), from.other, all[random.nextInt(all.length)]));
                    return List.of();
                }
                if (mood < 8) {
                    return List.of(
                            new Iq.Request(iq.peer(), iq.id(), request.set(), spoiled(request.payload(), random)));
                }
            } else if (iq instanceof Iq.Result result && result.payload() != null && mood < 20) {
                return List.of(new Iq.Result(iq.peer(), iq.id(), spoiled(result.payload(), random)));
            }
            return List.of(iq);
        };
        List<List<String>> sent = List.of(new ArrayList<>(), new ArrayList<>());
        for (int i = 0; i < 120; i++) {
            int who = random.nextInt(2);
            World.Side side = who == 0 ? world.romeo : world.juliet;
            int what = random.nextInt(100);
            if (what < 5) {
                side.open();
            } else if (what < 35 && side.isUp()) {
                String body = "n" + sent.get(who).size();
                side.send(body);
                sent.get(who).add(body);
            } else {
                world.step(random);
            }
        }
        world.settle(random);
        for (int i = 0; i < 20; i++) {
            world.pass(400_000);
            world.settle(random);
        }
        check(world.romeo, world.juliet, sent.get(0), true);
        check(world.juliet, world.romeo, sent.get(1), true);
        for (World.Side side : List.of(world.romeo, world.juliet)) {
            assertEquals(0, side.taken, "a place among the half-open tunnels is lost");
            assertTrue(side.conversation.status().state().matches("|open"));
        }
    }

    /** The same element with another text or one child less, as somebody in between might send it. */
    private static Element spoiled(Element element, Random random) {
        if (element.children().findAny().isPresent()) {
            return Element.of(element.namespace(), element.name()).withAttributes(element.attributes());
        }
        String text = element.text();
        if (text.isEmpty()) {
            return element.withText("?");
        }
        int at = random.nextInt(text.length());
        String other = text.substring(0, at) + (char) ('A' + random.nextInt(26)) + text.substring(at + 1);
        return Element.of(element.namespace(), element.name())
                .withAttributes(element.attributes())
                .withText(other);
    }

    /** Where nobody is in between, nothing may look as if somebody were. */
    private static void noAlarm(World.Side side) {
        List<Failure> all = new ArrayList<>(side.failures);
        all.addAll(side.failedSends.values());
        side.closed.forEach(closure -> all.add(closure.failure()));
        for (Failure failure : all) {
            assertFalse(ALARMS.contains(failure.code()), side.me + ": " + failure.code() + " " + failure.text());
        }
        for (Closure closure : side.closed) {
            boolean closed = CLOSED.contains(closure.failure().code());
            assertTrue(closure.orderly() || !closed, side.me + ": " + closure);
        }
    }

    private static void quiet(World world, List<List<String>> sent) {
        check(world.romeo, world.juliet, sent.get(0), false);
        check(world.juliet, world.romeo, sent.get(1), false);
        assertEquals(world.romeo.isUp(), world.juliet.isUp(), "one side has a tunnel, the other has none");
        for (World.Side side : List.of(world.romeo, world.juliet)) {
            assertEquals(0, side.taken, "a place among the half-open tunnels is lost");
            assertTrue(side.unansweredIn.isEmpty(), "requests were left unanswered: " + side.unansweredIn);
            assertTrue(side.asked.isEmpty());
            assertTrue(
                    side.conversation.status().state().matches("|open"),
                    "stuck in " + side.conversation.status().state());
        }
    }

    private static void check(World.Side from, World.Side to, List<String> sent, boolean hostile) {
        List<String> arrived =
                to.delivered.stream().map(stanza -> stanza.body().orElse("")).toList();
        int at = 0;
        for (String body : arrived) {
            int found = at;
            while (found < sent.size() && !sent.get(found).equals(body)) {
                found++;
            }
            assertTrue(
                    found < sent.size(),
                    "out of order, doubled or invented: " + body.substring(0, 2) + " in " + arrived.size());
            at = found + 1;
        }
        for (long token = 0; token < sent.size(); token++) {
            boolean acknowledged = from.acknowledged.containsKey(token);
            assertTrue(acknowledged != from.failedSends.containsKey(token), "send " + token + " was left hanging");
            if (acknowledged) {
                boolean byPeer = from.acknowledged.get(token) == Acknowledgement.PEER;
                // Where the server took the confirmation out of the offers, only its own word is to be had.
                assertTrue(byPeer || hostile, "send " + token + " was acknowledged by the link only");
                assertTrue(
                        !byPeer || arrived.contains(sent.get((int) token)),
                        "send " + token + " was acknowledged and lost");
            }
        }
    }
}
