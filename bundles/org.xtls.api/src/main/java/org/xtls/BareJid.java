package org.xtls;

/**
 * An address without a resource: an account ({@code local@domain}) or a service ({@code domain}).
 *
 * <p>Domains are compared as IDNA2008 has them, so {@code straße.example} and {@code strasse.example}, which can belong
 * to two people, are two domains here. U-labels that need a joiner (U+200C, U+200D) are refused.
 *
 * @param local the localpart under the UsernameCaseMapped profile of RFC 8265, without the characters that RFC 7622
 *     §3.3.1 takes out, at most 1023 octets of UTF-8; empty for a service
 * @param domain the domainpart, 1 to 1023 octets of UTF-8 (RFC 7622 §3.2): LDH labels in lower case and U-labels of
 *     IDNA2008 (RFC 5890), no A-label, no trailing dot; or an IPv4 address; or an IPv6 address in brackets, in the form
 *     of RFC 5952 and without a zone
 */
public record BareJid(String local, String domain) implements Jid {
    /**
     * Normalises both parts.
     *
     * @param local the localpart in any form that can be normalised, or empty for none
     * @param domain the domainpart in any form that can be normalised; A-labels, upper case and one trailing dot are
     *     taken
     * @throws IllegalArgumentException when a part is not allowed by RFC 7622; the message says why
     */
    public BareJid {
        local = local.isEmpty() ? local : JidParts.local(local);
        domain = JidParts.domain(domain);
    }

    /**
     * Reads an address that has no resource.
     *
     * @param text {@code [local@]domain}
     * @return the address
     * @throws IllegalArgumentException when the text is no bare address by RFC 7622; the message says why
     */
    public static BareJid parse(String text) {
        if (text.indexOf('/') >= 0) {
            throw new IllegalArgumentException(
                    JidParts.quoted(text) + " has a resource; an address without one is wanted");
        }
        int at = text.indexOf('@');
        if (at == 0) {
            throw new IllegalArgumentException(JidParts.quoted(text) + " has an empty localpart");
        }
        return at < 0 ? new BareJid("", text) : new BareJid(text.substring(0, at), text.substring(at + 1));
    }

    @Override
    public BareJid bare() {
        return this;
    }

    /**
     * This account at one resource.
     *
     * @param resource the resourcepart, not empty
     * @return the full address
     * @throws IllegalArgumentException when the resource is not allowed by RFC 7622 §3.4
     */
    public FullJid at(String resource) {
        return new FullJid(this, resource);
    }

    @Override
    public String toString() {
        return local.isEmpty() ? domain : local + '@' + domain;
    }
}
