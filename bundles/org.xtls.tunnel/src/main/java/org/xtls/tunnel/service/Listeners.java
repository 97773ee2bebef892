package org.xtls.tunnel.service;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.osgi.framework.Constants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.Stanza;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;

/** Who hears of tunnels, those of the highest {@code service.ranking} first. */
final class Listeners {
    private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

    /** Replaced as a whole, so that whoever is being told is not disturbed. */
    private volatile List<Ranked> ranked = List.of();

    private record Ranked(TunnelListener listener, int ranking, long id) {}

    /** Takes a listener, or its changed properties. One object may be registered more than once. */
    synchronized void put(TunnelListener listener, Map<String, ?> properties) {
        long id = id(properties);
        int ranking = properties.get(Constants.SERVICE_RANKING) instanceof Integer given ? given : 0;
        List<Ranked> changed = without(id);
        changed.add(new Ranked(listener, ranking, id));
        changed.sort(Comparator.comparingInt(Ranked::ranking).reversed().thenComparingLong(Ranked::id));
        ranked = List.copyOf(changed);
    }

    synchronized void remove(Map<String, ?> properties) {
        ranked = List.copyOf(without(id(properties)));
    }

    private List<Ranked> without(long id) {
        List<Ranked> others = new ArrayList<>(ranked);
        others.removeIf(one -> one.id == id);
        return others;
    }

    private static long id(Map<String, ?> properties) {
        return properties.get(Constants.SERVICE_ID) instanceof Long given ? given : -1;
    }

    /** Tells every listener; what one throws is its own affair. */
    void tell(Consumer<TunnelListener> what) {
        for (Ranked one : ranked) {
            try {
                what.accept(one.listener);
            } catch (RuntimeException | LinkageError e) {
                failed(e);
            }
        }
    }

    /**
     * Offers a stanza to every listener; but an iq that was taken is not offered to those of a lower ranking, for a
     * request is answered once.
     *
     * @return whether one of them took it
     */
    boolean offer(Tunnel tunnel, Stanza stanza) {
        boolean taken = false;
        int by = Integer.MIN_VALUE;
        for (Ranked one : ranked) {
            if (taken && stanza.kind() == Stanza.Kind.IQ && one.ranking < by) {
                break;
            }
            try {
                if (one.listener.received(tunnel, stanza)) {
                    taken = true;
                    by = one.ranking;
                }
            } catch (RuntimeException | LinkageError e) {
                failed(e);
            }
        }
        return taken;
    }

    private static void failed(Throwable e) {
        // A LinkageError comes from a listener whose bundle has just been refreshed.
        LOG.error("a tunnel listener failed", e);
    }
}
