package org.xtls.tunnel.protocol;

import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Trust;
import org.xtls.auth.Verdict;
import org.xtls.tls.Alert;
import org.xtls.tls.TlsException;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.TrustChange;
import org.xtls.tunnel.protocol.Attempt.Stage;

/**
 * Who the peer is: from what the handshake proved to a channel that may be used. The method judges first; what it cannot
 * judge is left to memory, policy and a human; what the trust store learns meanwhile, and later, counts.
 */
final class Judgement {
    private final FullJid peer;
    private final Surroundings surroundings;
    private final Reasons reasons;
    private final Consumer<Action> out;
    private final Proceedings proceedings;

    /** What a judgement has done by the {@link Conversation} that it belongs to. */
    interface Proceedings {
        void ask(Attempt of, Question question);

        void fail(Attempt of, Failure failure, Optional<Alert> alert, long now);

        /** The channel has been judged; it is up, or waits for the confirmation. */
        void judged(Attempt of, long now);

        /** The tunnel that is up, whose place another may be about to take. */
        @Nullable
        Channel tunnel();
    }

    Judgement(FullJid peer, Surroundings surroundings, Reasons reasons, Consumer<Action> out, Proceedings proceedings) {
        this.peer = peer;
        this.surroundings = surroundings;
        this.reasons = reasons;
        this.out = out;
        this.proceedings = proceedings;
    }

    void handshakeDone(Attempt of) {
        Channel channel = of.channel;
        if (channel != null && of.stage == Stage.HANDSHAKING && channel.awaitsJudgement()) {
            of.stage = Stage.VERIFYING;
            proceedings.ask(
                    of, new Question.Verify(of.method, channel.handshake().proof()));
        }
    }

    void verified(Attempt of, Verdict verdict, long now) {
        if (verdict instanceof Verdict.Verified yes) {
            of.key = yes.key();
            TrustChange fallen = yes.key() == null ? null : of.fallen.get(yes.key());
            if (fallen != null) {
                refuse(of, reasons.fallen(fallen), now);
                return;
            }
            if (yes.key() != null && isBesideAPin(of, yes.key())) {
                out.accept(new Action.KeyChanged(yes.key(), of.known));
            }
            accept(of, Trust.VERIFIED, yes.evidence(), now);
        } else if (verdict instanceof Verdict.Unknown unknown) {
            of.key = unknown.key();
            of.stage = Stage.DECIDING;
            proceedings.ask(of, new Question.Decide(unknown.key(), of.bindings));
        } else if (verdict instanceof Verdict.Refused no) {
            proceedings.fail(of, no.failure(), Optional.of(no.alert()), now);
        }
    }

    /** Somebody else than the user vouches for a key, and the user has pinned another. */
    private static boolean isBesideAPin(Attempt of, KeyName key) {
        return of.known.key(key).isEmpty()
                && of.known.in(KeyState.VERIFIED).stream()
                        .anyMatch(pin -> pin.name().method().equals(key.method()));
    }

    void considered(Attempt of, Question.Considered considered, long now) {
        KeyName key = keyOf(of);
        if (considered.decision().isKeyChange()) {
            out.accept(new Action.KeyChanged(key, considered.known()));
        }
        if (considered.decision() instanceof FirstUse.Accept yes) {
            accept(of, yes.trust(), yes.evidence(), now);
        } else if (considered.decision() instanceof FirstUse.Refuse no) {
            refuse(of, no.failure(), now);
        } else if (considered.decision() instanceof FirstUse.Ask ask) {
            of.stage = Stage.ASKING;
            proceedings.ask(of, new Question.AskHuman(key, of.bindings, ask, considered.known()));
        }
    }

    /** The peer is to be taken as such. Whatever was decided elsewhere, no tunnel is weaker than it may be. */
    void accept(Attempt of, Trust trust, String evidence, long now) {
        if (trust != Trust.VERIFIED) {
            if (surroundings.policy(peer.bare()).requireVerified()) {
                refuse(of, reasons.mustBeVerified(keyOf(of)), now);
                return;
            }
            if (isWeaker(trust)) {
                refuse(of, reasons.weaker(), now);
                return;
            }
        }
        of.stage = Stage.CONFIRMING;
        try {
            of.channel().judged(of.key, trust, evidence, now);
        } catch (Violation e) {
            proceedings.fail(of, e.failure(), Optional.empty(), now);
            return;
        } catch (TlsException e) {
            proceedings.fail(of, reasons.tls(e), Optional.empty(), now);
            return;
        }
        proceedings.judged(of, now);
    }

    private boolean isWeaker(Trust trust) {
        Channel tunnel = proceedings.tunnel();
        return tunnel != null && tunnel.isVerified() && trust != Trust.VERIFIED;
    }

    /** The trust store has learned something of a key of this peer while a negotiation is under way. */
    void learned(Attempt of, TrustChange change, long now) {
        boolean fell = change.to() == KeyState.DISTRUSTED || change.to() == KeyState.EXPIRED;
        if (of.stage == Stage.VERIFYING) {
            of.fallen.remove(change.key());
            if (fell) {
                of.fallen.put(change.key(), change);
            }
        } else if (!change.key().equals(of.key)) {
            return;
        } else if (fell) {
            refuse(of, reasons.fallen(change), now);
        } else if (change.to() == KeyState.VERIFIED && of.stage == Stage.CONFIRMING) {
            of.channel().verified(change.evidence());
        } else if (change.to() == KeyState.VERIFIED) {
            of.step = 0; // what was asked is answered by this
            accept(of, Trust.VERIFIED, change.evidence(), now);
        }
    }

    private void refuse(Attempt of, Failure failure, long now) {
        proceedings.fail(of, failure, Optional.of(Alert.ACCESS_DENIED), now);
    }

    private static KeyName keyOf(Attempt of) {
        if (of.key == null) {
            throw new IllegalStateException("only a key is judged by memory");
        }
        return of.key;
    }
}
