package org.xtls.tls;

import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What one side presents in a handshake. The set is closed, so that an engine can be written without knowing the
 * methods and a method without knowing the engines.
 */
public sealed interface Credential {
    /**
     * Handles every shape.
     *
     * @param <T> the result
     * @param certificateChain for a chain
     * @param rawPublicKey for a raw key
     * @param externalPsk for a PSK
     * @return what the function of its shape returned
     */
    default <T> T fold(
            Function<CertificateChain, T> certificateChain,
            Function<RawPublicKey, T> rawPublicKey,
            Function<ExternalPsk, T> externalPsk) {
        if (this instanceof CertificateChain chain) {
            return certificateChain.apply(chain);
        }
        if (this instanceof RawPublicKey key) {
            return rawPublicKey.apply(key);
        }
        return externalPsk.apply((ExternalPsk) this);
    }

    /**
     * An X.509 certificate chain, from both sides (RFC 8446 §4.4.2).
     *
     * @param certificates the end entity's first, each certified by the next; 1 to 10
     * @param signer its private key
     * @param ocsp the CA's word that the first has not been revoked, or null; sent when the peer asks for one
     */
    record CertificateChain(
            List<X509Certificate> certificates,
            Signer signer,
            @Nullable OcspResponse ocsp) implements Credential {
        /**
         * A chain without an OCSP response.
         *
         * @param certificates the chain
         * @param signer the private key of the first
         * @throws IllegalArgumentException when there are none or more than ten
         */
        public CertificateChain(List<X509Certificate> certificates, Signer signer) {
            this(certificates, signer, null);
        }

        /**
         * Copies and checks.
         *
         * @param certificates the chain
         * @param signer the private key of the first
         * @param ocsp the OCSP response for the first, or null
         * @throws IllegalArgumentException when there are none or more than ten
         */
        public CertificateChain {
            certificates = List.copyOf(certificates);
            if (certificates.isEmpty() || certificates.size() > 10) {
                throw new IllegalArgumentException("a chain has 1 to 10 certificates, not " + certificates.size());
            }
        }
    }

    /**
     * A raw public key, from both sides (RFC 7250).
     *
     * @param key the public key; its encoding is a SubjectPublicKeyInfo
     * @param signer its private key
     */
    record RawPublicKey(PublicKey key, Signer signer) implements Credential {}

    /**
     * An external pre-shared key with {@code psk_dhe_ke}, and no certificates (RFC 8446 §2.2, RFC 9257). Exactly this
     * identity is offered or accepted; a server aborts without its binder and a client when it is not selected.
     *
     * @param identity the identity, 1 to 65535 bytes; the array is not copied and must not change
     * @param key the key, 32 bytes; the array is not copied. The engine wipes it when the session is destroyed.
     */
    @SuppressWarnings("ArrayRecordComponent") // an array can be wiped; equality is identity
    record ExternalPsk(byte[] identity, byte[] key) implements Credential {
        /**
         * Checks the lengths.
         *
         * @param identity the identity
         * @param key the key
         * @throws IllegalArgumentException when one is out of range
         */
        public ExternalPsk {
            if (identity.length == 0 || identity.length > 65_535 || key.length != 32) {
                throw new IllegalArgumentException("an external PSK has an identity and a key of 32 bytes");
            }
        }

        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(identity);
        }

        /** The identity only: a key is never shown. */
        @Override
        public String toString() {
            return "ExternalPsk[" + identity.length + " bytes of identity]";
        }
    }
}
