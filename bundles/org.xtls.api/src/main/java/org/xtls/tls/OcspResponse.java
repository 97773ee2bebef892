package org.xtls.tls;

import java.util.Arrays;

/**
 * An OCSP response as it travels in a handshake (RFC 6960 §4.2.1; RFC 8446 §4.4.2.1). Nothing in it has been checked.
 *
 * @param der the response, 1 to {@link #MAX_BYTES} bytes; not copied, and must not change
 */
@SuppressWarnings("ArrayRecordComponent") // compared by content below
public record OcspResponse(byte[] der) {
    /** The longest response that is sent or taken. */
    public static final int MAX_BYTES = 16_384;

    /**
     * Checks the length.
     *
     * @param der the response
     * @throws IllegalArgumentException when it is empty or too long
     */
    public OcspResponse {
        if (der.length == 0 || der.length > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "an OCSP response in a handshake has 1 to " + MAX_BYTES + " bytes, not " + der.length);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof OcspResponse response && Arrays.equals(der, response.der);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(der);
    }

    @Override
    public String toString() {
        return "OcspResponse[" + der.length + " bytes]";
    }
}
