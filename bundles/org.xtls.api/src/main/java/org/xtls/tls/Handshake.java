package org.xtls.tls;

/**
 * A completed handshake.
 *
 * @param version {@code TLSv1.3}, or {@code TLSv1.2} for {@link Credential.Srp}: whoever shows it says that it is legacy
 * @param group the key exchange group by its IANA name, such as {@code X25519MLKEM768}; for {@link Credential.Srp} the
 *     name of a {@link SrpGroup}
 * @param suite the cipher suite by its IANA name
 * @param proof what the peer proved
 */
public record Handshake(String version, String group, String suite, Proof proof) {}
