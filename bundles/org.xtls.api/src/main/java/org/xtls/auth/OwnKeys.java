package org.xtls.auth;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;

/**
 * A service that a method registers beside itself when it holds keys of this side's own, so that they can be shown. It
 * may be used from any thread and does not block.
 */
@ConsumerType
public interface OwnKeys {
    /**
     * The keys that an account proves itself with, made now where the method makes them on first use.
     *
     * @param account an own account
     * @return the names to compare with, the current key first; fails with {@link org.xtls.XtlsException} when the keys cannot be
     *     read or made
     */
    CompletionStage<List<KeyName>> keys(BareJid account);
}
