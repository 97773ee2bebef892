package org.xtls.tunnel.service;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.ServiceReference;
import org.xtls.auth.AuthMethod;

/**
 * The methods' state for one negotiation: an instance of each method asked, until the negotiation ends or the method's
 * service goes. Asked and ended on the strand; answers come on any thread.
 */
final class Engagement {
    // on the strand
    private final Map<String, Engaged> byMethod = new LinkedHashMap<>();

    /**
     * What is asked and not yet answered; cancelled when nobody wants the answer. Its lock is held for no call of a
     * method or the framework: either may wait for a thread that brings an answer.
     */
    private final List<Asked> asked = new ArrayList<>();

    private boolean released; // under the lock of asked
    private final Set<ServiceReference<AuthMethod>> gone = ConcurrentHashMap.newKeySet();

    private record Engaged(Methods.Provider provider, AuthMethod method) {}

    /** A stage is cancelled for those who complete it, an answer for those who wait: one may hide from the other. */
    private record Asked(
            @Nullable ServiceReference<AuthMethod> provider, CompletableFuture<?> stage, CompletableFuture<?> answer) {
        void cancel() {
            answer.cancel(false);
            stage.cancel(false);
        }

        void gone() {
            Object method = provider == null ? null : provider.getProperty(AuthMethod.METHOD);
            answer.completeExceptionally(Engagement.gone(String.valueOf(method)));
            stage.cancel(false);
        }
    }

    /** The step's stage; failed when the method is not engaged, throws, or returns nothing. */
    <T> CompletableFuture<T> ask(Methods.Provider provider, Function<AuthMethod, CompletionStage<T>> step) {
        if (isReleased()) {
            return CompletableFuture.failedFuture(new IllegalStateException("the negotiation has ended"));
        }
        Engaged engaged = byMethod.get(provider.name());
        if (engaged == null) {
            AuthMethod method;
            try {
                method = provider.objects().getService();
            } catch (RuntimeException | LinkageError e) {
                return CompletableFuture.failedFuture(e);
            }
            if (method == null) {
                return CompletableFuture.failedFuture(gone(provider.name()));
            }
            engaged = new Engaged(provider, method);
            byMethod.put(provider.name(), engaged);
        }
        return ask(engaged, step, unwanted -> {});
    }

    /** As above, for a method engaged by an earlier step. */
    <T> CompletableFuture<T> ask(String method, Function<AuthMethod, CompletionStage<T>> step) {
        return ask(method, step, unwanted -> {});
    }

    /**
     * As above.
     *
     * @param late takes what comes when nobody waits for it any more
     */
    <T> CompletableFuture<T> ask(String method, Function<AuthMethod, CompletionStage<T>> step, Consumer<T> late) {
        Engaged engaged = byMethod.get(method);
        return engaged == null ? CompletableFuture.failedFuture(gone(method)) : ask(engaged, step, late);
    }

    private <T> CompletableFuture<T> ask(
            Engaged engaged, Function<AuthMethod, CompletionStage<T>> step, Consumer<T> late) {
        CompletionStage<T> given;
        CompletableFuture<T> stage;
        try {
            given = step.apply(engaged.method);
            stage = given.toCompletableFuture();
        } catch (RuntimeException | LinkageError e) {
            // Whatever a method throws, a null stage included, rules out this method and nothing else.
            return CompletableFuture.failedFuture(
                    gone.contains(engaged.provider.reference()) ? gone(engaged.provider.name()) : e);
        }
        String name = engaged.provider.name();
        return hold(engaged.provider.reference(), given, stage, late).thenApply(value -> {
            if (value == null) {
                throw new IllegalStateException("the authentication method " + name + " answered with nothing");
            }
            return value;
        });
    }

    /** What somebody else was asked for this negotiation, on any thread: cancelled like a method's when it ends. */
    <T> CompletableFuture<T> hold(CompletableFuture<T> stage) {
        return hold(null, stage, stage, unwanted -> {});
    }

    private <T> CompletableFuture<T> hold(
            @Nullable ServiceReference<AuthMethod> provider,
            CompletionStage<T> given,
            CompletableFuture<T> stage,
            Consumer<T> late) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        Asked entry = new Asked(provider, stage, answer);
        boolean tooLate;
        synchronized (asked) {
            tooLate = released;
            if (!tooLate) {
                asked.add(entry);
            }
        }
        if (tooLate) {
            entry.cancel();
        } else if (provider != null && gone.contains(provider)) {
            entry.gone();
        }
        var unused = given.whenComplete((value, failure) -> {
            forget(entry);
            boolean taken = failure == null ? answer.complete(value) : answer.completeExceptionally(failure);
            if (!taken && value != null) {
                late.accept(value);
            }
        });
        return answer;
    }

    private void forget(Asked entry) {
        synchronized (asked) {
            asked.remove(entry);
        }
    }

    private boolean isReleased() {
        synchronized (asked) {
            return released;
        }
    }

    /**
     * A method's service goes: what it was asked is cancelled. On any thread, and at once: what a method says while it is
     * taken apart, such as that there is no trust store, is not why.
     */
    void goes(ServiceReference<AuthMethod> provider) {
        gone.add(provider);
        List<Asked> cancelled;
        synchronized (asked) {
            cancelled = asked.stream()
                    .filter(entry -> provider.equals(entry.provider))
                    .toList();
        }
        cancelled.forEach(Asked::gone);
    }

    /** A method's service has gone: its instance is given back. */
    void gone(ServiceReference<AuthMethod> provider) {
        goes(provider);
        giveBack(engaged -> engaged.provider.reference().equals(provider));
    }

    /** The negotiation has ended. */
    void release() {
        List<Asked> cancelled;
        synchronized (asked) {
            released = true;
            cancelled = List.copyOf(asked);
        }
        giveBack(engaged -> true);
        cancelled.forEach(Asked::cancel);
    }

    private void giveBack(Predicate<Engaged> which) {
        List<Engaged> left = byMethod.values().stream().filter(which).toList();
        byMethod.values().removeIf(which);
        for (Engaged engaged : left) {
            try {
                engaged.provider.objects().ungetService(engaged.method);
            } catch (RuntimeException | LinkageError e) {
                // Its bundle has stopped and taken everything back already, or what it does then is its own affair.
            }
        }
    }

    private static IllegalStateException gone(String method) {
        return new IllegalStateException("the authentication method " + method + " went away");
    }
}
