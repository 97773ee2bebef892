package org.xtls.server.loopback.c2s;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.server.loopback.Element;
import org.xtls.server.loopback.Node;
import org.xtls.server.loopback.Stanza;
import org.xtls.server.loopback.Text;
import org.xtls.server.loopback.sasl.Mechanism;
import org.xtls.server.loopback.sasl.Step;
import org.xtls.server.loopback.xml.StreamCondition;
import org.xtls.server.loopback.xml.StreamException;
import org.xtls.server.loopback.xml.StreamParser;

/**
 * One client's TCP connection: a thread that reads it and a thread that writes to it. Fields that are neither final nor
 * volatile belong to the reader.
 */
final class Connection implements StreamParser.Handler {

    /** How far the client has come. */
    private enum Phase {
        OPENING,
        AUTHENTICATING,
        REOPENING,
        BINDING,
        BOUND
    }

    private final Listener listener;
    private final Settings settings;
    private final Socket socket;
    private final Outbox outbox;
    private final StreamParser parser;
    private final Thread reader;
    private final Thread writer;
    private final Set<Connection> crowded = new LinkedHashSet<>();
    private final AtomicBoolean ending = new AtomicBoolean();
    private volatile boolean clientClosed;
    private volatile boolean authenticated;
    /** Written under the router's lock. */
    private volatile @Nullable Session session;

    /** Guarded by the outbox: whoever comes first, the stream's start or its end, opens the server's stream. */
    private boolean headerSent;

    private Phase phase = Phase.OPENING;
    private String domain;
    private String username = "";
    private @Nullable Mechanism login;
    private int failures;

    Connection(Listener listener, Settings settings, Socket socket, String name) {
        this.listener = listener;
        this.settings = settings;
        this.socket = socket;
        outbox = new Outbox(settings.queueLimit());
        parser = new StreamParser(this, Math.min(LOGIN_LIMIT, settings.stanzaLimit()), DEPTH_LIMIT);
        domain = settings.domains().iterator().next();
        reader = listener.daemon(name + "-reader", this::read);
        writer = listener.daemon(name + "-writer", this::write);
    }

    void start() {
        writer.start();
        reader.start();
    }

    List<Thread> threads() {
        return List.of(reader, writer);
    }

    boolean isEnding() {
        return ending.get();
    }

    @Nullable
    Session session() {
        return session;
    }

    void session(Session bound) {
        session = bound;
    }

    /** Queues a stanza. Never blocks. */
    Outbox.Outcome offer(String xml) {
        return outbox.offer(xml);
    }

    /** Ends the stream in good order, with an error unless that is null. Only the first call counts. Never blocks. */
    void end(@Nullable StreamCondition error) {
        if (!ending.compareAndSet(false, true)) {
            return;
        }
        listener.router().leave(this);
        String condition = error == null
                ? ""
                : "<stream:error><" + error + " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
        synchronized (outbox) {
            // RFC 6120, section 4.9.1.2: an error comes inside a stream, even if it is about the client's header.
            String header = headerSent ? "" : header();
            outbox.end(header + condition + "</stream:stream>", error == StreamCondition.RESOURCE_CONSTRAINT);
        }
        // A client that neither reads nor closes keeps its socket no longer than that.
        listener.after(CLOSING, this::closeSocket);
    }

    /** Ends the stream of a client that has not logged in by now. */
    void endUnlessAuthenticated() {
        if (!authenticated) {
            end(StreamCondition.CONNECTION_TIMEOUT);
        }
    }

    /** Drops the connection without a word: the client sees a reset. */
    void cut() {
        try {
            socket.setSoLinger(true, 0);
        } catch (IOException e) {
            LOG.debug("Already closed", e);
        }
        closeSocket();
    }

    private void closeSocket() {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("Could not close", e);
        }
        // Not before: the writer would see the end and close in good order what is to be cut.
        outbox.abandon();
    }

    private void read() {
        byte[] buffer = new byte[BUFFER];
        try {
            InputStream in = socket.getInputStream();
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                // What comes after the end is read all the same: closing over unread bytes would take our last words
                // from the client.
                if (!isEnding()) {
                    take(buffer, length);
                }
            }
            end(null);
            writer.join(CLOSING.toMillis());
        } catch (IOException e) {
            LOG.debug("{} lost its client: {}", reader.getName(), e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            end(null);
            closeSocket();
            listener.gone(this);
        }
    }

    private void take(byte[] buffer, int length) throws InterruptedException {
        try {
            parser.feed(buffer, length);
            for (Connection slow : crowded) {
                if (!slow.outbox.awaitRoom(settings.patience())) {
                    LOG.info("{} ends: its client reads too slowly", slow.reader.getName());
                    slow.end(StreamCondition.RESOURCE_CONSTRAINT);
                }
            }
            crowded.clear();
        } catch (StreamException e) {
            LOG.info("{} ends, {}: {}", reader.getName(), e.condition(), e.getMessage());
            end(e.condition());
        } catch (RuntimeException | Error e) {
            LOG.error("{} ends", reader.getName(), e);
            end(StreamCondition.INTERNAL_SERVER_ERROR);
        }
    }

    private void write() {
        try {
            OutputStream out = socket.getOutputStream();
            for (Optional<byte[]> next = outbox.take(); next.isPresent(); next = outbox.take()) {
                out.write(next.orElseThrow());
            }
            socket.shutdownOutput();
            if (clientClosed) {
                closeSocket();
            }
        } catch (IOException e) {
            LOG.debug("{} lost its client: {}", writer.getName(), e.toString());
            closeSocket();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closeSocket();
        }
    }

    @Override
    public void opened(Element header) throws StreamException {
        if (!header.is(StreamParser.STREAMS, "stream")) {
            throw new StreamException(StreamCondition.INVALID_NAMESPACE, "no stream header");
        }
        String host = header.attribute("to").orElse(domain).toLowerCase(Locale.ROOT);
        boolean reopened = phase == Phase.REOPENING;
        // Whoever logged in at one domain is nobody at another.
        if (!settings.domains().contains(host) || (reopened && !host.equals(domain))) {
            throw new StreamException(StreamCondition.HOST_UNKNOWN, "not the host it is meant for");
        }
        domain = host;
        if (header.attribute("version").filter("1.0"::equals).isEmpty()) {
            throw new StreamException(StreamCondition.UNSUPPORTED_VERSION, "not XMPP 1.0");
        }
        phase = reopened ? Phase.BINDING : Phase.AUTHENTICATING;
        synchronized (outbox) {
            headerSent = true;
            outbox.offer(header() + (reopened ? BINDING_FEATURES : LOGIN_FEATURES));
        }
    }

    @Override
    public void received(Element element) throws StreamException {
        if (isEnding()) {
            return;
        }
        switch (phase) {
            case AUTHENTICATING -> authenticate(element);
            case BINDING -> bind(element);
            case BOUND -> route(element);
            case OPENING, REOPENING -> throw new StreamException(StreamCondition.NOT_AUTHORIZED, "no stream header");
        }
    }

    @Override
    public void closed() {
        clientClosed = true;
        end(null);
    }

    private void authenticate(Element element) throws StreamException {
        if (!element.namespace().equals(SASL)) {
            throw new StreamException(StreamCondition.NOT_AUTHORIZED, "not logged in");
        }
        switch (element.name()) {
            case "auth" -> {
                login = Mechanism.named(
                                element.attribute("mechanism").orElse(""),
                                settings.accounts(domain, listener.secret()),
                                listener.random())
                        .orElse(null);
                respond(element, "invalid-mechanism");
            }
            case "response" -> respond(element, "malformed-request");
            case "abort" -> fail("aborted");
            default -> fail("malformed-request");
        }
    }

    private void respond(Element element, String withoutLogin) throws StreamException {
        Mechanism current = login;
        if (current == null) {
            fail(withoutLogin);
            return;
        }
        byte[] message;
        try {
            String text = element.text().strip();
            message = Base64.getDecoder().decode(text.equals("=") ? "" : text);
        } catch (IllegalArgumentException e) {
            fail("incorrect-encoding");
            return;
        }
        Step step = current.respond(message);
        if (step instanceof Step.Challenge challenge) {
            send(sasl("challenge", new Text(base64(challenge.data()))));
        } else if (step instanceof Step.Failure failure) {
            fail(failure.condition());
        } else if (step instanceof Step.Success success) {
            login = null;
            username = success.username();
            authenticated = true;
            phase = Phase.REOPENING;
            parser.restart();
            parser.sizeLimit(settings.stanzaLimit());
            synchronized (outbox) {
                headerSent = false;
                outbox.offer(sasl("success", new Text(base64(success.data()))));
            }
        }
    }

    private void fail(String condition) throws StreamException {
        login = null;
        send(sasl("failure", Element.of(SASL, condition)));
        // Slows down guessing.
        if (++failures == FAILURES_LIMIT) {
            throw new StreamException(StreamCondition.POLICY_VIOLATION, "too many failed logins");
        }
    }

    private void bind(Element element) throws StreamException {
        if (Stanza.kindOf(element).filter(Stanza.Kind.IQ::equals).isEmpty()
                || element.attribute("id").isEmpty()
                || element.child(BIND, "bind").isEmpty()) {
            throw new StreamException(StreamCondition.NOT_AUTHORIZED, "no resource yet");
        }
        Stanza request = new Stanza(element.withoutAttribute("from").withoutAttribute("to"));
        String wanted = element.find(BIND, "resource").map(Element::text).orElse("");
        Address address;
        try {
            address = new Address(username, domain, wanted.isEmpty() ? listener.freshResource() : wanted);
        } catch (IllegalArgumentException e) {
            send(request.error("modify", "bad-request").xml());
            return;
        }
        if (!request.isType("set")) {
            send(request.error("modify", "bad-request").xml());
            return;
        }
        Element jid = Element.of(BIND, "jid", new Text(address.toString()));
        listener.router().bind(address, this, request.result(Element.of(BIND, "bind", jid)));
        phase = Phase.BOUND;
        LOG.info("{} is {}", reader.getName(), address);
    }

    private void route(Element element) throws StreamException {
        Session bound = session;
        if (bound == null) {
            return;
        }
        if (!element.namespace().equals(Stanza.NAMESPACE)) {
            throw new StreamException(StreamCondition.INVALID_NAMESPACE, "a stanza not in " + Stanza.NAMESPACE);
        }
        if (Stanza.kindOf(element).isEmpty()) {
            throw new StreamException(StreamCondition.UNSUPPORTED_STANZA_TYPE, "no stanza: " + element.name());
        }
        crowded.addAll(listener.router().received(bound, new Stanza(element)));
    }

    private void send(String xml) {
        if (outbox.offer(xml) == Outbox.Outcome.OVERFLOW) {
            end(StreamCondition.RESOURCE_CONSTRAINT);
        }
    }

    private String header() {
        return "<?xml version='1.0'?><stream:stream xmlns='" + Stanza.NAMESPACE + "' xmlns:stream='"
                + StreamParser.STREAMS + "' from='" + domain + "' id='" + listener.freshResource()
                + "' version='1.0' xml:lang='en'>";
    }

    private static String sasl(String name, Node content) {
        return Element.of(SASL, name, content).xml();
    }

    private static String base64(String data) {
        return Base64.getEncoder().encodeToString(data.getBytes(UTF_8));
    }

    /** How long an ending stream may take to end. */
    static final Duration CLOSING = Duration.ofSeconds(1);

    /** How long a client may take to log in. */
    static final Duration LOGIN = Duration.ofSeconds(30);

    private static final int BUFFER = 8192;
    private static final int DEPTH_LIMIT = 64;
    private static final int FAILURES_LIMIT = 3;
    /** Strangers get less memory than users. */
    private static final int LOGIN_LIMIT = 16 * 1024;

    private static final String SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
    private static final String BIND = "urn:ietf:params:xml:ns:xmpp-bind";
    private static final String LOGIN_FEATURES = "<stream:features><mechanisms xmlns='" + SASL + "'><mechanism>"
            + String.join("</mechanism><mechanism>", Mechanism.NAMES)
            + "</mechanism></mechanisms></stream:features>";
    private static final String BINDING_FEATURES = "<stream:features><bind xmlns='" + BIND + "'/><session xmlns='"
            + ServerEntity.SESSION + "'><optional/></session></stream:features>";
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
}
