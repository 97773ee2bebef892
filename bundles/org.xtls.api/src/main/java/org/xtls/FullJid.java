package org.xtls;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * An address with a resource: one connected client, or one occupant of a service. Both ends of a tunnel are full JIDs.
 *
 * <p>The natural order is that of {@code i;octet} (RFC 4790 §9.3) over the address in UTF-8, by which simultaneous
 * starts are settled; it is consistent with {@code equals}.
 *
 * @param bare the account
 * @param resource the resourcepart under the OpaqueString profile of RFC 8265 (RFC 7622 §3.4), 1 to 1023 octets of
 *     UTF-8; case counts
 */
public record FullJid(BareJid bare, String resource) implements Jid, Comparable<FullJid> {
    /**
     * Normalises the resource.
     *
     * @param bare the account
     * @param resource the resourcepart in any form that can be normalised
     * @throws IllegalArgumentException when it is not allowed by RFC 7622; the message says why
     */
    public FullJid {
        resource = JidParts.resource(resource);
    }

    /**
     * Reads an address that has a resource.
     *
     * @param text {@code [local@]domain/resource}
     * @return the address
     * @throws IllegalArgumentException when the text is no full address by RFC 7622; the message says why
     */
    public static FullJid parse(String text) {
        if (Jid.parse(text) instanceof FullJid full) {
            return full;
        }
        throw new IllegalArgumentException(
                JidParts.quoted(text) + " has no resource; an address like user@domain/resource is wanted");
    }

    @Override
    public int compareTo(FullJid other) {
        return Arrays.compareUnsigned(
                toString().getBytes(StandardCharsets.UTF_8), other.toString().getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return bare + "/" + resource;
    }
}
