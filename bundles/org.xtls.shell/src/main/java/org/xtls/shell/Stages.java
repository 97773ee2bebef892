package org.xtls.shell;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.xtls.XtlsException;

/** Waits of a command for a service's answer. Each stage of the API ends by itself; Ctrl-C ends a wait before that. */
final class Stages {
    private Stages() {}

    static <T> T await(CompletionStage<T> stage) throws CommandException {
        try {
            return stage.toCompletableFuture().get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted();
        } catch (CancellationException e) {
            throw new CommandException("It was cancelled.");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            String text =
                    cause instanceof XtlsException failed ? failed.failure().text() : String.valueOf(cause);
            throw new CommandException(text);
        }
    }

    static CommandException interrupted() {
        return new CommandException("Interrupted; what was begun may still be under way.");
    }
}
