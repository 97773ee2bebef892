package org.xtls.tests.stage;

import java.util.concurrent.CompletableFuture;

/** A tunnel, seen from outside its framework. */
public interface Talk {
    /** This side's full JID. */
    String local();

    /** The peer's full JID. */
    String peer();

    /** What secures it. */
    Secured security();

    /** Sends a stanza; the result is {@code PEER} or {@code LINK}. */
    CompletableFuture<String> send(String xml);

    /** Makes a fresh tunnel in this one's place. */
    CompletableFuture<Talk> renew();

    /** Closes it. */
    CompletableFuture<End> close();

    /** Completes at its end. */
    CompletableFuture<End> closed();
}
