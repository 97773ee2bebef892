package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Talk;

/** One login of a player. */
final class Session implements AutoCloseable {
    private final Player player;
    private final String jid;

    Session(Player player, String jid) {
        this.player = player;
        this.jid = jid;
    }

    /** The bound full JID. */
    String jid() {
        return jid;
    }

    /** The account. */
    String account() {
        return jid.substring(0, jid.indexOf('/'));
    }

    /** SHA-256 of its certificate. */
    String fingerprint() {
        return player.actor().fingerprint(account());
    }

    /** Pins another's certificate. */
    void pins(Session other) {
        player.actor().trust(other.account(), other.fingerprint());
    }

    /** Opens a tunnel, or fails the story. */
    Talk opensTo(Session other) {
        return Waiting.now(opening(other.jid()));
    }

    /** Begins to open a tunnel. */
    CompletableFuture<Talk> opening(String peer) {
        return player.actor().open(jid, peer);
    }

    /** This side's end of the one tunnel that is up; waits for it. */
    Talk tunnel() {
        next(Event.Kind.OPENED);
        List<Talk> talks = talks();
        assertEquals(1, talks.size(), "tunnels of " + jid);
        return talks.get(0);
    }

    /** The tunnels that are open. */
    List<Talk> talks() {
        return player.actor().talks().stream()
                .filter(talk -> talk.local().equals(jid))
                .toList();
    }

    /** The next thing that is heard, which must be of this kind. */
    Event next(Event.Kind kind) {
        Event event = nextOfAnyKind();
        assertEquals(kind, event.kind(), () -> jid + " heard " + event);
        return event;
    }

    /** The next thing that is heard. */
    Event nextOfAnyKind() {
        try {
            Event event = player.heardBy(jid).poll(Waiting.PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (event == null) {
                throw new AssertionError(jid + " waited in vain to hear something");
            }
            return event;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The next stanza that comes out of a tunnel. */
    String hears() {
        return next(Event.Kind.RECEIVED).stanza();
    }

    /** What has been heard and not been asked for. */
    List<Event> unheard() {
        return List.copyOf(player.heardBy(jid));
    }

    /** Logs off. */
    @Override
    public void close() {
        Waiting.now(player.actor().disconnect(jid));
    }
}
