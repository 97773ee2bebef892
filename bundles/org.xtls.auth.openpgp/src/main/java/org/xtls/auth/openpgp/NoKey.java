package org.xtls.auth.openpgp;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.XtlsException;
import org.xtls.auth.openpgp.Evaluation.AuthenticationKey;
import org.xtls.tls.Signer;

/**
 * There is no own key.
 *
 * @param failure why
 */
record NoKey(Failure failure) implements OwnKeySource {
    @Override
    public Certificate certificate() throws XtlsException {
        throw new XtlsException(failure);
    }

    @Override
    public CompletionStage<Signer> signer(BareJid account, AuthenticationKey key) {
        return CompletableFuture.failedStage(new XtlsException(failure));
    }
}
