package org.xtls.auth.openpgp;

import org.xtls.trust.TrustStore;

/**
 * How much a certificate may have before anything in it is looked at: against certificates made to keep their reader
 * busy or to fill its memory.
 *
 * @param bytes the whole of it
 * @param packets its packets
 * @param userIds its User IDs
 * @param subkeys its subkeys
 * @param signatures its signatures
 */
record Bounds(int bytes, int packets, int userIds, int subkeys, int signatures) {
    /** For what a peer sent. */
    static final Bounds SENT = new Bounds(65_536, 500, 32, 32, 256);

    /** For files of one's own, where popular keys have many certifications. */
    static final Bounds LOCAL = new Bounds(1 << 20, 10_000, 64, 64, 8_000);

    /** For what the trust store keeps: versions joined, each of which a peer may have sent or a file held. */
    static final Bounds KEPT =
            new Bounds(TrustStore.MAX_MATERIAL, LOCAL.packets(), LOCAL.userIds(), LOCAL.subkeys(), LOCAL.signatures());

    /** The longest User ID. */
    static final int USER_ID_BYTES = 1_024;

    /** The longest RSA modulus and the longest exponent, in bits: checking a signature costs their product. */
    static final int RSA_BITS = 8_192;

    static final int RSA_EXPONENT_BITS = 64;
}
