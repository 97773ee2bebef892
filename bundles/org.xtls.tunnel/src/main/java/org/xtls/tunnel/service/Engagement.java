package org.xtls.tunnel.service;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.ServiceReference;
import org.xtls.auth.AuthMethod;

/**
 * The methods' state for one negotiation: an instance of each method asked, until the negotiation ends or the method's
 * service goes.
 */
final class Engagement {
    private final Map<String, Engaged> byMethod = new LinkedHashMap<>();
    /** What is asked and not yet answered; cancelled when nobody wants the answer. */
    private final List<Asked> asked = new ArrayList<>();

    private boolean released;

    private record Engaged(Methods.Provider provider, AuthMethod method) {}

    private record Asked(@Nullable ServiceReference<AuthMethod> provider, CompletableFuture<?> stage) {}

    /** The step's stage; failed when the method is not engaged, throws, or returns nothing. */
    synchronized <T> CompletableFuture<T> ask(
            Methods.Provider provider, Function<AuthMethod, CompletionStage<T>> step) {
        if (released) {
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
    synchronized <T> CompletableFuture<T> ask(String method, Function<AuthMethod, CompletionStage<T>> step) {
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

    /** What somebody else was asked for this negotiation: cancelled like a method's stage when it ends. */
    synchronized <T> CompletableFuture<T> hold(CompletableFuture<T> stage) {
        if (released) {
            stage.cancel(false);
            return stage;
        }
        return hold(null, stage);
    }

    private <T> CompletableFuture<T> hold(@Nullable ServiceReference<AuthMethod> provider, CompletableFuture<T> stage) {
        Asked entry = new Asked(provider, stage);
        asked.add(entry);
        return stage.whenComplete((value, failure) -> forget(entry));
    }

    private synchronized void forget(Asked entry) {
        asked.remove(entry);
    }

    /** A method's service goes: its instance is given back, and what it was asked is cancelled. */
    void gone(ServiceReference<AuthMethod> provider) {
        List<CompletableFuture<?>> cancelled = new ArrayList<>();
        synchronized (this) {
            byMethod.values().removeIf(engaged -> {
                if (!engaged.provider.reference().equals(provider)) {
                    return false;
                }
                giveBack(engaged);
                return true;
            });
            asked.stream()
                    .filter(entry -> provider.equals(entry.provider))
                    .forEach(entry -> cancelled.add(entry.stage));
        }
        cancelled.forEach(stage -> stage.cancel(false));
    }

    /** The negotiation has ended. */
    void release() {
        List<CompletableFuture<?>> cancelled = new ArrayList<>();
        synchronized (this) {
            released = true;
            asked.forEach(entry -> cancelled.add(entry.stage));
            byMethod.values().forEach(Engagement::giveBack);
            byMethod.clear();
        }
        cancelled.forEach(stage -> stage.cancel(false));
    }

    private static void giveBack(Engaged engaged) {
        try {
            engaged.provider.objects().ungetService(engaged.method);
        } catch (IllegalStateException | IllegalArgumentException e) {
            // Its bundle has stopped and taken everything back already.
        }
    }

    private static IllegalStateException gone(String method) {
        return new IllegalStateException("the authentication method " + method + " went away");
    }
}
