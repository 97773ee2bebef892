package org.xtls.tunnel.protocol;

import java.util.List;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policy;

/** What becomes of a key that nobody vouches for: memory first, then policy, then perhaps a human. */
public sealed interface FirstUse {
    /** Take it, unverified. */
    record Accept() implements FirstUse {}

    /**
     * Ask a human; where nobody can be asked, the answer is no.
     *
     * @param otherwise what to tell the user then
     */
    record Ask(Failure otherwise) implements FirstUse {}

    /**
     * No.
     *
     * @param failure what to tell the user
     */
    record Refuse(Failure failure) implements FirstUse {}

    /**
     * Decides. A peer for which something verified is held never gets an unverified tunnel without its user's word, or
     * a server that takes everything else out of the offers could have one (no quiet descent).
     *
     * @param known what is known of the peer
     * @param key what it proved to hold
     * @param policy what applies to the peer
     * @return the decision
     */
    static FirstUse decide(KnownPeer known, KeyName key, Policy policy) {
        if (known.key(key).filter(k -> k.state() == KeyState.DISTRUSTED).isPresent()) {
            return new Refuse(refusal(Code.UNTRUSTED, known, key, "that key is marked as distrusted for it", ""));
        }
        List<KnownKey> verified = known.in(KeyState.VERIFIED);
        if (!verified.isEmpty()) {
            boolean sameMethod =
                    verified.stream().anyMatch(k -> k.name().method().equals(key.method()));
            return askOr(
                    policy,
                    refusal(
                            sameMethod ? Code.KEY_CHANGED : Code.UNTRUSTED,
                            known,
                            key,
                            sameMethod
                                    ? "another key is trusted for it ("
                                            + verified.get(0).name().grouped() + ")"
                                    : "it is trusted by "
                                            + verified.get(0).name().method() + ", not by " + key.method(),
                            "If the peer says that this key is its own, trust it; if not, somebody is in between."));
        }
        List<KnownKey> seen = known.in(KeyState.FIRST_USE).stream()
                .filter(k -> k.name().method().equals(key.method()))
                .toList();
        if (!seen.isEmpty() && seen.stream().noneMatch(k -> k.name().equals(key))) {
            return askOr(
                    policy,
                    refusal(
                            Code.KEY_CHANGED,
                            known,
                            key,
                            "it used another key before ("
                                    + seen.get(seen.size() - 1).name().grouped() + ")",
                            "If the peer says that it has a new key, trust that one; if not, somebody is in between."));
        }
        Failure unknown = refusal(
                Code.UNTRUSTED,
                known,
                key,
                "nobody vouches for that key",
                "Compare the fingerprint with the peer and trust it, or allow first use by policy.");
        return switch (policy.firstUse()) {
            case REJECT -> new Refuse(unknown);
            case ACCEPT -> new Accept();
            case ASK -> seen.isEmpty() ? new Ask(unknown) : new Accept();
        };
    }

    private static FirstUse askOr(Policy policy, Failure failure) {
        return policy.firstUse() == Policy.FirstUse.REJECT ? new Refuse(failure) : new Ask(failure);
    }

    private static Failure refusal(Code code, KnownPeer known, KeyName key, String why, String advice) {
        return new Failure(
                code,
                code == Code.KEY_CHANGED ? Fault.BETWEEN : Fault.LOCAL,
                known.peer() + " proved the " + key.method() + " key " + key.grouped() + ", and " + why + ".",
                advice);
    }
}
