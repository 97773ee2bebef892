package org.xtls;

/**
 * An XMPP address (RFC 7622), bare or full, normalised by one fixed profile: two addresses are the same exactly when
 * they are {@code equals}.
 *
 * <p>Instances are immutable. There is no way to hold an address that has not been normalised, and normalising what is
 * normal changes nothing. What it costs is bounded by the 1023 octets that each part may have; an ASCII address that is
 * normal already costs one look at each character.
 *
 * <p>Which characters exist is the running JDK's word. A character that an older JDK does not know is refused there,
 * never mapped otherwise.
 */
public sealed interface Jid permits BareJid, FullJid {
    /**
     * Reads an address with or without a resource. The first {@code /} ends the domain, the first {@code @} before it
     * ends the localpart (RFC 7622 §3.2).
     *
     * @param text {@code [local@]domain[/resource]}; white space around it belongs to it
     * @return a {@link FullJid} when there is a {@code /}, a {@link BareJid} otherwise
     * @throws IllegalArgumentException when the text is no address by RFC 7622; the message says why, in one line of
     *     bounded length
     */
    static Jid parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            return BareJid.parse(text);
        }
        return new FullJid(BareJid.parse(text.substring(0, slash)), text.substring(slash + 1));
    }

    /**
     * The address without its resource.
     *
     * @return this, when it has none
     */
    BareJid bare();

    /**
     * The address as it is written in stanzas.
     *
     * @return {@code [local@]domain[/resource]}, which {@link #parse} reads back to an equal address
     */
    @Override
    String toString();
}
