package org.xtls.tunnel.protocol;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.xtls.Acknowledgement;
import org.xtls.BareJid;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Security;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.auth.Answer;
import org.xtls.auth.Verdict;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.bc.BcTlsEngine;
import org.xtls.transport.Iq;
import org.xtls.transport.StanzaError;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policy;
import org.xtls.trust.TrustChange;
import org.xtls.tunnel.protocol.Question.Reply;
import org.xtls.xml.Element;
import org.xtls.xml.XmlException;

/**
 * Romeo, Juliet and the server between them, without threads or time of their own: what happens next is the test's
 * choice, or a seeded random one. TLS is the real engine's.
 */
final class World {
    static final FullJid ROMEO = FullJid.parse("romeo@montague.net/orchard");
    static final FullJid JULIET = FullJid.parse("juliet@capulet.com/balcony");
    static final TlsEngine ENGINE = new BcTlsEngine();
    private static final String UNAVAILABLE = "unavailable";

    long now = 1_000_000;
    final Side romeo = new Side(ROMEO, JULIET);
    final Side juliet = new Side(JULIET, ROMEO);

    /** What the server does with an IQ on its way: by default it passes it on. */
    BiFunction<Side, Iq, List<Iq>> server = (from, iq) -> List.of(iq);

    /** Every payload that the server has seen, as XML. */
    final List<String> seen = new ArrayList<>();

    /** One side: its conversation, what it has asked, and what has happened to it. */
    final class Side implements Surroundings {
        final FullJid me;
        final FullJid other;
        final Conversation conversation;
        final Deque<Iq> inbox = new ArrayDeque<>();
        final List<Action.Ask> asked = new ArrayList<>();
        Settings settings = Settings.DEFAULT;
        Policy policy = Policy.DEFAULT;

        @Nullable
        TlsEngine engine = ENGINE;

        int places = 4;
        int taken;

        /** What each method puts in offers, and says to those of the other side. */
        Map<String, List<Element>> methods = new LinkedHashMap<>(Map.of("x509", List.of(keyinfo("ab".repeat(32)))));

        /** What a method holds of the other side, one phrase each. */
        Map<String, String> holds = Map.of();

        Function<Element, Boolean> likes = thing -> thing.name().equals("keyinfo");
        KnownPeer known;
        List<String> bindings = List.of();
        List<KeyName> strangers = List.of();
        Supplier<Credential> credential;
        Function<Proof, Verdict> verdict;
        Reply decision =
                new Question.Failed(Failure.of(Failure.Code.UNTRUSTED, Failure.Fault.LOCAL, "nobody can be asked"));

        final List<Security> opened = new ArrayList<>();
        final List<Long> up = new ArrayList<>();
        final List<Stanza> delivered = new ArrayList<>();
        final Map<Long, Acknowledgement> acknowledged = new LinkedHashMap<>();
        final Map<Long, Failure> failedSends = new LinkedHashMap<>();
        final List<Closure> closed = new ArrayList<>();
        final List<Failure> failures = new ArrayList<>();
        final List<Action.Remember> remembered = new ArrayList<>();
        final List<Security> changes = new ArrayList<>();
        final List<Action.KeyChanged> keyChanges = new ArrayList<>();
        final Set<String> unansweredIn = new HashSet<>();
        final Map<String, Integer> unansweredOut = new HashMap<>();

        /** Every IQ that this side has sent. */
        final List<Iq> sent = new ArrayList<>();

        /** Questions that nobody answers for now. */
        Predicate<Question> pondering = question -> false;

        private int injected;
        private long tokens;
        private long ids;

        Side(FullJid me, FullJid other) {
            this.me = me;
            this.other = other;
            this.conversation = new Conversation(me, other, this);
            this.known = KnownPeer.stranger(other.bare());
            this.credential = () -> me.equals(ROMEO) ? Keys.ROMEO : Keys.JULIET;
            this.verdict = proof -> new Verdict.Verified(Keys.NAME, "pinned");
        }

        // ---- what the test does

        void open() {
            perform(conversation.open(now));
        }

        long send(String body) {
            return send(Stanza.chat(body));
        }

        long send(Stanza stanza) {
            long token = tokens++;
            perform(conversation.send(token, current(), stanza, now));
            return token;
        }

        void close() {
            perform(conversation.close(current(), now));
        }

        /** The trust store has learned something of the other side's key. */
        void learns(KeyState state) {
            learns(other.bare(), Keys.NAME, state);
        }

        void learns(BareJid peer, KeyName key, KeyState state) {
            TrustChange change = new TrustChange(
                    Instant.EPOCH, peer, key, null, state, state == KeyState.VERIFIED ? "pinned" : "lost");
            perform(conversation.trustChanged(change, now));
        }

        /** From now on nobody vouches for the other side's key, and somebody lets it in all the same. */
        void takesUnverified() {
            verdict = proof -> new Verdict.Unknown(Keys.NAME);
            decision = new Question.Decided(Trust.UNVERIFIED, "first use");
        }

        long current() {
            return up.isEmpty() ? -1 : up.get(up.size() - 1);
        }

        boolean isUp() {
            return conversation.status().state().equals("open");
        }

        Failure failure() {
            return failures.get(failures.size() - 1);
        }

        Closure closure() {
            return closed.get(closed.size() - 1);
        }

        /**
         * The stream breaks and another takes its place at once: what was on its way is lost or comes back as an error, and
         * behind what this side had sent the other is told that it went.
         */
        void breaks() {
            perform(conversation.lost("the cable"));
            Side far = side(other);
            for (Iq iq : inbox) {
                if (iq instanceof Iq.Request) {
                    far.inbox.add(error(iq.id(), me, StanzaError.Condition.SERVICE_UNAVAILABLE));
                }
            }
            inbox.clear();
            unansweredIn.clear();
            unansweredOut.clear();
            far.inbox.add(new Iq.Result(me, UNAVAILABLE, null));
        }

        /** The server hands over the next IQ. */
        void take() {
            Iq iq = inbox.remove();
            if (iq.id().equals(UNAVAILABLE)) {
                perform(conversation.unavailable());
                unansweredIn.clear(); // nobody is left to take an answer
                return;
            }
            if (iq instanceof Iq.Request request) {
                unansweredIn.add(request.id());
            } else {
                unansweredOut.remove(iq.id());
            }
            perform(conversation.received(iq, now));
        }

        /** Somebody answers a question. */
        void answer(int index) {
            Action.Ask ask = asked.remove(index);
            perform(conversation.answered(ask.step(), reply(ask), now));
        }

        private Reply reply(Action.Ask ask) {
            Question question = ask.question();
            if (question instanceof Question.Offers) {
                List<Question.Things> things = new ArrayList<>();
                methods.forEach((method, elements) -> {
                    if (!elements.isEmpty()) {
                        things.add(new Question.Things(method, elements));
                    }
                });
                return new Question.Offered(things, List.of(), known);
            }
            if (question instanceof Question.Answers) {
                List<Question.Possible> possible = new ArrayList<>();
                boolean liked = ask.facts().received() == null
                        || ask.facts().received().things().stream().anyMatch(likes::apply);
                if (liked) {
                    methods.forEach((method, elements) -> possible.add(new Question.Possible(
                            method, Answer.possible(elements).bound(holds.getOrDefault(method, "")))));
                }
                return new Question.Answered(possible, List.of(), bindings, strangers, known);
            }
            if (question instanceof Question.Present) {
                return new Question.Presented(credential.get());
            }
            if (question instanceof Question.Verify verify) {
                return new Question.Verified(verdict.apply(verify.proof()));
            }
            if (question instanceof Question.Decide decide) {
                return new Question.Considered(FirstUse.decide(known, decide.key(), policy, decide.bindings()), known);
            }
            return decision;
        }

        void perform(List<Action> actions) {
            for (Action action : actions) {
                perform(action);
            }
        }

        private void perform(Action action) {
            if (action instanceof Action.Send send) {
                leave(send.iq());
            } else if (action instanceof Action.Ask ask) {
                asked.add(ask);
            } else if (action instanceof Action.Release release) {
                asked.removeIf(ask -> ask.negotiation() == release.negotiation());
            } else if (action instanceof Action.Opened open) {
                opened.add(open.security());
                up.add(open.tunnel());
            } else if (action instanceof Action.Changed change) {
                changes.add(change.security());
            } else if (action instanceof Action.KeyChanged change) {
                require(
                        asked.stream().noneMatch(ask -> ask.question() instanceof Question.AskHuman),
                        "a human was asked before anybody was told");
                keyChanges.add(change);
            } else if (action instanceof Action.Deliver deliver) {
                require(up.contains(deliver.tunnel()), "a stanza came before its tunnel was up");
                delivered.add(deliver.stanza());
            } else if (action instanceof Action.Acknowledged ack) {
                require(!failedSends.containsKey(ack.token()), "a failed send was acknowledged");
                require(acknowledged.put(ack.token(), ack.by()) == null, "a send was acknowledged twice");
            } else if (action instanceof Action.SendFailed failed) {
                require(!acknowledged.containsKey(failed.token()), "an acknowledged send failed");
                require(failedSends.put(failed.token(), failed.failure()) == null, "a send failed twice");
            } else if (action instanceof Action.Closed close) {
                closed.add(close.closure());
            } else if (action instanceof Action.NegotiationFailed failed) {
                failures.add(failed.failure());
            } else if (action instanceof Action.Remember remember) {
                remembered.add(remember);
            }
        }

        private void leave(Iq iq) {
            sent.add(iq);
            if (iq instanceof Iq.Request request) {
                unansweredOut.put(iq.id(), request.payload().name().equals("data") ? 1 : 0);
            } else {
                require(unansweredIn.remove(iq.id()), "something was answered that was not asked, or twice: " + iq);
            }
            for (Iq passed : server.apply(this, iq)) {
                seen.add(passed.toString());
                side(other).inbox.add(throughXml(from(passed, me)));
            }
        }

        /** Somebody sends a request in the other side's name; the answer, or null when there is none yet. */
        @Nullable
        Iq asked(boolean set, Element payload) {
            String id = "in" + injected++;
            inbox.add(throughXml(new Iq.Request(other, id, set, payload)));
            World.this.settle();
            return answerTo(id);
        }

        @Nullable
        Iq answerTo(String id) {
            return sent.stream()
                    .filter(iq -> !(iq instanceof Iq.Request) && iq.id().equals(id))
                    .findFirst()
                    .orElse(null);
        }

        /** The requests of one kind that this side has sent. */
        List<Iq.Request> requests(String name) {
            return sent.stream()
                    .filter(Iq.Request.class::isInstance)
                    .map(Iq.Request.class::cast)
                    .filter(request -> request.payload().name().equals(name))
                    .toList();
        }

        List<String> bodies() {
            return delivered.stream().map(stanza -> stanza.body().orElse("")).toList();
        }

        private int nextAnswerable() {
            for (int i = 0; i < asked.size(); i++) {
                if (!pondering.test(asked.get(i).question())) {
                    return i;
                }
            }
            return -1;
        }

        long unansweredData() {
            return unansweredOut.values().stream().filter(data -> data == 1).count();
        }

        // ---- what its conversation looks up

        @Override
        public Settings settings() {
            return settings;
        }

        @Override
        public Policy policy(BareJid peer) {
            return policy;
        }

        @Override
        public @Nullable TlsEngine engine() {
            return engine;
        }

        @Override
        public String newId() {
            return me.bare().local() + ids++;
        }

        @Override
        public boolean enter(BareJid peer) {
            if (taken >= places) {
                return false;
            }
            taken++;
            return true;
        }

        @Override
        public void leave(BareJid peer) {
            taken--;
            require(taken >= 0, "a place was given back twice");
        }
    }

    Side side(FullJid jid) {
        return jid.equals(ROMEO) ? romeo : juliet;
    }

    /** Runs until nothing is left to do without time passing. */
    void settle() {
        boolean busy = true;
        while (busy) {
            busy = false;
            for (Side side : List.of(romeo, juliet)) {
                while (!side.inbox.isEmpty()) {
                    side.take();
                    busy = true;
                }
                for (int next = side.nextAnswerable(); next >= 0; next = side.nextAnswerable()) {
                    side.answer(next);
                    busy = true;
                }
            }
        }
    }

    /** As {@link #settle}, in an order that the random numbers choose. */
    void settle(Random random) {
        while (step(random)) {
            // until there is nothing to do
        }
    }

    /** One thing that can happen, chosen at random; false when there is none. */
    boolean step(Random random) {
        List<Runnable> possible = new ArrayList<>();
        for (Side side : List.of(romeo, juliet)) {
            if (!side.inbox.isEmpty()) {
                possible.add(side::take);
            }
            if (!side.asked.isEmpty()) {
                possible.add(() -> side.answer(random.nextInt(side.asked.size())));
            }
        }
        if (possible.isEmpty()) {
            return false;
        }
        possible.get(random.nextInt(possible.size())).run();
        return true;
    }

    /** Time passes, and both sides notice. */
    void pass(long millis) {
        now += millis;
        for (Side side : List.of(romeo, juliet)) {
            if (now >= side.conversation.deadline()) {
                side.perform(side.conversation.tick(now));
            }
        }
    }

    /** An open tunnel, begun by Romeo. */
    static World withTunnel() {
        World world = new World();
        world.romeo.open();
        world.settle();
        require(
                world.romeo.isUp() && world.juliet.isUp(),
                "no tunnel: " + world.romeo.failures + world.juliet.failures);
        return world;
    }

    static Element keyinfo(String name) {
        return Element.of("urn:xmpp:tmp:pubkey", "keyinfo")
                .with(Element.of("urn:xmpp:tmp:pubkey", "name").withText(name));
    }

    static Iq.Error error(String id, FullJid peer, StanzaError.Condition condition) {
        return new Iq.Error(peer, id, new StanzaError(condition, ""));
    }

    static void require(boolean held, String what) {
        if (!held) {
            throw new AssertionError(what);
        }
    }

    private static Iq from(Iq iq, FullJid sender) {
        if (iq instanceof Iq.Request request) {
            return new Iq.Request(sender, request.id(), request.set(), request.payload());
        }
        if (iq instanceof Iq.Result result) {
            return new Iq.Result(sender, result.id(), result.payload());
        }
        return new Iq.Error(sender, iq.id(), ((Iq.Error) iq).error());
    }

    private static Iq throughXml(Iq iq) {
        try {
            if (iq instanceof Iq.Request request) {
                return new Iq.Request(
                        iq.peer(),
                        iq.id(),
                        request.set(),
                        Element.parse(request.payload().toXml()));
            }
            if (iq instanceof Iq.Result result && result.payload() != null) {
                return new Iq.Result(
                        iq.peer(), iq.id(), Element.parse(result.payload().toXml()));
            }
            return iq;
        } catch (XmlException e) {
            throw new AssertionError(e);
        }
    }
}
