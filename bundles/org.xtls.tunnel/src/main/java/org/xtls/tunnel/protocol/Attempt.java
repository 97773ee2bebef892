package org.xtls.tunnel.protocol;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.FullJid;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.tls.Credential;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policy;
import org.xtls.trust.TrustChange;
import org.xtls.tunnel.protocol.Question.Possible;
import org.xtls.tunnel.protocol.Question.Things;
import org.xtls.xml.Element;

/** What is known of a negotiation under way; the {@link Conversation} leads it. */
final class Attempt {
    final long number;
    final Role role;
    final Policy policy;
    final long deadline;
    Stage stage;
    String startId;
    boolean holdsPlace;

    /** How many starts in a row came before this one was answered, each in the place of the one before. */
    int superseded;

    @Nullable
    Offer sent;

    @Nullable
    Offer received;

    KnownPeer known;
    /** Methods that can still be chosen, in order of preference. */
    Deque<String> methods = new ArrayDeque<>();

    String method = "";

    /** Whether what is proved is a secret that both sides hold. */
    boolean bySecret;

    List<String> troubles = new ArrayList<>();
    long step;

    @Nullable
    Channel channel;

    /** What methods hold of the peer, whether they can go on or not. */
    List<String> bindings = List.of();

    /** Keys that the peer's offer names, and that keep methods from going on with it. */
    List<KeyName> strangers = List.of();

    /** What the peer proved to hold, once its method has judged. */
    @Nullable
    KeyName key;

    /** Keys that fell while the method judged: it may have looked before. */
    final Map<KeyName, TrustChange> fallen = new HashMap<>();

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

    /** As initiator: makes the offer of what the methods have; a failure when there is none to make. */
    Optional<Failure> offer(Question.Offered offered) {
        known = offered.known();
        troubles.addAll(offered.troubles());
        if (offered.things().isEmpty()) {
            return Optional.of(new Failure(
                    Code.NO_COMMON_METHOD,
                    Fault.LOCAL,
                    "this side has nothing to authenticate with" + Reasons.troubles(this),
                    troubles.isEmpty() ? "Install an authentication method." : ""));
        }
        offered.things().forEach(things -> methods.add(things.method()));
        return send(offered.things().stream().map(Things::elements).toList());
    }

    /** As responder: makes the answer to an offer; there is none where no offer came. */
    Optional<Failure> answer(Question.Answered answered) {
        return received == null
                ? Optional.empty()
                : send(answered.answers().stream().map(p -> p.answer().things()).toList());
    }

    private Optional<Failure> send(List<List<Element>> things) {
        try {
            sent = Offers.confirming(things);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(
                    Failure.of(Code.LOCAL, Fault.LOCAL, "this side's own offer is not sound: " + e.getMessage()));
        }
    }

    /**
     * What the methods say to the offer received. A peer that makes none speaks X.509 and nothing else. Those by which
     * this side can verify the peer go first, whatever the order of preference: with a peer that can be verified no other
     * would end in a tunnel without a question to the user, or in none (no quiet descent).
     */
    void match(Question.Answered answered) {
        troubles.addAll(answered.troubles());
        bindings = answered.bindings();
        strangers = answered.strangers();
        Set<String> offered = Set.copyOf(methods);
        methods = answered.answers().stream()
                .filter(possible -> role == Role.RESPONDER || offered.contains(possible.method()))
                .filter(possible -> received != null || possible.method().equals("x509"))
                .sorted(Comparator.comparing(possible -> !canVerify(possible, answered.known())))
                .map(Possible::method)
                .collect(Collectors.toCollection(ArrayDeque::new));
    }

    private static boolean canVerify(Possible possible, KnownPeer known) {
        return !possible.answer().binding().isBlank()
                || known.in(KeyState.VERIFIED).stream()
                        .anyMatch(pin -> pin.name().method().equals(possible.method()));
    }

    /**
     * Why the peer has to confirm the offers, for people; empty when it need not.
     *
     * @param replaced the tunnel whose place this is to take
     */
    String confirmDemand(Credential credential, @Nullable Channel replaced) {
        if (Offers.confirms(received)) {
            return "which it announced";
        }
        if (known.confirms()) {
            return "which it has done before";
        }
        if (policy.requireConfirmedOffers()) {
            return "which the policy for " + known.peer() + " demands (require confirmed)";
        }
        if (credential instanceof Credential.ExternalPsk) {
            return "which " + method + " demands";
        }
        // Or a server could turn the peer's word on what waits in that tunnel into its own.
        return replaced != null && replaced.peerConfirms() ? "which it did in the tunnel to be replaced" : "";
    }

    Channel channel() {
        if (channel == null) {
            throw new IllegalStateException("a handshake has a channel");
        }
        return channel;
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
        /** Nobody vouches for the key: memory and policy are asked. */
        DECIDING,
        /** And a human. */
        ASKING,
        /** The initiator waits for the peer's confirmation. */
        CONFIRMING
    }
}
