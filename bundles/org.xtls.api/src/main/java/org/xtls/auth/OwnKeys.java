package org.xtls.auth;

import java.util.List;
import java.util.concurrent.CompletableFuture;
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

    /**
     * How the keys of an account stand. It makes none and asks no human, so whoever watches may call it again and again.
     *
     * @param account an own account
     * @return the keys that are there, the current one first, then the one that will follow it; none where there is none
     *     yet, or where the method does not tell, as here; fails with {@link org.xtls.XtlsException} when the key that is
     *     there cannot be used now: it has expired or, as far as the method can tell without asking anybody, is locked, or
     *     its token is away
     */
    default CompletionStage<List<OwnKey>> held(BareJid account) {
        return CompletableFuture.completedStage(List.of());
    }
}
