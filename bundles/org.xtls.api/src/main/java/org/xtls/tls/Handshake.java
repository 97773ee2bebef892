package org.xtls.tls;

/**
 * A completed handshake.
 *
 * @param version such as {@code TLSv1.3}
 * @param group the key exchange group by its IANA name, such as {@code X25519MLKEM768}
 * @param suite the cipher suite by its IANA name
 * @param proof what the peer proved
 */
public record Handshake(String version, String group, String suite, Proof proof) {}
