package org.xtls.tls;

import org.osgi.annotation.versioning.ProviderType;

/**
 * Makes TLS sessions that do no input or output of their own. A service; it may be used from any thread.
 *
 * <p>Every session is TLS 1.3 with mutual authentication by the kind of credential given, groups X25519MLKEM768, X25519
 * and secp256r1 (shares for the first two in the client's first flight), suites with AES-128-GCM, AES-256-GCM and
 * ChaCha20-Poly1305; no early data, no tickets, no resumption. The one exception is {@link Credential.Srp}, whose
 * sessions are TLS 1.2 and nothing else, without renegotiation, compression or resumption.
 */
@ProviderType
public interface TlsEngine {
    /**
     * A session at its beginning.
     *
     * @param role which end
     * @param credential what this side presents; the peer must present the same kind
     * @return the session
     * @throws TlsException when the credential cannot be used, such as a key that is too short, or a verifier on the
     *     client's side
     */
    TlsSession open(TlsRole role, Credential credential) throws TlsException;
}
