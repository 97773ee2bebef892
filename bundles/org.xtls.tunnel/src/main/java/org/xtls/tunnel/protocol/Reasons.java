package org.xtls.tunnel.protocol;

import java.util.Optional;
import java.util.stream.Collectors;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.FullJid;
import org.xtls.tls.TlsException;
import org.xtls.transport.StanzaError;
import org.xtls.transport.StanzaError.Condition;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.TrustChange;
import org.xtls.tunnel.protocol.Attempt.Stage;

/** Why things end, in words for people. */
final class Reasons {
    private static final String MISSING = "What the peer sent last may be missing.";

    private final FullJid peer;

    Reasons(FullJid peer) {
        this.peer = peer;
    }

    /** The beginning of what a policy says no to. */
    static String forbids(BareJid peer, String statement) {
        return "the policy for " + peer + " (" + statement + ") forbids";
    }

    Failure timeout(Attempt late) {
        String waited = switch (late.stage) {
            case STARTED -> "no answer to the start came from " + peer;
            case PROCEEDED, HANDSHAKING -> "the handshake with " + peer + " came to a halt";
            case CONFIRMING -> peer + " did not confirm the offers";
            default -> "a question on this side was not answered";
        };
        Fault fault = switch (late.stage) {
            case STARTED, PROCEEDED, HANDSHAKING -> Fault.BETWEEN;
            case CONFIRMING -> Fault.PEER;
            default -> Fault.LOCAL;
        };
        return Failure.of(late.stage == Stage.CONFIRMING ? Code.UNCONFIRMED : Code.TIMEOUT, fault, waited + " in time");
    }

    Failure nothingInCommon(Attempt of) {
        return of.strangers.stream()
                .flatMap(key -> FirstUse.changed(of.known, key).stream())
                .findFirst()
                .orElseGet(() -> new Failure(
                        Code.NO_COMMON_METHOD,
                        Fault.LOCAL,
                        "no authentication method is common to both sides: this side offered "
                                + (of.sent == null ? "nothing" : Offers.describe(of.sent))
                                + ", " + peer + " offered " + Offers.describe(of.received) + troubles(of),
                        "Exchange fingerprints with the peer and trust them, or allow first use by policy."));
    }

    static String troubles(Attempt of) {
        return of.troubles.isEmpty()
                ? ""
                : of.troubles.stream().distinct().collect(Collectors.joining("; ", " (", ")"));
    }

    Failure startRefused(Attempt ours, StanzaError error) {
        return switch (error.condition()) {
            case SERVICE_UNAVAILABLE, RECIPIENT_UNAVAILABLE, ITEM_NOT_FOUND ->
                new Failure(
                        Code.NOT_SUPPORTED,
                        Fault.PEER,
                        peer + " is not there, or speaks no XTLS (" + error.condition() + ")",
                        "Check the address, its resource included, and that the peer is online.");
            case REMOTE_SERVER_NOT_FOUND, REMOTE_SERVER_TIMEOUT ->
                new Failure(
                        Code.NOT_SUPPORTED,
                        Fault.BETWEEN,
                        "the server of " + peer + " was not reached (" + error.condition() + ")",
                        "Check the address.");
            case RESOURCE_CONSTRAINT ->
                new Failure(Code.BUSY, Fault.PEER, peer + " has too many negotiations under way", "Try again later.");
            default ->
                new Failure(
                        Code.REFUSED,
                        Fault.PEER,
                        peer + " does not want a tunnel (" + error.condition() + ")",
                        "This side offered "
                                + Offers.describe(ours.sent)
                                + "; the peer may have to trust one of these first.");
        };
    }

    Failure dataRefused(StanzaError error) {
        return error.condition() == Condition.NOT_ACCEPTABLE
                ? Failure.of(Code.REFUSED, Fault.PEER, peer + " did not take the method chosen")
                : gone(error)
                        .orElseGet(() -> Failure.of(
                                Code.PROTOCOL,
                                Fault.PEER,
                                peer + " did not take the tunnel's data (" + error.condition() + ")"));
    }

    /** A close of ours came back, before the peer had said goodbye: it may be gone, or somebody may say so. */
    Failure closeRefused(StanzaError error) {
        return gone(error)
                .map(gone -> new Failure(gone.code(), Fault.BETWEEN, gone.message(), MISSING))
                .orElseGet(this::truncated);
    }

    private Optional<Failure> gone(StanzaError error) {
        return switch (error.condition()) {
            case SERVICE_UNAVAILABLE, RECIPIENT_UNAVAILABLE, REMOTE_SERVER_NOT_FOUND, REMOTE_SERVER_TIMEOUT ->
                Optional.of(Failure.of(
                        Code.PEER_GONE, Fault.PEER, peer + " is not there any more (" + error.condition() + ")"));
            case ITEM_NOT_FOUND ->
                Optional.of(Failure.of(
                        Code.PEER_GONE,
                        Fault.PEER,
                        peer + " knows nothing of the tunnel any more (" + error.condition() + ")"));
            default -> Optional.empty();
        };
    }

    Failure tls(TlsException e) {
        if (!e.fromPeer()) {
            return new Failure(
                    Code.TLS,
                    Fault.BETWEEN,
                    "TLS with " + peer + " failed: " + e.getMessage() + " (" + e.alert() + ")",
                    "");
        }
        return switch (e.alert()) {
            case BAD_CERTIFICATE,
                    UNSUPPORTED_CERTIFICATE,
                    CERTIFICATE_REVOKED,
                    CERTIFICATE_EXPIRED,
                    CERTIFICATE_UNKNOWN,
                    UNKNOWN_CA,
                    ACCESS_DENIED,
                    CERTIFICATE_REQUIRED ->
                new Failure(
                        Code.DISTRUSTED_BY_PEER,
                        Fault.PEER,
                        peer + " does not trust what this side proved (alert " + e.alert() + ")",
                        "Give the peer your fingerprint and let it trust that.");
            case USER_CANCELED -> closedTooEarly();
            default -> Failure.of(Code.TLS, Fault.PEER, peer + " ended TLS with the alert " + e.alert());
        };
    }

    /** Where a secret is proved, a wrong one looks like this, in TLS 1.3 and in 1.2, and nothing else is likely to. */
    Failure tlsBySecret(TlsException e) {
        return switch (e.alert()) {
            case DECRYPT_ERROR, BAD_RECORD_MAC ->
                new Failure(
                        Code.UNTRUSTED,
                        Fault.BETWEEN,
                        "the secrets of this side and of " + peer + " differ, or somebody is in between (alert "
                                + e.alert() + ")",
                        "Compare the secret with the peer, by voice say. Each try is counted.");
            default -> tls(e);
        };
    }

    Failure brokenRule(String what) {
        return Failure.of(Code.PROTOCOL, Fault.PEER, peer + " " + what);
    }

    Failure closedByPeer(Channel channel, boolean truncated) {
        if (!truncated) {
            return Failure.of(Code.CLOSED_BY_PEER, Fault.NONE, peer + " closed the tunnel");
        }
        return channel.peerConfirms()
                ? truncated()
                : Failure.of(
                        Code.CLOSED_BY_PEER,
                        Fault.NONE,
                        peer + " closed the tunnel (closed without close_notify, as older peers do)");
    }

    Failure closedTooEarly() {
        return Failure.of(Code.CLOSED_BY_PEER, Fault.PEER, peer + " closed before the tunnel was up");
    }

    Failure truncated() {
        return new Failure(
                Code.TRUNCATED,
                Fault.BETWEEN,
                "the tunnel was cut off: it was closed in the name of " + peer
                        + ", which did not say so inside it (closed without close_notify)",
                MISSING);
    }

    Failure replaced(boolean cut) {
        return cut
                ? new Failure(
                        Code.REPLACED,
                        Fault.BETWEEN,
                        "a fresh tunnel took this one's place, in which " + peer
                                + " had not said goodbye (replaced without close_notify)",
                        MISSING)
                : Failure.of(Code.REPLACED, Fault.NONE, "a fresh tunnel took this one's place");
    }

    /** A tunnel may not be weaker than the one whose place it is to take. */
    Failure weaker() {
        return new Failure(
                Code.UNTRUSTED,
                Fault.BETWEEN,
                "a fresh tunnel with " + peer + " would be unverified, and the one it was to replace was verified",
                "Close the tunnel and open another.");
    }

    Failure mustBeVerified(KeyName key) {
        return new Failure(
                Code.UNTRUSTED,
                Fault.LOCAL,
                peer.bare() + " proved the " + key.method() + " key " + key.grouped() + ", which is not verified, and "
                        + forbids(peer.bare(), "require verified") + " unverified tunnels",
                FirstUse.COMPARE);
    }

    /** The trust store says of a key that is in use that it must not be, or no longer. */
    Failure fallen(TrustChange change) {
        boolean distrusted = change.to() == KeyState.DISTRUSTED;
        return new Failure(
                Code.UNTRUSTED,
                Fault.LOCAL,
                "the " + change.key().method() + " key " + change.key().grouped() + " of " + peer
                        + (distrusted ? " is distrusted now (" : " has expired now (") + change.evidence() + ")",
                distrusted ? "" : "Open the tunnel again when the peer has a new key.");
    }

    static Failure superseded() {
        return Failure.of(Code.REPLACED, Fault.PEER, "the peer started again");
    }
}
