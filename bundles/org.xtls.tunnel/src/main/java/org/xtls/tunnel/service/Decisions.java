package org.xtls.tunnel.service;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Trust;
import org.xtls.auth.Negotiation;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.Policy;
import org.xtls.trust.TrustAnswer;
import org.xtls.trust.TrustPrompt;
import org.xtls.trust.TrustQuestion;
import org.xtls.tunnel.protocol.FirstUse;
import org.xtls.tunnel.protocol.Question;
import org.xtls.tunnel.protocol.Question.Reply;

/**
 * Decides on keys that nobody vouches for. Decisions on one peer are made one after the other, each on what is known at
 * that moment: of two keys that turn up at once only one can be the first, and what a human says to a question is
 * weighed against what has become known since it was put.
 */
final class Decisions {
    private static final Logger LOG = LoggerFactory.getLogger(Decisions.class);
    private static final String COMPARED = "the user's word";
    private static final String ALLOWED = "first use, allowed by the user";

    private final Memory memory;
    private final Supplier<@Nullable TrustPrompt> prompt;
    private final Function<BareJid, Policy> policy;
    private final Map<BareJid, CompletableFuture<?>> turns = new ConcurrentHashMap<>();

    Decisions(Memory memory, Supplier<@Nullable TrustPrompt> prompt, Function<BareJid, Policy> policy) {
        this.memory = memory;
        this.prompt = prompt;
        this.policy = policy;
    }

    /** What memory and policy say. A key that is taken is remembered in the same turn. */
    CompletableFuture<Reply> decide(Question.Decide question, Negotiation facts) {
        BareJid peer = facts.peer().bare();
        return inTurn(
                peer,
                () -> consider(peer, question.key(), question.bindings()).thenCompose(considered -> {
                    if (considered.decision() instanceof FirstUse.Accept yes && yes.trust() == Trust.UNVERIFIED) {
                        return memory.put(peer, question.key(), KeyState.FIRST_USE, yes.evidence())
                                .thenApply(done -> considered);
                    }
                    return CompletableFuture.completedFuture(considered);
                }));
    }

    private CompletableFuture<Question.Considered> consider(BareJid peer, KeyName key, List<String> bindings) {
        return memory.known(peer)
                .thenApply(known ->
                        new Question.Considered(FirstUse.decide(known, key, policy.apply(peer), bindings), known));
    }

    /** What a human says. */
    CompletableFuture<Reply> ask(Question.AskHuman asked, Negotiation facts, Engagement engagement) {
        TrustPrompt human = prompt.get();
        if (human == null) {
            return failed(asked.asked().otherwise());
        }
        CompletableFuture<TrustAnswer> answer;
        try {
            answer = engagement.hold(human.ask(new TrustQuestion(
                            facts.local(),
                            facts.peer(),
                            asked.key(),
                            asked.known(),
                            asked.asked().concern()))
                    .toCompletableFuture());
        } catch (RuntimeException | LinkageError e) {
            LOG.warn("the trust prompt failed: {}", e.toString());
            return failed(asked.asked().otherwise());
        }
        BareJid peer = facts.peer().bare();
        return answer.handle((given, failure) -> given == null ? TrustAnswer.REJECT : given)
                .thenCompose(given -> given == TrustAnswer.REJECT
                        ? failed(asked.asked().otherwise())
                        : inTurn(peer, () -> weigh(peer, asked, given)));
    }

    /** A yes is a yes to what was asked. What has become known since may make it another question. */
    private CompletableFuture<Reply> weigh(BareJid peer, Question.AskHuman asked, TrustAnswer given) {
        KeyName key = asked.key();
        return consider(peer, key, asked.bindings()).thenCompose(now -> {
            if (now.decision() instanceof FirstUse.Refuse no) {
                return failed(no.failure());
            }
            if (now.decision() instanceof FirstUse.Ask other && !other.equals(asked.asked())) {
                return failed(other.otherwise());
            }
            if (now.decision() instanceof FirstUse.Accept pinned && pinned.trust() == Trust.VERIFIED) {
                return decided(Trust.VERIFIED, pinned.evidence());
            }
            if (given == TrustAnswer.VERIFIED) {
                return memory.put(peer, key, KeyState.VERIFIED, COMPARED)
                        .thenCompose(done -> decided(Trust.VERIFIED, COMPARED));
            }
            Failure unverified = asked.asked().unverified();
            if (unverified != null) {
                return failed(unverified);
            }
            // Of a peer of which something better is held, an unverified key is for this once, and not remembered.
            return now.known().wasVerified() || !asked.bindings().isEmpty()
                    ? decided(Trust.UNVERIFIED, ALLOWED)
                    : memory.put(peer, key, KeyState.FIRST_USE, ALLOWED)
                            .thenCompose(done -> decided(Trust.UNVERIFIED, ALLOWED));
        });
    }

    private static CompletableFuture<Reply> decided(Trust trust, String evidence) {
        return CompletableFuture.completedFuture(new Question.Decided(trust, evidence));
    }

    private static CompletableFuture<Reply> failed(Failure failure) {
        return CompletableFuture.completedFuture(new Question.Failed(failure));
    }

    private <T> CompletableFuture<T> inTurn(BareJid peer, Supplier<CompletableFuture<T>> step) {
        CompletableFuture<T> mine = new CompletableFuture<>();
        CompletableFuture<?> before = turns.put(peer, mine);
        CompletableFuture<?> ready = before == null ? CompletableFuture.completedFuture(null) : before;
        return ready.handle((value, failure) -> "whatever came of it")
                .thenCompose(over -> step.get())
                .whenComplete((value, failure) -> {
                    turns.remove(peer, mine);
                    mine.complete(value);
                });
    }
}
