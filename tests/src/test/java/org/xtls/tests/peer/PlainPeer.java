package org.xtls.tests.peer;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A peer that speaks XTLS 0.0.5 and nothing else: {@code start}, {@code proceed}, {@code data}, {@code close}; no offer,
 * no confirmation, no acknowledgement, one data IQ at a time. Its TLS is OpenSSL's, its XMPP a plain socket. It shares
 * no line of code with what it tests.
 */
public final class PlainPeer implements AutoCloseable {
    private static final String XTLS = "urn:xmpp:tmp:xtls";
    private static final int CHUNK = 4096;

    private final XmppClient client;
    private final KeyPair own;
    private final Path trusted;
    private volatile String partner = "";
    private final CompletableFuture<Xml> startReceived = new CompletableFuture<>();
    private final CompletableFuture<Void> closeReceived = new CompletableFuture<>();
    private volatile OpenSsl tls;
    private volatile String methodReceived = "";
    private volatile boolean silent;

    /** Logs in and waits for a start. It takes any certificate. */
    public PlainPeer(int port, String account, String password, String resource, KeyPair own) {
        this(port, account, password, resource, own, null);
    }

    /** The same; OpenSSL verifies that the other's certificate is {@code trusted}, and sends an alert otherwise. */
    public PlainPeer(int port, String account, String password, String resource, KeyPair own, Path trusted) {
        this.own = own;
        this.trusted = trusted;
        client = new XmppClient(port, account, password, resource);
        client.onRequest(this::answer);
    }

    /** The bound address. */
    public String jid() {
        return client.jid();
    }

    /** Starts as initiator; returns when the other has answered {@code proceed} and the handshake is under way. */
    public void start(String peer) {
        Xml answer = client.request(peer, "<start xmlns='" + XTLS + "'/>");
        if (answer.child(XTLS, "proceed").isEmpty()) {
            throw new AssertionError("no proceed: " + answer);
        }
        try {
            use(OpenSsl.client(own, trusted));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        partner = peer;
        pump(tls, peer, true);
    }

    /** Waits for a start, as responder, and returns it. */
    public Xml awaitStart() {
        return XmppClient.await(startReceived);
    }

    /** The method that the first data IQ named, as responder. */
    public String methodReceived() {
        return methodReceived;
    }

    /** Sends a stanza through the tunnel. */
    public void send(String stanza) {
        tls.write(stanza);
    }

    /** The next stanza that came through the tunnel. */
    public Xml receive() {
        return tls.next();
    }

    /** Stops answering data, so that what is sent to it stays unanswered. */
    public void fallSilent() {
        silent = true;
    }

    /** Sends {@code close}, as 0.0.5 does, without a {@code close_notify} before it; returns the answer. */
    public Xml closeTunnel() {
        return client.request(partner, "<close xmlns='" + XTLS + "'/>");
    }

    /** Waits for the other's {@code close}. */
    public void awaitClose() {
        XmppClient.await(closeReceived);
    }

    /** Waits for the end of OpenSSL's plaintext and returns what it wrote to standard error. */
    public String diagnosticsAtTheEnd() {
        XmppClient.await(tls.ended());
        return tls.said();
    }

    /** The stream beneath, to send what no client should. */
    public XmppClient client() {
        return client;
    }

    /** Logs off. */
    @Override
    public void close() {
        if (tls != null) {
            tls.close();
        }
        client.close();
    }

    private Optional<String> answer(Xml iq) {
        String from = iq.attribute("from");
        Optional<Xml> start = iq.child(XTLS, "start");
        Optional<Xml> data = iq.child(XTLS, "data");
        if (start.isPresent()) {
            proceed(from);
            startReceived.complete(iq);
            return Optional.of("<proceed xmlns='" + XTLS + "'/>");
        }
        if (data.isPresent() && tls != null) {
            if (methodReceived.isEmpty()) {
                methodReceived = data.get().attribute("method");
            }
            return silent ? XmppClient.SILENCE : take(data.get());
        }
        if (iq.child(XTLS, "close").isPresent()) {
            closeReceived.complete(null);
            return Optional.of("<closed xmlns='" + XTLS + "'/>");
        }
        return iq.child("http://jabber.org/protocol/disco#info", "query")
                .map(query -> "<query xmlns='http://jabber.org/protocol/disco#info'>"
                        + "<identity category='client' type='pc'/><feature var='" + XTLS + "'/></query>");
    }

    private void proceed(String initiator) {
        try {
            use(OpenSsl.server(own, trusted));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        partner = initiator;
        pump(tls, initiator, false);
    }

    /** One tunnel at a time: the one before is over. */
    private void use(OpenSsl next) {
        if (tls != null) {
            tls.close();
        }
        tls = next;
    }

    private Optional<String> take(Xml data) {
        try {
            tls.records().getOutputStream().write(Base64.getMimeDecoder().decode(data.text()));
        } catch (IOException e) {
            // OpenSSL has left; its alert is on the way.
        }
        return Optional.of("");
    }

    /** Carries OpenSSL's records into data IQs, one at a time. */
    private void pump(OpenSsl end, String peer, boolean initiator) {
        Thread thread = new Thread(
                () -> {
                    boolean first = initiator;
                    byte[] buffer = new byte[CHUNK];
                    try {
                        InputStream records = end.records().getInputStream();
                        for (int n = records.read(buffer); n >= 0; n = records.read(buffer)) {
                            String base64 = XmppClient.base64(Arrays.copyOf(buffer, n));
                            client.requestLater(
                                            peer,
                                            "<data xmlns='" + XTLS + "'" + (first ? " method='x509'" : "") + ">"
                                                    + base64 + "</data>")
                                    .get(XmppClient.PATIENCE_SECONDS, TimeUnit.SECONDS);
                            first = false;
                        }
                    } catch (IOException | TimeoutException | ExecutionException e) {
                        // OpenSSL or the stream is gone; the test sees it by what does not arrive.
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "plain-peer " + client.jid());
        thread.setDaemon(true);
        thread.start();
    }
}
