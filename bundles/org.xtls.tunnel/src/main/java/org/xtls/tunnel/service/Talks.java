package org.xtls.tunnel.service;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Tunnel;
import org.xtls.XtlsException;
import org.xtls.transport.Iq;
import org.xtls.transport.Link;
import org.xtls.transport.LinkListener;
import org.xtls.transport.StanzaError;
import org.xtls.trust.TrustChange;
import org.xtls.tunnel.protocol.Conversation;

/** The conversations over one link. */
final class Talks implements LinkListener {
    private final Link link;
    private final TunnelService service;
    private final Map<FullJid, Talk> byPeer = new HashMap<>();
    private Link.@Nullable Listening listening;
    private @Nullable Failure gone; // under the lock of byPeer

    Talks(Link link, TunnelService service) {
        this.link = link;
        this.service = service;
    }

    FullJid local() {
        return link.local();
    }

    void listen() {
        listening = link.listen(this);
    }

    /**
     * From now on no conversation begins: one that did, because somebody had found this a moment ago, would be ended by
     * nobody, and hear no answer.
     */
    void stop(Failure failure) {
        synchronized (byPeer) {
            gone = failure;
        }
        Link.Listening held = listening;
        if (held != null) {
            held.close();
        }
    }

    CompletableFuture<Tunnel> open(FullJid peer) {
        synchronized (byPeer) {
            return gone == null ? talk(peer).open() : CompletableFuture.failedFuture(new XtlsException(gone));
        }
    }

    @Override
    public void received(Iq iq) {
        if (!service.misconfigured().isEmpty()) {
            refuse(iq);
            return;
        }
        synchronized (byPeer) {
            if (gone == null && !(Conversation.isProceed(iq) && byPeer.get(iq.peer()) == null)) {
                talk(iq.peer()).received(iq);
                return;
            }
        }
        if (Conversation.isProceed(iq)) {
            // To a start of a conversation that a service or a link took with it. The peer would wait for minutes, and
            // with it whoever opens a tunnel from there.
            link.send(Conversation.close(iq.peer(), service.newId()));
        } else {
            refuse(iq);
        }
    }

    /** RFC 6120 §8.2.3: a request is answered; its sender would wait a minute. */
    private void refuse(Iq iq) {
        if (iq instanceof Iq.Request request) {
            link.send(new Iq.Error(
                    iq.peer(), request.id(), new StanzaError(StanzaError.Condition.SERVICE_UNAVAILABLE, "")));
        }
    }

    @Override
    public void unavailable(FullJid peer) {
        Talk talk;
        synchronized (byPeer) {
            talk = byPeer.get(peer);
        }
        if (talk != null) {
            talk.unavailable();
        }
    }

    @Override
    public void lost(String reason) {
        all().forEach(talk -> talk.lost(reason));
    }

    void trustChanged(TrustChange change) {
        all().stream()
                .filter(talk -> talk.peer().bare().equals(change.peer()))
                .forEach(talk -> talk.trustChanged(change));
    }

    CompletableFuture<Void> shutDown(Failure failure) {
        return CompletableFuture.allOf(
                all().stream().map(talk -> talk.shutDown(failure)).toArray(CompletableFuture<?>[]::new));
    }

    List<Talk> all() {
        synchronized (byPeer) {
            return new ArrayList<>(byPeer.values());
        }
    }

    /** Under the lock, so that a conversation is not forgotten between being found and being given its event. */
    private Talk talk(FullJid peer) {
        return byPeer.computeIfAbsent(peer, key -> new Talk(link, key, service, this::forget));
    }

    /** Forgets this very conversation: a later one with the same peer is not its business. */
    private void forget(Talk talk) {
        synchronized (byPeer) {
            if (!talk.isBusy()) {
                byPeer.remove(talk.peer(), talk);
            }
        }
    }
}
