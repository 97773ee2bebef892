package org.xtls.auth.openpgp;

import org.xtls.tls.Alert;

/** What can be wrong with a certificate or one of its keys. */
enum Flaw {
    TOO_LARGE(Alert.BAD_CERTIFICATE, "is too large"),
    TOO_MANY_PACKETS(Alert.BAD_CERTIFICATE, "has too many packets"),
    TOO_MANY_USER_IDS(Alert.BAD_CERTIFICATE, "has too many User IDs"),
    TOO_MANY_KEYS(Alert.BAD_CERTIFICATE, "has too many subkeys"),
    TOO_MANY_SIGNATURES(Alert.BAD_CERTIFICATE, "has too many signatures"),
    TRUNCATED(Alert.BAD_CERTIFICATE, "is truncated"),
    BAD_ARMOR(Alert.BAD_CERTIFICATE, "is armored wrongly"),
    TRAILING_DATA(Alert.BAD_CERTIFICATE, "is followed by something else"),
    SEVERAL_CERTIFICATES(Alert.BAD_CERTIFICATE, "is not the only one: one certificate is wanted"),
    NOT_A_CERTIFICATE(Alert.BAD_CERTIFICATE, "does not begin with a public key"),
    SECRET_KEY(Alert.BAD_CERTIFICATE, "holds a secret key"),
    COMPRESSED(Alert.BAD_CERTIFICATE, "holds compressed data, which has no place in a certificate"),
    FOREIGN_PACKET(Alert.BAD_CERTIFICATE, "holds a packet that has no place in a certificate"),
    UNKNOWN_PACKET(Alert.BAD_CERTIFICATE, "holds a critical packet of an unknown type"),
    UNSUPPORTED_VERSION(Alert.UNSUPPORTED_CERTIFICATE, "has a key of an unsupported version"),
    UNREADABLE(Alert.BAD_CERTIFICATE, "cannot be read"),

    NOT_YET_VALID(Alert.CERTIFICATE_EXPIRED, "was made in the future"),
    PRIMARY_EXPIRED(Alert.CERTIFICATE_EXPIRED, "has expired"),
    /** Hard: others may have the key. */
    PRIMARY_REVOKED(Alert.CERTIFICATE_REVOKED, "was revoked by its owner"),
    /** Soft: superseded or retired, and good until then. */
    PRIMARY_GIVEN_UP(Alert.CERTIFICATE_REVOKED, "was revoked by its owner"),
    WEAK_PRIMARY(Alert.UNSUPPORTED_CERTIFICATE, "has a primary key that is too weak"),
    NO_SELF_SIGNATURE(Alert.BAD_CERTIFICATE, "has no valid self-signature"),
    USER_IDS_REVOKED(Alert.CERTIFICATE_REVOKED, "has no User ID that its owner has not revoked"),
    NO_AUTHENTICATION_KEY(Alert.UNSUPPORTED_CERTIFICATE, "has no authentication key"),

    WEAK_SIGNATURE(Alert.BAD_CERTIFICATE, "is held together by a signature with a broken hash"),
    UNKNOWN_CRITICAL(Alert.UNSUPPORTED_CERTIFICATE, "has a signature with a critical part that is not understood"),
    NOT_BOUND(Alert.BAD_CERTIFICATE, "has a subkey without a valid binding signature"),
    NO_BACK_SIGNATURE(Alert.BAD_CERTIFICATE, "has a signing subkey that does not sign back"),
    SUBKEY_EXPIRED(Alert.CERTIFICATE_EXPIRED, "has an authentication key that has expired"),
    SUBKEY_REVOKED(Alert.CERTIFICATE_REVOKED, "has an authentication key that was revoked by its owner"),
    NOT_FOR_AUTHENTICATION(Alert.UNSUPPORTED_CERTIFICATE, "has a key that is not made for authentication"),
    ENCRYPTION_ONLY(Alert.UNSUPPORTED_CERTIFICATE, "has a key that can only encrypt"),
    WEAK_KEY(Alert.UNSUPPORTED_CERTIFICATE, "has an authentication key that is too weak"),
    UNSUPPORTED_KEY(Alert.UNSUPPORTED_CERTIFICATE, "has an authentication key that TLS 1.3 cannot use");

    private final Alert alert;
    private final String phrase;

    Flaw(Alert alert, String phrase) {
        this.alert = alert;
        this.phrase = phrase;
    }

    /** Whether its owner has said so, and no later word of the owner's undoes it. */
    boolean isForGood() {
        return this == PRIMARY_REVOKED || this == PRIMARY_GIVEN_UP;
    }

    Alert alert() {
        return alert;
    }

    /** Goes behind "the OpenPGP certificate". */
    String phrase() {
        return phrase;
    }
}
