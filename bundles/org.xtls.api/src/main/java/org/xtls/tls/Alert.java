package org.xtls.tls;

import java.util.Locale;
import java.util.Optional;

/** The TLS alerts that this project sends or names (RFC 8446 §6, RFC 4279 for {@link #UNKNOWN_PSK_IDENTITY}). */
public enum Alert {
    /** Orderly end of one direction. */
    CLOSE_NOTIFY(0),
    /** A message came at the wrong time. */
    UNEXPECTED_MESSAGE(10),
    /** A record did not decrypt. */
    BAD_RECORD_MAC(20),
    /** A record is too long. */
    RECORD_OVERFLOW(22),
    /** No common parameters. */
    HANDSHAKE_FAILURE(40),
    /** A certificate is corrupt or not acceptable in its form. */
    BAD_CERTIFICATE(42),
    /** A certificate of an unsupported kind. */
    UNSUPPORTED_CERTIFICATE(43),
    /** A revoked certificate. */
    CERTIFICATE_REVOKED(44),
    /** An expired certificate. */
    CERTIFICATE_EXPIRED(45),
    /** A certificate not acceptable for another reason. */
    CERTIFICATE_UNKNOWN(46),
    /** A parameter out of range. */
    ILLEGAL_PARAMETER(47),
    /** A chain to no known CA. */
    UNKNOWN_CA(48),
    /** A proof that is valid, of somebody who is not let in. */
    ACCESS_DENIED(49),
    /** A message that cannot be parsed. */
    DECODE_ERROR(50),
    /** A cryptographic check in the handshake failed; with an external PSK, a wrong one. */
    DECRYPT_ERROR(51),
    /** No common protocol version. */
    PROTOCOL_VERSION(70),
    /** Parameters that are too weak. */
    INSUFFICIENT_SECURITY(71),
    /** An error of the sender's own. */
    INTERNAL_ERROR(80),
    /** The user gave up. */
    USER_CANCELED(90),
    /** An extension is missing. */
    MISSING_EXTENSION(109),
    /** An extension that may not be there. */
    UNSUPPORTED_EXTENSION(110),
    /** A PSK identity nobody knows. */
    UNKNOWN_PSK_IDENTITY(115),
    /** No certificate where one is due. */
    CERTIFICATE_REQUIRED(116);

    private final int code;

    Alert(int code) {
        this.code = code;
    }

    /**
     * The alert of a code.
     *
     * @param code its description byte, 0 to 255
     * @return the alert, or empty when this list does not name it
     */
    public static Optional<Alert> of(int code) {
        for (Alert alert : values()) {
            if (alert.code == code) {
                return Optional.of(alert);
            }
        }
        return Optional.empty();
    }

    /**
     * The description byte.
     *
     * @return 0 to 255
     */
    public int code() {
        return code;
    }

    /**
     * The name as RFC 8446 writes it.
     *
     * @return such as {@code bad_certificate}
     */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
