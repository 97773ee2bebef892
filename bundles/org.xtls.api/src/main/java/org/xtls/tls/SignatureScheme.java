package org.xtls.tls;

/** The signature schemes for handshakes (RFC 8446 §4.2.3), strongest common practice only. */
public enum SignatureScheme {
    /** Ed25519. */
    ED25519(0x0807),
    /** Ed448. */
    ED448(0x0808),
    /** ECDSA on P-256 with SHA-256; the signature is a DER SEQUENCE of r and s. */
    ECDSA_SECP256R1_SHA256(0x0403),
    /** ECDSA on P-384 with SHA-384; the signature is a DER SEQUENCE of r and s. */
    ECDSA_SECP384R1_SHA384(0x0503),
    /** RSASSA-PSS with an rsaEncryption key and SHA-256, salt of 32 bytes. */
    RSA_PSS_RSAE_SHA256(0x0804),
    /** RSASSA-PSS with an rsaEncryption key and SHA-384, salt of 48 bytes. */
    RSA_PSS_RSAE_SHA384(0x0805),
    /** RSASSA-PSS with an rsaEncryption key and SHA-512, salt of 64 bytes. */
    RSA_PSS_RSAE_SHA512(0x0806);

    private final int code;

    SignatureScheme(int code) {
        this.code = code;
    }

    /**
     * The code point.
     *
     * @return 0 to 65535
     */
    public int code() {
        return code;
    }
}
