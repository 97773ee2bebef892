package org.xtls.transport;

import org.osgi.annotation.versioning.ProviderType;
import org.xtls.FullJid;

/**
 * A service: one authenticated XMPP stream that carries XTLS. A transport registers one for each stream and unregisters
 * it when the stream is lost, or the transport goes. It may be used from any thread and never blocks.
 */
@ProviderType
public interface Link {
    /** The service property that holds {@link #local} as a string. */
    String LOCAL = "xtls.local";

    /**
     * This side's address, as bound.
     *
     * @return the full JID
     */
    FullJid local();

    /**
     * Begins to listen. A link has one listener; until it has one, requests are answered {@code service-unavailable}.
     *
     * @param listener who is told from now on
     * @return what ends it; no call comes after {@link AutoCloseable#close} has returned
     * @throws IllegalStateException when there is a listener already
     */
    Listening listen(LinkListener listener);

    /**
     * Sends an IQ. Those handed over one after the other leave in that order. It does not wait for an answer. On a link
     * that is lost it does nothing: the loss is told, or about to be told, to the listener.
     *
     * @param iq the IQ; a request's id must be unguessable and not in use
     */
    void send(Iq iq);

    /**
     * Asks to be told when a peer goes offline. A transport that would not hear of it otherwise lets the peer know
     * that this side is there, by directed presence (RFC 6121 §4.6), which makes their servers tell each other's end.
     *
     * @param peer a peer with whom a tunnel is up
     */
    void watch(FullJid peer);

    /**
     * The opposite of {@link #watch}.
     *
     * @param peer the peer
     */
    void unwatch(FullJid peer);

    /** A listener's hold on a link. */
    @ProviderType
    interface Listening extends AutoCloseable {
        @Override
        void close();
    }
}
