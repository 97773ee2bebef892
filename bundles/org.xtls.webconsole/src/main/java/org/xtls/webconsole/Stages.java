package org.xtls.webconsole;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.xtls.XtlsException;

/** Waits of a request for the trust store's answer, not for ever: the container's threads are few. */
final class Stages {
    private static final int PATIENCE_SECONDS = 10;

    private Stages() {}

    static <T> T await(CompletionStage<T> stage) throws Unavailable {
        try {
            return stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new Unavailable("The trust store has not answered within " + PATIENCE_SECONDS + " seconds.");
        } catch (CancellationException e) {
            throw new Unavailable("It was cancelled.");
        } catch (ExecutionException e) {
            throw new Unavailable(
                    e.getCause() instanceof XtlsException failed
                            ? failed.failure().text()
                            : String.valueOf(e.getCause()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Unavailable("It was interrupted.");
        }
    }

    /** There is no answer; the message says why, for people. */
    static final class Unavailable extends Exception {
        private static final long serialVersionUID = 1L;

        Unavailable(String message) {
            super(message);
        }

        String reason() {
            return String.valueOf(getMessage());
        }
    }
}
