package org.xtls.tunnel.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.xml.Element;

/**
 * What one side knows of how a tunnel was made: said inside the tunnel and compared, it shows whether somebody in
 * between edited the offers or led the tunnel elsewhere.
 *
 * @param initiator who sent {@code <start/>}
 * @param responder who answered
 * @param sent the offer of the side that says this, or null for none
 * @param received the offer that it received, or null for none
 */
record Confirmation(
        FullJid initiator,
        FullJid responder,
        @Nullable Offer sent,
        @Nullable Offer received) {
    static Confirmation of(FullJid local, FullJid peer, Role role, @Nullable Offer sent, @Nullable Offer received) {
        return role == Role.INITIATOR
                ? new Confirmation(local, peer, sent, received)
                : new Confirmation(peer, local, sent, received);
    }

    static boolean isIn(Stanza stanza) {
        return stanza.kind() == Stanza.Kind.IQ
                && stanza.element().attribute("type").orElse("").equals("set")
                && stanza.element().child(Wire.OURS, "confirm").isPresent();
    }

    Stanza asRequest(String id) {
        Element confirm = Element.of(Wire.OURS, "confirm")
                .with("initiator", initiator.toString())
                .with("responder", responder.toString())
                .with(holding("sent", sent), holding("received", received));
        return new Stanza(Element.of(Stanza.NAMESPACE, "iq")
                .with("type", "set")
                .with("id", id)
                .with(confirm));
    }

    /** Compares what the peer says with what this side knows; its sent is our received. */
    void check(Stanza theirs) throws Violation {
        Confirmation said = read(theirs.element().child(Wire.OURS, "confirm").orElseThrow());
        if (!said.initiator.equals(initiator) || !said.responder.equals(responder)) {
            throw new Violation(new Failure(
                    Code.REROUTED,
                    Fault.BETWEEN,
                    "the peer made this tunnel between " + said.initiator + " and " + said.responder
                            + ", this side between " + initiator + " and " + responder
                            + ": somebody in between led it to another address",
                    "Do not trust the servers in between."));
        }
        requireSame("the peer's offer", said.sent, received);
        requireSame("this side's offer", sent, said.received);
    }

    private static void requireSame(String whose, @Nullable Offer asSent, @Nullable Offer asReceived) throws Violation {
        boolean same = asSent == null ? asReceived == null : asReceived != null && asSent.sameAs(asReceived);
        if (!same) {
            throw new Violation(new Failure(
                    Code.OFFER_TAMPERED,
                    Fault.BETWEEN,
                    "offer tampered: somebody in between edited " + whose + " (sent: " + text(asSent) + "; arrived: "
                            + text(asReceived) + ")",
                    "Do not trust the servers in between."));
        }
    }

    private static String text(@Nullable Offer offer) {
        return offer == null ? "none" : Offers.describe(offer);
    }

    private static Confirmation read(Element confirm) throws Violation {
        try {
            return new Confirmation(
                    FullJid.parse(confirm.attribute("initiator").orElse("")),
                    FullJid.parse(confirm.attribute("responder").orElse("")),
                    offerIn(confirm, "sent"),
                    offerIn(confirm, "received"));
        } catch (IllegalArgumentException e) {
            throw Violation.protocol("the peer's confirmation of the offers makes no sense: " + e.getMessage());
        }
    }

    private static @Nullable Offer offerIn(Element confirm, String name) {
        List<Element> holders =
                confirm.children().filter(child -> child.is(Wire.OURS, name)).toList();
        if (holders.size() != 1) {
            throw new IllegalArgumentException("it holds " + holders.size() + " <" + name + "/>");
        }
        return Wire.offerIn(holders.get(0));
    }

    private static Element holding(String name, @Nullable Offer offer) {
        Element holder = Element.of(Wire.OURS, name);
        return offer == null ? holder : holder.with(offer.element());
    }
}
