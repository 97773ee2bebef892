package org.xtls.server.loopback.c2s;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.server.loopback.Interceptor;
import org.xtls.server.loopback.LoopbackServer;
import org.xtls.server.loopback.Stanza;
import org.xtls.server.loopback.Verdict;
import org.xtls.server.loopback.Wiretap;
import org.xtls.server.loopback.Wiretap.Direction;
import org.xtls.server.loopback.xml.StreamCondition;
import org.xtls.server.loopback.xml.StreamException;

/**
 * Who is connected, and what goes to whom. Thread-safe: one lock, and nothing blocks while it is held, so that stanzas
 * leave in the order in which they were routed.
 */
public final class Router {

    private final LoopbackServer server;
    private final Settings settings;
    private final Object lock = new Object();
    private final Map<Address, Session> sessions = new LinkedHashMap<>();
    private final Set<Connection> crowded = new LinkedHashSet<>();
    private boolean stopped;
    private volatile Wiretap wiretap;
    private volatile Interceptor interceptor;

    Router(LoopbackServer server, Settings settings, Wiretap wiretap, Interceptor interceptor) {
        this.server = server;
        this.settings = settings;
        this.wiretap = wiretap;
        this.interceptor = interceptor;
    }

    /** From the next stanza on. */
    public void wiretap(Wiretap other) {
        wiretap = other;
    }

    /** From the next stanza on. */
    public void interceptor(Interceptor other) {
        interceptor = other;
    }

    /** The full JIDs of who is connected. */
    public Set<String> clients() {
        synchronized (lock) {
            Set<String> clients = new TreeSet<>();
            sessions.keySet().forEach(address -> clients.add(address.toString()));
            return clients;
        }
    }

    /** Delivers that to the letter; false if nobody has that full JID. */
    public boolean inject(Address client, Stanza stanza) {
        synchronized (lock) {
            Session session = sessions.get(client);
            if (session == null) {
                return false;
            }
            deliver(session, stanza);
            return true;
        }
    }

    Optional<Connection> connection(Address client) {
        synchronized (lock) {
            return Optional.ofNullable(sessions.get(client)).map(session -> session.connection);
        }
    }

    /** Connects a resource and tells it so; whoever had its full JID before goes (RFC 6120, section 7.7.2.2). */
    void bind(Address address, Connection connection, Stanza result) {
        synchronized (lock) {
            Session old = sessions.get(address);
            if (old != null) {
                old.connection.end(StreamCondition.CONFLICT);
            }
            if (stopped || connection.isEnding()) {
                return;
            }
            Session session = new Session(address, connection);
            connection.session(session);
            sessions.put(address, session);
            connection.offer(result.xml());
        }
    }

    /** Disconnects a resource, if it ever was one, and tells those who saw it. */
    void leave(Connection connection) {
        synchronized (lock) {
            Session session = connection.session();
            if (session != null && sessions.remove(session.address, session)) {
                becomeUnavailable(session, unavailable(session.address));
            }
        }
    }

    /** Routes nothing more: what follows is the end of all streams, and nobody is to hear of the others' end. */
    void stop() {
        synchronized (lock) {
            stopped = true;
        }
    }

    /** Takes a stanza from a client. Returns those whom the sender now has to wait for. */
    List<Connection> received(Session sender, Stanza unstamped) throws StreamException {
        requireTrueFrom(sender, unstamped);
        Stanza stanza = unstamped.withFrom(sender.address.toString());
        synchronized (lock) {
            tap(Direction.FROM_CLIENT, sender, stanza);
        }
        Verdict verdict = Objects.requireNonNull(interceptor.intercept(stanza, server), "a verdict");
        synchronized (lock) {
            if (sessions.get(sender.address) != sender) {
                return List.of();
            }
            crowded.clear();
            obey(verdict, sender, stanza);
            return List.copyOf(crowded);
        }
    }

    private void obey(Verdict verdict, Session sender, Stanza stanza) {
        if (verdict instanceof Verdict.Pass) {
            route(sender, stanza);
        } else if (verdict instanceof Verdict.Replace replace) {
            route(sender, replace.stanza());
        } else if (verdict instanceof Verdict.Answer answer) {
            deliver(sender, answer.stanza());
        } else if (verdict instanceof Verdict.Reroute reroute) {
            inject(Address.parse(reroute.fullJid()), reroute.stanza());
        }
    }

    private void route(Session sender, Stanza stanza) {
        Address to;
        try {
            to = stanza.to().map(Address::parse).orElse(sender.address.bare());
        } catch (IllegalArgumentException e) {
            refuse(sender, stanza, "modify", "jid-malformed");
            return;
        }
        switch (stanza.kind()) {
            case IQ -> routeIq(sender, stanza, to);
            case MESSAGE -> routeMessage(sender, stanza, to);
            case PRESENCE -> routePresence(sender, stanza, to);
        }
    }

    private void routeIq(Session sender, Stanza iq, Address to) {
        boolean request = iq.isType("get") || iq.isType("set");
        boolean response = iq.isType("result") || iq.isType("error");
        if (iq.id().isEmpty()
                || !(request || response)
                || (request && iq.element().children().size() != 1)) {
            refuse(sender, iq, "modify", "bad-request");
            return;
        }
        Session recipient = sessions.get(to);
        if (recipient != null) {
            deliver(recipient, iq);
        } else if (!request) {
            LOG.debug("Response to nobody from {}", sender.address);
        } else if (!settings.domains().contains(to.domain())) {
            refuse(sender, iq, "cancel", "remote-server-not-found");
        } else if (to.isServer() || to.equals(sender.address.bare())) {
            deliver(sender, ServerEntity.answer(iq));
        } else {
            refuse(sender, iq, "cancel", "service-unavailable");
        }
    }

    /** RFC 6121, section 8.5. */
    private void routeMessage(Session sender, Stanza message, Address to) {
        String type = message.type().orElse("normal");
        Session addressed = sessions.get(to);
        if (addressed != null) {
            deliver(addressed, message);
            return;
        }
        if (!settings.domains().contains(to.domain())) {
            refuse(sender, message, "cancel", "remote-server-not-found");
            return;
        }
        boolean anyResource = !to.isFull() || !(type.equals("groupchat") || type.equals("headline"));
        Optional<Session> best = available(to.bare()).stream()
                .filter(session -> session.priority >= 0)
                .max(Comparator.comparingInt(session -> session.priority));
        if (type.equals("error")) {
            LOG.debug("Error to nobody from {}", sender.address);
        } else if (anyResource && !type.equals("groupchat") && best.isPresent()) {
            deliver(best.orElseThrow(), message);
        } else if (!type.equals("headline")) {
            refuse(sender, message, "cancel", "service-unavailable");
        }
    }

    private void routePresence(Session sender, Stanza presence, Address to) {
        String type = presence.type().orElse("available");
        if (!PRESENCE_TYPES.contains(type)) {
            refuse(sender, presence, "modify", "bad-request");
        } else if (presence.to().isPresent()) {
            direct(sender, presence, to, type);
        } else if (type.equals("available")) {
            becomeAvailable(sender, presence);
        } else if (type.equals("unavailable")) {
            becomeUnavailable(sender, presence);
        }
    }

    private void direct(Session sender, Stanza presence, Address to, String type) {
        if (type.equals("available")) {
            // Stops a client from filling the memory with addresses.
            if (sender.directed.size() >= DIRECTED_LIMIT && !sender.directed.contains(to)) {
                refuse(sender, presence, "wait", "resource-constraint");
                return;
            }
            sender.directed.add(to);
        } else if (type.equals("unavailable")) {
            sender.directed.remove(to);
        }
        recipients(to).forEach(recipient -> deliver(recipient, presence));
    }

    private void becomeAvailable(Session sender, Stanza presence) {
        int priority;
        try {
            priority = presence.child(Stanza.NAMESPACE, "priority")
                    .map(element -> Byte.parseByte(element.text().strip()))
                    .orElse((byte) 0);
        } catch (NumberFormatException e) {
            refuse(sender, presence, "modify", "bad-request");
            return;
        }
        boolean initial = !sender.isAvailable();
        sender.priority = priority;
        sender.presence = presence;
        for (Session other : audience(sender)) {
            deliver(other, presence.withTo(other.address.toString()));
            Stanza theirs = other.presence;
            if (initial && theirs != null) {
                deliver(sender, theirs.withTo(sender.address.toString()));
            }
        }
    }

    private void becomeUnavailable(Session session, Stanza presence) {
        Set<Session> audience = new LinkedHashSet<>();
        if (session.isAvailable()) {
            audience.addAll(audience(session));
        }
        // RFC 6121, section 4.6.3: who got directed presence hears of the end too.
        session.directed.forEach(address -> audience.addAll(recipients(address)));
        audience.remove(session);
        session.presence = null;
        session.directed.clear();
        audience.forEach(other -> deliver(other, presence.withTo(other.address.toString())));
    }

    /** Those who see the presence of this one without being told who they are. */
    private List<Session> audience(Session subject) {
        return snapshot().stream()
                .filter(other -> other != subject && other.isAvailable())
                .filter(other ->
                        settings.everyoneSeesEveryone() || other.address.bare().equals(subject.address.bare()))
                .toList();
    }

    private List<Session> recipients(Address to) {
        Session addressed = sessions.get(to);
        if (addressed != null) {
            return List.of(addressed);
        }
        return to.isFull() ? List.of() : available(to);
    }

    private List<Session> available(Address bare) {
        return snapshot().stream()
                .filter(session ->
                        session.isAvailable() && session.address.bare().equals(bare))
                .toList();
    }

    /** A delivery can end the recipient's stream, and so change the sessions under a loop. */
    private List<Session> snapshot() {
        return new ArrayList<>(sessions.values());
    }

    /** An error is never answered with an error (RFC 6120, section 8.3.1). */
    private void refuse(Session sender, Stanza stanza, String type, String condition) {
        if (!stanza.isType("error") && !(stanza.kind() == Stanza.Kind.IQ && stanza.isType("result"))) {
            deliver(sender, stanza.error(type, condition));
        }
    }

    private void deliver(Session recipient, Stanza stanza) {
        if (stopped) {
            return;
        }
        switch (recipient.connection.offer(stanza.xml())) {
            case QUEUED -> tap(Direction.TO_CLIENT, recipient, stanza);
            case CROWDED -> {
                tap(Direction.TO_CLIENT, recipient, stanza);
                crowded.add(recipient.connection);
            }
            case OVERFLOW -> recipient.connection.end(StreamCondition.RESOURCE_CONSTRAINT);
            case ENDED -> LOG.debug("Nothing more goes to {}", recipient.address);
        }
    }

    private void tap(Direction direction, Session client, Stanza stanza) {
        try {
            wiretap.seen(direction, client.address.toString(), stanza);
        } catch (RuntimeException | AssertionError e) {
            LOG.warn("The wiretap failed at a stanza of {}", client.address, e);
        }
    }

    /** RFC 6120, section 8.1.2.1: against one user speaking in the name of another. */
    private static void requireTrueFrom(Session sender, Stanza stanza) throws StreamException {
        if (stanza.from().isEmpty()) {
            return;
        }
        try {
            Address from = Address.parse(stanza.from().orElseThrow());
            if (from.equals(sender.address) || from.equals(sender.address.bare())) {
                return;
            }
        } catch (IllegalArgumentException e) {
            LOG.debug("Malformed from of {}", sender.address);
        }
        throw new StreamException(StreamCondition.INVALID_FROM, "a false from");
    }

    private static Stanza unavailable(Address from) {
        return Stanza.parse("<presence type='unavailable'/>").withFrom(from.toString());
    }

    private static final int DIRECTED_LIMIT = 1000;
    private static final Set<String> PRESENCE_TYPES = Set.of(
            "available", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "error");
    private static final Logger LOG = LoggerFactory.getLogger(Router.class);
}
