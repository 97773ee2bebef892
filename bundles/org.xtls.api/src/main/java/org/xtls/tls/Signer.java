package org.xtls.tls;

import java.security.GeneralSecurityException;
import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A private key that signs a handshake, wherever it lives: in memory, on a token, with an agent.
 *
 * <p>It is called from one thread at a time, once for each handshake, and may block (a token may ask its user); it
 * holds up its own tunnel only. The engine lets go of it when the handshake has ended.
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
