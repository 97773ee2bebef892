package org.xtls.auth.srp;

import com.nimbusds.srp6.SRP6CryptoParams;
import com.nimbusds.srp6.SRP6Routines;
import com.nimbusds.srp6.URoutine;
import com.nimbusds.srp6.URoutineContext;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import org.xtls.auth.srp.RefusedException.Refusal;

/**
 * SRP-6a in one group, by Nimbus SRP's routines. Its sessions are of no use here: their client makes A only when B is
 * there, takes the password as a String, and drops a salt's leading zeros.
 */
final class Arithmetic {
    private static final SRP6Routines ROUTINES = new SRP6Routines();

    private final Group group;
    private final SRP6CryptoParams parameters;
    private final URoutine uRoutine;

    Arithmetic(Group group) {
        this(group, Arithmetic::u);
    }

    Arithmetic(Group group, URoutine uRoutine) {
        this.group = group;
        this.parameters = group.parameters();
        this.uRoutine = uRoutine;
    }

    Group group() {
        return group;
    }

    /** a or b, as many bits as N has. */
    BigInteger ephemeral(SecureRandom random) {
        return ROUTINES.generatePrivateValue(parameters.N, random);
    }

    BigInteger a(BigInteger ephemeral) {
        return ROUTINES.computePublicClientValue(parameters.N, parameters.g, ephemeral);
    }

    BigInteger b(BigInteger ephemeral, BigInteger v) {
        return ROUTINES.computePublicServerValue(parameters.N, parameters.g, k(), v, ephemeral);
    }

    /** PAD(S) of the side that knows the password, to be wiped. */
    byte[] clientSecret(BigInteger ephemeral, BigInteger publicA, BigInteger publicB, BigInteger x)
            throws RefusedException {
        BigInteger u = nonZeroU(publicA, publicB);
        return group.pad(ROUTINES.computeSessionKey(parameters.N, parameters.g, k(), x, u, ephemeral, publicB));
    }

    /** PAD(S) of the side that knows the verifier, to be wiped. */
    byte[] serverSecret(BigInteger ephemeral, BigInteger publicA, BigInteger publicB, BigInteger v)
            throws RefusedException {
        BigInteger u = nonZeroU(publicA, publicB);
        return group.pad(ROUTINES.computeSessionKey(parameters.N, v, u, publicA, ephemeral));
    }

    private BigInteger nonZeroU(BigInteger publicA, BigInteger publicB) throws RefusedException {
        BigInteger u = uRoutine.computeU(parameters, new URoutineContext(publicA, publicB));
        if (u.signum() == 0) {
            throw new RefusedException(Refusal.ZERO_U, "u is 0.");
        }
        return u;
    }

    private BigInteger k() {
        return ROUTINES.computeK(digest(parameters), parameters.N, parameters.g);
    }

    private static BigInteger u(SRP6CryptoParams parameters, URoutineContext context) {
        return ROUTINES.computeU(digest(parameters), parameters.N, context.A, context.B);
    }

    private static MessageDigest digest(SRP6CryptoParams parameters) {
        try {
            return MessageDigest.getInstance(parameters.H);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + parameters.H, e);
        }
    }
}
