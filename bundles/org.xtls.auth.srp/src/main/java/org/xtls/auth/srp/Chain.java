package org.xtls.auth.srp;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Two stages in a row as one; whoever cancels it cancels the one that is under way, such as a question to a human. */
final class Chain<T> extends CompletableFuture<T> {
    private volatile @Nullable CompletionStage<?> underWay;

    private Chain() {}

    static <T, U> CompletableFuture<U> of(CompletionStage<T> first, Function<T, CompletionStage<U>> second) {
        Chain<U> chain = new Chain<>();
        chain.follow(first);
        first.whenComplete((value, failure) -> {
            if (failure != null) {
                chain.completeExceptionally(failure);
            } else if (!chain.isDone()) {
                chain.second(value, second);
            }
        });
        return chain;
    }

    /** The chain's end, whatever it is, as another value; it can be cancelled through it. */
    static <T, U> CompletableFuture<U> handle(
            CompletionStage<T> stage, BiFunction<@Nullable T, @Nullable Throwable, U> handler) {
        Chain<U> chain = new Chain<>();
        chain.follow(stage);
        stage.whenComplete((value, failure) -> chain.complete(handler.apply(value, failure)));
        return chain;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean cancelled = super.cancel(mayInterruptIfRunning);
        CompletionStage<?> stage = underWay;
        if (cancelled && stage != null) {
            stage.toCompletableFuture().cancel(false);
        }
        return cancelled;
    }

    private <V> void second(V value, Function<V, CompletionStage<T>> step) {
        CompletionStage<T> stage;
        try {
            stage = step.apply(value);
        } catch (RuntimeException | LinkageError e) {
            completeExceptionally(new CompletionException(e));
            return;
        }
        follow(stage);
        stage.whenComplete((result, failure) -> {
            if (failure != null) {
                completeExceptionally(failure);
            } else {
                complete(result);
            }
        });
    }

    private void follow(CompletionStage<?> stage) {
        underWay = stage;
        if (isCancelled()) {
            stage.toCompletableFuture().cancel(false);
        }
    }
}
