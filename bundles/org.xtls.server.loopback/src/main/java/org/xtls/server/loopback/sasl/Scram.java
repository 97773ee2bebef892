package org.xtls.server.loopback.sasl;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** SCRAM without channel binding (RFC 5802; SHA-256: RFC 7677). */
final class Scram implements Mechanism {

    private final ScramHash hash;
    private final Accounts accounts;
    private final String ownNonce;
    private @Nullable First first;

    Scram(ScramHash hash, Accounts accounts, String ownNonce) {
        this.hash = hash;
        this.accounts = accounts;
        this.ownNonce = ownNonce;
    }

    @Override
    public Step respond(byte[] message) {
        String text = new String(message, UTF_8);
        First begun = first;
        if (begun != null) {
            return end(begun, text);
        }
        return text.isEmpty() ? new Step.Challenge("") : begin(text);
    }

    static String nonce(SecureRandom random) {
        byte[] nonce = new byte[NONCE_LENGTH];
        random.nextBytes(nonce);
        return Base64.getEncoder().encodeToString(nonce);
    }

    private Step begin(String message) {
        Matcher parts = CLIENT_FIRST.matcher(message);
        if (!parts.matches()) {
            return new Step.Failure("malformed-request");
        }
        String authzid = Objects.requireNonNullElse(parts.group("authzid"), "");
        if (!isEscaped(parts.group("user")) || !isEscaped(authzid)) {
            return new Step.Failure("malformed-request");
        }
        String username = unescaped(parts.group("user"));
        Credentials credentials = accounts.of(username);
        String nonce = parts.group("nonce") + ownNonce;
        String challenge = "r=" + nonce + ",s=" + Base64.getEncoder().encodeToString(credentials.salt()) + ",i="
                + Credentials.ITERATIONS;
        first = new First(
                username,
                unescaped(authzid),
                credentials.keys(hash),
                nonce,
                parts.group("gs2"),
                parts.group("bare") + "," + challenge);
        return new Step.Challenge(challenge);
    }

    private Step end(First begun, String message) {
        Matcher parts = CLIENT_FINAL.matcher(message);
        if (!parts.matches()) {
            return new Step.Failure("malformed-request");
        }
        byte[] header;
        byte[] proof;
        try {
            header = Base64.getDecoder().decode(parts.group("binding"));
            proof = Base64.getDecoder().decode(parts.group("proof"));
        } catch (IllegalArgumentException e) {
            return new Step.Failure("malformed-request");
        }
        byte[] transcript = (begun.transcript + "," + parts.group("unproved")).getBytes(UTF_8);
        byte[] clientKey = hash.hmac(begun.keys.stored(), transcript);
        if (proof.length != hash.length()) {
            return new Step.Failure("malformed-request");
        }
        for (int i = 0; i < clientKey.length; i++) {
            clientKey[i] ^= proof[i];
        }
        boolean proved = MessageDigest.isEqual(hash.hash(clientKey), begun.keys.stored());
        boolean bound = MessageDigest.isEqual(header, begun.gs2Header.getBytes(UTF_8));
        boolean fresh = MessageDigest.isEqual(parts.group("nonce").getBytes(UTF_8), begun.nonce.getBytes(UTF_8));
        if (!proved || !bound || !fresh) {
            return new Step.Failure("not-authorized");
        }
        if (!begun.authzid.isEmpty() && !accounts.isOwn(begun.username, begun.authzid)) {
            return new Step.Failure("invalid-authzid");
        }
        byte[] signature = hash.hmac(begun.keys.server(), transcript);
        return new Step.Success(begun.username, "v=" + Base64.getEncoder().encodeToString(signature));
    }

    private static boolean isEscaped(String name) {
        return !name.replace("=2C", "").replace("=3D", "").contains("=");
    }

    private static String unescaped(String name) {
        return name.replace("=2C", ",").replace("=3D", "=");
    }

    /** What the final message is checked against. */
    private record First(
            String username,
            String authzid,
            Credentials.Keys keys,
            String nonce,
            String gs2Header,
            String transcript) {}

    private static final int NONCE_LENGTH = 18;
    private static final String NAME = "[^,\\x00]+";
    private static final String NONCE = "[\\x21-\\x2B\\x2D-\\x7E]+";
    private static final String EXTENSIONS = "(?:,[^\\x00]*)?";

    /**
     * No {@code p=}: without TLS there is no channel to bind to. No {@code m=}: an extension that must be understood.
     */
    private static final Pattern CLIENT_FIRST = Pattern.compile("(?<gs2>[ny],(?:a=(?<authzid>" + NAME + "))?,)"
            + "(?<bare>n=(?<user>" + NAME + "),r=(?<nonce>" + NONCE + ")" + EXTENSIONS + ")");

    private static final Pattern CLIENT_FINAL = Pattern.compile(
            "(?<unproved>c=(?<binding>[^,]+),r=(?<nonce>" + NONCE + ")" + EXTENSIONS + "),p=(?<proof>[^,]+)");
}
