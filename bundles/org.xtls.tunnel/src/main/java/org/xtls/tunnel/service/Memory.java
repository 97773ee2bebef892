package org.xtls.tunnel.service;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.XtlsException;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustStore;

/** The trust store that is there at the moment. Without one, every call fails and says so. */
final class Memory {
    private final Supplier<@Nullable TrustStore> store;

    Memory(Supplier<@Nullable TrustStore> store) {
        this.store = store;
    }

    CompletableFuture<KnownPeer> known(BareJid peer) {
        return ask(store -> store.peer(peer).toCompletableFuture());
    }

    CompletableFuture<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence) {
        return ask(store -> store.put(peer, key, state, evidence).toCompletableFuture());
    }

    CompletableFuture<KnownPeer> remember(BareJid peer, String method, boolean confirmed) {
        return ask(store -> store.remember(peer, method, confirmed).toCompletableFuture());
    }

    private CompletableFuture<KnownPeer> ask(Function<TrustStore, CompletableFuture<KnownPeer>> question) {
        TrustStore present = store.get();
        if (present == null) {
            return CompletableFuture.failedFuture(new XtlsException(Failures.missing("trust store")));
        }
        try {
            return question.apply(present).exceptionallyCompose(Memory::failed);
        } catch (RuntimeException | LinkageError e) {
            return failed(e);
        }
    }

    /** A store that fails while it goes away does not say that it is a store. */
    private static CompletableFuture<KnownPeer> failed(Throwable thrown) {
        Throwable cause =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        if (cause instanceof XtlsException) {
            return CompletableFuture.failedFuture(cause);
        }
        String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return CompletableFuture.failedFuture(new IllegalStateException("the trust store failed: " + why, cause));
    }
}
