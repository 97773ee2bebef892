package org.xtls.shell;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.xtls.BareJid;
import org.xtls.FullJid;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.XtlsRuntime;

/** The state of XTLS in this container, and waits for it to change. */
@Component(service = RuntimeWatch.class)
public final class RuntimeWatch {
    private static final String CHANGE_COUNT = "service.changecount";

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable XtlsRuntime runtime;
    /** The last change of {@link #runtime} that was heard of, by its count. */
    private long heard;

    RuntimeDTO now() throws CommandException {
        return present().runtime();
    }

    /** The own accounts that are logged in. */
    List<BareJid> accounts() throws CommandException {
        SortedSet<String> accounts = new TreeSet<>();
        now().links.forEach(link -> accounts.add(FullJid.parse(link).bare().toString()));
        return accounts.stream().map(BareJid::parse).toList();
    }

    private XtlsRuntime present() throws CommandException {
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
        return present;
    }

    /**
     * Waits for a state.
     *
     * @return whether it came in time
     */
    boolean await(Predicate<RuntimeDTO> state, Duration patience) throws CommandException {
        long end = System.nanoTime() + patience.toNanos();
        while (true) {
            XtlsRuntime looked = present();
            RuntimeDTO seen = looked.runtime();
            if (state.test(seen)) {
                return true;
            }
            if (!changedSince(looked, seen.changeCount, end)) {
                return false;
            }
        }
    }

    /** Waits for a change that a look did not see, one between the look and this wait included. */
    private boolean changedSince(XtlsRuntime looked, long count, long end) throws CommandException {
        lock.lock();
        try {
            while (runtime == looked && heard <= count) {
                long left = end - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                var unused = changed.awaitNanos(left);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Stages.interrupted();
        } finally {
            lock.unlock();
        }
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindRuntime(XtlsRuntime added, Map<String, Object> properties) {
        set(added, properties);
    }

    /** The change count is a service property: each change of the state arrives here. */
    void updatedRuntime(XtlsRuntime updated, Map<String, Object> properties) {
        set(updated, properties);
    }

    void unbindRuntime(XtlsRuntime removed) {
        lock.lock();
        try {
            if (runtime == removed) {
                set(null, Map.of());
            }
        } finally {
            lock.unlock();
        }
    }

    private void set(@Nullable XtlsRuntime present, Map<String, Object> properties) {
        lock.lock();
        try {
            runtime = present;
            heard = properties.get(CHANGE_COUNT) instanceof Long count ? count : 0;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
