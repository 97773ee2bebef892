package org.xtls.transport.smack;

import static org.xtls.transport.smack.PayloadProvider.OFFERS;
import static org.xtls.transport.smack.PayloadProvider.XTLS;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jivesoftware.smack.ConnectionListener;
import org.jivesoftware.smack.StanzaListener;
import org.jivesoftware.smack.XMPPConnection;
import org.jivesoftware.smack.XMPPException.StreamErrorException;
import org.jivesoftware.smack.filter.PresenceTypeFilter;
import org.jivesoftware.smack.iqrequest.AbstractIqRequestHandler;
import org.jivesoftware.smack.iqrequest.IQRequestHandler;
import org.jivesoftware.smack.packet.IQ;
import org.jivesoftware.smack.tcp.XMPPTCPConnection;
import org.jivesoftware.smackx.disco.ServiceDiscoveryManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.FullJid;
import org.xtls.transport.Link;
import org.xtls.transport.StanzaError;

/**
 * One connection and what we put into it: handlers, listeners, the disco feature; and its link while it is
 * authenticated.
 *
 * <p>Order: Smack parses a stream on one thread, which puts requests for handlers in mode {@code sync} and all other
 * stanzas for synchronous listeners into one queue for each connection ({@code AsyncButOrdered}), worked off by one
 * thread at a time. These two ways in, and no other, are used here; so what reaches the link keeps the order of the
 * stream.
 */
final class Stream implements ConnectionListener {
    private static final Logger LOG = LoggerFactory.getLogger(Stream.class);

    /** A tunnel is not kept waiting longer for its stream, whatever the server promises (seconds). */
    private static final int LONGEST_RESUMPTION = 600;

    private final XMPPConnection connection;
    private final Function<Link, Runnable> announcing;
    private final Executor senders;
    private final ScheduledExecutorService timer;
    private final List<IQRequestHandler> handlers;
    private final StanzaListener answers = stanza -> withLink(link -> link.answered((IQ) stanza));
    private final StanzaListener departures = stanza -> withLink(link -> link.departed(stanza.getFrom()));

    private boolean attached;
    private @Nullable SmackLink link;
    private @Nullable Runnable withdrawal;
    private @Nullable Future<?> resumptionDeadline;

    /**
     * @param announcing makes a link known, and returns what takes it back
     */
    Stream(
            XMPPConnection connection,
            Function<Link, Runnable> announcing,
            Executor senders,
            ScheduledExecutorService timer) {
        this.connection = connection;
        this.announcing = announcing;
        this.senders = senders;
        this.timer = timer;
        this.handlers = List.of(
                new Handler("start", XTLS, IQ.Type.set),
                new Handler("data", XTLS, IQ.Type.set),
                new Handler("close", XTLS, IQ.Type.set),
                new Handler("offer", OFFERS, IQ.Type.get));
    }

    void attach() {
        synchronized (this) {
            attached = true;
        }
        connection.addConnectionListener(this);
        connection.addSyncStanzaListener(answers, stanza -> stanza instanceof IQ iq && iq.isResponseIQ());
        connection.addSyncStanzaListener(departures, PresenceTypeFilter.UNAVAILABLE);
        handlers.forEach(connection::registerIQRequestHandler);
        // Smack 4.5.0-rc1 counts the handlers of a namespace from 0 and fails when the last one is removed: one more.
        connection.registerIQRequestHandler(handlers.get(0));
        connection.registerIQRequestHandler(handlers.get(handlers.size() - 1));
        ServiceDiscoveryManager.getInstanceFor(connection).addFeature(XTLS);
        if (connection.isConnected() && connection.isAuthenticated()) {
            up();
        }
    }

    void detach(String reason) {
        synchronized (this) {
            attached = false;
        }
        connection.removeConnectionListener(this);
        ServiceDiscoveryManager.getInstanceFor(connection).removeFeature(XTLS);
        if (connection.isConnected()) {
            withdraw(reason);
        } else {
            down(reason);
        }
        handlers.forEach(connection::unregisterIQRequestHandler);
        connection.removeSyncStanzaListener(answers);
        connection.removeSyncStanzaListener(departures);
    }

    @Override
    public void authenticated(XMPPConnection authenticated, boolean resumed) {
        if (resumed) {
            cancelDeadline();
            withLink(SmackLink::resume);
            return;
        }
        down("the stream was lost and could not be resumed");
        up();
    }

    @Override
    public void connectionClosed() {
        down("the stream was closed");
    }

    @Override
    public void connectionClosedOnError(Exception e) {
        if (connection instanceof XMPPTCPConnection tcp && tcp.isDisconnectedButSmResumptionPossible()) {
            withLink(SmackLink::suspend);
            synchronized (this) {
                if (link != null && resumptionDeadline == null) {
                    resumptionDeadline = timer.schedule(
                            () -> down("the stream was lost and not resumed in time"),
                            Math.min(tcp.getMaxSmResumptionTime(), LONGEST_RESUMPTION),
                            TimeUnit.SECONDS);
                }
            }
            return;
        }
        down(reason(e));
    }

    private void up() {
        FullJid local;
        try {
            local = Addresses.full(connection.getUser());
        } catch (IllegalArgumentException e) {
            LOG.error("No link for {}: the server bound an address that RFC 7622 does not allow", connection, e);
            return;
        }
        SmackLink made = new SmackLink(
                local, connection, senders, () -> down("the server does not take what is sent fast enough"));
        synchronized (this) {
            if (!attached || link != null) {
                return;
            }
            link = made;
        }
        Runnable withdrawing = announcing.apply(made);
        LOG.info("{}: link is up", local);
        synchronized (this) {
            if (link == made) {
                withdrawal = withdrawing;
                return;
            }
        }
        withdrawing.run();
    }

    /** The stream is dead: the users of the link are told why before the service goes, and they with it. */
    private void down(String reason) {
        Lost lost = take();
        if (lost.link != null) {
            lost.link.lost(reason);
            LOG.info("{}: link is gone, {}", lost.link.local(), reason);
        }
        if (lost.withdrawal != null) {
            lost.withdrawal.run();
        }
    }

    /** The stream lives: the service goes first, so that the users of the link can still send their farewell. */
    private void withdraw(String reason) {
        Lost lost = take();
        if (lost.withdrawal != null) {
            lost.withdrawal.run();
        }
        if (lost.link != null) {
            lost.link.lost(reason);
            LOG.info("{}: link is gone, {}", lost.link.local(), reason);
        }
    }

    private synchronized Lost take() {
        Lost lost = new Lost(link, withdrawal);
        link = null;
        withdrawal = null;
        cancelDeadline();
        return lost;
    }

    private static String reason(Exception e) {
        if (e instanceof StreamErrorException stream) {
            return "the server ended the stream: " + stream.getStreamError().getCondition();
        }
        if (e instanceof IOException && e.getMessage() != null) {
            return "the stream was lost: " + e.getMessage().lines().findFirst().orElse("");
        }
        // What Smack's parser says of a connection that was closed in the middle is for its developers.
        return "the stream was lost: it broke off or is not well-formed";
    }

    private synchronized void cancelDeadline() {
        if (resumptionDeadline != null) {
            resumptionDeadline.cancel(false);
            resumptionDeadline = null;
        }
    }

    private void withLink(Consumer<SmackLink> action) {
        SmackLink current;
        synchronized (this) {
            current = link;
        }
        if (current != null) {
            action.accept(current);
        }
    }

    private final class Handler extends AbstractIqRequestHandler {
        Handler(String element, String namespace, IQ.Type type) {
            super(element, namespace, type, Mode.sync);
        }

        @Override
        public @Nullable IQ handleIQRequest(IQ request) {
            SmackLink current;
            synchronized (Stream.this) {
                current = link;
            }
            return current == null
                    ? PayloadIq.error(StanzaError.Condition.SERVICE_UNAVAILABLE, "")
                    : current.requested(request);
        }
    }

    private record Lost(@Nullable SmackLink link, @Nullable Runnable withdrawal) {}
}
