package org.xtls.shell;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.XtlsRuntime;

/** The state of XTLS in this container, and waits for it to change. */
@Component(service = RuntimeWatch.class)
public final class RuntimeWatch {
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable XtlsRuntime runtime;

    RuntimeDTO now() throws CommandException {
        XtlsRuntime present;
        lock.lock();
        try {
            present = runtime;
        } finally {
            lock.unlock();
        }
        if (present == null) {
            throw CommandException.missing("tunnel service", "org.xtls.tunnel");
        }
        return present.runtime();
    }

    /**
     * Waits for a state.
     *
     * @return whether it came in time
     */
    boolean await(Predicate<RuntimeDTO> state, Duration patience) throws CommandException {
        long end = System.nanoTime() + patience.toNanos();
        while (!state.test(now())) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            lock.lock();
            try {
                // Looked at again now and then: a change between the look and this wait would go unheard.
                changed.awaitNanos(Math.min(left, LOOK_AGAIN_NANOS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Stages.interrupted();
            } finally {
                lock.unlock();
            }
        }
        return true;
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindRuntime(XtlsRuntime added) {
        set(added);
    }

    /** The change count is a service property: each change of the state arrives here. */
    void updatedRuntime(XtlsRuntime updated) {
        set(updated);
    }

    void unbindRuntime(XtlsRuntime removed) {
        lock.lock();
        try {
            if (runtime == removed) {
                set(null);
            }
        } finally {
            lock.unlock();
        }
    }

    private void set(@Nullable XtlsRuntime present) {
        lock.lock();
        try {
            runtime = present;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
