package org.xtls.trust.jdbc;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.XtlsException;

/** One thread that does what it is given in order, looks for news in between, and is gone when closed. */
final class Worker {
    static final String THREAD = "xtls-trust-jdbc";

    /** Peers cause calls: while the database is slow they must not fill the memory. */
    static final int MAX_WAITING = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, this::thread);
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile @Nullable Thread thread;
    private volatile boolean abandoned;
    private @Nullable Future<?> repeated;

    Worker() {
        executor.setRemoveOnCancelPolicy(true);
        // Now, so that the thread remembers this caller's protection domains, not those of whoever asks first.
        executor.prestartAllCoreThreads();
    }

    <T> CompletionStage<T> submit(Callable<T> step) {
        CompletableFuture<T> stage = new CompletableFuture<>();
        if (waiting.incrementAndGet() > MAX_WAITING) {
            waiting.decrementAndGet();
            stage.completeExceptionally(new XtlsException(Failures.OVERLOADED));
            return stage;
        }
        try {
            executor.execute(() -> {
                waiting.decrementAndGet();
                try {
                    if (abandoned) {
                        throw new XtlsException(Failures.CLOSED);
                    }
                    stage.complete(step.call());
                } catch (Throwable e) {
                    stage.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            waiting.decrementAndGet();
            stage.completeExceptionally(new XtlsException(Failures.CLOSED));
        }
        return stage;
    }

    /** What has to be done however much waits; not after the end. */
    void run(Runnable step) {
        try {
            executor.execute(step);
        } catch (RejectedExecutionException e) {
            LOG.debug("closed already");
        }
    }

    /** Does something again and again, with a pause between; in place of what was repeated before. */
    synchronized void repeat(Runnable step, int pauseSeconds) {
        if (repeated != null) {
            repeated.cancel(false);
        }
        try {
            repeated = executor.scheduleWithFixedDelay(step, pauseSeconds, pauseSeconds, TimeUnit.SECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("closed, nothing is repeated any more");
        }
    }

    /**
     * Does first what was given before, unless that takes too long.
     *
     * @param patienceSeconds how long it may take
     * @param abort breaks off what the thread waits for
     */
    void close(int patienceSeconds, Runnable abort) {
        executor.shutdown();
        try {
            if (!executor.awaitTermination(patienceSeconds, TimeUnit.SECONDS)) {
                LOG.warn("The trust database does not answer, stopping without it");
                abandoned = true;
                abort.run();
            }
            Thread last = thread;
            // The executor says that it has ended a moment before its thread has.
            if (last != null && last != Thread.currentThread()) {
                last.join(TimeUnit.SECONDS.toMillis(patienceSeconds));
            }
        } catch (InterruptedException e) {
            abandoned = true;
            abort.run();
            Thread.currentThread().interrupt();
        }
    }

    private Thread thread(Runnable work) {
        Thread made = new Thread(null, work, THREAD, 0, false);
        // Drivers start threads that inherit it and outlive this bundle.
        made.setContextClassLoader(ClassLoader.getPlatformClassLoader());
        made.setDaemon(true);
        thread = made;
        return made;
    }
}
