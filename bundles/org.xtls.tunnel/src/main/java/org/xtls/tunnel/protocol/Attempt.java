package org.xtls.tunnel.protocol;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xtls.FullJid;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.trust.KeyName;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policy;

/** What is known of a negotiation under way; the {@link Conversation} leads it. */
final class Attempt {
    final long number;
    final Role role;
    final Policy policy;
    final long deadline;
    Stage stage;
    String startId;
    boolean holdsPlace;

    @Nullable
    Offer sent;

    @Nullable
    Offer received;

    KnownPeer known;
    /** Methods that can still be chosen, in order of preference. */
    Deque<String> methods = new ArrayDeque<>();

    String method = "";
    List<String> troubles = new ArrayList<>();
    long step;

    @Nullable
    Channel channel;

    @Nullable
    KeyName unknown;
    /** The peer's TLS bytes that came while the credential was being asked for. */
    final Deque<byte[]> early = new ArrayDeque<>();

    Attempt(long number, Role role, Policy policy, long deadline, Stage stage, String startId, FullJid peer) {
        this.number = number;
        this.role = role;
        this.policy = policy;
        this.deadline = deadline;
        this.stage = stage;
        this.startId = startId;
        this.known = KnownPeer.stranger(peer.bare());
    }

    /** How far a negotiation has come. */
    enum Stage {
        /** The initiator asks its methods what to offer. */
        OFFERING,
        /** The initiator's start is out. */
        STARTED,
        /** The initiator asks its methods about the answer. */
        MATCHING,
        /** The responder asks its methods about the offer. */
        ANSWERING,
        /** The responder has agreed and waits for the first data. */
        PROCEEDED,
        /** The chosen method is asked for the credential. */
        PRESENTING,
        /** TLS shakes hands. */
        HANDSHAKING,
        /** The chosen method is asked who it is. */
        VERIFYING,
        /** Nobody vouches for the key: policy, memory and perhaps a human are asked. */
        DECIDING,
        /** The initiator waits for the peer's confirmation. */
        CONFIRMING
    }
}
