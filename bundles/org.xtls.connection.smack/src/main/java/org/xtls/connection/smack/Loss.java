package org.xtls.connection.smack;

import java.io.IOException;
import org.jivesoftware.smack.XMPPException.StreamErrorException;
import org.jivesoftware.smack.packet.StreamError;

/**
 * Why a stream was lost.
 *
 * @param reason a phrase for people
 * @param replaced whether another client has taken the resource (RFC 6120 §4.9.3.3)
 */
record Loss(String reason, boolean replaced) {
    static Loss of(Exception e) {
        if (e instanceof StreamErrorException stream) {
            StreamError.Condition condition = stream.getStreamError().getCondition();
            return new Loss("the server ended the stream: " + condition, condition == StreamError.Condition.conflict);
        }
        if (e instanceof IOException && e.getMessage() != null) {
            return new Loss(
                    "the stream was lost: " + e.getMessage().lines().findFirst().orElse(""), false);
        }
        // What Smack's parser says of a connection that was closed in the middle is for its developers.
        return new Loss("the stream was lost: it broke off or is not well-formed", false);
    }
}
