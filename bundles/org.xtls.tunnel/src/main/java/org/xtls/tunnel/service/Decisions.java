package org.xtls.tunnel.service;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Trust;
import org.xtls.auth.Negotiation;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownPeer;
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
    private static final String FIRST_USE = "first use";
    private static final String ALLOWED = "first use, allowed by the user";

    private final Memory memory;
    private final Supplier<@Nullable TrustPrompt> prompt;
    private final Function<BareJid, Policy> policy;
    private final Map<BareJid, CompletableFuture<?>> turns = new ConcurrentHashMap<>();

    private record Considered(FirstUse decision, KnownPeer known) {}

    Decisions(Memory memory, Supplier<@Nullable TrustPrompt> prompt, Function<BareJid, Policy> policy) {
        this.memory = memory;
        this.prompt = prompt;
        this.policy = policy;
    }

    CompletableFuture<Reply> decide(KeyName key, Negotiation facts, Engagement engagement) {
        BareJid peer = facts.peer().bare();
        return inTurn(
                        peer,
                        () -> consider(peer, key).thenCompose(considered -> {
                            if (considered.decision instanceof FirstUse.Accept) {
                                return memory.put(peer, key, KeyState.FIRST_USE, FIRST_USE)
                                        .thenApply(done -> considered);
                            }
                            return CompletableFuture.completedFuture(considered);
                        }))
                .thenCompose(considered -> {
                    if (considered.decision instanceof FirstUse.Refuse no) {
                        return CompletableFuture.completedFuture(new Question.Failed(no.failure()));
                    }
                    if (considered.decision instanceof FirstUse.Ask ask) {
                        TrustQuestion question = new TrustQuestion(facts.local(), facts.peer(), key, considered.known);
                        return human(question, ask, engagement);
                    }
                    return CompletableFuture.completedFuture(new Question.Decided(Trust.UNVERIFIED, FIRST_USE));
                });
    }

    private CompletableFuture<Considered> consider(BareJid peer, KeyName key) {
        return memory.known(peer)
                .thenApply(known -> new Considered(FirstUse.decide(known, key, policy.apply(peer)), known));
    }

    private CompletableFuture<Reply> human(TrustQuestion question, FirstUse.Ask asked, Engagement engagement) {
        TrustPrompt human = prompt.get();
        if (human == null) {
            return CompletableFuture.completedFuture(new Question.Failed(asked.otherwise()));
        }
        CompletableFuture<TrustAnswer> answer;
        try {
            answer = engagement.hold(human.ask(question).toCompletableFuture());
        } catch (RuntimeException | LinkageError e) {
            LOG.warn("the trust prompt failed: {}", e.toString());
            return CompletableFuture.completedFuture(new Question.Failed(asked.otherwise()));
        }
        return answer.handle((given, failure) -> given == null ? TrustAnswer.REJECT : given)
                .thenCompose(given -> given == TrustAnswer.REJECT
                        ? CompletableFuture.completedFuture(new Question.Failed(asked.otherwise()))
                        : inTurn(question.peer().bare(), () -> weigh(question, asked, given)));
    }

    /** A yes is a yes to what was asked. What has become known since may make it another question. */
    private CompletableFuture<Reply> weigh(TrustQuestion question, FirstUse.Ask asked, TrustAnswer given) {
        BareJid peer = question.peer().bare();
        KeyName key = question.key();
        return consider(peer, key).thenCompose(now -> {
            if (now.decision instanceof FirstUse.Refuse no) {
                return CompletableFuture.completedFuture(new Question.Failed(no.failure()));
            }
            if (now.decision instanceof FirstUse.Ask other && !other.equals(asked)) {
                return CompletableFuture.completedFuture(new Question.Failed(other.otherwise()));
            }
            if (given == TrustAnswer.VERIFIED) {
                return memory.put(peer, key, KeyState.VERIFIED, "the user's word")
                        .thenApply(done -> new Question.Decided(Trust.VERIFIED, "the user's word"));
            }
            Question.Decided decided = new Question.Decided(Trust.UNVERIFIED, ALLOWED);
            // Beside something verified an unverified key is for this once, and not remembered.
            return now.known.in(KeyState.VERIFIED).isEmpty()
                    ? memory.put(peer, key, KeyState.FIRST_USE, ALLOWED).thenApply(done -> decided)
                    : CompletableFuture.completedFuture(decided);
        });
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
