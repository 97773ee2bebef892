package org.xtls.tunnel.service;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.xtls.Acknowledgement;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Security;
import org.xtls.Stanza;
import org.xtls.Tunnel;

/** The handle that applications hold. */
final class OpenTunnel implements Tunnel {
    private final String id;
    private final long number;
    private final Talk talk;
    private final CompletableFuture<Closure> closed = new CompletableFuture<>();
    private volatile Security security;
    private boolean undelivered;

    OpenTunnel(String id, long number, Talk talk, Security security) {
        this.id = id;
        this.number = number;
        this.talk = talk;
        this.security = security;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public FullJid local() {
        return talk.local();
    }

    @Override
    public FullJid peer() {
        return talk.peer();
    }

    @Override
    public Security security() {
        return security;
    }

    @Override
    public CompletionStage<Acknowledgement> send(Stanza stanza) {
        return talk.send(this, stanza);
    }

    @Override
    public CompletionStage<byte[]> export(String label, int length) {
        if (!label.matches("[\\x21-\\x7e]{1,200}")) {
            throw new IllegalArgumentException("an exporter label has 1 to 200 visible ASCII characters");
        }
        if (length < 1 || length > 255) {
            throw new IllegalArgumentException("1 to 255 bytes can be exported, not " + length);
        }
        return talk.export(this, label, length);
    }

    @Override
    public CompletionStage<Tunnel> renew() {
        return talk.renew(this);
    }

    @Override
    public CompletionStage<Closure> close() {
        talk.close(number);
        return closed();
    }

    @Override
    public CompletionStage<Closure> closed() {
        return closed.copy();
    }

    long number() {
        return number;
    }

    /** What it ended of; empty while it has not. */
    Optional<Failure> reason() {
        return Optional.ofNullable(closed.getNow(null)).map(Closure::failure);
    }

    void secured(Security known) {
        security = known;
    }

    /** True once, so that a peer whose stanzas nobody takes does not fill the log. On the strand only. */
    boolean firstUndelivered() {
        boolean first = !undelivered;
        undelivered = true;
        return first;
    }

    void ended(Closure closure) {
        closed.complete(closure);
    }
}
