package org.xtls.tunnel.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StrandTest {
    private static final Runnable UNEXPECTED = () -> {
        throw new AssertionError("refused");
    };
    private final Deque<Runnable> pool = new ArrayDeque<>();
    private final List<String> ran = new ArrayList<>();

    @Test
    void tasks_of_one_strand_run_in_order_one_at_a_time_on_many_threads() throws InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            Strand strand = new Strand(threads);
            List<Integer> order = new ArrayList<>(); // unguarded: the strand is what guards it
            AtomicInteger inside = new AtomicInteger();
            AtomicInteger most = new AtomicInteger();
            CountDownLatch done = new CountDownLatch(20_000);
            for (int i = 0; i < 20_000; i++) {
                int number = i;
                strand.execute(
                        () -> {
                            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                            order.add(number);
                            inside.decrementAndGet();
                            done.countDown();
                        },
                        UNEXPECTED);
            }
            assertTrue(done.await(30, TimeUnit.SECONDS));
            assertEquals(IntStream.range(0, 20_000).boxed().toList(), order);
            assertEquals(1, most.get());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void a_busy_strand_lets_others_have_their_turn() {
        Strand busy = new Strand(pool::add);
        Strand other = new Strand(pool::add);
        for (int i = 0; i < 3; i++) {
            busy.execute(() -> ran.add("busy"), UNEXPECTED);
        }
        other.execute(() -> ran.add("other"), UNEXPECTED);
        drain();
        assertEquals(List.of("busy", "other", "busy", "busy"), ran);
    }

    @Test
    void a_strand_holds_one_thread_at_most() {
        Strand strand = new Strand(pool::add);
        strand.execute(() -> ran.add("a"), UNEXPECTED);
        strand.execute(() -> ran.add("b"), UNEXPECTED);
        assertEquals(1, pool.size());
        drain();
        assertEquals(List.of("a", "b"), ran);
        strand.execute(() -> ran.add("c"), UNEXPECTED);
        drain();
        assertEquals(List.of("a", "b", "c"), ran);
    }

    @Test
    void a_task_that_throws_does_not_stop_those_behind_it() {
        Strand strand = new Strand(pool::add);
        strand.execute(
                () -> {
                    throw new IllegalStateException("a task's own affair");
                },
                UNEXPECTED);
        strand.execute(() -> ran.add("after"), UNEXPECTED);
        drain();
        assertEquals(List.of("after"), ran);
    }

    @Test
    void a_task_may_add_tasks() {
        Strand strand = new Strand(pool::add);
        strand.execute(() -> strand.execute(() -> ran.add("inner"), UNEXPECTED), UNEXPECTED);
        drain();
        assertEquals(List.of("inner"), ran);
    }

    @Test
    void when_the_threads_have_stopped_every_task_learns_that_it_will_not_run() {
        boolean[] stopped = new boolean[1];
        Strand strand = new Strand(task -> {
            if (stopped[0]) {
                throw new RejectedExecutionException();
            }
            pool.add(task);
        });
        for (String name : List.of("a", "b", "c")) {
            strand.execute(() -> ran.add(name), () -> ran.add("refused " + name));
        }
        stopped[0] = true;
        drain();
        assertEquals(List.of("a", "refused b", "refused c"), ran);
        strand.execute(() -> ran.add("d"), () -> ran.add("refused d"));
        assertEquals(List.of("a", "refused b", "refused c", "refused d"), ran);
        assertFalse(pool.iterator().hasNext());
    }

    private void drain() {
        while (!pool.isEmpty()) {
            pool.remove().run();
        }
    }
}
