package org.xtls.auth.x509;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What humans said when asked, kept as long as the source that wanted it, so that they are asked once. The key that it
 * opens is in memory for as long.
 */
final class Answers implements AutoCloseable {
    private final Map<String, char[]> answers = new HashMap<>();
    private boolean closed;

    /** Keeps an answer; the array is this object's from now on. */
    synchronized void put(String of, char[] secret) {
        char[] former = closed ? secret : answers.put(of, secret);
        if (former != null) {
            Arrays.fill(former, '\0');
        }
    }

    /** The array is this object's: to be read, not kept. */
    synchronized char @Nullable [] get(String of) {
        return answers.get(of);
    }

    /** All of them: what opens one thing often opens the next. */
    synchronized List<char[]> all() {
        return List.copyOf(answers.values());
    }

    synchronized void forget(String of) {
        char[] former = answers.remove(of);
        if (former != null) {
            Arrays.fill(former, '\0');
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        answers.values().forEach(secret -> Arrays.fill(secret, '\0'));
        answers.clear();
    }
}
