package org.xtls.auth.srp;

import java.math.BigInteger;
import java.security.SecureRandom;
import org.xtls.auth.srp.RefusedException.Refusal;
import org.xtls.xml.Element;

/** The side of an exchange that begins, and knows the password. */
final class SrpClient {
    private final Arithmetic arithmetic;
    private final BigInteger ephemeral;
    private final BigInteger a;

    SrpClient(Group group, SecureRandom random) {
        this(new Arithmetic(group), new Arithmetic(group).ephemeral(random));
    }

    SrpClient(Arithmetic arithmetic, BigInteger ephemeral) {
        this.arithmetic = arithmetic;
        this.ephemeral = ephemeral;
        this.a = arithmetic.a(ephemeral);
    }

    Values.Begin begin() {
        return new Values.Begin(arithmetic.group(), a);
    }

    /** Reads the answer, before anybody is asked for a password. */
    Values.Challenge read(Element srp) throws RefusedException {
        Values.Challenge challenge = Values.Challenge.of(srp, begin());
        if (challenge.group() != arithmetic.group()) {
            throw new RefusedException(
                    Refusal.OTHER_GROUP,
                    "group " + challenge.group() + " answers an offer of group " + arithmetic.group() + ".");
        }
        if (challenge.b().equals(a)) {
            throw new RefusedException(Refusal.REFLECTED, "B is the A that was sent.");
        }
        return challenge;
    }

    /**
     * The shared secret.
     *
     * @param password in UTF-8, prepared; not changed
     * @return PAD(S), to be wiped
     */
    byte[] secret(Values.Challenge challenge, byte[] password) throws RefusedException {
        BigInteger x = new PasswordKey(challenge.cost()).x(challenge.salt(), password);
        return arithmetic.clientSecret(ephemeral, a, challenge.b(), x);
    }
}
