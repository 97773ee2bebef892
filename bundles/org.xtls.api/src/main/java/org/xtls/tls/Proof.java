package org.xtls.tls;

import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the peer proved in a handshake: that it holds a private key, a PSK or a password. Whether it is trusted is not said. */
public sealed interface Proof {
    /**
     * The private key of a chain's first certificate.
     *
     * @param certificates the chain as sent, the end entity's first; at least one. No signature in it has been checked
     *     but the handshake's own.
     * @param ocsp the OCSP response that came with the first certificate, unchecked; null when none came
     */
    record CertificateChain(
            List<X509Certificate> certificates, @Nullable OcspResponse ocsp) implements Proof {
        /**
         * A chain without an OCSP response.
         *
         * @param certificates the chain as sent
         * @throws IllegalArgumentException when there is none
         */
        public CertificateChain(List<X509Certificate> certificates) {
            this(certificates, null);
        }

        /**
         * Copies and checks.
         *
         * @param certificates the chain as sent
         * @param ocsp the OCSP response for the first, or null
         * @throws IllegalArgumentException when there is none
         */
        public CertificateChain {
            certificates = List.copyOf(certificates);
            if (certificates.isEmpty()) {
                throw new IllegalArgumentException("a proof by certificate has one");
            }
        }
    }

    /**
     * The private key of a raw public key.
     *
     * @param key the public key; its encoding is the SubjectPublicKeyInfo as sent
     */
    record RawPublicKey(PublicKey key) implements Proof {}

    /** The external PSK. */
    record ExternalPsk() implements Proof {}

    /** The password, or the verifier made of it (RFC 5054). */
    record Srp() implements Proof {}
}
