package org.xtls.tunnel.keys;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.xtls.Tunnel;

/** What has been asked and answered in one tunnel, and what is still under way for it. */
final class Exchange {
    /** Each answer costs this side signatures, perhaps of a token. */
    private static final int MOST_ANSWERS = 4;

    final Tunnel tunnel;
    private final Map<Long, CompletableFuture<?>> underWay = new HashMap<>();
    private final Function<Runnable, Future<?>> alarms;
    private @Nullable String request;
    private boolean answered;
    private boolean answering;
    private int answers;
    private boolean ended;
    private long questions;

    /**
     * Begins.
     *
     * @param alarms runs a task when what a method was asked has taken too long
     */
    Exchange(Tunnel tunnel, Function<Runnable, Future<?>> alarms) {
        this.tunnel = tunnel;
        this.alarms = alarms;
    }

    /** True once: this is the request to be sent. */
    synchronized boolean begin(String id) {
        if (request != null || ended) {
            return false;
        }
        request = id;
        return true;
    }

    synchronized boolean isAnswerToUs(String id) {
        return id.equals(request);
    }

    /** True once: this is the answer to be read. */
    synchronized boolean firstAnswer() {
        boolean first = !answered;
        answered = true;
        return first;
    }

    /** Whether one more request of the peer's is answered; then {@link #answerSent} must follow. */
    synchronized boolean beginAnswer() {
        if (answering || answers >= MOST_ANSWERS || ended) {
            return false;
        }
        answering = true;
        answers++;
        return true;
    }

    synchronized void answerSent() {
        answering = false;
    }

    /** Asks, but not for longer than is good, nor beyond the tunnel's end: then what was asked is cancelled. */
    <T> CompletableFuture<T> ask(Supplier<CompletionStage<T>> question) {
        CompletableFuture<T> asked;
        try {
            asked = question.get().toCompletableFuture();
        } catch (RuntimeException | LinkageError e) {
            return CompletableFuture.failedFuture(e);
        }
        CompletableFuture<T> answer = new CompletableFuture<>();
        long number;
        synchronized (this) {
            if (ended) {
                asked.cancel(false);
                return CompletableFuture.failedFuture(new IllegalStateException("the tunnel has ended"));
            }
            number = questions++;
            underWay.put(number, asked);
        }
        Future<?> alarm = alarms.apply(() -> {
            answer.completeExceptionally(new TimeoutException("no answer came in time"));
            asked.cancel(false);
        });
        var unused = asked.whenComplete((value, failure) -> {
            alarm.cancel(false);
            synchronized (this) {
                underWay.remove(number);
            }
            if (failure != null) {
                answer.completeExceptionally(failure);
            } else if (value == null) {
                answer.completeExceptionally(new IllegalStateException("it answered with nothing"));
            } else {
                answer.complete(value);
            }
        });
        return answer;
    }

    /** What is under way then fails because of it, which is nobody's fault. */
    synchronized boolean isOver() {
        return ended;
    }

    void end() {
        List<CompletableFuture<?>> cancelled;
        synchronized (this) {
            ended = true;
            cancelled = new ArrayList<>(underWay.values());
            underWay.clear();
        }
        cancelled.forEach(stage -> stage.cancel(false));
    }
}
