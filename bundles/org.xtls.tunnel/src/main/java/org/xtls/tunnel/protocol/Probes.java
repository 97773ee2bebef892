package org.xtls.tunnel.protocol;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.xtls.FullJid;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.transport.Iq;
import org.xtls.transport.StanzaError;
import org.xtls.transport.StanzaError.Condition;
import org.xtls.trust.Policy;
import org.xtls.tunnel.protocol.Question.Reply;

/** The peer's questions what could be (XEP-0250, Extension Probing). A probe selects nothing and is never confirmed. */
final class Probes {
    private final FullJid local;
    private final FullJid peer;
    private final Surroundings surroundings;
    private final Consumer<Action> out;
    private final Map<Long, Probe> byStep = new LinkedHashMap<>();

    private record Probe(long number, String id, long deadline) {}

    Probes(FullJid local, FullJid peer, Surroundings surroundings, Consumer<Action> out) {
        this.local = local;
        this.peer = peer;
        this.surroundings = surroundings;
        this.out = out;
    }

    void asked(Iq.Request request, long number, long step, long now) {
        Offer offer;
        try {
            offer = new Offer(request.payload());
        } catch (IllegalArgumentException e) {
            refuse(request.id(), Condition.BAD_REQUEST);
            return;
        }
        // A probe costs as much thought as a start, and is counted with them.
        if (peer.equals(local) || !surroundings.enter(peer.bare())) {
            refuse(request.id(), Condition.RESOURCE_CONSTRAINT);
            return;
        }
        byStep.put(
                step,
                new Probe(number, request.id(), now + surroundings.settings().answerMillis()));
        Policy policy = surroundings.policy(peer.bare());
        Negotiation facts = new Negotiation(local, peer, Role.RESPONDER, true, policy, null, offer);
        out.accept(new Action.Ask(step, number, facts, new Question.Answers()));
    }

    /** True when it was a probe's question that was answered. */
    boolean answered(long step, Reply reply) {
        Probe probe = byStep.get(step);
        if (probe == null) {
            return false;
        }
        if (reply instanceof Question.Answered answered && !answered.answers().isEmpty()) {
            end(step, probe);
            try {
                Offer offer = Offers.probed(answered.answers().stream()
                        .map(possible -> possible.answer().things())
                        .toList());
                out.accept(new Action.Send(new Iq.Result(peer, probe.id, offer.element())));
            } catch (IllegalArgumentException e) {
                refuse(probe.id, Condition.NOT_ACCEPTABLE); // too large to be said
            }
        } else {
            end(step, probe);
            refuse(probe.id, Condition.NOT_ACCEPTABLE);
        }
        return true;
    }

    long deadline() {
        return byStep.values().stream().mapToLong(Probe::deadline).min().orElse(Long.MAX_VALUE);
    }

    void tick(long now) {
        List.copyOf(byStep.entrySet()).forEach(entry -> {
            if (now >= entry.getValue().deadline) {
                end(entry.getKey(), entry.getValue());
                refuse(entry.getValue().id, Condition.NOT_ACCEPTABLE);
            }
        });
    }

    boolean isIdle() {
        return byStep.isEmpty();
    }

    private void end(long step, Probe probe) {
        byStep.remove(step);
        surroundings.leave(peer.bare());
        out.accept(new Action.Release(probe.number));
    }

    private void refuse(String id, Condition condition) {
        out.accept(new Action.Send(new Iq.Error(peer, id, new StanzaError(condition, ""))));
    }
}
