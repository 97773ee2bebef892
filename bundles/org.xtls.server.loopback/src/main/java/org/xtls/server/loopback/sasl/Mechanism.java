package org.xtls.server.loopback.sasl;

import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;

/** One login by one mechanism. Not thread-safe, good for one attempt. */
public interface Mechanism {

    /** The mechanisms offered, best first. */
    List<String> NAMES = List.of(ScramHash.SHA_256.mechanism(), ScramHash.SHA_1.mechanism(), "PLAIN");

    /** Answers the next message of the client, the first one being its initial response. */
    Step respond(byte[] message);

    /** The mechanism of that name. */
    static Optional<Mechanism> named(String name, Accounts accounts, SecureRandom random) {
        if (name.equals("PLAIN")) {
            return Optional.of(new Plain(accounts));
        }
        return ScramHash.ofMechanism(name).map(hash -> new Scram(hash, accounts, Scram.nonce(random)));
    }
}
