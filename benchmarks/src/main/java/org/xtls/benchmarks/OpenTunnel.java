package org.xtls.benchmarks;

import java.security.GeneralSecurityException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.xtls.BareJid;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.auth.Answer;
import org.xtls.auth.Verdict;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.bc.BcTlsEngine;
import org.xtls.transport.Iq;
import org.xtls.trust.KeyName;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policy;
import org.xtls.tunnel.protocol.Action;
import org.xtls.tunnel.protocol.Conversation;
import org.xtls.tunnel.protocol.Question;
import org.xtls.tunnel.protocol.Settings;
import org.xtls.tunnel.protocol.Surroundings;
import org.xtls.xml.Element;

/** Romeo and Juliet with a tunnel between them, in one thread; their server passes IQs on as they are. */
final class OpenTunnel {
    private static final FullJid ROMEO = FullJid.parse("romeo@montague.net/orchard");
    private static final FullJid JULIET = FullJid.parse("juliet@capulet.com/balcony");
    private static final TlsEngine ENGINE = new BcTlsEngine();

    private final Side romeo = new Side(ROMEO, JULIET);
    private final Side juliet = new Side(JULIET, ROMEO);

    OpenTunnel() throws GeneralSecurityException {
        romeo.perform(romeo.conversation.open(0));
        settle();
        Connection.require(romeo.tunnel >= 0 && juliet.tunnel >= 0, "the tunnel did not open");
    }

    /** Romeo sends a stanza so many times, at once; returns when Juliet has read and acknowledged them all. */
    int carry(Stanza stanza, int times) {
        int before = juliet.delivered;
        for (int i = 0; i < times; i++) {
            romeo.perform(romeo.conversation.send(romeo.sent++, romeo.tunnel, stanza, 0));
        }
        settle();
        Connection.require(juliet.delivered - before == times && romeo.acknowledged == romeo.sent, "stanzas were lost");
        return juliet.delivered;
    }

    private void settle() {
        boolean moved = true;
        while (moved) {
            moved = romeo.takeAll(juliet);
            moved |= juliet.takeAll(romeo);
        }
    }

    private static final class Side implements Surroundings {
        private final FullJid peer;
        private final Ed25519Identity identity;
        private final Conversation conversation;
        private final Queue<Iq> outbox = new ArrayDeque<>();
        private long ids;
        private long tunnel = -1;
        private long sent;
        private long acknowledged;
        private int delivered;

        Side(FullJid local, FullJid peer) throws GeneralSecurityException {
            this.peer = peer;
            this.identity = Ed25519Identity.generate();
            this.conversation = new Conversation(local, peer, this);
        }

        /** False when the other side had sent nothing. */
        boolean takeAll(Side other) {
            boolean took = false;
            for (Iq iq = other.outbox.poll(); iq != null; iq = other.outbox.poll()) {
                perform(conversation.received(stamped(iq), 0));
                took = true;
            }
            return took;
        }

        void perform(List<Action> actions) {
            for (Action action : actions) {
                if (action instanceof Action.Send send) {
                    outbox.add(send.iq());
                } else if (action instanceof Action.Ask ask) {
                    perform(conversation.answered(ask.step(), reply(ask.question()), 0));
                } else if (action instanceof Action.Opened opened) {
                    tunnel = opened.tunnel();
                } else if (action instanceof Action.Deliver) {
                    delivered++;
                } else if (action instanceof Action.Acknowledged) {
                    acknowledged++;
                }
            }
        }

        private Iq stamped(Iq iq) {
            if (iq instanceof Iq.Request request) {
                return new Iq.Request(peer, request.id(), request.set(), request.payload());
            }
            if (iq instanceof Iq.Result result) {
                return new Iq.Result(peer, result.id(), result.payload());
            }
            return new Iq.Error(peer, iq.id(), ((Iq.Error) iq).error());
        }

        private Question.Reply reply(Question question) {
            Element keyinfo = Element.of("urn:xmpp:tmp:pubkey", "keyinfo")
                    .with(Element.of("urn:xmpp:tmp:pubkey", "name").withText("ab".repeat(32)));
            KnownPeer known = KnownPeer.stranger(peer.bare());
            if (question instanceof Question.Offers) {
                return new Question.Offered(List.of(new Question.Things("x509", List.of(keyinfo))), List.of(), known);
            }
            if (question instanceof Question.Answers) {
                return new Question.Answered(
                        List.of(new Question.Possible("x509", Answer.possible(List.of(keyinfo)))),
                        List.of(),
                        List.of(),
                        List.of(),
                        known);
            }
            if (question instanceof Question.Present) {
                return new Question.Presented(identity.credential());
            }
            if (question instanceof Question.Verify) {
                return new Question.Verified(
                        new Verdict.Verified(new KeyName("x509", "cd".repeat(32)), "by the benchmark's word"));
            }
            throw new IllegalStateException("nobody can answer " + question);
        }

        @Override
        public Settings settings() {
            return Settings.DEFAULT;
        }

        @Override
        public Policy policy(BareJid ofPeer) {
            return Policy.DEFAULT;
        }

        @Override
        public TlsEngine engine() {
            return ENGINE;
        }

        @Override
        public String newId() {
            return Long.toString(ids++);
        }

        @Override
        public boolean enter(BareJid who) {
            return true;
        }

        @Override
        public void leave(BareJid who) {}
    }
}
