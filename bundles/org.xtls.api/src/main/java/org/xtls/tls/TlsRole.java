package org.xtls.tls;

/** The two ends of a handshake. */
public enum TlsRole {
    /** Begins the handshake. In a tunnel: the initiator. */
    CLIENT,
    /** Answers it. In a tunnel: the responder. */
    SERVER
}
