package org.xtls.server.loopback.c2s;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/** What waits to be written to one client, bounded. Thread-safe; only {@link #take} and {@link #awaitRoom} block. */
final class Outbox {

    enum Outcome {
        QUEUED,
        /** Queued, but whoever sent it should wait until there is room again. */
        CROWDED,
        /** Not queued: the client reads too slowly. */
        OVERFLOW,
        /** Not queued: the stream is ending. */
        ENDED
    }

    private final int limit;
    private final Deque<byte[]> frames = new ArrayDeque<>();
    private int waiting;
    private boolean ended;

    Outbox(int limit) {
        this.limit = limit;
    }

    synchronized Outcome offer(String xml) {
        if (ended) {
            return Outcome.ENDED;
        }
        byte[] frame = xml.getBytes(UTF_8);
        // Stops a client that does not read from filling the memory with what others send it.
        if (frame.length > limit - waiting) {
            return Outcome.OVERFLOW;
        }
        push(frame);
        return isCrowded() ? Outcome.CROWDED : Outcome.QUEUED;
    }

    /** The last that will be written. */
    synchronized void end(String last, boolean discardWaiting) {
        if (ended) {
            return;
        }
        if (discardWaiting) {
            discard();
        }
        push(last.getBytes(UTF_8));
        ended = true;
    }

    /** Writes nothing more. */
    synchronized void abandon() {
        discard();
        ended = true;
        notifyAll();
    }

    /** The next to write, empty when everything is written. */
    synchronized Optional<byte[]> take() throws InterruptedException {
        while (frames.isEmpty() && !ended) {
            wait();
        }
        byte[] frame = frames.poll();
        if (frame == null) {
            return Optional.empty();
        }
        waiting -= frame.length;
        notifyAll();
        return Optional.of(frame);
    }

    /** Whether there was room in time, or no more need for it. */
    synchronized boolean awaitRoom(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (isCrowded() && !ended) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            wait(left / 1_000_000 + 1);
        }
        return true;
    }

    private boolean isCrowded() {
        return waiting > limit / 2;
    }

    private void push(byte[] frame) {
        frames.add(frame);
        waiting += frame.length;
        notifyAll();
    }

    private void discard() {
        frames.clear();
        waiting = 0;
    }
}
