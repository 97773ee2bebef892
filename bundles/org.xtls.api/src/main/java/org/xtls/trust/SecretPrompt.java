package org.xtls.trust;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A service that can ask a human for a passphrase, a PIN or a password. Where none is registered there is no answer.
 */
@ConsumerType
public interface SecretPrompt {
    /**
     * Asks. The call returns at once. When the answer is not wanted any more the stage is cancelled by
     * {@code toCompletableFuture().cancel(false)}, and the question should disappear.
     *
     * @param question what is asked
     * @return the secret, the receiver's own, to wipe after use; empty when the human does not want to say. A stage that
     *     fails is the same.
     */
    CompletionStage<Optional<char[]>> ask(SecretQuestion question);
}
