package org.xtls.tunnel.protocol;

import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.Trust;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policy;

/** What becomes of a key that no method vouches for: memory first, then policy, then perhaps a human. */
public sealed interface FirstUse {
    /**
     * Take it.
     *
     * @param trust how the tunnel is to be marked; verified when the key has been pinned since the method looked
     * @param evidence on what grounds, one phrase for people
     */
    record Accept(Trust trust, String evidence) implements FirstUse {}

    /**
     * Ask a human; where nobody can be asked, the answer is no.
     *
     * @param otherwise what to tell the user then
     * @param concern what speaks against a yes, one sentence for people; empty on a first contact
     * @param unverified what to tell a user who takes the key without having compared it, where that is not enough; null
     *     where it is
     */
    record Ask(Failure otherwise, String concern, @Nullable Failure unverified) implements FirstUse {}

    /**
     * No.
     *
     * @param failure what to tell the user
     */
    record Refuse(Failure failure) implements FirstUse {}

    /**
     * Whether a known peer proved another key than those known for it: that is never passed over in silence.
     *
     * @return true when it did
     */
    default boolean isKeyChange() {
        return (this instanceof Ask ask && ask.otherwise.code() == Code.KEY_CHANGED)
                || (this instanceof Refuse refuse && refuse.failure.code() == Code.KEY_CHANGED);
    }

    /**
     * Decides. A peer of which something better is held than this key never gets an unverified tunnel without its user's
     * word, or a server that takes everything else out of the offers could have one (no quiet descent).
     *
     * @param known what is known of the peer
     * @param key what it proved to hold
     * @param policy what applies to the peer
     * @param bindings what methods hold of the peer, such as a password, one phrase each
     * @return the decision
     */
    static FirstUse decide(KnownPeer known, KeyName key, Policy policy, List<String> bindings) {
        KnownKey same = known.key(key).orElse(null);
        KeyState state = same == null ? null : same.state();
        if (same != null && state == KeyState.VERIFIED) {
            return new Accept(Trust.VERIFIED, same.evidence());
        }
        if (state == KeyState.DISTRUSTED) {
            return new Refuse(refusal(
                    known, key, new Objection(Code.UNTRUSTED, "that key is marked as distrusted for this peer", "")));
        }
        Objection strict = policy.requireVerified()
                ? new Objection(
                        Code.UNTRUSTED,
                        "nobody vouches for that key, and " + Reasons.forbids(known.peer(), "require verified")
                                + " unverified tunnels",
                        COMPARE)
                : null;
        Objection remembered = against(known, key, bindings);
        Objection first = remembered == null ? strict : remembered;
        if (first == null) {
            return stranger(known, key, policy);
        }
        Failure otherwise = refusal(known, key, first);
        if (policy.firstUse() == Policy.FirstUse.REJECT) {
            return new Refuse(otherwise);
        }
        Failure unverified =
                state == KeyState.EXPIRED ? otherwise : strict == null ? null : refusal(known, key, strict);
        return new Ask(otherwise, first.concern(), unverified);
    }

    /**
     * What the user is told of a known peer that offers another key, with which it does not come to a handshake. A server
     * may have written the name; so may it have made a handshake of its own.
     *
     * @param known what is known of the peer
     * @param key what its offer names
     * @return the failure; empty when it does not look as if its key had changed
     */
    static Optional<Failure> changed(KnownPeer known, KeyName key) {
        Objection objection = remembered(known, key);
        return objection == null || objection.code != Code.KEY_CHANGED
                ? Optional.empty()
                : Optional.of(new Failure(
                        Code.KEY_CHANGED,
                        Fault.BETWEEN,
                        known.peer() + " offers the " + key.method() + " key " + key.grouped()
                                + ", which it has not proved, and " + objection.why + ".",
                        objection.advice));
    }

    /** Nothing speaks for the key, and nothing against it. */
    private static FirstUse stranger(KnownPeer known, KeyName key, Policy policy) {
        return switch (policy.firstUse()) {
            case ACCEPT -> new Accept(Trust.UNVERIFIED, FIRST_USE);
            case ASK ->
                known.key(key).isPresent()
                        ? new Accept(Trust.UNVERIFIED, FIRST_USE)
                        : new Ask(
                                refusal(
                                        known,
                                        key,
                                        new Objection(Code.UNTRUSTED, "nobody vouches for that key", COMPARE)),
                                "",
                                null);
            case REJECT ->
                new Refuse(refusal(
                        known,
                        key,
                        new Objection(
                                Code.UNTRUSTED,
                                "nobody vouches for that key, and " + Reasons.forbids(known.peer(), "first-use reject")
                                        + " first use",
                                COMPARE)));
        };
    }

    /** What memory and the methods hold against a key that is not pinned; null for nothing. */
    private static @Nullable Objection against(KnownPeer known, KeyName key, List<String> bindings) {
        Objection held = remembered(known, key);
        if (bindings.isEmpty()) {
            return held;
        }
        String unproved = "this side holds " + String.join(" and ", bindings)
                + " of this peer, and that key proves nothing of it";
        return held == null
                ? new Objection(Code.UNTRUSTED, unproved, ASK_THE_PEER)
                : new Objection(held.code, held.why + "; " + unproved, held.advice);
    }

    private static @Nullable Objection remembered(KnownPeer known, KeyName key) {
        if (known.key(key).filter(k -> k.state() == KeyState.EXPIRED).isPresent()) {
            return new Objection(
                    Code.UNTRUSTED,
                    "that key has expired for this peer",
                    "Ask the peer for its new key; only if it says that this one is in use again, trust it.");
        }
        List<KnownKey> verified = known.in(KeyState.VERIFIED);
        List<KnownKey> expired = known.in(KeyState.EXPIRED);
        KnownKey other = lastOf(verified, key.method());
        if (other != null) {
            return new Objection(
                    Code.KEY_CHANGED,
                    "another key is trusted for this peer (" + other.name().grouped() + ")",
                    ASK_THE_PEER);
        }
        if (!verified.isEmpty()) {
            return new Objection(
                    Code.UNTRUSTED,
                    "this peer is trusted by " + verified.get(0).name().method() + ", not by " + key.method(),
                    ASK_THE_PEER);
        }
        other = lastOf(expired, key.method());
        if (other != null) {
            return new Objection(
                    Code.KEY_CHANGED,
                    "the key that was trusted for this peer has expired ("
                            + other.name().grouped() + "), with no word on the next",
                    ASK_THE_PEER);
        }
        other = lastOf(known.in(KeyState.FIRST_USE), key.method());
        if (other != null && known.key(key).isEmpty()) {
            return new Objection(
                    Code.KEY_CHANGED,
                    "this peer used another key before (" + other.name().grouped() + ")",
                    "If the peer says that it has a new key, trust that one; if not, somebody is in between.");
        }
        if (known.wasVerified()) {
            TreeSet<String> by = new TreeSet<>(known.methods());
            expired.forEach(k -> by.add(k.name().method()));
            return new Objection(
                    Code.UNTRUSTED,
                    "this peer was verified before (by " + String.join(", ", by)
                            + "), and nothing shows that this key is its own",
                    ASK_THE_PEER);
        }
        return null;
    }

    private static @Nullable KnownKey lastOf(List<KnownKey> keys, String method) {
        KnownKey last = null;
        for (KnownKey key : keys) {
            last = key.name().method().equals(method) ? key : last;
        }
        return last;
    }

    /**
     * What speaks against a key.
     *
     * @param code what the failure is then
     * @param why a clause for people
     * @param advice what the user can do, or empty
     */
    record Objection(Code code, String why, String advice) {
        private String concern() {
            return Character.toUpperCase(why.charAt(0)) + why.substring(1) + ".";
        }
    }

    private static Failure refusal(KnownPeer known, KeyName key, Objection because) {
        return new Failure(
                because.code,
                because.code == Code.KEY_CHANGED ? Fault.BETWEEN : Fault.LOCAL,
                known.peer() + " proved the " + key.method() + " key " + key.grouped() + ", and " + because.why + ".",
                because.advice);
    }

    /** The evidence of a key that was taken because nothing spoke against it. */
    String FIRST_USE = "first use";

    /** Advice. */
    String COMPARE = "Compare the fingerprint with the peer and trust it, or allow first use by policy.";

    /** Advice. */
    String ASK_THE_PEER = "If the peer says that this key is its own, trust it; if not, somebody is in between.";
}
