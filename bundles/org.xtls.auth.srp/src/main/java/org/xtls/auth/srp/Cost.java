package org.xtls.auth.srp;

import org.xtls.auth.srp.RefusedException.Refusal;

/**
 * What Argon2id is to cost. The floor is OWASP's least; above it a stolen verifier takes its time to guess. The ceiling
 * keeps a peer from stopping this side with one answer.
 *
 * @param memory KiB
 * @param iterations passes over it
 * @param parallelism lanes
 */
record Cost(int memory, int iterations, int parallelism) {
    static final int MIN_MEMORY = 19_456;
    static final int MAX_MEMORY = 262_144;
    static final int MIN_ITERATIONS = 2;
    static final int MAX_ITERATIONS = 10;
    static final int MAX_PARALLELISM = 4;

    Cost {
        try {
            check(memory, iterations, parallelism);
        } catch (RefusedException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    static Cost ofPeer(int memory, int iterations, int parallelism) throws RefusedException {
        check(memory, iterations, parallelism);
        return new Cost(memory, iterations, parallelism);
    }

    private static void check(int memory, int iterations, int parallelism) throws RefusedException {
        check("memory", memory, MIN_MEMORY, MAX_MEMORY);
        check("iterations", iterations, MIN_ITERATIONS, MAX_ITERATIONS);
        check("parallelism", parallelism, 1, MAX_PARALLELISM);
    }

    private static void check(String name, int value, int least, int most) throws RefusedException {
        if (value < least) {
            throw new RefusedException(Refusal.TOO_CHEAP, name + " " + value + " is less than " + least + ".");
        }
        if (value > most) {
            throw new RefusedException(Refusal.TOO_DEAR, name + " " + value + " is more than " + most + ".");
        }
    }
}
