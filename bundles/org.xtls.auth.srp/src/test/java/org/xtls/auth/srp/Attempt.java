package org.xtls.auth.srp;

import static org.xtls.auth.srp.Stages.await;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xtls.auth.Answer;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.auth.Verdict;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession;
import org.xtls.tls.bc.BcTlsEngine;

/** One negotiation between two methods, step by step, with the real engine's handshake at its end. */
final class Attempt {
    private static final BcTlsEngine ENGINE = new BcTlsEngine();

    final Side initiator;
    final Side responder;
    final AuthMethod initiating;
    final AuthMethod responding;
    Offer start = Offer.of(List.of());
    Offer proceed = Offer.of(List.of());
    Answer agreed = Answer.IMPOSSIBLE;
    Answer taken = Answer.IMPOSSIBLE;

    @Nullable
    TlsSession client;

    @Nullable
    TlsSession server;

    @Nullable
    TlsException clientFailure;

    @Nullable
    TlsException serverFailure;

    @Nullable
    Verdict atInitiator;

    @Nullable
    Verdict atResponder;

    /** What went over the wire: the first byte of the sender's name, then the flight. */
    final List<String> senders = new ArrayList<>();

    final List<byte[]> flights = new ArrayList<>();

    Attempt(Side initiator, Side responder) {
        this(initiator, initiator.method(), responder, responder.method());
    }

    Attempt(Side initiator, AuthMethod initiating, Side responder, AuthMethod responding) {
        this.initiator = initiator;
        this.initiating = initiating;
        this.responder = responder;
        this.responding = responding;
    }

    /** Start and proceed; true when both methods can go on. */
    boolean agree() {
        start = initiator.offer(initiating, responder.jid);
        agreed = await(responding.answer(atResponder(null, start)));
        proceed = Side.confirming(agreed.things());
        taken = await(initiating.answer(atInitiator(start, proceed)));
        return agreed.possible() && taken.possible();
    }

    /** The initiator's credential and ClientHello. */
    byte[] hello() throws TlsException {
        client = ENGINE.open(TlsRole.CLIENT, await(initiating.credential(atInitiator(start, proceed))));
        client.begin();
        return flight("client", client);
    }

    /** The responder's credential, when the first data is there. */
    void present() throws TlsException {
        server = ENGINE.open(TlsRole.SERVER, await(responding.credential(atResponder(proceed, start))));
        server.begin();
    }

    Attempt shakeHands() throws TlsException {
        byte[] next = hello();
        present();
        while (next.length > 0) {
            try {
                server.receive(next);
            } catch (TlsException e) {
                serverFailure = e;
            }
            next = flight("server", server);
            if (next.length == 0) {
                break;
            }
            try {
                client.receive(next);
            } catch (TlsException e) {
                clientFailure = e;
            }
            next = flight("client", client);
        }
        if (client.state() == TlsSession.State.ESTABLISHED) {
            atInitiator = await(initiating.verify(
                    atInitiator(start, proceed), client.handshake().proof()));
        }
        if (server.state() == TlsSession.State.ESTABLISHED) {
            atResponder = await(responding.verify(
                    atResponder(proceed, start), server.handshake().proof()));
        }
        return this;
    }

    boolean verified() {
        return atInitiator instanceof Verdict.Verified && atResponder instanceof Verdict.Verified;
    }

    Negotiation atInitiator(@Nullable Offer sent, @Nullable Offer received) {
        return initiator.negotiation(Role.INITIATOR, responder.jid, sent, received);
    }

    Negotiation atResponder(@Nullable Offer sent, @Nullable Offer received) {
        return responder.negotiation(Role.RESPONDER, initiator.jid, sent, received);
    }

    private byte[] flight(String sender, TlsSession from) {
        ByteArrayOutputStream flight = new ByteArrayOutputStream();
        from.takeRecords().forEach(flight::writeBytes);
        if (flight.size() > 0) {
            senders.add(sender);
            flights.add(flight.toByteArray());
        }
        return flight.toByteArray();
    }
}
