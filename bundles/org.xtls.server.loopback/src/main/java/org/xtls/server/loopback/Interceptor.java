package org.xtls.server.loopback;

/**
 * A server in the middle: sees each stanza that a client sends, before it is routed, and decides what becomes of it.
 *
 * <p>It sees messages, presence and IQs of bound clients, those to the server included, with the true {@code from}. It
 * does not see what the server says by itself (errors, answers, presence of a client that went) nor what was injected.
 *
 * <p>Called on the sender's reader thread: for one sender one at a time and in order, for several senders at once. It
 * may call the server, {@link LoopbackServer#inject(String, Stanza)} for one. What it injects to a client arrives there
 * before what its verdict delivers. If it throws, the error is logged and the sender's stream ends with {@code
 * <internal-server-error/>}.
 */
@FunctionalInterface
public interface Interceptor {

    /** Lets everything pass. */
    Interceptor NONE = (stanza, server) -> Verdict.pass();

    /**
     * Decides about one stanza.
     *
     * @param stanza what the client sent, its {@code from} stamped
     * @param server the server that received it
     * @return what becomes of it, never null
     */
    Verdict intercept(Stanza stanza, LoopbackServer server);
}
