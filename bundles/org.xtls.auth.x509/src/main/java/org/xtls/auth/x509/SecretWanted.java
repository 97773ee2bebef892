package org.xtls.auth.x509;

import org.xtls.Failure;
import org.xtls.trust.SecretQuestion;

/**
 * A key cannot be used before a human has said what opens it.
 *
 * @serial exclude
 */
final class SecretWanted extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient SecretQuestion question;
    private final Failure unanswered;

    SecretWanted(SecretQuestion question, Failure unanswered) {
        super(unanswered.text(), null, false, false);
        this.question = question;
        this.unanswered = unanswered;
    }

    SecretQuestion question() {
        return question;
    }

    /** What it comes to without an answer. */
    Failure unanswered() {
        return unanswered;
    }
}
