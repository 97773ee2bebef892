package org.xtls.connection.smack;

import java.security.SecureRandom;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.XtlsException;
import org.xtls.transport.Login;

/** A session that is opened again whenever it is lost, after pauses that double. */
final class KeptSession implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KeptSession.class);
    private static final long FIRST_PAUSE_MILLISECONDS = 1000;

    private final Login login;
    private final SmackConnections connections;
    private final Session session;
    private final boolean again;
    private final long longestPause;
    private final SecureRandom random = new SecureRandom();

    private boolean closed;
    private long pause = FIRST_PAUSE_MILLISECONDS;
    private @Nullable Future<?> next;

    KeptSession(Login login, boolean again, int longestPauseSeconds, SmackConnections connections) {
        this.login = login;
        this.connections = connections;
        this.session = new Session(login, again, connections.context(), this::lost);
        this.again = again;
        this.longestPause = longestPauseSeconds * 1000L;
    }

    synchronized void start() {
        next = connections.later(0, this::open);
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            if (next != null) {
                next.cancel(false);
            }
        }
        connections.end(session, () -> {});
    }

    private void open() {
        try {
            connections.open(session);
            synchronized (this) {
                pause = FIRST_PAUSE_MILLISECONDS;
            }
        } catch (XtlsException e) {
            if (closed()) {
                return;
            }
            if (LoginFailure.hopeless(e.failure())) {
                LOG.error(
                        "{}: not logged in, and not tried again before the configuration changes. {}",
                        login.account(),
                        e.getMessage());
            } else {
                LOG.warn("{}: not logged in. {}", login.account(), e.getMessage());
                tryAgain();
            }
        }
    }

    private synchronized boolean closed() {
        return closed;
    }

    private void lost(Session lost, Loss loss) {
        if (loss.replaced()) {
            // Whoever took our place would be thrown out by us, and throw us out again.
            LOG.error("{}: another client has taken the resource, which is not taken back", login.account());
            connections.end(lost, () -> {});
            return;
        }
        if (again) {
            tryAgain();
        } else {
            connections.end(lost, () -> {});
        }
    }

    /** Half of each pause is left to chance: after a server's restart its clients should not come all at once. */
    private synchronized void tryAgain() {
        if (closed || !again) {
            return;
        }
        next = connections.later(pause / 2 + random.nextLong(pause / 2 + 1), this::open);
        pause = Math.min(pause * 2, longestPause);
    }
}
