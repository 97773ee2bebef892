package org.xtls.tunnel.protocol;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession;
import org.xtls.transport.Iq;
import org.xtls.xml.Element;

/**
 * Takes the place of the other side in a {@link World}: speaks the bare XTLS 0.0.5 by itself, without any offer or
 * confirmation, and whatever a test makes it write. It shares nothing with the code under test but the TLS engine.
 */
final class RawPeer {
    final World.Side facing;
    final List<Iq> got = new ArrayList<>();

    /** What came out of TLS, one entry for each data IQ. */
    final List<String> heard = new ArrayList<>();

    /** What it answers to a start. */
    Element proceed = Element.of("urn:xmpp:tmp:xtls", "proceed");

    boolean answersData = true;
    boolean saysGoodbye;

    /** Whether it gives up the handshake that it began. */
    boolean givesUp;

    @Nullable
    TlsException trouble;

    private final World world;
    private final Credential credential;
    private final Deque<Iq> inbox = new ArrayDeque<>();
    private @Nullable TlsSession session;
    private @Nullable String method;
    private int ids;

    RawPeer(World world, World.Side facing, Credential credential) {
        this.world = world;
        this.facing = facing;
        this.credential = credential;
        world.server = (from, iq) -> {
            inbox.add(iq);
            return List.of();
        };
    }

    /** A world in which Romeo has a tunnel with a plain Juliet, which has said nothing inside it. */
    static RawPeer asResponder(World world) {
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        world.romeo.open();
        peer.settle();
        return peer;
    }

    /** A world in which a plain Juliet makes a tunnel with Romeo. */
    static RawPeer asInitiator(World world) {
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        peer.start("x509");
        peer.settle();
        return peer;
    }

    /** Romeo has a tunnel with a peer that has announced and sent its confirmation. */
    static RawPeer confirming(World world) {
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        Offer answer = Offers.confirming(List.of(List.of(World.keyinfo("cd".repeat(32)))));
        peer.proceed = peer.proceed.with(answer.element());
        world.romeo.open();
        peer.settle();
        peer.confirm(answer);
        peer.settle();
        return peer;
    }

    /** Confirms, as responder, what it received and this answer of its own. */
    void confirm(Offer answer) {
        Element start = facing.requests("start").get(0).payload();
        Confirmation confirmation =
                Confirmation.of(facing.other, facing.me, Role.RESPONDER, answer, Wire.offerIn(start));
        write(confirmation.asRequest("c1").element().toXml());
    }

    void start(String method) {
        this.method = method;
        request(Element.of("urn:xmpp:tmp:xtls", "start"));
    }

    void start(String method, Offer offer) {
        this.method = method;
        request(Element.of("urn:xmpp:tmp:xtls", "start").with(offer.element()));
    }

    String request(Element payload) {
        String id = "raw" + ids++;
        facing.inbox.add(new Iq.Request(facing.other, id, true, payload));
        return id;
    }

    /** Plaintext for the tunnel, whatever it is. */
    void write(String xml) {
        write(xml.getBytes(StandardCharsets.UTF_8));
    }

    void write(byte[] plaintext) {
        try {
            session().write(plaintext);
        } catch (TlsException e) {
            throw new AssertionError(e);
        }
        flush();
    }

    /** Writes and waits for what comes of it. */
    void says(String xml) {
        write(xml);
        settle();
    }

    TlsSession session() {
        if (session == null) {
            throw new AssertionError("there is no session yet");
        }
        return session;
    }

    String allHeard() {
        return String.join("", heard);
    }

    void flush() {
        for (byte[] record : session().takeRecords()) {
            request(Wire.data(record, Optional.ofNullable(method)));
            method = null;
        }
    }

    void settle() {
        do {
            world.settle();
            while (!inbox.isEmpty()) {
                Iq iq = inbox.remove();
                got.add(iq);
                take(iq);
            }
        } while (!facing.inbox.isEmpty());
    }

    private void take(Iq iq) {
        if (iq instanceof Iq.Request request) {
            switch (request.payload().name()) {
                case "start" -> {
                    session = open(TlsRole.SERVER);
                    answer(request, proceed);
                }
                case "data" -> {
                    if (answersData) {
                        answer(request, null);
                    }
                    data(request);
                }
                case "close" -> {
                    if (saysGoodbye) {
                        session().closeNotify();
                        flush();
                    }
                    answer(request, Element.of("urn:xmpp:tmp:xtls", "closed"));
                }
                default -> throw new AssertionError("a request of no plain peer's: " + request);
            }
        } else if (iq instanceof Iq.Result result
                && result.payload() != null
                && result.payload().name().equals("proceed")) {
            session = open(TlsRole.CLIENT);
            flush();
            if (givesUp) {
                session().abort(Alert.USER_CANCELED);
                flush();
            }
        }
    }

    private void data(Iq.Request request) {
        try {
            session().receive(Wire.bytesIn(request.payload(), 1 << 20));
            heard.add(new String(session().takePlaintext(), StandardCharsets.UTF_8));
        } catch (TlsException e) {
            trouble = e;
        } catch (Wire.TooLarge e) {
            throw new AssertionError(e);
        }
        flush();
    }

    void answer(Iq.Request request, @Nullable Element payload) {
        facing.inbox.add(new Iq.Result(facing.other, request.id(), payload));
    }

    private TlsSession open(TlsRole role) {
        try {
            TlsSession opened = World.ENGINE.open(role, credential);
            opened.begin();
            return opened;
        } catch (TlsException e) {
            throw new AssertionError(e);
        }
    }
}
