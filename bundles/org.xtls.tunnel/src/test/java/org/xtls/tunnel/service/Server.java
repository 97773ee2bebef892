package org.xtls.tunnel.service;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.xtls.FullJid;
import org.xtls.transport.Iq;
import org.xtls.transport.Link;
import org.xtls.transport.LinkListener;
import org.xtls.transport.StanzaError;

/** Carries IQs between links, in order, on a thread of its own. */
final class Server implements AutoCloseable {
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final Map<FullJid, ServedLink> links = new ConcurrentHashMap<>();

    /** What is lost on the way. */
    volatile Predicate<Iq> swallows = iq -> false;

    ServedLink link(FullJid local) {
        ServedLink link = new ServedLink(local);
        links.put(local, link);
        return link;
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    final class ServedLink implements Link {
        private final FullJid local;
        final Set<FullJid> watched = ConcurrentHashMap.newKeySet();
        volatile @Nullable LinkListener listener;

        /** What this link throws at. */
        volatile Predicate<Iq> breaks = iq -> false;

        volatile boolean watchesNobody;

        private volatile boolean lost;

        ServedLink(FullJid local) {
            this.local = local;
        }

        @Override
        public FullJid local() {
            return local;
        }

        @Override
        public Listening listen(LinkListener told) {
            listener = told;
            return () -> listener = null;
        }

        @Override
        public void send(Iq iq) {
            if (breaks.test(iq)) {
                throw new IllegalStateException("broken");
            }
            if (!lost) {
                pass(iq);
            }
        }

        /** What the server itself says in the name of this link. */
        void pass(Iq iq) {
            if (!thread.isShutdown()) {
                thread.execute(() -> route(iq));
            }
        }

        private void route(Iq iq) {
            if (swallows.test(iq)) {
                return;
            }
            ServedLink to = links.get(iq.peer());
            LinkListener told = to == null || to.lost ? null : to.listener;
            if (told != null) {
                told.received(from(iq, local));
            } else if (iq instanceof Iq.Request) {
                // Behind what that side has sent already, as on a stream.
                thread.execute(() -> refuse(iq));
            }
        }

        private void refuse(Iq iq) {
            LinkListener told = listener;
            if (told != null) {
                told.received(new Iq.Error(
                        iq.peer(), iq.id(), new StanzaError(StanzaError.Condition.SERVICE_UNAVAILABLE, "")));
            }
        }

        /** From now on nothing comes out of this link, and nothing goes in. */
        void lose() {
            lost = true;
            LinkListener told = listener;
            if (told != null) {
                told.lost("the cable");
            }
        }

        @Override
        public void watch(FullJid peer) {
            if (watchesNobody) {
                throw new NoClassDefFoundError("refreshed");
            }
            watched.add(peer);
        }

        @Override
        public void unwatch(FullJid peer) {
            if (watchesNobody) {
                throw new NoClassDefFoundError("refreshed");
            }
            watched.remove(peer);
        }
    }

    private static Iq from(Iq iq, FullJid sender) {
        if (iq instanceof Iq.Request request) {
            return new Iq.Request(sender, request.id(), request.set(), request.payload());
        }
        if (iq instanceof Iq.Result result) {
            return new Iq.Result(sender, result.id(), result.payload());
        }
        return new Iq.Error(sender, iq.id(), ((Iq.Error) iq).error());
    }
}
