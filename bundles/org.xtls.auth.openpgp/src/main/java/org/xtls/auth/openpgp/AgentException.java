package org.xtls.auth.openpgp;

import java.security.GeneralSecurityException;

/** gpg-agent did not do what was asked. The message is shown to the user. */
final class AgentException extends GeneralSecurityException {
    private static final long serialVersionUID = 1L;

    /** What came between. */
    enum Kind {
        /** There is no agent, or it went away. */
        GONE,
        /** The user said no, or closed the prompt. */
        CANCELLED,
        /** Others wait for it already. */
        BUSY,
        /** It did not answer in time. */
        SLOW,
        /** It does not have the key. */
        NO_KEY,
        /** It said no, or something that makes no sense. */
        FAILED
    }

    private final Kind kind;

    AgentException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    Kind kind() {
        return kind;
    }
}
