package org.xtls.tunnel.protocol;

import java.util.Arrays;
import java.util.List;
import org.xtls.Failure;
import org.xtls.Trust;
import org.xtls.auth.Answer;
import org.xtls.auth.Verdict;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.trust.KeyName;
import org.xtls.trust.KnownPeer;
import org.xtls.xml.Element;

/** What a {@link Conversation} has to ask others, and the shapes of the answers. */
public sealed interface Question {
    /** What has each method to offer? Answer: {@link Offered}. */
    record Offers() implements Question {}

    /** Which methods can go on with the offer received, and what do they hold of the peer? Answer: {@link Answered}. */
    record Answers() implements Question {}

    /**
     * What does this side present? Answer: {@link Presented}.
     *
     * @param method the chosen method
     */
    record Present(String method) implements Question {}

    /**
     * Who is it? Answer: {@link Verified}.
     *
     * @param method the chosen method
     * @param proof what the handshake proved
     */
    record Verify(String method, Proof proof) implements Question {}

    /**
     * Nobody vouches for this key: what do memory and policy say? Answer: {@link Considered}.
     *
     * @param key the key
     * @param bindings what methods hold of the peer, one phrase each
     */
    record Decide(KeyName key, List<String> bindings) implements Question {}

    /**
     * Memory and policy leave it to a human. Answer: {@link Decided}.
     *
     * @param key the key
     * @param bindings what methods hold of the peer, one phrase each
     * @param asked what there is to ask
     * @param known what is known of the peer
     */
    record AskHuman(KeyName key, List<String> bindings, FirstUse.Ask asked, KnownPeer known) implements Question {}

    /** The answer to a question. */
    sealed interface Reply permits Offered, Answered, Presented, Verified, Considered, Decided, Failed {
        /** Nobody takes it: what is secret in it is wiped. */
        default void discard() {}
    }

    /**
     * What the methods offer.
     *
     * @param things by method, the preferred one first; methods with nothing to offer are left out
     * @param troubles what kept methods from offering, one sentence each
     * @param known what is known of the peer
     */
    record Offered(List<Things> things, List<String> troubles, KnownPeer known) implements Reply {}

    /**
     * What one method offers.
     *
     * @param method its name
     * @param elements the children for the offer
     */
    record Things(String method, List<Element> elements) {}

    /**
     * What the methods say to an offer.
     *
     * @param answers by method, the preferred one first; methods that cannot go on are left out
     * @param troubles what kept methods from answering, one sentence each
     * @param bindings what methods hold of the peer, whether they can go on or not, one phrase each
     * @param strangers keys that the offer names and that keep methods from going on
     * @param known what is known of the peer
     */
    record Answered(
            List<Possible> answers,
            List<String> troubles,
            List<String> bindings,
            List<KeyName> strangers,
            KnownPeer known)
            implements Reply {}

    /**
     * A method that can go on.
     *
     * @param method its name
     * @param answer its word
     */
    record Possible(String method, Answer answer) {}

    /**
     * A credential.
     *
     * @param credential what this side presents
     */
    record Presented(Credential credential) implements Reply {
        /** A key that is presented to nobody is nobody's to keep. */
        @Override
        public void discard() {
            if (credential instanceof Credential.ExternalPsk psk) {
                Arrays.fill(psk.key(), (byte) 0);
            }
        }
    }

    /**
     * A judgement.
     *
     * @param verdict the method's
     */
    record Verified(Verdict verdict) implements Reply {}

    /**
     * What memory and policy say to a key that nobody vouches for.
     *
     * @param decision what becomes of it; when it is taken, the store has it
     * @param known what is known of the peer
     */
    record Considered(FirstUse decision, KnownPeer known) implements Reply {}

    /**
     * A human's yes to a key that nobody vouches for; a no is a {@link Failed}.
     *
     * @param trust how the tunnel is to be marked
     * @param evidence on what grounds, one phrase for people
     */
    record Decided(Trust trust, String evidence) implements Reply {}

    /**
     * No answer, or a no.
     *
     * @param failure why
     */
    record Failed(Failure failure) implements Reply {}
}
