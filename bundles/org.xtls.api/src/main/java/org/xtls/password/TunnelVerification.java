package org.xtls.password;

import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;
import org.xtls.Tunnel;
import org.xtls.trust.KnownPeer;

/**
 * A service: verifies a tunnel that came up unverified, by a secret that both sides hold or their users are asked for,
 * without sending it. It may be used from any thread and does not block.
 */
@ProviderType
public interface TunnelVerification {
    /**
     * Verifies. On success the key that the tunnel stands on is verified on both sides, and {@link Tunnel#security}
     * soon says so. The peer's user may have to be asked for the secret, which takes as long as it takes, at most some
     * minutes. While both sides want the same at once it is one exchange, and both are told.
     *
     * @param tunnel an open tunnel that is not verified
     * @return what is known of the peer then. Fails with {@link org.xtls.XtlsException}: the secrets differ, somebody is
     *     in between, the peer has none or does not know this check, the tunnel is verified already or has ended.
     *     Cancelling it abandons the exchange.
     */
    CompletionStage<KnownPeer> verify(Tunnel tunnel);
}
