package org.xtls.auth.x509;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xtls.trust.SecretPrompt;
import org.xtls.trust.SecretQuestion;

/** Asks a human what opens a key: each thing once, however many negotiations wait for it. */
final class Questions implements AutoCloseable {
    /** Against a peer whose every start would bring a question back that was turned away. */
    private static final Duration QUIET = Duration.ofMinutes(1);

    private final Clock clock;
    private final Map<String, Open> open = new HashMap<>();
    private final Map<String, Instant> declined = new HashMap<>();
    private @Nullable SecretPrompt prompt;
    private boolean closed;

    Questions(Clock clock) {
        this.clock = clock;
    }

    synchronized void bind(SecretPrompt service) {
        prompt = service;
    }

    void unbind(SecretPrompt service) {
        boolean gone;
        synchronized (this) {
            gone = prompt == service;
            if (gone) {
                prompt = null;
            }
        }
        if (gone) {
            cancel();
        }
    }

    /**
     * Asks, unless the same is being asked.
     *
     * @param insist also when the question has just been turned away
     * @param receiver is given the secret, its own
     * @return true once the receiver of whoever asked first has the answer; false when there is none
     */
    CompletionStage<Boolean> ask(SecretQuestion question, boolean insist, Consumer<char[]> receiver) {
        Open asked;
        SecretPrompt service;
        synchronized (this) {
            Open same = open.get(question.of());
            if (same != null) {
                return same.answered;
            }
            Instant turnedAway = declined.get(question.of());
            service = prompt;
            if (closed
                    || service == null
                    || (!insist && turnedAway != null && clock.instant().isBefore(turnedAway.plus(QUIET)))) {
                return CompletableFuture.completedStage(false);
            }
            asked = new Open(new CompletableFuture<>());
            open.put(question.of(), asked);
        }
        CompletionStage<Optional<char[]>> answer;
        try {
            answer = Objects.requireNonNull(service.ask(question));
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedStage(e);
        }
        answer.whenComplete((secret, failure) -> {
            boolean said = failure == null && secret != null && secret.isPresent();
            if (said) {
                receiver.accept(secret.orElseThrow());
            }
            synchronized (this) {
                open.remove(question.of(), asked);
                if (said) {
                    declined.remove(question.of());
                } else {
                    declined.put(question.of(), clock.instant());
                }
            }
            asked.answered.complete(said);
        });
        asked.wanted(answer.toCompletableFuture());
        return asked.answered;
    }

    /** Takes back what is being asked; whoever waits for it is told that there is no answer. */
    void cancel() {
        List<Open> taken;
        synchronized (this) {
            taken = List.copyOf(open.values());
        }
        taken.forEach(Open::cancel);
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            prompt = null;
        }
        cancel();
    }

    /** One question. */
    private static final class Open {
        private final CompletableFuture<Boolean> answered;
        private @Nullable CompletableFuture<?> answer;
        private boolean cancelled;

        Open(CompletableFuture<Boolean> answered) {
            this.answered = answered;
        }

        void wanted(CompletableFuture<?> asked) {
            boolean tooLate;
            synchronized (this) {
                answer = asked;
                tooLate = cancelled;
            }
            if (tooLate) {
                asked.cancel(false);
            }
        }

        void cancel() {
            CompletableFuture<?> asked;
            synchronized (this) {
                cancelled = true;
                asked = answer;
            }
            if (asked != null) {
                asked.cancel(false);
            }
        }
    }
}
