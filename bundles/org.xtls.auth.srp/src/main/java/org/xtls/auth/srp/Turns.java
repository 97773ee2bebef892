package org.xtls.auth.srp;

import java.util.HashSet;
import java.util.Set;
import org.xtls.BareJid;

/**
 * Which peers this side computes for before that has cost them a guess. One computation for each and not many in all, so
 * that beginnings without end keep neither the user nor other peers waiting.
 */
final class Turns {
    static final int MOST = 8;

    private final Set<BareJid> peers = new HashSet<>();

    /** False when it is not to be had now. */
    synchronized boolean take(BareJid peer) {
        return peers.size() < MOST && peers.add(peer);
    }

    synchronized void giveBack(BareJid peer) {
        peers.remove(peer);
    }
}
