package org.xtls.server.loopback.sasl;

import static java.nio.charset.StandardCharsets.UTF_8;

/** PLAIN (RFC 4616). */
final class Plain implements Mechanism {

    private final Accounts accounts;

    Plain(Accounts accounts) {
        this.accounts = accounts;
    }

    @Override
    public Step respond(byte[] message) {
        if (message.length == 0) {
            return new Step.Challenge("");
        }
        String[] parts = new String(message, UTF_8).split("\0", -1);
        if (parts.length != 3 || parts[1].isEmpty() || parts[2].isEmpty()) {
            return new Step.Failure("malformed-request");
        }
        if (!accounts.of(parts[1]).matches(parts[2])) {
            return new Step.Failure("not-authorized");
        }
        if (!parts[0].isEmpty() && !accounts.isOwn(parts[1], parts[0])) {
            return new Step.Failure("invalid-authzid");
        }
        return new Step.Success(parts[1], "");
    }
}
