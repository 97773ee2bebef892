package org.xtls.auth.openpgp;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;

/** EMSA-PSS-ENCODE (RFC 8017 §9.1.1), for a key that is elsewhere and only does the modular power. */
final class PssEncoding {
    private static final SecureRandom RANDOM = new SecureRandom();

    private PssEncoding() {}

    /**
     * Encodes.
     *
     * @param hash the hash, which also drives MGF1 and is as long as the salt
     * @param content what is signed
     * @param modulusBits of the key
     * @return as many bytes as the modulus has
     */
    static byte[] encode(String hash, byte[] content, int modulusBits) throws GeneralSecurityException {
        MessageDigest digest = MessageDigest.getInstance(hash);
        int length = digest.getDigestLength();
        int bits = modulusBits - 1;
        int octets = (bits + 7) / 8;
        byte[] salt = new byte[length];
        RANDOM.nextBytes(salt);
        digest.update(new byte[8]);
        digest.update(MessageDigest.getInstance(hash).digest(content));
        byte[] h = digest.digest(salt);

        byte[] masked = new byte[octets - length - 1];
        masked[masked.length - length - 1] = 1;
        System.arraycopy(salt, 0, masked, masked.length - length, length);
        byte[] mask = mgf1(hash, h, masked.length);
        for (int i = 0; i < masked.length; i++) {
            masked[i] ^= mask[i];
        }
        masked[0] &= (byte) (0xff >>> (8 * octets - bits));

        byte[] encoded = new byte[(modulusBits + 7) / 8];
        int at = encoded.length - octets;
        System.arraycopy(masked, 0, encoded, at, masked.length);
        System.arraycopy(h, 0, encoded, at + masked.length, length);
        encoded[encoded.length - 1] = (byte) 0xbc;
        return encoded;
    }

    private static byte[] mgf1(String hash, byte[] seed, int length) throws GeneralSecurityException {
        MessageDigest digest = MessageDigest.getInstance(hash);
        byte[] mask = new byte[length];
        for (int at = 0, counter = 0; at < length; counter++) {
            digest.update(seed);
            byte[] block = digest.digest(
                    new byte[] {(byte) (counter >>> 24), (byte) (counter >>> 16), (byte) (counter >>> 8), (byte) counter
                    });
            int part = Math.min(block.length, length - at);
            System.arraycopy(block, 0, mask, at, part);
            at += part;
        }
        return mask;
    }
}
