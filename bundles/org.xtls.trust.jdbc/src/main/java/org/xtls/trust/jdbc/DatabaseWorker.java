package org.xtls.trust.jdbc;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.xtls.XtlsException;
import org.xtls.embedded.threads.Worker;

/** The thread of the database: it takes so many calls and no more, and looks for news in between. */
final class DatabaseWorker {
    static final String THREAD = "xtls-trust-jdbc";

    /** Peers cause calls: while the database is slow they must not fill the memory. */
    static final int MAX_WAITING = 10_000;

    // Drivers start threads that inherit the class loader and outlive this bundle.
    private final Worker worker = new Worker(THREAD, Failures.CLOSED, ClassLoader.getPlatformClassLoader());
    private final AtomicInteger waiting = new AtomicInteger();
    private @Nullable Future<?> repeated;

    <T> CompletionStage<T> submit(Callable<T> step) {
        if (waiting.incrementAndGet() > MAX_WAITING) {
            waiting.decrementAndGet();
            return CompletableFuture.failedStage(new XtlsException(Failures.OVERLOADED));
        }
        CompletionStage<T> stage = worker.submit(step);
        var unused = stage.whenComplete((result, failure) -> waiting.decrementAndGet());
        return stage;
    }

    /** What has to be done however much waits; not after the end. */
    void run(Runnable step) {
        worker.run(step);
    }

    /** Does something again and again, with a pause between; in place of what was repeated before. */
    synchronized void repeat(Runnable step, int pauseSeconds) {
        if (repeated != null) {
            repeated.cancel(false);
        }
        repeated = worker.every(Duration.ofSeconds(pauseSeconds), step);
    }

    /**
     * Does first what was given before, unless that takes too long.
     *
     * @param patienceSeconds how long it may take
     * @param abort breaks off what the thread waits for
     */
    void close(int patienceSeconds, Runnable abort) {
        worker.close(Duration.ofSeconds(patienceSeconds), abort);
    }
}
