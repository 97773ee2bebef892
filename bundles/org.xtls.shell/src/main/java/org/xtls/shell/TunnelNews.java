package org.xtls.shell;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.xtls.BareJid;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustListener;

/**
 * What happens to tunnels without a command having asked for it: they open, because the peer began or a question was
 * answered, keys that are handed over in them are verified, and they end. The human at the terminal reads of it, where the framework property
 * {@value Questions#INTERACTIVE} says that one is; why the last tunnel with a peer ended is kept for commands.
 */
@Component(
        immediate = true, // tunnels end between two commands too
        service = {TunnelListener.class, TrustListener.class, TunnelNews.class})
public final class TunnelNews implements TunnelListener, TrustListener {
    /** Whoever may open tunnels from many resources could fill this side's memory. */
    static final int MOST_ENDS = 100;

    private final Consumer<String> terminal;
    private final List<FullJid> expected = new ArrayList<>();
    private final List<BareJid> verifying = new ArrayList<>();
    private @Nullable String known;

    /** Whose changed keys have been told of, until a tunnel with them is up: anybody can come in their name, and often. */
    private final Set<BareJid> changedKeys = new HashSet<>();

    private final Map<FullJid, Failure> ends = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<FullJid, Failure> eldest) {
            return size() > MOST_ENDS;
        }
    };

    @Activate
    public TunnelNews(BundleContext context) {
        this(
                Boolean.parseBoolean(context.getProperty(Questions.INTERACTIVE))
                        ? System.out::println
                        : line -> {
                            // A program reads the output of commands only.
                        });
    }

    TunnelNews(Consumer<String> terminal) {
        this.terminal = terminal;
    }

    @Override
    public void opened(Tunnel tunnel) {
        synchronized (this) {
            ends.remove(tunnel.peer());
            changedKeys.remove(tunnel.peer().bare());
            if (expected.contains(tunnel.peer()) || tunnel.id().equals(known)) {
                return;
            }
        }
        tell("tunnel " + tunnel.id() + " with " + tunnel.peer() + " is open: "
                + TunnelCommands.standing(tunnel.security()));
    }

    @Override
    public void closed(Tunnel tunnel, Closure closure) {
        Failure failure = closure.failure();
        synchronized (this) {
            // Again at the end of the queue, or an old end would go before its time.
            ends.remove(tunnel.peer());
            ends.put(tunnel.peer(), failure);
        }
        switch (failure.code()) {
            case CLOSED, REPLACED -> {} // by a command, which tells; or there is another
            default -> tell("tunnel " + tunnel.id() + " with " + tunnel.peer() + " has ended: " + failure.text());
        }
    }

    @Override
    public void failed(FullJid local, FullJid peer, Failure failure) {
        synchronized (this) {
            if (failure.code() != Failure.Code.KEY_CHANGED
                    || expected.contains(peer)
                    || !changedKeys.add(peer.bare())) {
                return;
            }
        }
        tell("no tunnel with " + peer + ", key changed: " + failure.text());
    }

    @Override
    public void changed(TrustChange change) {
        synchronized (this) {
            if (verifying.contains(change.peer()) || change.evidence().equals(TrustCommands.PINNED)) {
                return;
            }
        }
        switch (change.to()) {
            case VERIFIED, EXPIRED -> {
                tell("key of " + change.peer() + " is " + TrustCommands.name(change.to()) + " now: "
                        + change.evidence());
                tell("  " + change.key().method() + " " + change.key().grouped());
            }
            case FIRST_USE, DISTRUSTED -> {} // this side's own user or policy said so
        }
    }

    /** A command verifies the key of this peer, and will tell of it. */
    synchronized void verifying(BareJid peer) {
        verifying.add(peer);
    }

    synchronized void verified(BareJid peer) {
        verifying.remove(peer);
    }

    /** A command waits for a tunnel with this peer and will tell of it. */
    synchronized void expect(FullJid peer) {
        expected.add(peer);
    }

    synchronized void expectNoMore(FullJid peer) {
        expected.remove(peer);
    }

    /** A command tells of this tunnel, which may be sooner than the tunnel's own news of it. */
    synchronized void known(Tunnel tunnel) {
        known = tunnel.id();
    }

    /** Why the last tunnel with a peer ended, if none has opened since. */
    synchronized Optional<String> lastEnd(FullJid peer) {
        return Optional.ofNullable(ends.get(peer)).map(Failure::text);
    }

    private void tell(String line) {
        terminal.accept(Printable.text(line));
    }
}
