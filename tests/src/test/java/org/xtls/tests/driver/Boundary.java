package org.xtls.tests.driver;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.Security;
import org.xtls.Stanza;
import org.xtls.Tunnel;
import org.xtls.XtlsException;
import org.xtls.tests.stage.End;
import org.xtls.tests.stage.Refusal;
import org.xtls.tests.stage.Secured;
import org.xtls.tests.stage.Talk;

/** Turns the api's values, which only the framework knows, into those of the stage. */
final class Boundary {
    private Boundary() {}

    static <A, B> CompletableFuture<B> outside(CompletionStage<A> stage, Function<A, B> value) {
        CompletableFuture<B> outside = new CompletableFuture<>();
        stage.whenComplete((result, error) -> {
            try {
                if (error == null) {
                    outside.complete(value.apply(result));
                } else {
                    outside.completeExceptionally(refusal(error));
                }
            } catch (RuntimeException | LinkageError e) {
                // Or whoever waits would wait for ever.
                outside.completeExceptionally(e);
            }
        });
        return outside;
    }

    static Talk talk(Tunnel tunnel) {
        return new Talk() {
            @Override
            public String local() {
                return tunnel.local().toString();
            }

            @Override
            public String peer() {
                return tunnel.peer().toString();
            }

            @Override
            public Secured security() {
                return secured(tunnel.security());
            }

            @Override
            public CompletableFuture<String> send(String xml) {
                return outside(tunnel.send(Stanza.parse(xml)), Enum::name);
            }

            @Override
            public CompletableFuture<Talk> renew() {
                return outside(tunnel.renew(), Boundary::talk);
            }

            @Override
            public CompletableFuture<End> close() {
                return outside(tunnel.close(), Boundary::end);
            }

            @Override
            public CompletableFuture<End> closed() {
                return outside(tunnel.closed(), Boundary::end);
            }

            @Override
            public String toString() {
                return tunnel.id() + " " + tunnel.local() + " - " + tunnel.peer();
            }
        };
    }

    static End end(Closure closure) {
        Failure failure = closure.failure();
        return new End(closure.orderly(), failure.code().name(), failure.fault().name(), failure.text());
    }

    private static Secured secured(Security security) {
        return new Secured(
                security.method(),
                security.tls(),
                security.group(),
                security.suite(),
                security.key() == null ? "" : security.key().fingerprint(),
                security.trust().name(),
                security.evidence(),
                security.offersConfirmed(),
                security.acknowledgement().name());
    }

    /** An error that is no {@link XtlsException} breaks the api's contract, and must not look like one that keeps it. */
    private static Throwable refusal(Throwable error) {
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        if (cause instanceof XtlsException e) {
            Failure failure = e.failure();
            return new Refusal(failure.code().name(), failure.fault().name(), failure.text());
        }
        return new AssertionError("not an XtlsException: " + cause, cause);
    }
}
