package org.xtls.tls;

import java.nio.charset.StandardCharsets;
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
     * @param srp for a password or its verifier
     * @return what the function of its shape returned
     */
    default <T> T fold(
            Function<CertificateChain, T> certificateChain,
            Function<RawPublicKey, T> rawPublicKey,
            Function<ExternalPsk, T> externalPsk,
            Function<Srp, T> srp) {
        if (this instanceof CertificateChain chain) {
            return certificateChain.apply(chain);
        }
        if (this instanceof RawPublicKey key) {
            return rawPublicKey.apply(key);
        }
        if (this instanceof ExternalPsk psk) {
            return externalPsk.apply(psk);
        }
        return srp.apply((Srp) this);
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

    /**
     * A password, proved by SRP-6a without sending it (RFC 5054). The one credential of TLS 1.2: it takes the suites
     * {@code TLS_SRP_SHA_WITH_AES_256_CBC_SHA} and {@code TLS_SRP_SHA_WITH_AES_128_CBC_SHA} and nothing else, for
     * RFC 5054 has nothing newer. Encrypt-then-MAC and the extended master secret are required of the peer.
     */
    sealed interface Srp extends Credential {
        /**
         * The name that the password goes with. The client sends it in the clear; a server accepts exactly this one.
         *
         * @return 1 to 255 bytes of UTF-8, prepared by the caller
         */
        String userName();

        private static void checkUserName(String userName) {
            int length = userName.getBytes(StandardCharsets.UTF_8).length;
            if (length == 0 || length > 255) {
                throw new IllegalArgumentException("an SRP user name has 1 to 255 bytes of UTF-8, not " + length);
            }
        }
    }

    /**
     * The client's side of {@link Srp}.
     *
     * @param userName the user name
     * @param password the password in UTF-8, prepared by the caller; the array is not copied. The engine wipes it when
     *     the session is destroyed.
     */
    @SuppressWarnings("ArrayRecordComponent") // an array can be wiped; equality is identity
    record SrpClient(String userName, byte[] password) implements Srp {
        /**
         * Checks the lengths.
         *
         * @param userName the user name
         * @param password the password
         * @throws IllegalArgumentException when one is out of range
         */
        public SrpClient {
            Srp.checkUserName(userName);
            if (password.length == 0) {
                throw new IllegalArgumentException("an SRP password is not empty");
            }
        }

        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return userName.hashCode();
        }

        /** The user name only: a password is never shown. */
        @Override
        public String toString() {
            return "SrpClient[" + userName + "]";
        }
    }

    /**
     * The server's side of {@link Srp}.
     *
     * @param userName the user name
     * @param group the group that the verifier was made in
     * @param salt the salt, 1 to 255 bytes; it is sent in the clear, is not copied and must not change
     * @param verifier g<sup>x</sup> mod N, big-endian, with x as RFC 5054 §2.4 has it; less than N and more than 1. The
     *     array is not copied. The engine wipes it when the session is destroyed.
     */
    @SuppressWarnings("ArrayRecordComponent") // an array can be wiped; equality is identity
    record SrpServer(String userName, SrpGroup group, byte[] salt, byte[] verifier) implements Srp {
        /**
         * Checks the lengths.
         *
         * @param userName the user name
         * @param group the group
         * @param salt the salt
         * @param verifier the verifier
         * @throws IllegalArgumentException when one is out of range
         */
        public SrpServer {
            Srp.checkUserName(userName);
            if (salt.length == 0 || salt.length > 255) {
                throw new IllegalArgumentException("an SRP salt has 1 to 255 bytes, not " + salt.length);
            }
            if (verifier.length == 0 || verifier.length > group.bits() / 8) {
                throw new IllegalArgumentException(
                        "a verifier in " + group + " has 1 to " + group.bits() / 8 + " bytes, not " + verifier.length);
            }
        }

        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return userName.hashCode();
        }

        /** User name and group only: a verifier is never shown. */
        @Override
        public String toString() {
            return "SrpServer[" + userName + ", " + group + "]";
        }
    }
}
