package org.xtls.transport;

import java.util.Locale;

/** How the connection to the own XMPP server is secured. This is not what protects a tunnel. */
public sealed interface ServerTls {
    /** TLS with a certificate that the JDK's trust store vouches for; without it there is no connection. */
    record Required() implements ServerTls {}

    /** No TLS: for a server on this machine. */
    record Disabled() implements ServerTls {}

    /**
     * TLS with exactly this certificate.
     *
     * @param sha256 SHA-256 of its DER, 64 lower-case hex digits
     */
    record Pinned(String sha256) implements ServerTls {
        /**
         * Takes upper case and colons too.
         *
         * @param sha256 SHA-256 of the certificate's DER in hex
         * @throws IllegalArgumentException when it is no SHA-256
         */
        public Pinned {
            sha256 = sha256.replace(":", "").toLowerCase(Locale.ROOT);
            if (!sha256.matches("[0-9a-f]{64}")) {
                throw new IllegalArgumentException("a pin is a SHA-256: 64 hex digits");
            }
        }
    }

    /**
     * Reads the form of shell and configuration.
     *
     * @param text {@code required}, {@code disabled} or {@code pin:SHA256}
     * @return the meaning
     * @throws IllegalArgumentException when it is none of these
     */
    static ServerTls parse(String text) {
        if (text.equals("required")) {
            return new Required();
        }
        if (text.equals("disabled")) {
            return new Disabled();
        }
        if (text.startsWith("pin:")) {
            return new Pinned(text.substring(4));
        }
        throw new IllegalArgumentException("'" + text + "': required, disabled or pin:SHA256 is wanted");
    }
}
