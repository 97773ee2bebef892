package org.xtls.auth.srp;

import java.math.BigInteger;
import java.security.SecureRandom;
import org.xtls.auth.srp.RefusedException.Refusal;

/** The side of an exchange that answers, and knows the verifier. */
final class SrpServer {
    private final Arithmetic arithmetic;
    private final Verifier verifier;
    private final BigInteger a;
    private final BigInteger ephemeral;
    private final BigInteger b;

    SrpServer(Values.Begin begin, Verifier verifier, SecureRandom random) throws RefusedException {
        this(new Arithmetic(verifier.group()), begin, verifier, new Arithmetic(verifier.group()).ephemeral(random));
    }

    SrpServer(Arithmetic arithmetic, Values.Begin begin, Verifier verifier, BigInteger ephemeral)
            throws RefusedException {
        if (begin.group() != verifier.group()) {
            throw new RefusedException(
                    Refusal.NO_VERIFIER_IN_GROUP,
                    "the verifier that is kept is for group " + verifier.group() + ", not " + begin.group() + ".");
        }
        this.arithmetic = arithmetic;
        this.verifier = verifier;
        this.a = begin.a();
        this.ephemeral = ephemeral;
        this.b = arithmetic.b(ephemeral, verifier.v());
    }

    Values.Challenge challenge() {
        return new Values.Challenge(verifier.group(), verifier.cost(), verifier.salt(), b);
    }

    /**
     * The shared secret.
     *
     * @return PAD(S), to be wiped
     */
    byte[] secret() throws RefusedException {
        return arithmetic.serverSecret(ephemeral, a, b, verifier.v());
    }
}
