package org.xtls.tunnel.service;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs tasks one after the other, in order, on the threads of a shared executor. */
final class Strand {
    private static final Logger LOG = LoggerFactory.getLogger(Strand.class);

    private final Executor threads;
    private final Deque<Task> tasks = new ArrayDeque<>();
    private boolean running;

    private record Task(Runnable run, Runnable refused) {}

    Strand(Executor threads) {
        this.threads = threads;
    }

    /**
     * Runs a task after those before it.
     *
     * @param run the task
     * @param refused runs in its place, on any thread, when the executor has stopped
     */
    void execute(Runnable run, Runnable refused) {
        synchronized (tasks) {
            tasks.add(new Task(run, refused));
            if (running) {
                return;
            }
            running = true;
        }
        dispatch();
    }

    private void dispatch() {
        try {
            threads.execute(this::runOne);
        } catch (RejectedExecutionException e) {
            List<Task> refused;
            synchronized (tasks) {
                refused = List.copyOf(tasks);
                tasks.clear();
                running = false;
            }
            refused.forEach(task -> task.refused.run());
        }
    }

    /** One task at a turn, so that a busy tunnel does not keep the others from their threads. */
    private void runOne() {
        Task task;
        synchronized (tasks) {
            task = tasks.remove();
        }
        try {
            task.run.run();
        } catch (RuntimeException | LinkageError e) {
            // The latter from a bundle that has just been refreshed.
            LOG.error("a tunnel's event failed", e);
        } finally {
            boolean more;
            synchronized (tasks) {
                more = !tasks.isEmpty();
                running = more;
            }
            if (more) {
                dispatch();
            }
        }
    }
}
