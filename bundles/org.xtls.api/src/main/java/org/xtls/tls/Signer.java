package org.xtls.tls;

import java.security.GeneralSecurityException;
import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A private key that signs a handshake, wherever it lives: in memory, on a token, with an agent.
 *
 * <p>It is called once for each handshake, on a thread that all tunnels share, and those of several handshakes may call
 * it at once. It may block, as a token does that asks its user, and holds that thread for as long: one that waits for
 * somebody lets only a few signatures wait at a time, and fails the rest after a moment, or strangers who begin handshakes
 * would bring all tunnels to a halt. The engine lets go of it when the handshake has ended.
 */
@ConsumerType
public interface Signer {
    /**
     * The schemes that the key can sign with.
     *
     * @return at least one, the preferred one first
     */
    List<SignatureScheme> schemes();

    /**
     * Signs.
     *
     * @param scheme one of {@link #schemes}
     * @param content the whole content to be signed, not a hash of it
     * @return the signature as TLS carries it
     * @throws GeneralSecurityException when the key cannot be used; the message is shown to the user
     */
    byte[] sign(SignatureScheme scheme, byte[] content) throws GeneralSecurityException;
}
