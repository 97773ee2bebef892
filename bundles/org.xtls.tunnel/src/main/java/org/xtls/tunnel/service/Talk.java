package org.xtls.tunnel.service;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.ServiceReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.Acknowledgement;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.FullJid;
import org.xtls.Security;
import org.xtls.Stanza;
import org.xtls.Tunnel;
import org.xtls.XtlsException;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.Role;
import org.xtls.runtime.TunnelDTO;
import org.xtls.transport.Iq;
import org.xtls.transport.Link;
import org.xtls.transport.StanzaError;
import org.xtls.trust.KeyName;
import org.xtls.trust.TrustChange;
import org.xtls.tunnel.protocol.Action;
import org.xtls.tunnel.protocol.Conversation;
import org.xtls.tunnel.protocol.Status;
import org.xtls.xml.Element;

/**
 * A {@link Conversation} in the world: brings it its events one after the other, and does what it says. What is below
 * "on the strand" runs there only.
 */
final class Talk {
    private static final Logger LOG = LoggerFactory.getLogger(Talk.class);

    /** More events of the link than a peer that keeps to the largest window can cause; the rest would fill the memory. */
    private static final int MOST_WAITING = 2_048;

    /** The same in characters of Base64. */
    private static final long MOST_WAITING_CHARACTERS = 16_777_216;

    private final FullJid local;
    private final FullJid peer;
    private final Link link;
    private final TunnelService service;
    private final Questions questions;
    private final Consumer<Talk> whenIdle;
    private final Strand strand;
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong waitingCharacters = new AtomicLong();
    /** A peer that floods is to fill one line of the log, not the log. */
    private final AtomicBoolean flooded = new AtomicBoolean();

    private volatile Status status = Status.NOTHING;
    private volatile @Nullable OpenTunnel open;

    // on the strand
    private final Conversation conversation;
    private final Map<Long, OpenTunnel> tunnels = new HashMap<>();
    private final List<CompletableFuture<Tunnel>> opening = new ArrayList<>();
    private final Map<Long, CompletableFuture<Acknowledgement>> sends = new HashMap<>();
    private final Map<Long, Engagement> engagements = new ConcurrentHashMap<>();
    private final Deque<Action> todo = new ArrayDeque<>();
    private boolean performing;
    private long tokens;
    private long wakeAt = Long.MAX_VALUE;
    private @Nullable Future<?> alarm;

    Talk(Link link, FullJid peer, TunnelService service, Consumer<Talk> whenIdle) {
        this.local = link.local();
        this.peer = peer;
        this.link = link;
        this.service = service;
        this.questions = service.questions();
        this.whenIdle = whenIdle;
        this.strand = new Strand(service.threads());
        this.conversation = new Conversation(local, peer, service);
    }

    FullJid local() {
        return local;
    }

    FullJid peer() {
        return peer;
    }

    Optional<OpenTunnel> tunnel() {
        return Optional.ofNullable(open);
    }

    boolean isBusy() {
        return waiting.get() > 0;
    }

    // ---- events, from any thread

    CompletableFuture<Tunnel> open() {
        CompletableFuture<Tunnel> opened = new CompletableFuture<>();
        execute(
                () -> {
                    OpenTunnel up = open;
                    if (up != null && conversation.status().state().equals("open")) {
                        opened.complete(up);
                        return;
                    }
                    opening.add(opened);
                    perform(conversation.open(now()));
                },
                opened);
        return opened;
    }

    CompletableFuture<Tunnel> renew(OpenTunnel tunnel) {
        CompletableFuture<Tunnel> opened = new CompletableFuture<>();
        execute(
                () -> {
                    if (!tunnels.containsKey(tunnel.number())
                            || conversation.status().state().equals("closing")) {
                        opened.completeExceptionally(tooLate(tunnel));
                        return;
                    }
                    opening.add(opened);
                    perform(conversation.renew(now()));
                },
                opened);
        return opened;
    }

    CompletableFuture<Acknowledgement> send(OpenTunnel tunnel, Stanza stanza) {
        CompletableFuture<Acknowledgement> sent = new CompletableFuture<>();
        execute(
                () -> {
                    if (!tunnels.containsKey(tunnel.number())) {
                        sent.completeExceptionally(tooLate(tunnel));
                        return;
                    }
                    long token = tokens++;
                    sends.put(token, sent);
                    perform(conversation.send(token, tunnel.number(), stanza, now()));
                },
                sent);
        return sent;
    }

    CompletableFuture<byte[]> export(OpenTunnel tunnel, String label, int length) {
        CompletableFuture<byte[]> exported = new CompletableFuture<>();
        execute(
                () -> conversation
                        .export(tunnel.number(), label, length)
                        .ifPresentOrElse(exported::complete, () -> exported.completeExceptionally(tooLate(tunnel))),
                exported);
        return exported;
    }

    /** Whoever comes too late is told what it was that ended the tunnel: perhaps a service that went. */
    private XtlsException tooLate(OpenTunnel tunnel) {
        String why = tunnel.reason().map(reason -> ": " + reason.message()).orElse("");
        return new XtlsException(Failure.of(Code.CLOSED, Fault.LOCAL, "the tunnel with " + peer + " is closed" + why));
    }

    void close(long number) {
        execute(() -> perform(conversation.close(number, now())));
    }

    void received(Iq iq) {
        service.counts().received(iq);
        int characters = iq instanceof Iq.Request request ? characters(request.payload()) : 0;
        if (waiting.get() > MOST_WAITING || waitingCharacters.get() + characters > MOST_WAITING_CHARACTERS) {
            if (!flooded.getAndSet(true)) {
                LOG.warn("{} -> {}: too many stanzas are waiting; what comes now is refused", peer, local);
            }
            if (iq instanceof Iq.Request request) {
                link.send(new Iq.Error(
                        peer, request.id(), new StanzaError(StanzaError.Condition.RESOURCE_CONSTRAINT, "")));
            }
            return;
        }
        waitingCharacters.addAndGet(characters);
        execute(() -> {
            waitingCharacters.addAndGet(-characters);
            perform(conversation.received(iq, now()));
        });
    }

    /** Data is text alone and most of what comes; the rest is counted as it would be written. */
    private static int characters(Element payload) {
        return payload.children().findAny().isEmpty()
                ? payload.text().length()
                : payload.toXml().length();
    }

    void unavailable() {
        execute(() -> perform(conversation.unavailable()));
    }

    void lost(String reason) {
        execute(() -> perform(conversation.lost(reason)));
    }

    CompletableFuture<Void> shutDown(Failure failure) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        execute(
                () -> {
                    try {
                        perform(conversation.shutDown(failure, now()));
                    } finally {
                        done.complete(null);
                    }
                },
                done);
        return done;
    }

    void methodGone(ServiceReference<AuthMethod> provider) {
        engagements.values().forEach(engagement -> engagement.goes(provider));
        execute(() -> engagements.values().forEach(engagement -> engagement.gone(provider)));
    }

    void trustChanged(TrustChange change) {
        execute(() -> perform(conversation.trustChanged(change, now())));
    }

    private void execute(Runnable event) {
        execute(event, () -> {});
    }

    /** The one who waits is told when the service has stopped and nothing is done any more. */
    private void execute(Runnable event, CompletableFuture<?> waiter) {
        execute(event, () -> waiter.completeExceptionally(new XtlsException(Failures.gone("tunnel service"))));
    }

    private void execute(Runnable event, Runnable refused) {
        waiting.incrementAndGet();
        Runnable run = () -> {
            try {
                event.run();
            } finally {
                status = conversation.status();
                waiting.decrementAndGet();
                wake();
                if (conversation.isIdle() && opening.isEmpty() && sends.isEmpty()) {
                    whenIdle.accept(this);
                }
            }
        };
        strand.execute(run, () -> {
            waiting.decrementAndGet();
            refused.run();
        });
    }

    private static long now() {
        return System.nanoTime() / 1_000_000;
    }

    // ---- on the strand

    private void wake() {
        long deadline = conversation.deadline();
        if (deadline >= wakeAt && deadline != Long.MAX_VALUE) {
            return; // one that rings early costs little, and most deadlines move on with every answer
        }
        if (alarm != null) {
            // Or peers that start and close at once would leave a heap of conversations held by their alarms.
            alarm.cancel(false);
            alarm = null;
        }
        wakeAt = deadline;
        if (deadline != Long.MAX_VALUE) {
            alarm = service.schedule(Math.max(0, deadline - now()) + 1, this::ring);
        }
    }

    private void ring() {
        execute(() -> {
            wakeAt = Long.MAX_VALUE;
            perform(conversation.tick(now()));
        });
    }

    /** What an action leads to comes after the actions before it: records must leave in the order they were made. */
    private void perform(List<Action> actions) {
        status = conversation.status(); // whoever is told something below may look
        todo.addAll(actions);
        if (performing) {
            return;
        }
        performing = true;
        try {
            while (!todo.isEmpty()) {
                Action action = todo.remove();
                try {
                    perform(action);
                } catch (RuntimeException | LinkageError e) {
                    // A service that fails, or whose bundle has just been refreshed: what is left to do is done.
                    LOG.error(
                            "{} with {}: {} failed",
                            local,
                            peer,
                            action.getClass().getSimpleName(),
                            e);
                }
            }
        } finally {
            performing = false;
        }
    }

    private void perform(Action action) {
        if (action instanceof Action.Send send) {
            send(send.iq());
        } else if (action instanceof Action.Ask ask) {
            ask(ask);
        } else if (action instanceof Action.Release release) {
            Engagement engagement = engagements.remove(release.negotiation());
            if (engagement != null) {
                engagement.release();
            }
        } else if (action instanceof Action.Opened opened) {
            opened(opened);
        } else if (action instanceof Action.Changed changed) {
            secured(changed);
        } else if (action instanceof Action.KeyChanged changed) {
            LOG.warn(
                    "{} proved another key than those known for it: {} {}",
                    peer,
                    changed.key().method(),
                    changed.key().grouped());
            service.listeners().tell(listener -> listener.keyChanged(local, peer, changed.key(), changed.known()));
        } else if (action instanceof Action.Deliver deliver) {
            deliver(deliver);
        } else if (action instanceof Action.Acknowledged acknowledged) {
            settle(acknowledged.token(), sent -> sent.complete(acknowledged.by()));
        } else if (action instanceof Action.SendFailed failed) {
            settle(failed.token(), sent -> sent.completeExceptionally(new XtlsException(failed.failure())));
        } else if (action instanceof Action.Closed closed) {
            closed(closed);
        } else if (action instanceof Action.NegotiationFailed failed) {
            failed(failed.failure());
        } else if (action instanceof Action.Remember remember) {
            questions.remember(peer.bare(), remember.method(), remember.confirmed());
        }
    }

    /** A record that did not leave leaves a gap that no later one may follow: the link is as good as lost. */
    private void send(Iq iq) {
        try {
            link.send(iq);
            service.counts().sent(iq);
        } catch (RuntimeException | LinkageError e) {
            LOG.error("{} -> {}: the link failed to send", local, peer, e);
            todo.removeIf(Action.Send.class::isInstance);
            todo.addAll(conversation.lost("it failed to send"));
        }
    }

    private void ask(Action.Ask ask) {
        Engagement engagement = engagements.computeIfAbsent(ask.negotiation(), number -> new Engagement());
        questions.tell(
                ask.question(),
                ask.facts(),
                engagement,
                reply -> execute(() -> perform(conversation.answered(ask.step(), reply, now())), reply::discard));
    }

    private void opened(Action.Opened action) {
        Security security = action.security();
        OpenTunnel tunnel = new OpenTunnel(service.newTunnelId(), action.tunnel(), this, security);
        tunnels.put(action.tunnel(), tunnel);
        open = tunnel;
        service.counts().opened(security.method());
        watch(() -> link.watch(peer));
        LOG.info(
                "tunnel {} up: {} {} {}, {} {} {} {}, {} ({}), offers {}",
                tunnel.id(),
                local,
                action.role() == Role.INITIATOR ? "->" : "<-",
                peer,
                security.method(),
                security.tls(),
                security.group(),
                security.suite(),
                security.trust(),
                security.evidence(),
                security.offersConfirmed() ? "confirmed" : "not confirmed yet");
        service.listeners().tell(listener -> listener.opened(tunnel));
        List<CompletableFuture<Tunnel>> waitingForIt = List.copyOf(opening);
        opening.clear();
        waitingForIt.forEach(stage -> stage.complete(tunnel));
        service.changed();
    }

    private void secured(Action.Changed action) {
        OpenTunnel tunnel = tunnels.get(action.tunnel());
        if (tunnel == null) {
            return;
        }
        Security security = action.security();
        tunnel.secured(security);
        LOG.info(
                "tunnel {} is now {} ({}), offers {}",
                tunnel.id(),
                security.trust(),
                security.evidence(),
                security.offersConfirmed() ? "confirmed" : "not confirmed yet");
        service.listeners().tell(listener -> listener.secured(tunnel));
        service.changed();
    }

    /** Without the peer's presence a tunnel still ends, if later: those who wait for it are told all the same. */
    private void watch(Runnable change) {
        try {
            change.run();
        } catch (RuntimeException | LinkageError e) {
            LOG.error("{} -> {}: the link failed to watch the peer", local, peer, e);
        }
    }

    private void deliver(Action.Deliver deliver) {
        OpenTunnel tunnel = tunnels.get(deliver.tunnel());
        if (tunnel == null) {
            return;
        }
        Stanza stanza = deliver.stanza();
        boolean taken = service.listeners().offer(tunnel, stanza);
        if (taken) {
            return;
        }
        String type = stanza.element().attribute("type").orElse("");
        if (stanza.kind() == Stanza.Kind.IQ && (type.equals("get") || type.equals("set"))) {
            perform(conversation.send(-1, deliver.tunnel(), unavailableHere(stanza), now()));
        } else {
            // An answer is for whoever asked, who may have gone meanwhile.
            if (stanza.kind() != Stanza.Kind.IQ && tunnel.firstUndelivered()) {
                LOG.warn("tunnel {}: no listener took a {} from {}", tunnel.id(), stanza.kind(), peer);
            } else {
                LOG.debug("tunnel {}: no listener took a {}", tunnel.id(), stanza.kind());
            }
        }
    }

    /** RFC 6120 §8.4: an iq request is answered, if only by an error. */
    private static Stanza unavailableHere(Stanza request) {
        Element error = Element.of(Stanza.NAMESPACE, "error")
                .with("type", "cancel")
                .with(Element.of("urn:ietf:params:xml:ns:xmpp-stanzas", "service-unavailable"));
        return new Stanza(Element.of(Stanza.NAMESPACE, "iq")
                .with("type", "error")
                .with("id", request.element().attribute("id").orElseThrow())
                .with(error));
    }

    private void closed(Action.Closed action) {
        OpenTunnel tunnel = tunnels.remove(action.tunnel());
        if (tunnel == null) {
            return;
        }
        if (open == tunnel) {
            open = null;
        }
        if (tunnels.isEmpty()) {
            watch(() -> link.unwatch(peer));
        }
        LOG.info("tunnel {} ended: {}", tunnel.id(), action.closure().failure().text());
        service.counts().closed(action.closure().failure());
        tunnel.ended(action.closure());
        service.listeners().tell(listener -> listener.closed(tunnel, action.closure()));
        service.changed();
    }

    private void failed(Failure failure) {
        if (failure.code() == Code.KEY_CHANGED) {
            LOG.warn("no tunnel between {} and {}: {}", local, peer, failure.text());
        } else {
            LOG.info("no tunnel between {} and {}: {}", local, peer, failure.text());
        }
        service.counts().failed(failure);
        List<CompletableFuture<Tunnel>> waitingForIt = List.copyOf(opening);
        opening.clear();
        waitingForIt.forEach(stage -> stage.completeExceptionally(new XtlsException(failure)));
        service.listeners().tell(listener -> listener.failed(local, peer, failure));
        service.changed();
    }

    private void settle(long token, Consumer<CompletableFuture<Acknowledgement>> how) {
        CompletableFuture<Acknowledgement> sent = sends.remove(token);
        if (sent != null) {
            how.accept(sent);
        }
    }

    // ---- for observers

    Optional<TunnelDTO> describe() {
        Status now = status;
        if (now.state().isEmpty()) {
            return Optional.empty();
        }
        TunnelDTO dto = new TunnelDTO();
        dto.local = local.toString();
        dto.peer = peer.toString();
        dto.role = now.role();
        dto.state = now.state();
        dto.method = now.method();
        dto.sent = now.sent();
        dto.acknowledged = now.acknowledged();
        dto.received = now.received();
        dto.queued = now.queued();
        OpenTunnel tunnel = open;
        if (tunnel != null) {
            Security security = tunnel.security();
            dto.id = tunnel.id();
            dto.tls = security.tls();
            dto.group = security.group();
            dto.suite = security.suite();
            dto.trust = security.trust().name().toLowerCase(Locale.ROOT);
            dto.evidence = security.evidence();
            KeyName key = security.key();
            dto.fingerprint = key == null ? "" : key.fingerprint();
            dto.offersConfirmed = security.offersConfirmed();
            dto.acknowledgement = security.acknowledgement().name().toLowerCase(Locale.ROOT);
        }
        return Optional.of(dto);
    }
}
