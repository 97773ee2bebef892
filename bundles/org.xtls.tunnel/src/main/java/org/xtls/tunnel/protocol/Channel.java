package org.xtls.tunnel.protocol;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xtls.Acknowledgement;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.FullJid;
import org.xtls.Jid;
import org.xtls.Security;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.auth.Role;
import org.xtls.tls.Alert;
import org.xtls.tls.Handshake;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsSession;
import org.xtls.transport.Iq;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/**
 * The inside of one tunnel, from its first record to its last: TLS, the stanzas in it, their acknowledgement, and the
 * data IQs that carry it all.
 */
final class Channel {
    /** A send that nobody waits for. */
    static final long NOBODY = -1;

    final long number;
    final Role role;
    final String method;
    private final Confirmation confirmation;
    private final FullJid local;
    private final FullJid peer;
    private final String confirmDemand;
    private final boolean expectsConfirm;
    private final TlsSession session;
    private final Surroundings surroundings;
    private final Settings settings;
    private final Consumer<Action> out;
    private final InnerStream inner;
    private final String confirmId;

    private Phase phase = Phase.HANDSHAKING;
    private boolean frozen;
    private boolean peerTurnedAway;
    private boolean announced;
    private final List<Action> undelivered = new ArrayList<>();
    private boolean firstStanzaSeen;
    private boolean peerConfirmed;
    private @Nullable Standing standing;
    private final ByteArrayOutputStream held = new ByteArrayOutputStream();

    private final Deque<Outgoing> queue = new ArrayDeque<>();
    private long queuedBytes;
    /** Inner numbers by token, in order. */
    private final Map<Long, Long> unacknowledged = new LinkedHashMap<>();

    private long innerSent;
    private long innerAcknowledged;
    private long innerReceived;
    private long sent;
    private long acknowledged;
    private long received;
    private int iqsSinceAsk;
    private boolean acknowledgementDue;
    private long acknowledgementDeadline = Long.MAX_VALUE;

    private final Deque<Data> ready = new ArrayDeque<>();
    private final Map<String, Data> unanswered = new LinkedHashMap<>();
    private boolean begun;

    private enum Phase {
        HANDSHAKING,
        /** The handshake is done, and who the peer is has not been judged: nothing goes in or out. */
        JUDGING,
        /** The peer is who it should be. */
        JUDGED,
        CLOSING,
        ENDED
    }

    /** What the tunnel stands on. */
    private record Standing(@Nullable KeyName key, Trust trust, String evidence) {}

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Outgoing(long token, byte[] xml) {}

    /** One data IQ; the tokens are of the sends whose last byte is in it. */
    private static final class Data {
        final byte[] bytes;
        List<Long> tokens = List.of();
        long deadline;

        Data(byte[] bytes) {
            this.bytes = bytes;
        }
    }

    /**
     * Makes a channel.
     *
     * @param confirmDemand why the peer has to confirm the offers, for people; empty when it need not
     */
    Channel(
            long number,
            Role role,
            String method,
            Confirmation confirmation,
            String confirmDemand,
            TlsSession session,
            Surroundings surroundings,
            Consumer<Action> out) {
        this.number = number;
        this.role = role;
        this.method = method;
        this.confirmation = confirmation;
        this.local = role == Role.INITIATOR ? confirmation.initiator() : confirmation.responder();
        this.peer = role == Role.INITIATOR ? confirmation.responder() : confirmation.initiator();
        this.confirmDemand = confirmDemand;
        this.expectsConfirm = !confirmDemand.isEmpty();
        this.session = session;
        this.surroundings = surroundings;
        this.settings = surroundings.settings();
        this.out = out;
        this.inner = new InnerStream(settings.stanzaBytes());
        this.confirmId = surroundings.newId();
    }

    // ---- the life of a tunnel

    void begin(long now) throws TlsException {
        session.begin();
        flush(now);
    }

    /** Takes TLS bytes from the peer. What they lead to is in the actions; what is wrong with them is thrown. */
    void receive(byte[] bytes, long now) throws Violation, TlsException {
        if (phase == Phase.ENDED) {
            return;
        }
        try {
            session.receive(bytes);
        } finally {
            // An alert that is due must not be lost with the exception.
            flush(now);
        }
        if (phase == Phase.HANDSHAKING && session.state() == TlsSession.State.ESTABLISHED) {
            phase = Phase.JUDGING;
        }
        byte[] plaintext = session.takePlaintext();
        if (phase == Phase.JUDGING) {
            hold(plaintext);
        } else {
            take(plaintext, now);
        }
        pump(now);
    }

    boolean awaitsJudgement() {
        return phase == Phase.JUDGING;
    }

    Handshake handshake() {
        return session.handshake();
    }

    /** The peer is who it should be: from now on stanzas flow, our confirmation first. */
    void judged(@Nullable KeyName key, Trust trust, String evidence, long now) throws Violation, TlsException {
        standing = new Standing(key, trust, evidence);
        phase = Phase.JUDGED;
        write(confirmation.asRequest(confirmId).element(), now);
        byte[] early = held.toByteArray();
        held.reset();
        take(early, now);
        pump(now);
    }

    /**
     * Whether the tunnel may be called up. A TLS 1.3 client is done before the server has judged it, so the initiator
     * waits for the confirmation where one is due.
     */
    boolean isUp() {
        return phase == Phase.JUDGED && (role == Role.RESPONDER || !expectsConfirm || peerConfirmed);
    }

    /** Whether a confirmation is due that has not come. */
    boolean awaitsConfirmation() {
        return phase == Phase.JUDGED && expectsConfirm && !peerConfirmed;
    }

    /** The tunnel has been called up: what came out of it before that can be delivered. */
    void announced() {
        announced = true;
        undelivered.forEach(out);
        undelivered.clear();
    }

    boolean peerConfirmed() {
        return peerConfirmed;
    }

    /** Whether the peer confirms, or has to: then nothing ends well without its authenticated goodbye. */
    boolean peerConfirms() {
        return peerConfirmed || expectsConfirm;
    }

    boolean isVerified() {
        return standing != null && standing.trust == Trust.VERIFIED;
    }

    /** Whether this is the key that the tunnel stands on. */
    boolean standsOn(KeyName key) {
        return standing != null && key.equals(standing.key);
    }

    /** What the tunnel stands on has turned out to be the peer's: so was all that was said in it. */
    void verified(String evidence) {
        if (standing != null) {
            standing = new Standing(standing.key, Trust.VERIFIED, evidence);
        }
    }

    Security security() {
        Handshake handshake = session.handshake();
        if (standing == null) {
            throw new IllegalStateException("nobody has judged this peer yet");
        }
        return new Security(
                method,
                handshake.version(),
                handshake.group(),
                handshake.suite(),
                standing.key,
                standing.trust,
                standing.evidence,
                peerConfirmed,
                peerConfirmed ? Acknowledgement.PEER : Acknowledgement.LINK);
    }

    byte[] export(String label, int length) {
        return session.export(label, new byte[0], length);
    }

    /**
     * From now on nothing more is sent: a second start has made a place for another tunnel. The goodbye is said at once,
     * for once that other tunnel begins none can be said here, whoever closes. A plain peer need not understand it, and
     * misses none.
     */
    void freeze(long now) {
        if (peerConfirms()) {
            sayGoodbye(now);
        }
        frozen = true;
    }

    boolean isFrozen() {
        return frozen;
    }

    /** What waited here goes out there. */
    void moveQueueTo(Channel fresh, long now) {
        fresh.queue.addAll(queue);
        fresh.queuedBytes += queuedBytes;
        queue.clear();
        queuedBytes = 0;
        fresh.pump(now);
    }

    /** From now on the peer's data are those of a fresh tunnel. */
    void peerTurnedAway() {
        peerTurnedAway = true;
    }

    boolean hasPeerTurnedAway() {
        return peerTurnedAway;
    }

    boolean isHandshaking() {
        return phase == Phase.HANDSHAKING;
    }

    boolean peerSaidGoodbye() {
        return session.peerClosed();
    }

    /**
     * Says goodbye inside TLS. What the peer still sends is taken until the end. A server does so from its own flight on:
     * with that the client may take the handshake for done.
     */
    void sayGoodbye(long now) {
        boolean flightOut = phase == Phase.HANDSHAKING && role == Role.RESPONDER && begun;
        if (phase == Phase.JUDGED || phase == Phase.JUDGING || flightOut) {
            phase = Phase.CLOSING;
            session.closeNotify();
            flush(now);
        }
    }

    /** Ends TLS with an alert. */
    void abort(Alert alert, long now) {
        session.abort(alert);
        phase = Phase.CLOSING;
        flush(now);
    }

    /** The end: whatever has not been acknowledged fails. */
    void end(Failure failure) {
        if (phase == Phase.ENDED) {
            return;
        }
        phase = Phase.ENDED;
        unacknowledged.keySet().forEach(token -> fail(token, failure));
        queue.forEach(send -> fail(send.token, failure));
        unacknowledged.clear();
        queue.clear();
        ready.clear();
        unanswered.clear();
        session.destroy();
    }

    private void fail(long token, Failure failure) {
        if (token != NOBODY) {
            out.accept(new Action.SendFailed(token, failure));
        }
    }

    // ---- stanzas out

    /** Queues a stanza. A stanza or a queue over its bound fails this send only. */
    void send(long token, Stanza stanza, long now) throws Violation {
        byte[] xml = bytes(stanza.withoutAddresses().element());
        if (xml.length > settings.stanzaBytes()) {
            fail(
                    token,
                    Failure.of(
                            Code.LIMIT,
                            Fault.LOCAL,
                            "the stanza has " + xml.length + " bytes; the limit is " + settings.stanzaBytes()));
            return;
        }
        if (queuedBytes + xml.length > settings.queueBytes()) {
            if (token == NOBODY) {
                // Our replies pile up because the peer asks without reading: that must not fill the memory.
                throw Violation.limit("the peer asks more than it takes answers for");
            }
            fail(
                    token,
                    new Failure(
                            Code.LIMIT,
                            Fault.PEER,
                            "the peer is too slow: " + queuedBytes + " bytes wait to be sent already",
                            "Wait for acknowledgements before sending more."));
            return;
        }
        queue.add(new Outgoing(token, xml));
        queuedBytes += xml.length;
        pump(now);
    }

    /** Sends what may be sent. Stanzas are protected as late as possible, so that what waits can still move. */
    void pump(long now) {
        while (phase == Phase.JUDGED
                && !frozen
                && !awaitsConfirmation()
                && !queue.isEmpty()
                && ready.isEmpty()
                && unanswered.size() < settings.window()) {
            ByteArrayOutputStream batch = new ByteArrayOutputStream();
            List<Long> tokens = new ArrayList<>();
            while (!queue.isEmpty() && (batch.size() == 0 || batch.size() + queue.element().xml.length <= 16_000)) {
                Outgoing next = queue.remove();
                queuedBytes -= next.xml.length;
                batch.writeBytes(next.xml);
                innerSent++;
                if (next.token != NOBODY) {
                    sent++;
                    tokens.add(next.token);
                    unacknowledged.put(next.token, innerSent);
                }
            }
            if (peerConfirmed && (queue.isEmpty() || iqsSinceAsk >= settings.window() / 2)) {
                batch.writeBytes(bytes(Wire.ASK));
                iqsSinceAsk = 0;
                expectAcknowledgement(now);
            }
            protect(batch.toByteArray(), tokens, now);
        }
        acknowledgeIfDue(now);
    }

    private void acknowledgeIfDue(long now) {
        // One answer at a time: a peer that asks without taking answers gets no pile of them.
        if (acknowledgementDue && phase == Phase.JUDGED && !frozen && ready.isEmpty()) {
            acknowledgementDue = false;
            Element answer = Element.of(Wire.SM, "a").with("h", Long.toString(innerReceived & 0xFFFF_FFFFL));
            protect(bytes(answer), List.of(), now);
        }
    }

    /** Writes one of the tunnel's own stanzas, ahead of what waits. */
    private void write(Element stanza, long now) {
        if (phase == Phase.JUDGED && !frozen) {
            innerSent++;
            protect(bytes(stanza), List.of(), now);
        }
    }

    private void protect(byte[] plaintext, List<Long> tokens, long now) {
        try {
            session.write(plaintext);
        } catch (TlsException e) {
            throw new IllegalStateException("an established session takes plaintext", e);
        }
        flush(now, tokens);
    }

    private static byte[] bytes(Element element) {
        return element.toXml(Stanza.NAMESPACE).getBytes(StandardCharsets.UTF_8);
    }

    // ---- data IQs out

    private void flush(long now) {
        flush(now, List.of());
    }

    /** Packs whole records into data IQs and sends as many as the window allows. */
    private void flush(long now, List<Long> tokens) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        for (byte[] record : session.takeRecords()) {
            if (packed.size() > 0 && packed.size() + record.length > settings.iqBytes()) {
                ready.add(new Data(packed.toByteArray()));
                packed.reset();
            }
            packed.writeBytes(record);
        }
        if (packed.size() > 0) {
            ready.add(new Data(packed.toByteArray()));
        }
        if (!tokens.isEmpty()) {
            ready.getLast().tokens = tokens;
        }
        // Goodbyes and alerts do not wait for answers that may never come; there are few of them.
        // What a frozen tunnel has ready would be taken for the fresh one's.
        while (!frozen && !ready.isEmpty() && (unanswered.size() < settings.window() || phase == Phase.CLOSING)) {
            Data data = ready.remove();
            data.deadline = now + settings.answerMillis();
            Optional<String> named = !begun && role == Role.INITIATOR ? Optional.of(method) : Optional.empty();
            begun = true;
            iqsSinceAsk++;
            String id = surroundings.newId();
            unanswered.put(id, data);
            out.accept(new Action.Send(new Iq.Request(peer, id, true, Wire.data(data.bytes, named))));
        }
    }

    /** Whether an answer with this id is to one of our data IQs. */
    boolean isMine(String id) {
        return unanswered.containsKey(id);
    }

    /** A data IQ was answered with a result. */
    void answered(String id, long now) {
        Data data = unanswered.remove(id);
        if (data != null && !peerConfirmed && !expectsConfirm) {
            data.tokens.forEach(token -> {
                if (unacknowledged.remove(token) != null) {
                    acknowledge(token, Acknowledgement.LINK);
                }
            });
        }
        flush(now);
        pump(now);
    }

    /**
     * When the oldest unanswered data IQ, or the peer's word on what was sent, is overdue. The latter is what shows that
     * a server answers for the peer and drops what it should pass on.
     */
    long deadline() {
        if (frozen || phase == Phase.CLOSING) {
            return Long.MAX_VALUE; // the fresh tunnel's, or the goodbye's, deadline holds
        }
        return unanswered.isEmpty()
                ? acknowledgementDeadline
                : Math.min(
                        acknowledgementDeadline, unanswered.values().iterator().next().deadline);
    }

    private void expectAcknowledgement(long now) {
        acknowledgementDeadline = Math.min(acknowledgementDeadline, now + settings.answerMillis());
    }

    // ---- stanzas in

    private void hold(byte[] plaintext) throws Violation {
        // Nobody knows yet who sends this; it may wait for a human, but not fill the memory meanwhile.
        if ((long) held.size() + plaintext.length > settings.stanzaBytes()) {
            throw Violation.limit("the peer sent more than " + settings.stanzaBytes() + " bytes before it was judged");
        }
        held.writeBytes(plaintext);
    }

    private void take(byte[] plaintext, long now) throws Violation {
        for (Element element : inner.feed(plaintext)) {
            if (element.is(Wire.SM, "r")) {
                acknowledgementDue = true;
            } else if (element.is(Wire.SM, "a")) {
                acknowledgedUpTo(element, now);
            } else {
                takeStanza(element, now);
            }
        }
    }

    private void takeStanza(Element element, long now) throws Violation {
        Stanza stanza;
        try {
            stanza = new Stanza(element);
        } catch (IllegalArgumentException e) {
            throw Violation.protocol("the peer sent something that is no stanza inside the tunnel: " + e.getMessage());
        }
        requireOwn(element, "from", peer);
        requireOwn(element, "to", local);
        innerReceived++;
        boolean first = !firstStanzaSeen;
        firstStanzaSeen = true;
        if (Confirmation.isIn(stanza)) {
            if (!first) {
                throw Violation.protocol("the peer confirmed the offers too late");
            }
            confirmed(stanza, now);
        } else if (first && expectsConfirm) {
            throw new Violation(new Failure(
                    Code.UNCONFIRMED,
                    Fault.PEER,
                    "the peer did not confirm the offers, " + confirmDemand,
                    "If it is an older peer, do not require confirmed offers of it."));
        } else if (!isAnswerToConfirm(stanza)) {
            received++;
            Action deliver = new Action.Deliver(number, stanza.between(peer, local));
            if (announced) {
                out.accept(deliver);
            } else {
                undelivered.add(deliver);
            }
        }
    }

    private void confirmed(Stanza stanza, long now) throws Violation {
        confirmation.check(stanza);
        peerConfirmed = true;
        write(
                Element.of(Stanza.NAMESPACE, "iq")
                        .with("type", "result")
                        .with("id", stanza.element().attribute("id").orElseThrow()),
                now);
        if (!unacknowledged.isEmpty() && phase == Phase.JUDGED && !frozen) {
            protect(bytes(Wire.ASK), List.of(), now);
            expectAcknowledgement(now);
        }
    }

    private boolean isAnswerToConfirm(Stanza stanza) {
        return stanza.kind() == Stanza.Kind.IQ
                && stanza.element().attribute("id").orElse("").equals(confirmId)
                && stanza.element().attribute("type").orElse("").matches("result|error");
    }

    private static void requireOwn(Element stanza, String attribute, FullJid owner) throws Violation {
        Optional<String> said = stanza.attribute(attribute);
        if (said.isEmpty()) {
            return;
        }
        try {
            Jid jid = Jid.parse(said.get());
            if (jid.equals(owner) || jid.equals(owner.bare())) {
                return;
            }
        } catch (IllegalArgumentException e) {
            // As foreign as another's address.
        }
        throw Violation.protocol("the peer sent a stanza inside the tunnel with a foreign '" + attribute + "'");
    }

    private void acknowledgedUpTo(Element answer, long now) throws Violation {
        String said = answer.attribute("h").orElse("");
        if (!said.matches("[0-9]{1,10}") || Long.parseLong(said) > 0xFFFF_FFFFL) {
            throw Violation.protocol("the peer acknowledged '" + said.length() + " characters', which is no count");
        }
        long more = (Long.parseLong(said) - innerAcknowledged) & 0xFFFF_FFFFL;
        if (more > innerSent - innerAcknowledged) {
            throw Violation.protocol("the peer acknowledged stanzas that were never sent");
        }
        innerAcknowledged += more;
        if (!peerConfirmed) {
            return; // whoever does not confirm does not get its word taken for the peer's either
        }
        Iterator<Map.Entry<Long, Long>> oldest = unacknowledged.entrySet().iterator();
        while (oldest.hasNext()) {
            Map.Entry<Long, Long> send = oldest.next();
            if (send.getValue() > innerAcknowledged) {
                break;
            }
            oldest.remove();
            acknowledge(send.getKey(), Acknowledgement.PEER);
        }
        if (unacknowledged.isEmpty()) {
            acknowledgementDeadline = Long.MAX_VALUE;
        } else if (more > 0) {
            acknowledgementDeadline = now + settings.answerMillis();
        }
    }

    private void acknowledge(long token, Acknowledgement by) {
        acknowledged++;
        out.accept(new Action.Acknowledged(token, by));
    }

    // ---- for observers

    long sent() {
        return sent;
    }

    long acknowledgedCount() {
        return acknowledged;
    }

    long received() {
        return received;
    }

    int queued() {
        return queue.size();
    }
}
