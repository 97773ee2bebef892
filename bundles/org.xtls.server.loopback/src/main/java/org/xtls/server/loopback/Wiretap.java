package org.xtls.server.loopback;

/**
 * Everything that the server sees: each stanza as it came from a client, and each as it goes to one. Logins are not
 * shown, there are no passwords in it.
 *
 * <p>Calls never overlap and are in the order in which the server acted; they are made on the server's threads while it
 * holds its lock. So an implementation returns soon and calls no method of the server. What it throws is logged and
 * changes nothing.
 */
@FunctionalInterface
public interface Wiretap {

    /** Hears nothing. */
    Wiretap NONE = (direction, client, stanza) -> {};

    /** Which way a stanza goes. */
    enum Direction {
        /** A client sent it; {@code from} is stamped, no interceptor has seen it yet. */
        FROM_CLIENT,
        /** It is queued for a client, exactly as it goes over the wire. */
        TO_CLIENT
    }

    /**
     * One stanza.
     *
     * @param direction which way it goes
     * @param client the full JID of the client that sent it or that gets it
     * @param stanza the stanza, {@link Stanza#xml()} of which is the serialisation that travels
     */
    void seen(Direction direction, String client, Stanza stanza);
}
