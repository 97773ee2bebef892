package org.xtls.tunnel.service;

import java.util.HashMap;
import java.util.Map;
import org.xtls.BareJid;

/** Counts tunnels that peers have started and that are not up: each costs a handshake, and peers could start any number. */
final class HalfOpen {
    private final Map<BareJid, Integer> byPeer = new HashMap<>();
    private int all;

    synchronized boolean enter(BareJid peer, int mostOfPeer, int mostInAll) {
        int ofPeer = byPeer.getOrDefault(peer, 0);
        if (ofPeer >= mostOfPeer || all >= mostInAll) {
            return false;
        }
        byPeer.put(peer, ofPeer + 1);
        all++;
        return true;
    }

    synchronized void leave(BareJid peer) {
        Integer ofPeer = byPeer.get(peer);
        if (ofPeer == null) {
            return;
        }
        all--;
        if (ofPeer == 1) {
            byPeer.remove(peer);
        } else {
            byPeer.put(peer, ofPeer - 1);
        }
    }
}
