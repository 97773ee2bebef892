package org.xtls.auth.srp;

import com.nimbusds.srp6.XRoutine;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.util.Arrays;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/** The private key x of a password: Argon2id, version 1.3, 32 bytes, big-endian (RFC 9106). No user name is in it. */
record PasswordKey(Cost cost) implements XRoutine {
    private static final int BYTES = 32;

    BigInteger x(byte[] salt, byte[] password) {
        Argon2BytesGenerator argon2 = new Argon2BytesGenerator();
        argon2.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
                .withVersion(Argon2Parameters.ARGON2_VERSION_13)
                .withMemoryAsKB(cost.memory())
                .withIterations(cost.iterations())
                .withParallelism(cost.parallelism())
                .withSalt(salt)
                .build());
        byte[] tag = new byte[BYTES];
        try {
            argon2.generateBytes(password, tag);
            return new BigInteger(1, tag);
        } finally {
            Arrays.fill(tag, (byte) 0);
        }
    }

    @Override
    public BigInteger computeX(MessageDigest digest, byte[] salt, byte[] username, byte[] password) {
        return x(salt, password);
    }
}
