package org.xtls.transport.smack;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import org.jivesoftware.smack.SmackException.NotConnectedException;
import org.jivesoftware.smack.SmackException.OutgoingQueueFullException;
import org.jivesoftware.smack.XMPPConnection;
import org.jivesoftware.smack.packet.Stanza;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands stanzas to Smack in the order in which they come and never blocks who sends: what Smack's own queue has no room
 * for, or what comes while a lost stream may still be resumed, waits here. It never throws to who sends either: what can no
 * longer be sent is dropped, and the loss is told to the link's listener.
 */
final class Outbox {
    private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

    /** A peer that asks and asks while our uplink is slow must not fill the memory with answers. */
    private static final int MOST = 32_768;

    private final XMPPConnection connection;
    private final Executor executor;
    private final Runnable stuck;
    private final Deque<Stanza> waiting = new ArrayDeque<>();
    private boolean draining;
    private boolean paused;
    private boolean closed;
    private int resumptions;

    /**
     * Makes an open one.
     *
     * @param connection where to
     * @param executor for the one task that waits for room; it may discard it, but not throw
     * @param stuck run there when too much waits; nothing more is sent then
     */
    Outbox(XMPPConnection connection, Executor executor, Runnable stuck) {
        this.connection = connection;
        this.executor = executor;
        this.stuck = stuck;
    }

    synchronized void send(Stanza stanza) {
        if (closed || (!paused && !draining && waiting.isEmpty() && handedOver(stanza))) {
            return;
        }
        if (waiting.size() >= MOST) {
            close();
            executor.execute(stuck);
            return;
        }
        waiting.add(stanza);
        drain();
    }

    synchronized void pause() {
        paused = true;
    }

    synchronized void resume() {
        paused = false;
        resumptions++;
        drain();
    }

    synchronized void close() {
        closed = true;
        waiting.clear();
    }

    private boolean handedOver(Stanza stanza) {
        try {
            connection.sendStanzaNonBlocking(stanza);
            return true;
        } catch (OutgoingQueueFullException e) {
            return false;
        } catch (NotConnectedException e) {
            dropped(stanza, e);
            return true;
        }
    }

    private void drain() {
        if (!draining && !paused && !waiting.isEmpty()) {
            draining = true;
            executor.execute(this::handOverAll);
        }
    }

    private void handOverAll() {
        for (Next next = next(); next != null; next = next()) {
            try {
                connection.sendStanza(next.stanza);
            } catch (NotConnectedException e) {
                dropped(next.stanza, e);
            } catch (InterruptedException e) {
                // Smack throws it too when the stream breaks under a sender and can be resumed.
                putBack(next);
            }
        }
    }

    private synchronized @Nullable Next next() {
        Stanza stanza = paused ? null : waiting.poll();
        draining = stanza != null;
        return stanza == null ? null : new Next(stanza, resumptions);
    }

    private synchronized void putBack(Next next) {
        if (!closed) {
            waiting.addFirst(next.stanza);
            paused = paused || next.resumptions == resumptions;
        }
    }

    /** The loss of the stream is told to the listener by another way. */
    private static void dropped(Stanza stanza, NotConnectedException e) {
        LOG.debug("Not sent, there is no stream: {} to {} ({})", stanza.getStanzaId(), stanza.getTo(), e.getMessage());
    }

    private record Next(Stanza stanza, int resumptions) {}
}
