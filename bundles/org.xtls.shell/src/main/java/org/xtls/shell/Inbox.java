package org.xtls.shell;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.FullJid;

/**
 * Stanzas that nobody has read yet. It is bounded, or a peer could fill this side's memory; when it is full the oldest
 * go, and who reads next is told how many.
 */
final class Inbox {
    private static final Logger log = LoggerFactory.getLogger(Inbox.class);

    private final int most;
    private final long mostCharacters;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Deque<Entry> entries = new ArrayDeque<>();
    private long characters;
    private long lost;

    /** What came out of a tunnel, with how far that was to be trusted at the moment. */
    record Entry(FullJid peer, String standing, String xml) {}

    Inbox(int most, long mostCharacters) {
        this.most = most;
        this.mostCharacters = mostCharacters;
    }

    void add(Entry entry) {
        lock.lock();
        try {
            entries.addLast(entry);
            characters += entry.xml().length();
            while (entries.size() > most || (characters > mostCharacters && entries.size() > 1)) {
                characters -= entries.removeFirst().xml().length();
                if (lost++ == 0) {
                    log.warn("nobody reads what comes out of tunnels: the oldest stanzas are dropped from now on");
                }
            }
            arrived.signal();
        } finally {
            lock.unlock();
        }
    }

    /** How many were dropped since the last call. */
    long lost() {
        lock.lock();
        try {
            long before = lost;
            lost = 0;
            return before;
        } finally {
            lock.unlock();
        }
    }

    Optional<Entry> take(Duration patience) throws InterruptedException {
        long left = patience.toNanos();
        lock.lockInterruptibly();
        try {
            while (entries.isEmpty()) {
                if (left <= 0) {
                    return Optional.empty();
                }
                left = arrived.awaitNanos(left);
            }
            Entry first = entries.removeFirst();
            characters -= first.xml().length();
            return Optional.of(first);
        } finally {
            lock.unlock();
        }
    }
}
