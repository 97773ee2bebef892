package org.xtls.trust.jdbc;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.XtlsException;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustListener;
import org.xtls.trust.jdbc.Tables.Head;
import org.xtls.trust.jdbc.Tables.Numbered;

/**
 * Tells the listeners what has changed, whoever changed it: each change once, in the order of the whole fleet. It begins
 * with what changes after the first connection, and goes on where it was when a connection was lost.
 */
final class ChangeFeed {
    private static final Logger LOG = LoggerFactory.getLogger(ChangeFeed.class);
    private static final int BATCH = 500;

    private final List<TrustListener> listeners = new CopyOnWriteArrayList<>();
    private @Nullable Head told;

    void add(TrustListener listener) {
        listeners.add(listener);
    }

    void remove(TrustListener listener) {
        listeners.remove(listener);
    }

    /** Where the store is now. One that is not the one before, or has gone back, has nothing to tell of the past. */
    void follow(Head head) {
        Head before = told;
        if (before == null) {
            told = head;
        } else if (!before.store().equals(head.store())) {
            LOG.warn("this is another trust database than before; nobody is told what is different in it");
            told = head;
        } else if (head.changes() < before.changes()) {
            LOG.error(
                    "the trust database has gone back from change {} to change {}, to an old copy or a stand-by that was"
                            + " behind: look whether decisions are lost, distrusted keys above all",
                    before.changes(),
                    head.changes());
            told = head;
        }
    }

    void tellNews(Database database) throws XtlsException {
        Head now = database.transact((tables, again) -> tables.head());
        follow(now);
        while (told != null && told.changes() < now.changes()) {
            long last = told.changes();
            List<Numbered> news = database.transact((tables, again) -> tables.changesAfter(last, BATCH));
            for (Numbered change : news) {
                // First: what a listener does must not make it be told twice.
                told = new Head(now.store(), change.number());
                if (!change.flaw().isEmpty()) {
                    LOG.error(
                            "change {} in the history of the trust database cannot be read ({}): {}",
                            change.number(),
                            change.flaw(),
                            change.change() == null
                                    ? "nobody is told of it"
                                    : "listeners are told that the key is "
                                            + change.change().to());
                }
                if (change.change() != null) {
                    tell(change.change());
                }
            }
            if (news.isEmpty()) {
                LOG.error("the history of the trust database has no change {}: somebody has removed it", last + 1);
                told = now;
            }
        }
    }

    private void tell(TrustChange change) {
        if (change.from() == change.to()) {
            return;
        }
        for (TrustListener listener : listeners) {
            try {
                listener.changed(change);
            } catch (RuntimeException | LinkageError e) {
                LOG.error(
                        "{} failed to hear of a change of trust",
                        listener.getClass().getName(),
                        e);
            }
        }
    }
}
