package org.xtls.transport;

import org.osgi.annotation.versioning.ConsumerType;
import org.xtls.FullJid;

/** What a link tells. The calls come one after the other, in the order of the XMPP stream, and must not block. */
@ConsumerType
public interface LinkListener {
    /**
     * An IQ came. Requests are those with a payload {@code start}, {@code data} or {@code close} of
     * {@code urn:xmpp:tmp:xtls} or an {@code offer} of {@code urn:xmpp:tmp:c2ctls}; each must be answered through
     * {@link Link#send}. Results and errors are answers to requests sent through that link, with the right {@code from};
     * others are not passed on.
     *
     * @param iq the IQ; its peer is what the server stamped as {@code from}
     */
    void received(Iq iq);

    /**
     * A peer's resource has gone offline.
     *
     * @param peer the peer
     */
    void unavailable(FullJid peer);

    /**
     * The link is lost for good. Nothing more will come, and nothing more can be sent.
     *
     * @param reason a phrase for people
     */
    void lost(String reason);
}
