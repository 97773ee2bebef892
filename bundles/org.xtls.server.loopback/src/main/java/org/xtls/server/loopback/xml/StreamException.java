package org.xtls.server.loopback.xml;

/** The stream cannot go on, and it is the client's doing. */
public final class StreamException extends Exception {

    private static final long serialVersionUID = 1;

    private final StreamCondition condition;

    /** With what the client is told, and a few words for the log. */
    public StreamException(StreamCondition condition, String message) {
        super(message);
        this.condition = condition;
    }

    /** What the client is told. */
    public StreamCondition condition() {
        return condition;
    }
}
