package org.xtls.transport.smack;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jivesoftware.smack.XMPPConnection;
import org.jivesoftware.smack.packet.IQ;
import org.jivesoftware.smack.packet.Presence;
import org.jivesoftware.smack.packet.StanzaBuilder;
import org.jspecify.annotations.Nullable;
import org.jxmpp.jid.Jid;
import org.jxmpp.stringprep.XmppStringprepException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.FullJid;
import org.xtls.transport.Iq;
import org.xtls.transport.Link;
import org.xtls.transport.LinkListener;
import org.xtls.transport.StanzaError;
import org.xtls.transport.StanzaError.Condition;
import org.xtls.xml.Element;
import org.xtls.xml.XmlException;

/** The link over one authenticated stream. */
final class SmackLink implements Link {
    private static final Logger LOG = LoggerFactory.getLogger(SmackLink.class);

    private final FullJid local;
    private final Outbox outbox;
    private final Executor senders;
    private final OpenRequests open = new OpenRequests();
    private final Set<FullJid> watched = ConcurrentHashMap.newKeySet();

    /** Held while the listener is told something: one call at a time, and none once it has been closed. */
    private final ReentrantLock telling = new ReentrantLock();

    private @Nullable LinkListener listener;
    private @Nullable String loss;

    SmackLink(FullJid local, XMPPConnection connection, Executor senders, Runnable stuck) {
        this.local = local;
        this.outbox = new Outbox(connection, senders, stuck);
        this.senders = senders;
    }

    @Override
    public FullJid local() {
        return local;
    }

    @Override
    public Listening listen(LinkListener wanted) {
        telling.lock();
        try {
            if (listener != null) {
                throw new IllegalStateException("the link of " + local + " has a listener already");
            }
            listener = wanted;
            if (loss != null) {
                tellLoss(wanted, loss);
            }
        } finally {
            telling.unlock();
        }
        return () -> {
            telling.lock();
            try {
                if (listener == wanted) {
                    listener = null;
                }
            } finally {
                telling.unlock();
            }
        };
    }

    @Override
    public void send(Iq iq) {
        try {
            PayloadIq stanza = PayloadIq.sent(iq);
            if (iq instanceof Iq.Request request) {
                open.sent(request);
            }
            outbox.send(stanza);
        } catch (XmppStringprepException e) {
            LOG.warn("{}: Smack cannot address {}: {}", local, iq.peer(), e.getMessage());
            if (iq instanceof Iq.Request) {
                senders.execute(() -> tell(new Iq.Error(
                        iq.peer(), iq.id(), new StanzaError(Condition.BAD_REQUEST, "Smack cannot address this peer"))));
            }
        }
    }

    /**
     * Always sends presence: whether the peer hears of our end otherwise cannot be known from here (that we see its
     * presence says only that we hear of its end).
     */
    @Override
    public void watch(FullJid peer) {
        if (!watched.add(peer)) {
            return;
        }
        try {
            outbox.send(StanzaBuilder.buildPresence()
                    .ofType(Presence.Type.available)
                    .to(Addresses.jid(peer))
                    .build());
        } catch (XmppStringprepException e) {
            LOG.warn("{}: Smack cannot address {}: {}", local, peer, e.getMessage());
        }
    }

    @Override
    public void unwatch(FullJid peer) {
        watched.remove(peer);
    }

    /**
     * A request came.
     *
     * @return what Smack is to answer at once, or null when the listener will
     */
    @Nullable
    IQ requested(IQ request) {
        String id = request.getStanzaId();
        if (id == null || id.isEmpty()) {
            LOG.debug("{}: ignored a request without an id", local);
            return null;
        }
        FullJid peer;
        try {
            peer = Addresses.full(request.getFrom());
            if (request.getTo() != null && !Addresses.full(request.getTo()).equals(local)) {
                return PayloadIq.error(Condition.BAD_REQUEST, "not between two full JIDs");
            }
        } catch (IllegalArgumentException e) {
            return PayloadIq.error(Condition.BAD_REQUEST, "not between two full JIDs");
        }
        if (!(request instanceof PayloadIq payload)) {
            return PayloadIq.error(Condition.SERVICE_UNAVAILABLE, "");
        }
        if (payload.refusal() != null) {
            return PayloadIq.error(payload.refusal());
        }
        Element element = payload.payload();
        if (element == null) {
            return PayloadIq.error(Condition.BAD_REQUEST, "nothing is requested");
        }
        return tell(new Iq.Request(peer, id, request.getType() == IQ.Type.set, element))
                ? null
                : PayloadIq.error(Condition.SERVICE_UNAVAILABLE, "");
    }

    /** A result or an error came, perhaps to a request of somebody else on this connection. */
    void answered(IQ answer) {
        String id = answer.getStanzaId();
        FullJid asked = id == null ? null : open.peer(id);
        if (asked == null) {
            return;
        }
        FullJid from;
        try {
            from = Addresses.full(answer.getFrom());
        } catch (IllegalArgumentException e) {
            from = null;
        }
        // Anybody can guess that a request is under way; only the server can write another's address into "from".
        if (!asked.equals(from)) {
            LOG.warn("{}: ignored an answer from somebody else to a request sent to {}", local, asked);
            return;
        }
        open.answered(id);
        tell(read(asked, id, answer));
    }

    /** Unavailable presence came from a full JID, or from a bare one, which speaks for all its resources. */
    void departed(@Nullable Jid from) {
        if (from == null) {
            return;
        }
        if (from.hasNoResource()) {
            watched.stream()
                    .filter(peer -> Addresses.isBareOf(from, peer))
                    .forEach(peer -> tell(listening -> listening.unavailable(peer)));
            return;
        }
        FullJid peer;
        try {
            peer = Addresses.full(from);
        } catch (IllegalArgumentException e) {
            return;
        }
        tell(listening -> listening.unavailable(peer));
    }

    void suspend() {
        outbox.pause();
    }

    void resume() {
        outbox.resume();
    }

    void lost(String reason) {
        outbox.close();
        telling.lock();
        try {
            if (loss == null) {
                loss = reason;
                if (listener != null) {
                    tellLoss(listener, reason);
                }
            }
        } finally {
            telling.unlock();
        }
    }

    private Iq read(FullJid peer, String id, IQ answer) {
        if (answer.getType() == IQ.Type.error) {
            return new Iq.Error(peer, id, Errors.received(answer.getError()));
        }
        if (answer instanceof PayloadIq payload) {
            return payload.refusal() == null
                    ? new Iq.Result(peer, id, payload.payload())
                    : new Iq.Error(peer, id, payload.refusal());
        }
        if (answer.getChildElementQName() == null) {
            return new Iq.Result(peer, id, null);
        }
        try {
            return new Iq.Result(
                    peer, id, Element.parse(answer.getChildElementXML().toString()));
        } catch (XmlException e) {
            return new Iq.Error(peer, id, new StanzaError(Condition.BAD_REQUEST, "the answer cannot be read"));
        }
    }

    private boolean tell(Iq iq) {
        return tell(listening -> listening.received(iq));
    }

    private boolean tell(Consumer<LinkListener> call) {
        telling.lock();
        try {
            if (listener == null || loss != null) {
                return false;
            }
            call.accept(listener);
        } catch (RuntimeException e) {
            LOG.error("{}: the listener failed", local, e);
        } finally {
            telling.unlock();
        }
        return true;
    }

    private void tellLoss(LinkListener listening, String reason) {
        try {
            listening.lost(reason);
        } catch (RuntimeException e) {
            LOG.error("{}: the listener failed", local, e);
        }
    }
}
