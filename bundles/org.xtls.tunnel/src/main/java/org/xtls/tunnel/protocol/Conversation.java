package org.xtls.tunnel.protocol;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.TlsException;
import org.xtls.transport.Iq;
import org.xtls.transport.StanzaError;
import org.xtls.transport.StanzaError.Condition;
import org.xtls.trust.KeyState;
import org.xtls.trust.TrustChange;
import org.xtls.tunnel.protocol.Attempt.Stage;
import org.xtls.tunnel.protocol.Question.Reply;
import org.xtls.xml.Element;

/**
 * All that goes on between one local full JID and one peer: at most one tunnel, and at most one negotiation beside it.
 *
 * <p>Every method is an event, takes the time at which it happens (milliseconds of a clock that never goes back) and
 * returns what is to be done, in order. Between events nothing happens. Not safe for use by several threads.
 */
public final class Conversation {
    /** A peer that lost its state once or twice while a human here thinks about its start is taken for honest. */
    private static final int MOST_SUPERSEDED = 3;

    private final FullJid local;
    private final FullJid peer;
    private final Surroundings surroundings;
    private final Reasons reasons;
    private final Probes probes;
    private final Judgement judgement;
    private final List<Action> actions = new ArrayList<>();

    private @Nullable Channel tunnel;
    private @Nullable Attempt attempt;
    private @Nullable Goodbye goodbye;
    private long confirmDeadline = Long.MAX_VALUE;
    private boolean openAfterGoodbye;
    private long numbers;
    private long steps;
    /** Starts of ours that nobody waits for any more, the latest few: should one still be agreed to, it is closed. */
    private final Set<String> abandoned = new LinkedHashSet<>();

    /** A close request of ours that has not been answered, and what the tunnel ends with. */
    private record Goodbye(String id, Failure failure, boolean orderly, long deadline) {}

    /**
     * A conversation in which nothing has been said.
     *
     * @param local this side
     * @param peer the other side
     * @param surroundings where it looks things up
     */
    public Conversation(FullJid local, FullJid peer, Surroundings surroundings) {
        this.local = local;
        this.peer = peer;
        this.surroundings = surroundings;
        this.reasons = new Reasons(peer);
        this.probes = new Probes(local, peer, surroundings, actions::add);
        this.judgement = new Judgement(peer, surroundings, reasons, actions::add, new Proceedings());
    }

    // ---- for whoever has no conversation any more

    /**
     * Whether an IQ agrees to a start.
     *
     * @param iq the IQ
     * @return true when it does
     */
    public static boolean isProceed(Iq iq) {
        return iq instanceof Iq.Result result
                && result.payload() != null
                && result.payload().is(Wire.XTLS, "proceed");
    }

    /**
     * What tells a peer that there is nothing between the two.
     *
     * @param peer the peer
     * @param id the request's
     * @return the request
     */
    public static Iq.Request close(FullJid peer, String id) {
        return new Iq.Request(peer, id, true, Wire.CLOSE);
    }

    // ---- events from this side

    /**
     * Somebody here wants a tunnel. Whatever is up or under way serves; it is told by {@link Action.Opened} or
     * {@link Action.NegotiationFailed}, or was told already.
     *
     * @param now the time
     * @return what to do
     */
    public List<Action> open(long now) {
        if (goodbye != null) {
            openAfterGoodbye = true;
        } else if (tunnel == null && attempt == null) {
            initiate(now);
        }
        return drain();
    }

    /**
     * Somebody here wants fresh keys.
     *
     * @param now the time
     * @return what to do
     */
    public List<Action> renew(long now) {
        if (goodbye == null && attempt == null) {
            initiate(now);
        }
        return drain();
    }

    /**
     * A stanza is to be sent through the tunnel.
     *
     * @param token names the send in {@link Action.Acknowledged} and {@link Action.SendFailed}; negative when nobody
     *     waits for it
     * @param number the tunnel
     * @param stanza the stanza
     * @param now the time
     * @return what to do
     */
    public List<Action> send(long token, long number, Stanza stanza, long now) {
        Channel open = tunnel;
        if (open == null || open.number != number || goodbye != null) {
            if (token >= 0) {
                actions.add(new Action.SendFailed(
                        token, Failure.of(Code.CLOSED, Fault.LOCAL, "the tunnel with " + peer + " is closed")));
            }
            return drain();
        }
        try {
            open.send(token < 0 ? Channel.NOBODY : token, stanza, now);
        } catch (Violation e) {
            closeTunnel(e.failure(), false, now);
        }
        return drain();
    }

    /**
     * Somebody here wants the tunnel closed.
     *
     * @param number the tunnel
     * @param now the time
     * @return what to do
     */
    public List<Action> close(long number, long now) {
        if (tunnel != null && tunnel.number == number && goodbye == null) {
            closeTunnel(Failure.of(Code.CLOSED, Fault.NONE, "this side closed the tunnel"), true, now);
        }
        return drain();
    }

    /**
     * Keying material of the tunnel's TLS session (RFC 8446 §7.5), without a context.
     *
     * @param number the tunnel
     * @param label the label
     * @param length bytes wanted
     * @return the material, the caller's own; empty when that tunnel has ended or is closing
     */
    public Optional<byte[]> export(long number, String label, int length) {
        return tunnel == null || tunnel.number != number || goodbye != null
                ? Optional.empty()
                : Optional.of(tunnel.export(label, length));
    }

    /**
     * Something without which nothing goes has gone: everything is closed.
     *
     * @param failure what has gone
     * @param now the time
     * @return what to do
     */
    public List<Action> shutDown(Failure failure, long now) {
        endNow(failure, now);
        return drain();
    }

    private void endNow(Failure failure, long now) {
        Attempt under = attempt;
        // A start that has not been answered is refused; a close would be about what is not there.
        boolean closes = tunnel == null ? under != null && under.stage != Stage.ANSWERING : goodbye == null;
        if (closes) {
            sayGoodbye(now);
            sendClose();
        }
        if (under != null) {
            refuseUnansweredStart(under);
        }
        endAll(failure);
    }

    // ---- events from the link

    /**
     * An IQ came from the peer.
     *
     * @param iq the IQ
     * @param now the time
     * @return what to do
     */
    public List<Action> received(Iq iq, long now) {
        if (iq instanceof Iq.Request request) {
            Element payload = request.payload();
            if (request.set() && payload.is(Wire.XTLS, "start")) {
                started(request, now);
            } else if (request.set() && payload.is(Wire.XTLS, "data")) {
                data(request, now);
            } else if (request.set() && payload.is(Wire.XTLS, "close")) {
                closeAsked(request, now);
            } else if (!request.set() && payload.is(Offer.NAMESPACE, "offer")) {
                probes.asked(request, ++numbers, nextStep(), now);
            } else {
                refuse(request.id(), Condition.SERVICE_UNAVAILABLE, "");
            }
        } else if (iq instanceof Iq.Result result) {
            result(result, now);
        } else if (iq instanceof Iq.Error error) {
            error(error, now);
        }
        return drain();
    }

    /**
     * The peer went offline.
     *
     * @return what to do
     */
    public List<Action> unavailable() {
        if (attempt != null && attempt.role == Role.INITIATOR) {
            // It may be back already, and be handed the start: it would go on for minutes with what is over here.
            sendClose();
        }
        endAll(Failure.of(Code.PEER_GONE, Fault.PEER, peer + " went offline"));
        return drain();
    }

    /**
     * The link is lost.
     *
     * @param reason a phrase for people
     * @return what to do
     */
    public List<Action> lost(String reason) {
        endAll(new Failure(
                Code.LINK_LOST,
                Fault.BETWEEN,
                "the connection of " + local + " to its server is lost: " + reason,
                "Connect again."));
        return drain();
    }

    // ---- events from those who were asked

    /**
     * A question is answered. Answers to questions that are not open any more are left unread.
     *
     * @param step the number of the question
     * @param reply the answer
     * @param now the time
     * @return what to do
     */
    public List<Action> answered(long step, Reply reply, long now) {
        if (!probes.answered(step, reply)) {
            if (attempt != null && attempt.step == step) {
                proceedWith(attempt, reply, now);
            } else {
                reply.discard();
            }
        }
        return drain();
    }

    /**
     * The trust store has learned something. It counts for a tunnel, and for a negotiation, that stands on that key of
     * this peer.
     *
     * @param change what
     * @param now the time
     * @return what to do
     */
    public List<Action> trustChanged(TrustChange change, long now) {
        if (!change.peer().equals(peer.bare())) {
            return List.of();
        }
        if (attempt != null) {
            judgement.learned(attempt, change, now);
        }
        Channel open = tunnel;
        if (open != null && goodbye == null && open.standsOn(change.key())) {
            boolean expired = change.to() == KeyState.EXPIRED
                    && surroundings.policy(peer.bare()).recheck();
            if (change.to() == KeyState.DISTRUSTED || expired) {
                // At once: nothing more is to be delivered from whoever holds that key.
                endNow(reasons.fallen(change), now);
            } else if (change.to() == KeyState.VERIFIED && !open.isVerified()) {
                open.verified(change.evidence());
                actions.add(new Action.Changed(open.number, open.security()));
                actions.add(new Action.Remember(open.method, open.peerConfirmed()));
            }
        }
        return drain();
    }

    // ---- time

    /**
     * When {@link #tick} wants to be called at the latest.
     *
     * @return a time, {@link Long#MAX_VALUE} for never
     */
    public long deadline() {
        long next = Math.min(confirmDeadline, probes.deadline());
        if (attempt != null) {
            next = Math.min(next, attempt.deadline);
            if (attempt.channel != null) {
                next = Math.min(next, attempt.channel.deadline());
            }
        }
        if (tunnel != null) {
            next = Math.min(next, tunnel.deadline());
        }
        if (goodbye != null) {
            next = Math.min(next, goodbye.deadline);
        }
        return next;
    }

    /**
     * Time has passed.
     *
     * @param now the time
     * @return what to do
     */
    public List<Action> tick(long now) {
        probes.tick(now);
        if (goodbye != null && now >= goodbye.deadline) {
            finishGoodbye(goodbye, now);
        }
        if (attempt != null
                && (now >= attempt.deadline || (attempt.channel != null && now >= attempt.channel.deadline()))) {
            fail(attempt, reasons.timeout(attempt), Optional.empty(), true, now);
        }
        if (tunnel != null && goodbye == null) {
            if (now >= tunnel.deadline()) {
                closeTunnel(
                        Failure.of(Code.TIMEOUT, Fault.BETWEEN, peer + " did not acknowledge in time what was sent"),
                        false,
                        now);
            } else if (now >= confirmDeadline) {
                closeTunnel(
                        Failure.of(Code.UNCONFIRMED, Fault.PEER, peer + " did not confirm the offers in time"),
                        false,
                        now);
            }
        }
        return drain();
    }

    // ---- what observers see

    /**
     * Whether there is nothing to keep: no tunnel, no negotiation, nothing unanswered.
     *
     * @return true when the conversation can be forgotten
     */
    public boolean isIdle() {
        return tunnel == null && attempt == null && goodbye == null && probes.isIdle();
    }

    /**
     * What is going on.
     *
     * @return a snapshot
     */
    public Status status() {
        Channel shown = tunnel;
        if (shown == null) {
            return attempt == null ? Status.NOTHING : Status.negotiating(attempt);
        }
        return Status.of(shown, goodbye != null ? "closing" : attempt != null ? "renewing" : "open");
    }

    // ---- agreeing, as initiator

    private void initiate(long now) {
        Settings settings = surroundings.settings();
        Attempt ours = new Attempt(
                ++numbers,
                Role.INITIATOR,
                surroundings.policy(peer.bare()),
                now + settings.negotiationMillis(),
                Stage.OFFERING,
                "",
                peer);
        attempt = ours;
        ask(ours, new Question.Offers());
    }

    private void start(Attempt ours, Question.Offered offered, long now) {
        Optional<Failure> nothing = ours.offer(offered);
        if (nothing.isPresent()) {
            failQuietly(ours, nothing.get());
            return;
        }
        ours.startId = surroundings.newId();
        ours.stage = Stage.STARTED;
        if (tunnel != null) {
            tunnel.freeze(now);
        }
        actions.add(new Action.Send(new Iq.Request(peer, ours.startId, true, Wire.start(ours.sent))));
    }

    private void agreed(Attempt ours, Iq.Result result, long now) {
        Element payload = result.payload();
        if (payload == null || !payload.is(Wire.XTLS, "proceed")) {
            fail(
                    ours,
                    reasons.brokenRule("answered the start with something else than proceed"),
                    Optional.empty(),
                    true,
                    now);
            return;
        }
        try {
            ours.received = Wire.offerIn(payload);
        } catch (IllegalArgumentException e) {
            fail(
                    ours,
                    reasons.brokenRule("sent an offer that breaks the rules: " + e.getMessage()),
                    Optional.empty(),
                    true,
                    now);
            return;
        }
        if (tunnel != null) {
            tunnel.peerTurnedAway();
        }
        ours.stage = Stage.MATCHING;
        // All of them, those too that offered nothing: what they hold of the peer counts.
        ask(ours, new Question.Answers());
    }

    private void choose(Attempt ours, Question.Answered answered, long now) {
        ours.match(answered);
        if (ours.methods.isEmpty()) {
            fail(ours, reasons.nothingInCommon(ours), Optional.empty(), true, now);
            return;
        }
        present(ours);
    }

    // ---- agreeing, as responder

    private void started(Iq.Request request, long now) {
        Attempt before = attempt;
        if (peer.equals(local) || goodbye != null) {
            // A mirror, or a start that our close, already on its way, will end.
            refuse(request.id(), Condition.NOT_ACCEPTABLE, "");
            return;
        }
        if (before != null && before.stage == Stage.STARTED && local.compareTo(peer) < 0) {
            refuse(request.id(), Condition.CONFLICT, "both sides started at once, and this side's start goes first");
            return;
        }
        Offer offer;
        try {
            offer = Wire.offerIn(request.payload());
        } catch (IllegalArgumentException e) {
            refuse(request.id(), Condition.BAD_REQUEST, e.getMessage());
            return;
        }
        if (surroundings.engine() == null) {
            refuse(request.id(), Condition.SERVICE_UNAVAILABLE, "");
            return;
        }
        int superseded = before != null && before.stage == Stage.ANSWERING ? before.superseded + 1 : 0;
        if (superseded > MOST_SUPERSEDED) {
            // Each costs every method an answer; a peer that has lost its state comes again when that has been given.
            refuse(request.id(), Condition.RESOURCE_CONSTRAINT, "the start before this one is being answered");
            return;
        }
        boolean place = (before != null && before.holdsPlace) || surroundings.enter(peer.bare());
        if (!place) {
            refuse(request.id(), Condition.RESOURCE_CONSTRAINT, "too many tunnels are being negotiated");
            return;
        }
        if (before != null) {
            before.holdsPlace = false; // handed on
            refuseUnansweredStart(before);
            letGo(before);
            if (before.channel != null) {
                before.channel.end(Reasons.superseded());
            }
        }
        Attempt theirs = new Attempt(
                ++numbers,
                Role.RESPONDER,
                surroundings.policy(peer.bare()),
                now + surroundings.settings().negotiationMillis(),
                Stage.ANSWERING,
                request.id(),
                peer);
        theirs.holdsPlace = true;
        theirs.superseded = superseded;
        theirs.received = offer;
        attempt = theirs;
        if (tunnel != null) {
            tunnel.freeze(now);
        }
        ask(theirs, new Question.Answers());
    }

    private void agree(Attempt theirs, Question.Answered answered, long now) {
        theirs.known = answered.known();
        theirs.match(answered);
        if (theirs.methods.isEmpty()) {
            refuse(theirs.startId, Condition.NOT_ACCEPTABLE, "no authentication method in common");
            fail(theirs, reasons.nothingInCommon(theirs), Optional.empty(), false, now);
            return;
        }
        Optional<Failure> unsound = theirs.answer(answered);
        if (unsound.isPresent()) {
            refuse(theirs.startId, Condition.NOT_ACCEPTABLE, "");
            fail(theirs, unsound.get(), Optional.empty(), false, now);
            return;
        }
        theirs.stage = Stage.PROCEEDED;
        actions.add(new Action.Send(new Iq.Result(peer, theirs.startId, Wire.proceed(theirs.sent))));
    }

    // ---- shaking hands

    private void present(Attempt of) {
        of.method = of.methods.remove();
        of.stage = Stage.PRESENTING;
        ask(of, new Question.Present(of.method));
    }

    private void shakeHands(Attempt of, Question.Presented presented, long now) {
        TlsEngine engine = surroundings.engine();
        if (engine == null) {
            presented.discard();
            fail(of, Failure.of(Code.SERVICE_GONE, Fault.LOCAL, "there is no TLS engine"), Optional.empty(), true, now);
            return;
        }
        try {
            Channel channel = new Channel(
                    of.number,
                    of.role,
                    of.method,
                    Confirmation.of(local, peer, of.role, of.sent, of.received),
                    of.confirmDemand(presented.credential(), tunnel),
                    engine.open(of.role.tls(), presented.credential()),
                    surroundings,
                    actions::add);
            of.channel = channel;
            of.bySecret = presented.credential() instanceof Credential.ExternalPsk
                    || presented.credential() instanceof Credential.Srp;
            of.stage = Stage.HANDSHAKING;
            channel.begin(now);
        } catch (TlsException | RuntimeException e) {
            presented.discard();
            if (of.channel != null) {
                of.channel.end(Failure.of(Code.TLS, Fault.LOCAL, "the handshake could not begin"));
                of.channel = null;
            }
            cannotPresent(of, e.getMessage(), now);
            return;
        }
        while (!of.early.isEmpty() && attempt == of) {
            feed(of.early.remove(), of.channel(), now);
        }
    }

    /** Nothing has gone out yet that binds the initiator to the method: the next common one may do. */
    private void cannotPresent(Attempt of, @Nullable String why, long now) {
        of.troubles.add(of.method + ": " + why);
        if (of.role == Role.INITIATOR && !of.methods.isEmpty()) {
            present(of);
            return;
        }
        Failure failure = Failure.of(
                Code.LOCAL, Fault.LOCAL, "this side cannot prove who it is by " + of.method + Reasons.troubles(of));
        fail(of, failure, Optional.empty(), true, now);
    }

    private void upIfReady(Attempt of, long now) {
        Channel fresh = of.channel;
        if (attempt != of || fresh == null || of.stage != Stage.CONFIRMING || !fresh.isUp()) {
            return;
        }
        Channel old = tunnel;
        if (old != null && old.isVerified() && !fresh.isVerified()) {
            fail(of, reasons.weaker(), Optional.of(Alert.ACCESS_DENIED), true, now);
            return;
        }
        attempt = null;
        letGo(of);
        tunnel = fresh;
        confirmDeadline = fresh.awaitsConfirmation() ? of.deadline : Long.MAX_VALUE;
        actions.add(new Action.Opened(fresh.number, fresh.role, fresh.security()));
        if (fresh.isVerified()) {
            actions.add(new Action.Remember(fresh.method, fresh.peerConfirmed()));
        }
        fresh.announced();
        if (old != null) {
            old.moveQueueTo(fresh, now);
            // The peer's goodbye came before its start or proceed: without it a server has kept back what it said last.
            boolean cut = old.peerConfirms() && !old.peerSaidGoodbye();
            endTunnel(old, reasons.replaced(cut), !cut);
        }
        fresh.pump(now);
    }

    // ---- data

    private void data(Iq.Request request, long now) {
        Attempt under = attempt;
        Optional<String> method = request.payload().attribute("method");
        if (under != null && under.role == Role.RESPONDER && under.stage == Stage.PROCEEDED) {
            if (method.isPresent() || tunnel == null) {
                firstData(under, request, method, now);
                return;
            }
        } else if (under != null && under.stage == Stage.PRESENTING && under.role == Role.RESPONDER) {
            keep(request, under, now);
            return;
        } else if (under != null && under.channel != null) {
            take(request, under.channel, now);
            return;
        }
        if (tunnel != null && goodbye != null && method.isPresent()) {
            // The peer did not know yet that our close ends the fresh tunnel too.
            tunnel.peerTurnedAway();
        }
        if (tunnel == null || tunnel.hasPeerTurnedAway()) {
            refuse(request.id(), Condition.ITEM_NOT_FOUND, "");
            return;
        }
        take(request, tunnel, now);
    }

    private void firstData(Attempt theirs, Iq.Request request, Optional<String> method, long now) {
        if (method.isEmpty() || !theirs.methods.contains(method.get())) {
            refuse(request.id(), Condition.NOT_ACCEPTABLE, "not a method that was answered to the start");
            Failure failure = Failure.of(
                    Code.NO_COMMON_METHOD,
                    Fault.PEER,
                    peer + " began the handshake "
                            + method.map(name -> "by a method that this side did not answer with")
                                    .orElse("without naming a method"));
            fail(theirs, failure, Optional.empty(), false, now);
            return;
        }
        if (tunnel != null) {
            tunnel.peerTurnedAway();
        }
        theirs.methods = new ArrayDeque<>(List.of(method.get()));
        keep(request, theirs, now);
        if (attempt == theirs) {
            present(theirs);
        }
    }

    /** Keeps data for the handshake while the credential is asked for, perhaps of a human. */
    private void keep(Iq.Request request, Attempt theirs, long now) {
        if (theirs.early.size() >= surroundings.settings().window()) {
            // A handshake's first flight fits into a few; more is meant to fill the memory.
            refuse(request.id(), Condition.POLICY_VIOLATION, "too much data before the handshake");
            Failure failure = Violation.limit(peer + " sent too much before the handshake")
                    .failure();
            fail(theirs, failure, Optional.empty(), true, now);
            return;
        }
        bytesOf(request, failure -> fail(theirs, failure, Optional.empty(), false, now))
                .ifPresent(theirs.early::add);
    }

    private void take(Iq.Request request, Channel into, long now) {
        bytesOf(request, failure -> broken(into, failure, false, now)).ifPresent(bytes -> feed(bytes, into, now));
    }

    /** The bytes in a data request, which is answered by this: with a result, or with an error that ends it all. */
    private Optional<byte[]> bytesOf(Iq.Request request, Consumer<Failure> refused) {
        try {
            byte[] bytes =
                    Wire.bytesIn(request.payload(), surroundings.settings().dataBytes());
            // The result says that TLS has the bytes, right or wrong; what TLS thinks of them comes as data.
            actions.add(new Action.Send(new Iq.Result(peer, request.id(), null)));
            return Optional.of(bytes);
        } catch (Wire.TooLarge e) {
            refuse(request.id(), Condition.POLICY_VIOLATION, "more data than one IQ may hold");
            refused.accept(Violation.limit(peer + " sent more data in one IQ than it may")
                    .failure());
        } catch (IllegalArgumentException e) {
            refuse(request.id(), Condition.BAD_REQUEST, "no Base64");
            refused.accept(reasons.brokenRule("sent data that is no Base64"));
        }
        return Optional.empty();
    }

    private void feed(byte[] bytes, Channel into, long now) {
        boolean confirmedBefore = into.peerConfirmed();
        try {
            into.receive(bytes, now);
        } catch (Violation e) {
            broken(into, e.failure(), true, now);
            return;
        } catch (TlsException e) {
            boolean bySecret = attempt != null && attempt.channel == into && attempt.bySecret;
            broken(into, bySecret ? reasons.tlsBySecret(e) : reasons.tls(e), !e.fromPeer(), now);
            return;
        }
        if (attempt != null && attempt.channel == into) {
            judgement.handshakeDone(attempt);
            upIfReady(attempt, now);
        } else if (tunnel == into && into.peerConfirmed() && !confirmedBefore) {
            confirmDeadline = Long.MAX_VALUE;
            actions.add(new Action.Changed(into.number, into.security()));
            if (into.isVerified()) {
                actions.add(new Action.Remember(into.method, true));
            }
        }
    }

    /** The peer broke a channel's rules: that is the end of it. */
    private void broken(Channel channel, Failure failure, boolean tell, long now) {
        if (attempt != null && attempt.channel == channel) {
            fail(attempt, failure, Optional.empty(), tell, now);
        } else if (tunnel == channel && (channel.isFrozen() || goodbye != null)) {
            goodbye = null;
            endTunnel(channel, failure, false);
            afterTunnel(now);
        } else if (tunnel == channel) {
            if (tell) {
                channel.sayGoodbye(now);
                sendClose();
            }
            endTunnel(channel, failure, false);
        }
    }

    // ---- answers to our requests

    private void result(Iq.Result result, long now) {
        String id = result.id();
        if (attempt != null && attempt.stage == Stage.STARTED && attempt.startId.equals(id)) {
            agreed(attempt, result, now);
        } else if (attempt != null && attempt.channel != null && attempt.channel.isMine(id)) {
            attempt.channel.answered(id, now);
        } else if (goodbye != null && goodbye.id.equals(id)) {
            finishGoodbye(goodbye, now);
        } else if (tunnel != null && tunnel.isMine(id)) {
            tunnel.answered(id, now);
        } else if (abandoned.remove(id) && tunnel == null && attempt == null) {
            sendClose();
        }
    }

    private void error(Iq.Error error, long now) {
        String id = error.id();
        if (attempt != null && attempt.stage == Stage.STARTED && attempt.startId.equals(id)) {
            fail(attempt, reasons.startRefused(attempt, error.error()), Optional.empty(), false, now);
        } else if (attempt != null && attempt.channel != null && attempt.channel.isMine(id)) {
            fail(attempt, reasons.dataRefused(error.error()), Optional.empty(), false, now);
        } else if (goodbye != null && goodbye.id.equals(id)) {
            finishGoodbye(goodbye, reasons.closeRefused(error.error()), now);
        } else if (tunnel != null && tunnel.isMine(id)) {
            // A frozen tunnel's errors are those of a peer that has forgotten it: its fate hangs on the fresh one.
            if (!tunnel.isFrozen()) {
                goodbye = null;
                endTunnel(tunnel, reasons.dataRefused(error.error()), false);
                afterTunnel(now);
            }
        } else {
            abandoned.remove(id);
        }
    }

    // ---- the end

    private void closeAsked(Iq.Request request, long now) {
        if (tunnel == null && attempt == null) {
            refuse(request.id(), Condition.ITEM_NOT_FOUND, "");
            return;
        }
        if (tunnel == null
                && attempt != null
                && attempt.role == Role.INITIATOR
                && (attempt.stage == Stage.OFFERING || attempt.stage == Stage.STARTED)) {
            // It ends what was before, such as a handshake that an alert has ended here already. The peer, which has
            // not answered our start, says what it thinks of that by its answer.
            actions.add(new Action.Send(new Iq.Result(peer, request.id(), Wire.CLOSED)));
            return;
        }
        // Once the handshake is done the peer may have spoken in the fresh tunnel, and has to say goodbye there too.
        Channel fresh =
                attempt == null || attempt.channel == null || attempt.channel.isHandshaking() ? null : attempt.channel;
        sayGoodbye(now);
        if (attempt != null) {
            refuseUnansweredStart(attempt);
        }
        actions.add(new Action.Send(new Iq.Result(peer, request.id(), Wire.CLOSED)));
        if (goodbye != null) {
            // Both closed at once; ours was answered by that, and what it was for stays the reason.
            finishGoodbye(goodbye, now);
            return;
        }
        if (tunnel != null) {
            boolean truncated = !tunnel.peerSaidGoodbye() || (fresh != null && !fresh.peerSaidGoodbye());
            endTunnel(tunnel, reasons.closedByPeer(tunnel, truncated), !truncated || !tunnel.peerConfirms());
        }
        if (attempt != null && attempt.stage == Stage.STARTED) {
            // Our start may reach the peer behind its close, and would begin what nobody here waits for.
            sendClose();
        }
        endAll(reasons.closedTooEarly());
    }

    /** Closes the tunnel that is up, and waits for the peer to agree. */
    private void closeTunnel(Failure failure, boolean orderly, long now) {
        Channel open = tunnel;
        if (open == null || goodbye != null) {
            return;
        }
        sayGoodbye(now);
        confirmDeadline = Long.MAX_VALUE;
        String id = sendClose();
        if (attempt != null) {
            // Close ends everything between the two, so what was to replace the tunnel ends with it.
            refuseUnansweredStart(attempt);
            failQuietly(attempt, failure);
        }
        goodbye =
                new Goodbye(id, failure, orderly, now + surroundings.settings().answerMillis());
    }

    private void finishGoodbye(Goodbye said, long now) {
        finishGoodbye(said, reasons.truncated(), now);
    }

    /** The goodbye is over; {@code cut} is what it is called where the peer has not said its own. */
    private void finishGoodbye(Goodbye said, Failure cut, long now) {
        goodbye = null;
        if (tunnel != null) {
            // A server could answer our close itself and keep back what the peer said last.
            boolean cutOff = said.orderly && !tunnel.peerSaidGoodbye() && tunnel.peerConfirms();
            endTunnel(tunnel, cutOff ? cut : said.failure, said.orderly && !cutOff);
        }
        afterTunnel(now);
    }

    private void afterTunnel(long now) {
        if (openAfterGoodbye && tunnel == null && attempt == null && goodbye == null) {
            openAfterGoodbye = false;
            initiate(now);
        }
    }

    /**
     * A negotiation came to nothing. With it goes the tunnel that it was to replace: the two sides may not agree on
     * which of them is meant by what comes next.
     *
     * @param alert what TLS tells the peer, if anything
     * @param tell whether the peer does not know yet
     */
    private void fail(Attempt of, Failure failure, Optional<Alert> alert, boolean tell, long now) {
        Channel channel = of.channel;
        if (tell && channel != null) {
            if (alert.isPresent()) {
                channel.abort(alert.get(), now);
            } else {
                channel.sayGoodbye(now);
            }
        }
        if (tell) {
            refuseUnansweredStart(of);
        }
        if (tunnel != null) {
            tunnel.sayGoodbye(now);
        }
        if ((tell && of.stage != Stage.ANSWERING) || tunnel != null) {
            sendClose();
        }
        endAll(failure);
    }

    /** A negotiation came to nothing before the peer heard of it, or by what it heard already. */
    private void failQuietly(Attempt of, Failure failure) {
        attempt = null;
        letGo(of);
        if (of.channel != null) {
            of.channel.end(failure);
        }
        actions.add(new Action.NegotiationFailed(failure));
    }

    private void endAll(Failure failure) {
        goodbye = null;
        if (attempt != null) {
            failQuietly(attempt, failure);
        } else if (openAfterGoodbye) {
            actions.add(new Action.NegotiationFailed(failure));
        }
        openAfterGoodbye = false;
        if (tunnel != null) {
            endTunnel(tunnel, failure, false);
        }
    }

    private void endTunnel(Channel ended, Failure failure, boolean orderly) {
        if (tunnel == ended) {
            tunnel = null;
            confirmDeadline = Long.MAX_VALUE;
        }
        ended.end(failure);
        actions.add(new Action.Closed(ended.number, new Closure(orderly, failure)));
    }

    private void letGo(Attempt of) {
        actions.add(new Action.Release(of.number));
        if (of.stage == Stage.STARTED) {
            abandon(of.startId);
        }
        if (of.holdsPlace) {
            of.holdsPlace = false;
            surroundings.leave(peer.bare());
        }
    }

    private void abandon(String startId) {
        abandoned.add(startId);
        if (abandoned.size() > 8) {
            Iterator<String> oldest = abandoned.iterator();
            oldest.next();
            oldest.remove();
        }
    }

    /** Says goodbye wherever this side may have spoken: in the tunnel, and in the one that is to take its place. */
    private void sayGoodbye(long now) {
        if (tunnel != null) {
            tunnel.sayGoodbye(now);
        }
        if (attempt != null && attempt.channel != null) {
            attempt.channel.sayGoodbye(now);
        }
    }

    private void refuseUnansweredStart(Attempt of) {
        if (of.stage == Stage.ANSWERING) {
            refuse(of.startId, Condition.NOT_ACCEPTABLE, "");
        }
    }

    private String sendClose() {
        String id = surroundings.newId();
        actions.add(new Action.Send(new Iq.Request(peer, id, true, Wire.CLOSE)));
        return id;
    }

    private void refuse(String id, Condition condition, @Nullable String text) {
        actions.add(new Action.Send(new Iq.Error(peer, id, new StanzaError(condition, text == null ? "" : text))));
    }

    // ---- questions

    private long nextStep() {
        return ++steps;
    }

    private void ask(Attempt of, Question question) {
        of.step = nextStep();
        Negotiation facts = new Negotiation(local, peer, of.role, false, of.policy, of.sent, of.received);
        actions.add(new Action.Ask(of.step, of.number, facts, question));
    }

    private void proceedWith(Attempt of, Reply reply, long now) {
        of.step = 0;
        if (reply instanceof Question.Failed failed) {
            if (of.stage == Stage.PRESENTING) {
                cannotPresent(of, failed.failure().message(), now);
            } else {
                boolean judging = of.stage == Stage.VERIFYING || of.stage == Stage.DECIDING || of.stage == Stage.ASKING;
                // That a service went before it could judge is no distrust, and the peer is not to hear it as that.
                Alert why = failed.failure().code() == Code.SERVICE_GONE ? Alert.INTERNAL_ERROR : Alert.ACCESS_DENIED;
                Optional<Alert> alert = judging ? Optional.of(why) : Optional.empty();
                fail(of, failed.failure(), alert, of.stage != Stage.OFFERING, now);
            }
        } else if (reply instanceof Question.Offered offered && of.stage == Stage.OFFERING) {
            start(of, offered, now);
        } else if (reply instanceof Question.Answered answered && of.stage == Stage.MATCHING) {
            choose(of, answered, now);
        } else if (reply instanceof Question.Answered answered && of.stage == Stage.ANSWERING) {
            agree(of, answered, now);
        } else if (reply instanceof Question.Presented presented && of.stage == Stage.PRESENTING) {
            shakeHands(of, presented, now);
        } else if (reply instanceof Question.Verified judged && of.stage == Stage.VERIFYING) {
            judgement.verified(of, judged.verdict(), now);
        } else if (reply instanceof Question.Considered considered && of.stage == Stage.DECIDING) {
            judgement.considered(of, considered, now);
        } else if (reply instanceof Question.Decided decided && of.stage == Stage.ASKING) {
            judgement.accept(of, decided.trust(), decided.evidence(), now);
        }
    }

    private final class Proceedings implements Judgement.Proceedings {
        @Override
        public void ask(Attempt of, Question question) {
            Conversation.this.ask(of, question);
        }

        @Override
        public void fail(Attempt of, Failure failure, Optional<Alert> alert, long now) {
            Conversation.this.fail(of, failure, alert, true, now);
        }

        @Override
        public void judged(Attempt of, long now) {
            upIfReady(of, now);
        }

        @Override
        public @Nullable Channel tunnel() {
            return tunnel;
        }
    }

    private List<Action> drain() {
        List<Action> drained = List.copyOf(actions);
        actions.clear();
        return drained;
    }
}
