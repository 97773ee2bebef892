package org.xtls.trust.jdbc;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustListener;

/** What a container was told, in order. */
final class Heard implements TrustListener {
    private final BlockingQueue<TrustChange> changes = new LinkedBlockingQueue<>();

    @Override
    public void changed(TrustChange change) {
        changes.add(change);
    }

    TrustChange next() throws InterruptedException {
        TrustChange change = changes.poll(Stages.PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertNotNull(change, "a change was not told");
        return change;
    }

    /** Everything up to the first one that is wanted, and it. */
    List<TrustChange> until(Predicate<TrustChange> wanted) throws InterruptedException {
        List<TrustChange> all = new ArrayList<>();
        do {
            all.add(next());
        } while (!wanted.test(all.get(all.size() - 1)));
        return all;
    }

    boolean isEmpty() {
        return changes.isEmpty();
    }
}
