package org.xtls.tunnel.service;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.auth.Answer;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.Negotiation;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policy;
import org.xtls.trust.TrustPrompt;
import org.xtls.trust.TrustStore;
import org.xtls.tunnel.protocol.Question;
import org.xtls.tunnel.protocol.Question.Reply;
import org.xtls.xml.Element;

/** Puts a conversation's questions to the methods, the trust store and the human. */
final class Questions {
    private static final Logger LOG = LoggerFactory.getLogger(Questions.class);

    private final Methods methods;
    private final Memory memory;
    private final Decisions decisions;

    Questions(
            Methods methods,
            Supplier<@Nullable TrustStore> trust,
            Supplier<@Nullable TrustPrompt> prompt,
            Function<BareJid, Policy> policy) {
        this.methods = methods;
        this.memory = new Memory(trust);
        this.decisions = new Decisions(memory, prompt, policy);
    }

    /** Asks, and tells the answer once, on any thread; a failure is an answer too. */
    void tell(Question question, Negotiation facts, Engagement engagement, Consumer<Reply> answer) {
        CompletionStage<Reply> asked;
        try {
            asked = ask(question, facts, engagement);
        } catch (RuntimeException | LinkageError e) {
            // A store or prompt that throws must not leave the negotiation without an answer.
            asked = CompletableFuture.failedFuture(e);
        }
        asked.whenComplete(
                (reply, failure) -> answer.accept(failure == null ? reply : new Question.Failed(asFailure(failure))));
    }

    private CompletionStage<Reply> ask(Question question, Negotiation facts, Engagement engagement) {
        if (question instanceof Question.Offers) {
            return offers(facts, engagement);
        }
        if (question instanceof Question.Answers) {
            return answers(facts, engagement);
        }
        if (question instanceof Question.Present present) {
            return engagement
                    .ask(
                            present.method(),
                            method -> method.credential(facts),
                            late -> new Question.Presented(late).discard())
                    .thenApply(Question.Presented::new);
        }
        if (question instanceof Question.Verify verify) {
            return engagement
                    .ask(verify.method(), method -> method.verify(facts, verify.proof()))
                    .handle((verdict, failure) -> failure == null
                            ? new Question.Verified(verdict)
                            : new Question.Failed(asFailure("the authentication method " + verify.method(), failure)));
        }
        if (question instanceof Question.Decide decide) {
            return decisions.decide(decide, facts);
        }
        if (question instanceof Question.AskHuman human) {
            return decisions.ask(human, facts, engagement);
        }
        throw new IllegalArgumentException("an unknown question");
    }

    /** Whether the trust store holds a key as verified for a peer. */
    CompletableFuture<Boolean> isVerified(BareJid peer, KeyName key) {
        return memory.known(peer)
                .thenApply(known -> known.key(key)
                        .filter(found -> found.state() == KeyState.VERIFIED)
                        .isPresent());
    }

    void remember(BareJid peer, String method, boolean confirmed) {
        var unused = memory.remember(peer, method, confirmed).whenComplete((known, failure) -> {
            if (failure != null) {
                LOG.warn("what a tunnel with {} showed was not remembered: {}", peer, message(failure));
            }
        });
    }

    private CompletableFuture<Reply> offers(Negotiation facts, Engagement engagement) {
        List<String> troubles = forbidden(facts);
        Map<String, CompletableFuture<List<Element>>> asked =
                ask(methods.serving(facts.policy()), engagement, method -> method.offer(facts));
        asked.replaceAll((method, elements) -> elements.thenApply(List::copyOf)); // a null in it rules out its method
        return gather(asked, facts, troubles, (given, known) -> {
            List<Question.Things> things = new ArrayList<>();
            given.forEach((method, elements) -> {
                if (!elements.isEmpty()) {
                    things.add(new Question.Things(method, elements));
                }
            });
            return new Question.Offered(things, troubles, known);
        });
    }

    private CompletableFuture<Reply> answers(Negotiation facts, Engagement engagement) {
        List<String> troubles = forbidden(facts);
        Map<String, CompletableFuture<Answer>> asked =
                ask(methods.serving(facts.policy()), engagement, method -> method.answer(facts));
        return gather(asked, facts, troubles, (given, known) -> {
            List<Question.Possible> possible = new ArrayList<>();
            List<String> bindings = new ArrayList<>();
            List<KeyName> strangers = new ArrayList<>();
            asked.keySet().forEach(method -> {
                Answer answer = given.get(method);
                if (answer == null) {
                    // Or whoever makes a method stumble over an offer would make it forget what it holds.
                    bindings.add("what " + method + " could not say");
                    return;
                }
                if (answer.possible()) {
                    possible.add(new Question.Possible(method, answer));
                }
                if (answer.stranger() != null) {
                    strangers.add(answer.stranger());
                }
                if (!answer.binding().isBlank()) {
                    bindings.add(answer.binding() + " (" + method + ")");
                }
            });
            return new Question.Answered(possible, troubles, bindings, strangers, known);
        });
    }

    /** What policy leaves out, to be spoken of when nothing else is left. */
    private List<String> forbidden(Negotiation facts) {
        List<String> troubles = new ArrayList<>();
        methods.serving().forEach(provider -> {
            if (!facts.policy().allows(provider.name())) {
                troubles.add(Failures.forbidden(facts.peer().bare(), facts.policy(), provider.name()));
            }
        });
        return troubles;
    }

    private static <T> Map<String, CompletableFuture<T>> ask(
            List<Methods.Provider> providers, Engagement engagement, Function<AuthMethod, CompletionStage<T>> step) {
        Map<String, CompletableFuture<T>> asked = new LinkedHashMap<>();
        providers.forEach(provider -> asked.put(provider.name(), engagement.ask(provider, step)));
        return asked;
    }

    /** Waits for every method and for what is known of the peer. A method that fails is left out and spoken of. */
    private <T> CompletableFuture<Reply> gather(
            Map<String, CompletableFuture<T>> asked,
            Negotiation facts,
            List<String> troubles,
            BiFunction<Map<String, T>, KnownPeer, Reply> reply) {
        CompletableFuture<KnownPeer> known = memory.known(facts.peer().bare());
        CompletableFuture<?> all = CompletableFuture.allOf(asked.values().stream()
                .map(stage -> stage.handle((value, failure) -> value))
                .toArray(CompletableFuture<?>[]::new));
        return all.thenCombine(known, (nothing, peer) -> {
            Map<String, T> given = new LinkedHashMap<>();
            asked.forEach((method, stage) -> {
                try {
                    given.put(method, stage.join());
                } catch (CancellationException | CompletionException e) {
                    LOG.warn("method {} is left out towards {}: {}", method, facts.peer(), message(e));
                    troubles.add(method + ": " + message(e));
                }
            });
            return reply.apply(given, peer);
        });
    }

    /** What fails while it goes away seldom says what it was. */
    private static Failure asFailure(String what, Throwable thrown) {
        Throwable cause = cause(thrown);
        return cause instanceof XtlsException known
                ? known.failure()
                : Failure.of(
                        Code.SERVICE_GONE,
                        Fault.LOCAL,
                        message(cause).startsWith(what) ? message(cause) : what + " failed: " + message(cause));
    }

    private static Failure asFailure(Throwable thrown) {
        Throwable cause = cause(thrown);
        return cause instanceof XtlsException known
                ? known.failure()
                : Failure.of(Code.SERVICE_GONE, Fault.LOCAL, message(cause));
    }

    private static String message(Throwable thrown) {
        Throwable cause = cause(thrown);
        if (cause instanceof CancellationException) {
            return "the authentication method went away";
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    private static Throwable cause(Throwable thrown) {
        return thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
    }
}
