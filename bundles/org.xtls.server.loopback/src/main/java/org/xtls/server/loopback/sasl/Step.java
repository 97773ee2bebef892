package org.xtls.server.loopback.sasl;

/** What the server says to a message of the client's. */
public sealed interface Step {

    /** Go on. */
    record Challenge(String data) implements Step {}

    /** That is the user. The data, perhaps none, prove the server to the client. */
    record Success(String username, String data) implements Step {}

    /** No, with a condition of RFC 6120, section 6.5. */
    record Failure(String condition) implements Step {}
}
