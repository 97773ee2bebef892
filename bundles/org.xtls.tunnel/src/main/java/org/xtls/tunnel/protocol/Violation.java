package org.xtls.tunnel.protocol;

import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;

/** The peer did what ends a tunnel. */
final class Violation extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Failure failure;

    Violation(Failure failure) {
        super(failure.text());
        this.failure = failure;
    }

    /** The message may quote the peer: made fit for one line of a log, or the peer could forge others. */
    static Violation protocol(String message) {
        String line = message.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", "?");
        return new Violation(
                Failure.of(Code.PROTOCOL, Fault.PEER, line.length() <= 300 ? line : line.substring(0, 300) + "…"));
    }

    static Violation limit(String message) {
        return new Violation(Failure.of(Code.LIMIT, Fault.PEER, message));
    }

    Failure failure() {
        return failure;
    }
}
