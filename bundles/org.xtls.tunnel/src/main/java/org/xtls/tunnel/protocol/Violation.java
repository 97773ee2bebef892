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

    static Violation protocol(String message) {
        return new Violation(Failure.of(Code.PROTOCOL, Fault.PEER, message));
    }

    static Violation limit(String message) {
        return new Violation(Failure.of(Code.LIMIT, Fault.PEER, message));
    }

    Failure failure() {
        return failure;
    }
}
