package org.xtls.transport.smack;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.xtls.FullJid;
import org.xtls.transport.Iq;
import org.xtls.transport.Link;
import org.xtls.transport.LinkListener;

/** Writes down what a link tells. */
final class Notes implements LinkListener {
    final Link link;
    final Link.Listening listening;
    private final BlockingQueue<Object> told = new LinkedBlockingQueue<>();

    Notes(Link link) {
        this.link = link;
        this.listening = link.listen(this);
    }

    @Override
    public void received(Iq iq) {
        told.add(iq);
    }

    @Override
    public void unavailable(FullJid peer) {
        told.add(peer);
    }

    @Override
    public void lost(String reason) {
        told.add(reason);
    }

    /** The next thing told. */
    Object next() throws InterruptedException {
        Object next = told.poll(20, TimeUnit.SECONDS);
        assertNotNull(next, "nothing was told");
        return next;
    }

    boolean empty() {
        return told.isEmpty();
    }
}
