package org.xtls.embedded.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;

@Timeout(30)
class WorkerTest {
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final Failure GONE = Failure.of(Code.SERVICE_GONE, Fault.LOCAL, "The curtain has fallen.");

    private final List<String> done = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch gate = new CountDownLatch(1);
    private final Worker worker = new Worker("stagehand", GONE);

    @AfterEach
    void close() {
        gate.countDown();
        worker.close();
    }

    @Test
    void what_it_is_given_is_done_in_order_before_it_closes() throws Exception {
        holdUp();
        List<String> wanted =
                IntStream.range(0, 100).mapToObj(Integer::toString).toList();
        List<CompletionStage<String>> stages = new ArrayList<>();
        for (String step : wanted) {
            stages.add(worker.submit(() -> {
                done.add(step);
                return step;
            }));
        }
        gate.countDown();
        worker.close();
        assertEquals(wanted, done);
        assertEquals("99", result(stages.get(99)));
    }

    @Test
    void its_thread_has_its_name_and_a_class_loader_that_is_no_callers_and_goes_with_it() throws Exception {
        ClassLoader loader = ClassLoader.getPlatformClassLoader();
        Worker other = new Worker("prompter", GONE, loader);
        ClassLoader callers = Thread.currentThread().getContextClassLoader();
        Thread.currentThread().setContextClassLoader(new ClassLoader(callers) {});
        Thread thread;
        Thread others;
        try {
            thread = result(worker.submit(Thread::currentThread));
            others = result(other.submit(Thread::currentThread));
        } finally {
            Thread.currentThread().setContextClassLoader(callers);
        }
        assertEquals("stagehand", thread.getName());
        assertTrue(thread.isDaemon());
        assertSame(Worker.class.getClassLoader(), thread.getContextClassLoader());
        assertSame(loader, others.getContextClassLoader());
        other.close();
        worker.close();
        assertFalse(thread.isAlive());
        assertFalse(others.isAlive());
    }

    @Test
    void a_step_that_fails_fails_its_stage_alone() throws Exception {
        CompletionStage<String> failed = worker.submit(() -> {
            throw new IOException("the candle is out");
        });
        assertEquals("the candle is out", failure(failed).getMessage());
        assertEquals("lit", result(worker.submit(() -> "lit")));
    }

    @Test
    void what_comes_too_late_fails_with_the_reason() throws Exception {
        worker.close();
        worker.close();
        assertGone(worker.submit(() -> done.add("late")));
        CompletableFuture<Boolean> stage = new CompletableFuture<>();
        worker.submit(stage, () -> done.add("late"), () -> done.add("afterwards"));
        assertGone(stage);
        worker.run(() -> done.add("late"));
        Future<?> repeated = worker.every(SHORT, () -> done.add("late"));
        assertTrue(repeated.isDone());
        assertEquals(List.of("afterwards"), done);
    }

    @Test
    void what_hangs_is_interrupted_and_nothing_that_waits_behind_it_is_left_without_an_answer() throws Exception {
        CompletionStage<Boolean> hanging = holdUp();
        CompletionStage<Boolean> waiting = worker.submit(() -> done.add("in the dark"));
        CompletableFuture<Boolean> stage = new CompletableFuture<>();
        worker.submit(stage, () -> done.add("in the dark"), () -> done.add("afterwards"));
        worker.run(() -> done.add("lock up"));
        Thread.currentThread().interrupt();
        worker.close();
        assertTrue(Thread.interrupted(), "who closes hears of the interruption of his");
        assertEquals(InterruptedException.class, failure(hanging).getClass());
        assertGone(waiting);
        assertGone(stage);
        worker.close();
        assertEquals(List.of("afterwards", "lock up"), done);
    }

    @Test
    void what_takes_too_long_is_broken_off_as_its_user_says() throws Exception {
        Thread thread = result(worker.submit(Thread::currentThread));
        CompletionStage<Boolean> hanging = holdUp();
        CompletionStage<Boolean> waiting = worker.submit(() -> done.add("in the dark"));
        worker.close(SHORT, gate::countDown);
        assertTrue(result(hanging), "it was not interrupted");
        assertGone(waiting);
        thread.join();
        assertEquals(List.of(), done);
    }

    @Test
    void what_nobody_waits_for_any_more_is_left_out() throws Exception {
        holdUp();
        CompletableFuture<Boolean> wanted = new CompletableFuture<>();
        CompletableFuture<Boolean> unwanted = new CompletableFuture<>();
        worker.submit(unwanted, () -> done.add("unwanted"), () -> done.add("after the unwanted"));
        worker.submit(wanted, () -> done.add("wanted"), () -> done.add("after the wanted, done: " + wanted.isDone()));
        unwanted.cancel(false);
        gate.countDown();
        assertTrue(result(wanted));
        assertEquals(List.of("after the unwanted", "wanted", "after the wanted, done: false"), done);
    }

    @Test
    void what_is_done_again_and_again_outlives_its_failures_and_ends_when_it_is_cancelled() throws Exception {
        Semaphore rounds = new Semaphore(0);
        AtomicBoolean cancelled = new AtomicBoolean();
        Future<?> repeated = worker.every(Duration.ofMillis(1), () -> {
            if (cancelled.get()) {
                done.add("after the end");
            }
            rounds.release();
            throw new IllegalStateException("again");
        });
        rounds.acquire(3);
        result(worker.submit(() -> {
            cancelled.set(true);
            return repeated.cancel(false);
        }));
        worker.close();
        assertEquals(List.of(), done);
    }

    /** The worker waits at the gate from when this returns. */
    private CompletionStage<Boolean> holdUp() throws Exception {
        CountDownLatch there = new CountDownLatch(1);
        CompletionStage<Boolean> stage = worker.submit(() -> {
            there.countDown();
            return gate.await(1, TimeUnit.HOURS);
        });
        there.await();
        return stage;
    }

    private static <T> T result(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private static Throwable failure(CompletionStage<?> stage) {
        return assertThrows(ExecutionException.class, () -> result(stage)).getCause();
    }

    private static void assertGone(CompletionStage<?> stage) {
        assertEquals(GONE, ((XtlsException) failure(stage)).failure());
    }
}
