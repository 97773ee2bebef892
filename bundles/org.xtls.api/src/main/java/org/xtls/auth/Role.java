package org.xtls.auth;

import org.xtls.tls.TlsRole;

/** The two sides of a negotiation. */
public enum Role {
    /** Sent {@code <start/>}; the TLS client. */
    INITIATOR,
    /** Answered it; the TLS server. */
    RESPONDER;

    /**
     * The role in the handshake.
     *
     * @return client for the initiator, server for the responder
     */
    public TlsRole tls() {
        return this == INITIATOR ? TlsRole.CLIENT : TlsRole.SERVER;
    }
}
