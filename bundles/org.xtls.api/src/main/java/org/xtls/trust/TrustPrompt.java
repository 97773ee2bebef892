package org.xtls.trust;

import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A service that can ask a human. It is asked only where policy says so; where none is registered the answer is no.
 */
@ConsumerType
public interface TrustPrompt {
    /**
     * Asks. The call returns at once. When the answer is not wanted any more the stage is cancelled by
     * {@code toCompletableFuture().cancel(false)}, and the question should disappear.
     *
     * @param question what is asked
     * @return the answer; a stage that fails is a no
     */
    CompletionStage<TrustAnswer> ask(TrustQuestion question);
}
