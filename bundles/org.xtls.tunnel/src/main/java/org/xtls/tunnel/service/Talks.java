package org.xtls.tunnel.service;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Tunnel;
import org.xtls.transport.Iq;
import org.xtls.transport.Link;
import org.xtls.transport.LinkListener;
import org.xtls.transport.StanzaError;
import org.xtls.trust.TrustChange;

/** The conversations over one link. */
final class Talks implements LinkListener {
    private final Link link;
    private final TunnelService service;
    private final Map<FullJid, Talk> byPeer = new HashMap<>();
    private Link.@Nullable Listening listening;

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

    void stopListening() {
        Link.Listening held = listening;
        if (held != null) {
            held.close();
        }
    }

    CompletableFuture<Tunnel> open(FullJid peer) {
        return with(peer, Talk::open);
    }

    @Override
    public void received(Iq iq) {
        if (!service.misconfigured().isEmpty()) {
            if (iq instanceof Iq.Request request) {
                link.send(new Iq.Error(
                        iq.peer(), request.id(), new StanzaError(StanzaError.Condition.SERVICE_UNAVAILABLE, "")));
            }
            return;
        }
        with(iq.peer(), talk -> {
            talk.received(iq);
            return talk;
        });
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
    private <T> T with(FullJid peer, Function<Talk, T> event) {
        synchronized (byPeer) {
            Talk talk = byPeer.computeIfAbsent(peer, key -> new Talk(link, key, service, this::forget));
            return event.apply(talk);
        }
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
