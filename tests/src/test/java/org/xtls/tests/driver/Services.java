package org.xtls.tests.driver;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Predicate;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.util.tracker.ServiceTracker;

/** Services of the framework, each waited for when it is asked for and held from then on, as a reference would. */
final class Services {
    private static final long PATIENCE_MILLIS = 20_000;

    private final BundleContext context;
    private final Map<Class<?>, ServiceTracker<?, ?>> trackers = new ConcurrentHashMap<>();

    Services(BundleContext context) {
        this.context = context;
    }

    <S, T> T with(Class<S> type, Function<S, T> use) {
        try {
            Object service = trackers.computeIfAbsent(type, this::opened).waitForService(PATIENCE_MILLIS);
            if (service == null) {
                throw new IllegalStateException("no service " + type.getName() + " in the framework");
            }
            return use.apply(type.cast(service));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** All services of a type, of which there is at least one. */
    <S> List<S> all(Class<S> type) {
        with(type, service -> service);
        return Arrays.stream(trackers.get(type).getServices()).map(type::cast).toList();
    }

    /** Waits until a service is in a state; it is looked at when it comes and whenever its properties change. */
    <S> void await(Class<S> type, Predicate<S> state) {
        CompletableFuture<S> reached = new CompletableFuture<>();
        ServiceTracker<S, S> tracker = new ServiceTracker<>(context, type, null) {
            @Override
            public S addingService(ServiceReference<S> reference) {
                S service = super.addingService(reference);
                look(service);
                return service;
            }

            @Override
            public void modifiedService(ServiceReference<S> reference, S service) {
                look(service);
            }

            private void look(S service) {
                if (state.test(service)) {
                    reached.complete(service);
                }
            }
        };
        tracker.open();
        // A tracker does not tell of a change that comes while the service is being added.
        S tracked = tracker.getService();
        if (tracked != null && state.test(tracked)) {
            reached.complete(tracked);
        }
        try {
            reached.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the service " + type.getName() + " did not come to the wanted state", e);
        } finally {
            tracker.close();
        }
    }

    private ServiceTracker<?, ?> opened(Class<?> type) {
        ServiceTracker<?, ?> tracker = new ServiceTracker<>(context, type, null);
        tracker.open();
        return tracker;
    }
}
