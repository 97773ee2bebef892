package org.xtls.tunnel.protocol;

import org.xtls.Acknowledgement;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.Security;
import org.xtls.Stanza;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Role;
import org.xtls.transport.Iq;
import org.xtls.trust.KeyName;
import org.xtls.trust.KnownPeer;

/** What a {@link Conversation} wants done, in the order in which it says so. */
public sealed interface Action {
    /**
     * Send an IQ.
     *
     * @param iq the IQ
     */
    record Send(Iq iq) implements Action {}

    /**
     * Ask, and bring the answer to {@link Conversation#answered} under the same number.
     *
     * @param step the number of the question, unique in the conversation
     * @param negotiation the number of the negotiation it belongs to, for {@link Release}
     * @param facts the facts of that negotiation
     * @param question the question
     */
    record Ask(long step, long negotiation, Negotiation facts, Question question) implements Action {}

    /**
     * A negotiation has ended, well or not: cancel what is still asked for it and let go of its methods' state.
     *
     * @param negotiation its number
     */
    record Release(long negotiation) implements Action {}

    /**
     * A tunnel is up.
     *
     * @param tunnel its number
     * @param role this side's role
     * @param security what secures it
     */
    record Opened(long tunnel, Role role, Security security) implements Action {}

    /**
     * What secures a tunnel is known better now.
     *
     * @param tunnel its number
     * @param security what secures it
     */
    record Changed(long tunnel, Security security) implements Action {}

    /**
     * A known peer proved another key than those known for it. Whatever becomes of the negotiation comes after this.
     *
     * @param key what it proved to hold
     * @param known what was known of it
     */
    record KeyChanged(KeyName key, KnownPeer known) implements Action {}

    /**
     * Deliver a stanza.
     *
     * @param tunnel the tunnel it came out of
     * @param stanza the stanza with its addresses set
     */
    record Deliver(long tunnel, Stanza stanza) implements Action {}

    /**
     * A send is acknowledged.
     *
     * @param token what the send was handed over with
     * @param by whose word it is
     */
    record Acknowledged(long token, Acknowledgement by) implements Action {}

    /**
     * A send has failed.
     *
     * @param token what the send was handed over with
     * @param failure why
     */
    record SendFailed(long token, Failure failure) implements Action {}

    /**
     * A tunnel that was up has ended.
     *
     * @param tunnel its number
     * @param closure how
     */
    record Closed(long tunnel, Closure closure) implements Action {}

    /**
     * The negotiation under way came to nothing.
     *
     * @param failure why
     */
    record NegotiationFailed(Failure failure) implements Action {}

    /**
     * Keep in mind what a verified tunnel showed.
     *
     * @param method the method it used
     * @param confirmed whether the peer confirmed the offers
     */
    record Remember(String method, boolean confirmed) implements Action {}
}
