package org.xtls.shell;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.xtls.Acknowledgement;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.Tunnel;
import org.xtls.Xtls;

/** The service for applications, as commands use it. */
@Component(service = Tunnels.class)
public final class Tunnels {
    private final TunnelNews news;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile @Nullable Xtls xtls;

    @Activate
    public Tunnels(@Reference TunnelNews news) {
        this.news = news;
    }

    Xtls xtls() throws CommandException {
        Xtls present = xtls;
        if (present == null) {
            throw CommandException.missing("tunnel service", "org.xtls.tunnel");
        }
        return present;
    }

    Tunnel tunnel(FullJid peer) throws CommandException {
        List<Tunnel> tunnels = xtls().tunnels().stream()
                .filter(tunnel -> tunnel.peer().equals(peer))
                .toList();
        if (tunnels.isEmpty()) {
            String ended = news.lastEnd(peer)
                    .map(reason -> " The last one has ended: " + reason)
                    .orElse("");
            throw new CommandException("There is no tunnel with " + peer + ": open " + peer + " first." + ended);
        }
        if (tunnels.size() > 1) {
            throw new CommandException("There are tunnels with " + peer + " from more than one of your accounts;"
                    + " log out of all but one.");
        }
        return tunnels.get(0);
    }

    /** Sends and tells who said that it has arrived. */
    void send(FullJid peer, Stanza stanza) throws CommandException {
        Acknowledgement acknowledgement = Stages.await(tunnel(peer).send(stanza));
        System.out.println(
                switch (acknowledgement) {
                    case PEER -> "acknowledged by the peer";
                    case LINK -> "acknowledged by the link only: the peer does not acknowledge inside the tunnel";
                });
    }
}
