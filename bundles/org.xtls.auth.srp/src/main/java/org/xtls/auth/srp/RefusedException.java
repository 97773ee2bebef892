package org.xtls.auth.srp;

import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;

/**
 * What the peer sent is not taken.
 *
 * @serial exclude
 */
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Refusal refusal;

    RefusedException(Refusal refusal, String message) {
        super(message);
        this.refusal = refusal;
    }

    Refusal refusal() {
        return refusal;
    }

    Failure failure() {
        return Failure.of(
                Code.PROTOCOL, Fault.PEER, "The peer's part of the password exchange is refused: " + getMessage());
    }

    /** The walls of the exchange, one for each way of getting round it. */
    enum Refusal {
        /** More than one exchange in one offer: which one counts would be somebody else's choice. */
        SENT_TWICE,
        MISSING_ATTRIBUTE,
        /** A generator of the sender's own, say. */
        FOREIGN_ATTRIBUTE,
        UNEXPECTED_CONTENT,
        FOREIGN_GROUP,
        /** The answer is in another group than the offer. */
        OTHER_GROUP,
        /** The answer is to another offer. */
        OTHER_EXCHANGE,
        FOREIGN_HASH,
        NOT_BASE64,
        WRONG_LENGTH,
        /** 0 modulo N: the secret would be 0, whatever the password. */
        ZERO_PUBLIC_VALUE,
        /** N or more: two ways to write one value. */
        PUBLIC_VALUE_TOO_LARGE,
        /** The verifier would fall out of the secret. */
        ZERO_U,
        /** The sender was sent back its own value. */
        REFLECTED,
        SALT_TOO_SHORT,
        SALT_TOO_LONG,
        NO_NUMBER,
        /** So cheap that a stolen verifier is soon guessed. */
        TOO_CHEAP,
        /** So dear that it stops this side. */
        TOO_DEAR,
        /** Nobody would notice an edited offer in time. */
        UNCONFIRMED,
        /** A verifier is for the group that it was made in. */
        NO_VERIFIER_IN_GROUP
    }
}
