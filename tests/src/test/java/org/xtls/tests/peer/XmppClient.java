package org.xtls.tests.peer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** An XMPP client of a hundred lines over a plain socket: SASL PLAIN, resource binding, stanzas as text. */
public final class XmppClient implements AutoCloseable {
    /** How long an answer may take before the test fails. */
    static final long PATIENCE_SECONDS = 20;

    /** Instead of an answer: there is none. */
    static final Optional<String> SILENCE = Optional.of("silence");

    private final Socket socket = new Socket();
    private final OutputStream out;
    private final Map<String, CompletableFuture<Xml>> pending = new ConcurrentHashMap<>();
    private final String fullJid;
    private volatile Requests requests = request -> Optional.empty();
    private volatile String refusal =
            "<error type='cancel'><service-unavailable" + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    private XMLStreamReader in;

    /** What is done with requests. Called on the reader's thread, in the order of the stream. */
    public interface Requests {
        /** Answers an IQ request by the content of a result, or not at all; then somebody else does, or nobody. */
        Optional<String> answer(Xml request);
    }

    /** Logs in. */
    public XmppClient(int port, String account, String password, String resource) {
        try {
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 20_000);
            out = socket.getOutputStream();
            String local = account.substring(0, account.indexOf('@'));
            String domain = account.substring(account.indexOf('@') + 1);
            openStream(domain);
            write("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
                    + base64(("\0" + local + "\0" + password).getBytes(UTF_8)) + "</auth>");
            expect("success");
            openStream(domain);
            write("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" + resource
                    + "</resource></bind></iq>");
            Xml bound = expect("iq");
            fullJid = bound.child("urn:ietf:params:xml:ns:xmpp-bind", "bind")
                    .flatMap(bind -> bind.child("urn:ietf:params:xml:ns:xmpp-bind", "jid"))
                    .orElseThrow(() -> new AssertionError("not bound: " + bound))
                    .text();
            write("<presence/>");
        } catch (IOException | XMLStreamException e) {
            throw new AssertionError("login of " + account + " failed", e);
        }
        Thread reader = new Thread(this::readStanzas, "xmpp-client " + fullJid);
        reader.setDaemon(true);
        reader.start();
    }

    /** The bound address. */
    public String jid() {
        return fullJid;
    }

    /** From now on requests go there; those it leaves are answered {@code service-unavailable}. */
    public void onRequest(Requests handler) {
        requests = handler;
    }

    /** What requests are answered that nobody takes, instead of {@code service-unavailable}. */
    public void onUnanswered(String error) {
        refusal = error;
    }

    /** Sends an IQ set and gives the answer, result or error. */
    public Xml request(String to, String payload) {
        return await(requestLater(to, payload));
    }

    /** Sends an IQ set. */
    public CompletableFuture<Xml> requestLater(String to, String payload) {
        String id = UUID.randomUUID().toString();
        CompletableFuture<Xml> answer = new CompletableFuture<>();
        pending.put(id, answer);
        write("<iq type='set' to='" + Xml.escaped(to) + "' id='" + id + "'>" + payload + "</iq>");
        return answer;
    }

    /** Sends anything. */
    public void write(String xml) {
        synchronized (out) {
            try {
                out.write(xml.getBytes(UTF_8));
                out.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Closes the stream, as a client does that logs off. */
    @Override
    public void close() {
        try {
            if (!socket.isClosed()) {
                write("</stream:stream>");
                socket.close();
            }
        } catch (IOException | UncheckedIOException e) {
            // The server has closed it first.
        }
    }

    static <T> T await(CompletableFuture<T> future) {
        try {
            return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("no answer", e);
        }
    }

    static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private void openStream(String domain) throws XMLStreamException, IOException {
        write("<?xml version='1.0'?><stream:stream xmlns='jabber:client'"
                + " xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='" + domain + "'>");
        in = Xml.reader(socket.getInputStream());
        while (in.next() != XMLStreamConstants.START_ELEMENT) {
            // What precedes the stream header has no meaning.
        }
        expect("features");
    }

    private Xml expect(String name) throws XMLStreamException {
        Xml element = next();
        if (!element.name().equals(name)) {
            throw new AssertionError("<" + name + "/> expected, not " + element);
        }
        return element;
    }

    private Xml next() throws XMLStreamException {
        while (in.next() != XMLStreamConstants.START_ELEMENT) {
            if (in.getEventType() == XMLStreamConstants.END_ELEMENT) {
                throw new XMLStreamException("the server closed the stream");
            }
        }
        return Xml.read(in);
    }

    private void readStanzas() {
        try {
            while (true) {
                Xml stanza = next();
                if (stanza.name().equals("iq")) {
                    iq(stanza);
                }
            }
        } catch (XMLStreamException | UncheckedIOException e) {
            pending.values().forEach(answer -> answer.completeExceptionally(e));
        }
    }

    private void iq(Xml iq) {
        String type = iq.attribute("type");
        if (type.equals("result") || type.equals("error")) {
            CompletableFuture<Xml> waiting = pending.remove(iq.attribute("id"));
            if (waiting != null) {
                waiting.complete(iq);
            }
            return;
        }
        String head = " to='" + Xml.escaped(iq.attribute("from")) + "' id='" + Xml.escaped(iq.attribute("id")) + "'";
        Optional<String> answer = requests.answer(iq);
        if (answer.equals(SILENCE)) {
            return;
        }
        write(answer.map(content -> "<iq type='result'" + head + ">" + content + "</iq>")
                .orElse("<iq type='error'" + head + ">" + refusal + "</iq>"));
    }
}
