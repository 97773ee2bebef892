package org.xtls.tests.stage;

/** What a tunnel listener heard. Fields that a kind does not have are empty. */
public record Event(Kind kind, String local, String peer, String stanza, String code, String message) {
    /** The listener's methods. */
    public enum Kind {
        /** A tunnel is up. */
        OPENED,
        /** A stanza came out of one. */
        RECEIVED,
        /** One has ended. */
        CLOSED,
        /** A negotiation came to nothing. */
        FAILED,
        /** A known peer proved another key; the message is the key. */
        KEY_CHANGED
    }
}
