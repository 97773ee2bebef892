package org.xtls.server.loopback.c2s;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.text.Normalizer;
import java.util.Locale;

/**
 * A JID (RFC 7622), normalised as far as the names of a demonstration need it. Immutable.
 *
 * @param local the localpart, empty for a server
 * @param domain the domainpart
 * @param resource the resourcepart, empty for a bare JID
 */
public record Address(String local, String domain, String resource) {

    /** @throws IllegalArgumentException if a part is not allowed in a JID */
    public Address {
        local = Normalizer.normalize(local, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
        domain = Normalizer.normalize(domain, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
        resource = Normalizer.normalize(resource, Normalizer.Form.NFC);
        if (domain.isEmpty() || domain.chars().anyMatch(c -> NOT_IN_DOMAIN.indexOf(c) >= 0)) {
            throw new IllegalArgumentException("Not the domain of a JID: " + domain);
        }
        if (local.chars().anyMatch(c -> NOT_IN_LOCAL.indexOf(c) >= 0)) {
            throw new IllegalArgumentException("Not the localpart of a JID: " + local);
        }
        requirePart(local);
        requirePart(domain);
        requirePart(resource);
    }

    /**
     * Reads a JID.
     *
     * @throws IllegalArgumentException if that is none
     */
    public static Address parse(String jid) {
        int slash = jid.indexOf('/');
        String bare = slash < 0 ? jid : jid.substring(0, slash);
        int at = bare.indexOf('@');
        if (at == 0 || slash == jid.length() - 1) {
            throw new IllegalArgumentException("Not a JID: " + jid);
        }
        return new Address(
                at < 0 ? "" : bare.substring(0, at), bare.substring(at + 1), slash < 0 ? "" : jid.substring(slash + 1));
    }

    /** This JID with that resourcepart. */
    public Address withResource(String resourcepart) {
        return new Address(local, domain, resourcepart);
    }

    /** This JID without resourcepart. */
    public Address bare() {
        return withResource("");
    }

    /** Whether there is a resourcepart. */
    public boolean isFull() {
        return !resource.isEmpty();
    }

    /** Whether this is a server and not one of its users. */
    public boolean isServer() {
        return local.isEmpty();
    }

    @Override
    public String toString() {
        return (local.isEmpty() ? "" : local + "@") + domain + (resource.isEmpty() ? "" : "/" + resource);
    }

    private static void requirePart(String part) {
        if (part.codePoints().anyMatch(Character::isISOControl) || part.getBytes(UTF_8).length > PART_LIMIT) {
            throw new IllegalArgumentException("A part of a JID with control characters, or too long");
        }
    }

    private static final int PART_LIMIT = 1023;
    private static final String NOT_IN_LOCAL = "\"&'/:<>@ ";
    private static final String NOT_IN_DOMAIN = NOT_IN_LOCAL + "=";
}
