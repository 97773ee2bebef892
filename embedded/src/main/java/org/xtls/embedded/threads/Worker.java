package org.xtls.embedded.threads;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.Failure;
import org.xtls.XtlsException;

/** One thread that does what it is given in order, and is gone when closed. */
public final class Worker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final String name;
    private final Failure closed;
    private final ClassLoader loader;
    private final ScheduledThreadPoolExecutor executor;
    private volatile @Nullable Thread thread;
    private volatile boolean abandoned;

    /**
     * Starts the thread. Its context class loader is that of the bundle that carries this class.
     *
     * @param name of the thread
     * @param closed with what a step fails that is given too late
     */
    public Worker(String name, Failure closed) {
        this(name, closed, Worker.class.getClassLoader());
    }

    /**
     * Starts the thread.
     *
     * @param name of the thread
     * @param closed with what a step fails that is given too late
     * @param loader the thread's context class loader
     */
    public Worker(String name, Failure closed, ClassLoader loader) {
        this.name = name;
        this.closed = closed;
        this.loader = loader;
        this.executor = new ScheduledThreadPoolExecutor(1, this::thread);
        executor.setRemoveOnCancelPolicy(true);
        // Now, so that the thread remembers this caller's protection domains, not those of whoever asks first.
        executor.prestartAllCoreThreads();
    }

    /** Does it whether anybody still waits for it or not. */
    public <T> CompletionStage<T> submit(Callable<T> step) {
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
    public <T> void submit(CompletableFuture<T> stage, Callable<T> step, Runnable afterwards) {
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

    /** Does it in its turn whatever happens, even when {@link #close} waits no longer; but not after the end. */
    public void run(Runnable step) {
        try {
            executor.execute(logged(step));
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: closed already", name);
        }
    }

    /** Does it again and again, with a pause before each time, until the future is cancelled or this is closed. */
    public Future<?> every(Duration pause, Runnable step) {
        try {
            return executor.scheduleWithFixedDelay(
                    logged(step), pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(new XtlsException(closed));
        }
    }

    /** Does first what was given before; what takes too long is interrupted. */
    @Override
    public void close() {
        close(PATIENCE, () -> {
            Thread last = thread;
            if (last != null) {
                last.interrupt();
            }
        });
    }

    /**
     * Does first what was given before. If that takes too long, what the thread is at is broken off and what still waits
     * fails.
     *
     * @param patience what is too long
     * @param breakOff breaks off what the thread waits for
     */
    public void close(Duration patience, Runnable breakOff) {
        executor.shutdown();
        try {
            if (!executor.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("{}: what it waits for does not answer, stopping without it", name);
                abandoned = true;
                breakOff.run();
            }
            Thread last = thread;
            // The executor says that it has ended a moment before its thread has.
            if (last != null && last != Thread.currentThread()) {
                last.join(patience.toMillis());
            }
        } catch (InterruptedException e) {
            abandoned = true;
            breakOff.run();
            Thread.currentThread().interrupt();
        }
    }

    private void execute(Runnable work, Runnable tooLate) {
        try {
            executor.execute(() -> (abandoned ? tooLate : work).run());
        } catch (RejectedExecutionException e) {
            tooLate.run();
        }
    }

    private static <T> void complete(CompletableFuture<T> stage, Callable<T> step) {
        try {
            stage.complete(step.call());
        } catch (Throwable e) {
            stage.completeExceptionally(e);
        }
    }

    /** Where there is no stage to fail. */
    private Runnable logged(Runnable step) {
        return () -> {
            try {
                step.run();
            } catch (Throwable e) {
                // An Error too, or what is repeated would end without a word.
                LOG.error("{}: what was to be done failed", name, e);
            }
        };
    }

    private Thread thread(Runnable work) {
        Thread made = new Thread(null, work, name, 0, false);
        made.setContextClassLoader(loader);
        made.setDaemon(true);
        thread = made;
        return made;
    }
}
