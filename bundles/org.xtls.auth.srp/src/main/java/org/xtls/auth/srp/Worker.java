package org.xtls.auth.srp;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.Failure;
import org.xtls.XtlsException;

/** One thread that does what it is given in order, and is gone when closed. */
final class Worker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    private static final long PATIENCE_SECONDS = 10;

    private final String name;
    private final Failure closed;
    private final ThreadPoolExecutor executor;
    private volatile @Nullable Thread thread;

    Worker(String name, Failure closed) {
        this.name = name;
        this.closed = closed;
        this.executor = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), this::thread);
        // Now, so that the thread remembers this caller's protection domains, not those of whoever asks first.
        executor.prestartAllCoreThreads();
    }

    /** Does it whether anybody still waits for it or not. */
    <T> CompletionStage<T> submit(Callable<T> step) {
        CompletableFuture<T> stage = new CompletableFuture<>();
        execute(() -> complete(stage, step), () -> stage.completeExceptionally(new XtlsException(closed)));
        return stage;
    }

    /**
     * Does it unless nobody waits for it any more when its turn comes.
     *
     * @param stage what comes of it
     * @param afterwards run before the stage completes, also when the step is left out; not while it runs
     */
    <T> void submit(CompletableFuture<T> stage, Callable<T> step, Runnable afterwards) {
        execute(
                () -> {
                    if (stage.isDone()) {
                        afterwards.run();
                        return;
                    }
                    complete(stage, () -> {
                        try {
                            return step.call();
                        } finally {
                            afterwards.run();
                        }
                    });
                },
                () -> {
                    afterwards.run();
                    stage.completeExceptionally(new XtlsException(closed));
                });
    }

    /** Does first what was given before, unless that takes too long. */
    @Override
    public void close() {
        executor.shutdown();
        try {
            if (!executor.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("{}: the disk does not answer, stopping without it", name);
                executor.shutdownNow();
            }
            Thread last = thread;
            // The executor says that it has ended a moment before its thread has.
            if (last != null && last != Thread.currentThread()) {
                last.join(PATIENCE_SECONDS * 1000);
            }
        } catch (InterruptedException e) {
            executor.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    private void execute(Runnable work, Runnable refused) {
        try {
            executor.execute(work);
        } catch (RejectedExecutionException e) {
            refused.run();
        }
    }

    private static <T> void complete(CompletableFuture<T> stage, Callable<T> step) {
        try {
            stage.complete(step.call());
        } catch (Throwable e) {
            stage.completeExceptionally(e);
        }
    }

    private Thread thread(Runnable work) {
        Thread made = new Thread(null, work, name, 0, false);
        made.setContextClassLoader(Worker.class.getClassLoader());
        made.setDaemon(true);
        thread = made;
        return made;
    }
}
