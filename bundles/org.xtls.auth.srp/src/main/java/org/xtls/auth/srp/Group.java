package org.xtls.auth.srp;

import com.nimbusds.srp6.SRP6CryptoParams;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.xtls.auth.srp.RefusedException.Refusal;

/**
 * The groups of RFC 5054 Appendix A from 3072 bits on, each with its own generator. In all of them g generates every
 * number below N: with RFC 3526's g = 2, which generates half of them, each B seen would rule out half of the passwords.
 */
enum Group {
    BITS_3072(3072),
    BITS_4096(4096),
    BITS_6144(6144),
    BITS_8192(8192);

    static final String HASH = "SHA-256";

    private final int bits;

    @SuppressWarnings("ImmutableEnumChecker") // three final values
    private final SRP6CryptoParams parameters;

    Group(int bits) {
        this.bits = bits;
        this.parameters = SRP6CryptoParams.getInstance(bits, HASH);
    }

    static Group of(String name) throws RefusedException {
        for (Group group : values()) {
            if (group.toString().equals(name)) {
                return group;
            }
        }
        throw new RefusedException(
                Refusal.FOREIGN_GROUP, "group '" + name + "' is none of " + names() + " (RFC 5054 Appendix A).");
    }

    static Group of(int bits) {
        for (Group group : values()) {
            if (group.bits == bits) {
                return group;
            }
        }
        throw new IllegalArgumentException(bits + " is none of " + names());
    }

    SRP6CryptoParams parameters() {
        return parameters;
    }

    BigInteger n() {
        return parameters.N;
    }

    BigInteger g() {
        return parameters.g;
    }

    /** The length of N, and of PAD(x). */
    int bytes() {
        return bits / 8;
    }

    int bits() {
        return bits;
    }

    /** PAD of RFC 5054 §2.1: big-endian, as long as N. */
    byte[] pad(BigInteger value) {
        byte[] signed = value.toByteArray();
        byte[] padded = new byte[bytes()];
        int from = Math.max(0, signed.length - padded.length);
        System.arraycopy(signed, from, padded, padded.length - (signed.length - from), signed.length - from);
        Arrays.fill(signed, (byte) 0);
        return padded;
    }

    /** Reads A or B. */
    BigInteger publicValue(String name, byte[] padded) throws RefusedException {
        if (padded.length != bytes()) {
            throw new RefusedException(
                    Refusal.WRONG_LENGTH,
                    name + " has " + padded.length + " bytes; padded to the length of N it has " + bytes() + ".");
        }
        BigInteger value = new BigInteger(1, padded);
        if (value.mod(n()).signum() == 0) {
            throw new RefusedException(Refusal.ZERO_PUBLIC_VALUE, name + " is 0 modulo N.");
        }
        if (value.compareTo(n()) >= 0) {
            throw new RefusedException(Refusal.PUBLIC_VALUE_TOO_LARGE, name + " is not less than N.");
        }
        return value;
    }

    @Override
    public String toString() {
        return Integer.toString(bits);
    }

    private static String names() {
        return Arrays.stream(values()).map(Group::toString).collect(Collectors.joining(", "));
    }
}
