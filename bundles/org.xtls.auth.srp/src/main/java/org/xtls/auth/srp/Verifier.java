package org.xtls.auth.srp;

import com.nimbusds.srp6.SRP6VerifierGenerator;
import java.math.BigInteger;
import java.security.SecureRandom;

/**
 * What the answering side needs to know of a password: v = g^x.
 *
 * @param group the group that it was made in
 * @param cost of x
 * @param salt of x; never changed
 * @param v the verifier
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Verifier(Group group, Cost cost, byte[] salt, BigInteger v) {
    static final int SALT_BYTES = 16;

    static Verifier of(byte[] password, Group group, Cost cost, SecureRandom random) {
        byte[] salt = new byte[SALT_BYTES];
        random.nextBytes(salt);
        return of(password, group, cost, salt);
    }

    static Verifier of(byte[] password, Group group, Cost cost, byte[] salt) {
        SRP6VerifierGenerator generator = new SRP6VerifierGenerator(group.parameters());
        generator.setXRoutine(new PasswordKey(cost));
        return new Verifier(group, cost, salt, generator.generateVerifier(salt, password));
    }

    /** Neither salt nor verifier. */
    @Override
    public String toString() {
        return "Verifier[" + group + "]";
    }
}
