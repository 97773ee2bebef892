package org.xtls.tunnel.service;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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

    private record Engaged(Methods.Provider provider, AuthMethod method) {}

    private record Asked(@Nullable ServiceReference<AuthMethod> provider, CompletableFuture<?> stage) {}

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
        return ask(engaged, step);
    }

    /** As above, for a method engaged by an earlier step. */
    <T> CompletableFuture<T> ask(String method, Function<AuthMethod, CompletionStage<T>> step) {
        Engaged engaged = byMethod.get(method);
        return engaged == null ? CompletableFuture.failedFuture(gone(method)) : ask(engaged, step);
    }

    private <T> CompletableFuture<T> ask(Engaged engaged, Function<AuthMethod, CompletionStage<T>> step) {
        CompletableFuture<T> stage;
        try {
            stage = step.apply(engaged.method).toCompletableFuture();
        } catch (RuntimeException | LinkageError e) {
            // Whatever a method throws, a null stage included, rules out this method and nothing else.
            return CompletableFuture.failedFuture(e);
        }
        String name = engaged.provider.name();
        return hold(engaged.provider.reference(), stage).thenApply(value -> {
            if (value == null) {
                throw new IllegalStateException("the authentication method " + name + " answered with nothing");
            }
            return value;
        });
    }

    /** What somebody else was asked for this negotiation, on any thread: cancelled like a method's when it ends. */
    <T> CompletableFuture<T> hold(CompletableFuture<T> stage) {
        return hold(null, stage);
    }

    private <T> CompletableFuture<T> hold(@Nullable ServiceReference<AuthMethod> provider, CompletableFuture<T> stage) {
        Asked entry = new Asked(provider, stage);
        boolean late;
        synchronized (asked) {
            late = released;
            if (!late) {
                asked.add(entry);
            }
        }
        if (late) {
            stage.cancel(false);
            return stage;
        }
        return stage.whenComplete((value, failure) -> forget(entry));
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

    /** A method's service goes: its instance is given back, and what it was asked is cancelled. */
    void gone(ServiceReference<AuthMethod> provider) {
        List<CompletableFuture<?>> cancelled;
        synchronized (asked) {
            cancelled = stages(entry -> provider.equals(entry.provider));
        }
        giveBack(engaged -> engaged.provider.reference().equals(provider));
        cancelled.forEach(stage -> stage.cancel(false));
    }

    /** The negotiation has ended. */
    void release() {
        List<CompletableFuture<?>> cancelled;
        synchronized (asked) {
            released = true;
            cancelled = stages(entry -> true);
        }
        giveBack(engaged -> true);
        cancelled.forEach(stage -> stage.cancel(false));
    }

    private List<CompletableFuture<?>> stages(Predicate<Asked> of) {
        List<CompletableFuture<?>> stages = new ArrayList<>();
        asked.stream().filter(of).forEach(entry -> stages.add(entry.stage));
        return stages;
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
