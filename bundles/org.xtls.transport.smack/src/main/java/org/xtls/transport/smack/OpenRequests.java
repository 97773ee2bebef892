package org.xtls.transport.smack;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.xtls.FullJid;
import org.xtls.transport.Iq;

/** To whom each request went that has no answer yet. */
final class OpenRequests {
    /** A peer that never answers must not fill the memory: beyond this many the oldest is forgotten. */
    private static final int MOST = 16_384;

    private final Map<String, FullJid> peers = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, FullJid> eldest) {
            return size() > MOST;
        }
    };

    synchronized void sent(Iq.Request request) {
        peers.put(request.id(), request.peer());
    }

    synchronized @Nullable FullJid peer(String id) {
        return peers.get(id);
    }

    synchronized void answered(String id) {
        peers.remove(id);
    }
}
