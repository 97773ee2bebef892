package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.xtls.tests.stage.Refusal;

/** Waiting with a bound, which is only there so that a hang fails a story and not the build. */
final class Waiting {
    static final long PATIENCE_SECONDS = 20;

    private Waiting() {}

    /** The value. */
    static <T> T now(CompletableFuture<T> future) {
        try {
            return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("failed with " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("hangs", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The reason that the api gave. */
    static Refusal refused(CompletableFuture<?> future) {
        try {
            return fail("should have failed, and gave " + future.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Refusal refusal) {
                return refusal;
            }
            throw new AssertionError("failed without a reason of the api", e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("hangs", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
