package org.xtls.server.loopback;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import org.xtls.server.loopback.xml.StreamException;
import org.xtls.server.loopback.xml.StreamParser;

/** A client that says exactly what it is told to, and waits at most ten seconds for anything. */
final class RawClient implements AutoCloseable, StreamParser.Handler {

    static final String SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
    static final String BIND = "urn:ietf:params:xml:ns:xmpp-bind";
    static final String PASSWORD = "pencil & eraser";

    private final Socket socket;
    private final StreamParser parser = new StreamParser(this, Integer.MAX_VALUE, 1000);
    private final Deque<Element> received = new ArrayDeque<>();
    private final byte[] buffer = new byte[4096];
    private boolean ended;
    private String domain = "";
    private String jid = "";

    private RawClient(Socket socket) {
        this.socket = socket;
    }

    /** Connected, nothing said. */
    static RawClient connect(LoopbackServer server) throws IOException {
        Socket socket = new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), server.port());
        socket.setSoTimeout(10_000);
        socket.setTcpNoDelay(true);
        return new RawClient(socket);
    }

    /** The stream opened, features read. */
    static RawClient open(LoopbackServer server, String domain) throws IOException {
        RawClient client = connect(server);
        client.openStream(domain);
        return client;
    }

    /** Logged in and bound, but not available. */
    static RawClient bound(LoopbackServer server, String fullJid) throws IOException {
        String bare = fullJid.substring(0, fullJid.indexOf('/'));
        RawClient client = open(server, bare.substring(bare.indexOf('@') + 1));
        client.login(bare.substring(0, bare.indexOf('@')), PASSWORD);
        assertEquals(fullJid, client.bind(fullJid.substring(fullJid.indexOf('/') + 1)));
        return client;
    }

    /** Logged in, bound and available, with nobody else's presence unread as long as nobody else was available. */
    static RawClient available(LoopbackServer server, String fullJid) throws IOException {
        RawClient client = bound(server, fullJid);
        client.send("<presence/>");
        return client;
    }

    Element openStream(String to) throws IOException {
        domain = to;
        send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='" + StreamParser.STREAMS
                + "' to='" + to + "' version='1.0'>");
        Element features = receive();
        assertEquals("features", features.name());
        return features;
    }

    void login(String user, String password) throws IOException {
        send(plain("\0" + user + "\0" + password));
        assertEquals("success", receive().name());
        restart();
    }

    Element restart() throws IOException {
        awaitStream();
        return openStream(domain);
    }

    /** From now on the server speaks in a new stream. */
    void awaitStream() {
        parser.restart();
    }

    static String plain(String message) {
        return "<auth xmlns='" + SASL + "' mechanism='PLAIN'>" + base64(message) + "</auth>";
    }

    String bind(String resource) throws IOException {
        String wanted = resource.isEmpty() ? "" : "<resource>" + resource + "</resource>";
        send("<iq type='set' id='bind'><bind xmlns='" + BIND + "'>" + wanted + "</bind></iq>");
        jid = receive().find(BIND, "jid").orElseThrow().text();
        return jid;
    }

    /** SCRAM as RFC 5802 writes it; returns the server's last word. */
    Element scram(String hash, String user, String password) throws IOException, GeneralSecurityException {
        String mac = "Hmac" + hash.replace("-", "");
        String bare = "n=" + user + ",r=abcdef";
        send("<auth xmlns='" + SASL + "' mechanism='SCRAM-" + hash + "'>" + base64("n,," + bare) + "</auth>");
        String challenge = unbase64(receive().text());
        String[] parts = challenge.split(",");
        byte[] salt = Base64.getDecoder().decode(parts[1].substring(2));
        int iterations = Integer.parseInt(parts[2].substring(2));
        int bits = MessageDigest.getInstance(hash).getDigestLength() * 8;
        byte[] salted = SecretKeyFactory.getInstance("PBKDF2With" + mac)
                .generateSecret(new PBEKeySpec(password.toCharArray(), salt, iterations, bits))
                .getEncoded();
        byte[] clientKey = hmac(mac, salted, "Client Key");
        String unproved = "c=biws," + parts[0];
        String transcript = bare + "," + challenge + "," + unproved;
        byte[] proof = hmac(mac, MessageDigest.getInstance(hash).digest(clientKey), transcript);
        for (int i = 0; i < proof.length; i++) {
            proof[i] ^= clientKey[i];
        }
        send("<response xmlns='" + SASL + "'>"
                + base64(unproved + ",p=" + Base64.getEncoder().encodeToString(proof)) + "</response>");
        Element last = receive();
        if (last.name().equals("success")) {
            byte[] signature = hmac(mac, hmac(mac, salted, "Server Key"), transcript);
            assertEquals("v=" + Base64.getEncoder().encodeToString(signature), unbase64(last.text()));
        }
        return last;
    }

    String jid() {
        return jid;
    }

    void send(String xml) throws IOException {
        send(xml.getBytes(UTF_8));
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    /** The next child of the server's stream. */
    Element receive() throws IOException {
        while (received.isEmpty()) {
            if (ended) {
                throw new EOFException("The server closed the stream");
            }
            read();
        }
        return received.remove();
    }

    Stanza stanza() throws IOException {
        return new Stanza(receive());
    }

    /** The condition of a stanza error. */
    String stanzaError() throws IOException {
        Stanza stanza = stanza();
        assertEquals("error", stanza.type().orElse("none"), stanza.xml());
        Element error = stanza.child(Stanza.NAMESPACE, "error").orElseThrow();
        return error.child(Stanza.ERRORS).orElseThrow().name();
    }

    /** The condition of a stream error, after which the server closes stream and connection. */
    String streamError() throws IOException {
        Element error = receive();
        assertTrue(error.is(StreamParser.STREAMS, "error"), error.xml());
        awaitEnd();
        return error.child("urn:ietf:params:xml:ns:xmpp-streams").orElseThrow().name();
    }

    /** The server closes stream and connection in good order and says nothing before. */
    void awaitEnd() throws IOException {
        while (!ended) {
            read();
        }
        assertEquals(0, received.size(), received::toString);
        assertEquals(-1, socket.getInputStream().read());
    }

    /** The connection breaks: no end of the stream. */
    void awaitReset() {
        try {
            while (!ended) {
                read();
            }
            fail("The stream ended in good order");
        } catch (IOException e) {
            assertTrue(e instanceof SocketException, e.toString());
        }
    }

    /** Nothing came, and whatever this client sent before has been routed: a ping is answered next. */
    void awaitNothingElse() throws IOException {
        send("<iq type='get' id='nothing-else'><ping xmlns='urn:xmpp:ping'/></iq>");
        Stanza answer = stanza();
        assertEquals("nothing-else", answer.id().orElse("none"), answer.xml());
    }

    Socket socket() {
        return socket;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    @Override
    public void opened(Element header) {
        assertEquals("1.0", header.attribute("version").orElse("none"));
        assertTrue(header.attribute("id").isPresent());
    }

    @Override
    public void received(Element element) {
        received.add(element);
    }

    @Override
    public void closed() {
        ended = true;
    }

    private void read() throws IOException {
        int length = socket.getInputStream().read(buffer);
        if (length < 0) {
            throw new EOFException("The server closed the connection without closing the stream");
        }
        try {
            parser.feed(buffer, length);
        } catch (StreamException e) {
            throw new IOException(e);
        }
    }

    private static byte[] hmac(String algorithm, byte[] key, String text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance(algorithm);
        mac.init(new SecretKeySpec(key, algorithm));
        return mac.doFinal(text.getBytes(UTF_8));
    }

    static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
    }

    static String unbase64(String text) {
        return new String(Base64.getDecoder().decode(text), UTF_8);
    }
}
