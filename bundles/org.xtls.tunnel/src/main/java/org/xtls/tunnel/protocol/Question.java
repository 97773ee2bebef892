package org.xtls.tunnel.protocol;

import java.util.List;
import java.util.Set;
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

    /**
     * Which methods can go on with the offer received? Answer: {@link Answered}.
     *
     * @param methods the methods to ask; empty means all
     */
    record Answers(Set<String> methods) implements Question {}

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
     * Nobody vouches for this key: what now? Answer: {@link Decided}.
     *
     * @param key the key
     */
    record Decide(KeyName key) implements Question {}

    /** The answer to a question. */
    sealed interface Reply permits Offered, Answered, Presented, Verified, Decided, Failed {}

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
     * @param known what is known of the peer
     */
    record Answered(List<Possible> answers, List<String> troubles, KnownPeer known) implements Reply {}

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
    record Presented(Credential credential) implements Reply {}

    /**
     * A judgement.
     *
     * @param verdict the method's
     */
    record Verified(Verdict verdict) implements Reply {}

    /**
     * A yes to a key that nobody vouches for; a no is a {@link Failed}.
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
