package org.xtls.auth;

import org.jspecify.annotations.Nullable;
import org.xtls.FullJid;
import org.xtls.trust.Policy;

/**
 * The facts of one negotiation, as a method is told them at each step.
 *
 * @param local this side
 * @param peer the other side, by the address that its server stamped: a claim until the handshake has proved it
 * @param role which side this is
 * @param probe true when the peer only asks (XEP-0250, Extension Probing): nothing is chosen, and no values of a key
 *     exchange are made
 * @param policy what applies to this peer
 * @param sent the offer that this side has sent, or null when none has been
 * @param received the offer that the peer sent, or null when it sent none, or none yet
 */
public record Negotiation(
        FullJid local,
        FullJid peer,
        Role role,
        boolean probe,
        Policy policy,
        @Nullable Offer sent,
        @Nullable Offer received) {}
