package org.xtls.auth.openpgp;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a certificate is worth at one moment. */
sealed interface Evaluation {
    /**
     * The certificate itself is sound, and at least one key of it may authenticate its owner.
     *
     * @param certificate the certificate
     * @param primary what holds the primary key
     * @param keys the authentication keys, the newest first; at least one
     * @param userIds the User IDs that the owner stands by
     * @param rejected what is wrong with the other keys
     */
    record Usable(
            Certificate certificate,
            Binding primary,
            List<AuthenticationKey> keys,
            List<UserId> userIds,
            List<RejectedKey> rejected)
            implements Evaluation {
        public Usable {
            keys = List.copyOf(keys);
            userIds = List.copyOf(userIds);
            rejected = List.copyOf(rejected);
        }

        AuthenticationKey newest() {
            return keys.get(0);
        }

        /** The authentication key that has this encoding. */
        Optional<AuthenticationKey> key(KeyKind.Known proved) {
            return keys.stream().filter(key -> key.is(proved)).findFirst();
        }

        Optional<RejectedKey> rejected(KeyKind.Known proved) {
            return rejected.stream().filter(key -> key.is(proved)).findFirst();
        }
    }

    /**
     * Nobody is authenticated by it.
     *
     * @param certificate the certificate
     * @param flaw why
     * @param detail more on it, or empty
     * @param userIds the User IDs that the owner stood by; empty when there is no telling
     */
    record Unusable(Certificate certificate, Flaw flaw, String detail, List<UserId> userIds) implements Evaluation {
        public Unusable {
            userIds = List.copyOf(userIds);
        }

        /** Goes behind "the OpenPGP certificate". */
        String phrase() {
            return flaw.phrase() + (detail.isEmpty() ? "" : " (" + detail + ")");
        }
    }

    /**
     * When the owner's word on something holds.
     *
     * @param since when it was given
     * @param until when the key expires by it, or null when it does not
     */
    record Binding(Instant since, @Nullable Instant until) {}

    /**
     * A key that may authenticate the owner now.
     *
     * @param fingerprint of the key itself, lower-case hex
     * @param key the key
     * @param created when the key was made
     * @param binding what binds it
     */
    record AuthenticationKey(String fingerprint, KeyKind.Known key, Instant created, Binding binding) {
        boolean is(KeyKind.Known other) {
            return Arrays.equals(key.encoded(), other.encoded());
        }
    }

    /**
     * A key of the certificate that may not.
     *
     * @param fingerprint of the key itself
     * @param key the key, or null when TLS 1.3 cannot use it
     * @param flaw why
     * @param detail more on it, or empty
     */
    record RejectedKey(String fingerprint, KeyKind.@Nullable Known key, Flaw flaw, String detail) {
        boolean is(KeyKind.Known other) {
            return key != null && Arrays.equals(key.encoded(), other.encoded());
        }

        String phrase() {
            return flaw.phrase() + (detail.isEmpty() ? "" : " (" + detail + ")");
        }
    }

    /**
     * A User ID that the owner stands by.
     *
     * @param text the text
     * @param since when the owner said so last
     */
    record UserId(String text, Instant since) {}
}
