package org.example.rcp;

import org.xtls.FullJid;
import org.xtls.Tunnel;
import org.xtls.runtime.TunnelDTO;

/** The two ends of a tunnel, by which a conversation goes on when one tunnel follows another. */
record Ends(FullJid local, FullJid peer) {
    static Ends of(Tunnel tunnel) {
        return new Ends(tunnel.local(), tunnel.peer());
    }

    static Ends of(TunnelDTO tunnel) {
        return new Ends(FullJid.parse(tunnel.local), FullJid.parse(tunnel.peer));
    }
}
