package org.xtls.auth.openpgp;

import java.util.concurrent.CompletionStage;
import org.xtls.BareJid;
import org.xtls.XtlsException;
import org.xtls.auth.openpgp.Evaluation.AuthenticationKey;
import org.xtls.tls.Signer;

/** Where the own key comes from. */
sealed interface OwnKeySource permits ExportedKey, AgentKey, NoKey {
    /** The own certificate, as it is now. Files and programs are asked: for the worker's thread only. */
    Certificate certificate() throws XtlsException;

    /** What signs with a key of it; a human may have to be asked. */
    CompletionStage<Signer> signer(BareJid account, AuthenticationKey key);
}
