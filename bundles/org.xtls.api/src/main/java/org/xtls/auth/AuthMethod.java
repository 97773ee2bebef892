package org.xtls.auth;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.xml.Element;

/**
 * An authentication method: how two peers prove to each other who they are. A method does four things, and TLS does the
 * rest.
 *
 * <p><b>Registration.</b> A service of prototype scope with the properties {@link #METHOD} and {@link #PREFERENCE}. Of
 * several providers of one method the highest {@code service.ranking} serves, then the highest bundle version.
 *
 * <p><b>What the tunnel guarantees.</b> One instance serves one negotiation (or one probe) and is released when that has
 * ended, well or not. Steps come one at a time, in the order offer or answer, credential, verify; a step may be left
 * out, and none comes after a release. A step that is no longer wanted is cancelled by
 * {@code toCompletableFuture().cancel(false)}.
 *
 * <p><b>What the method guarantees.</b> A step returns at once; work that takes a human, a file or a network completes
 * the stage later, on any thread. A stage that fails rules the method out for this negotiation; the exception's message
 * is shown to the user. What it returns are values of this API and stays valid after its release. Trust is decided in
 * {@link #verify} on the proof alone, never on a name in an offer.
 */
@ConsumerType
public interface AuthMethod {
    /** Service property: the method's name on the wire, lower case, such as {@code x509}. */
    String METHOD = "xtls.method";

    /** Service property, an integer: the order among methods, the highest first; 0 when missing. */
    String PREFERENCE = "xtls.preference";

    /**
     * The initiator asks: what can be put in the offer for this peer?
     *
     * @param negotiation the facts; neither offer is there yet
     * @return the children for the offer; empty when the method has nothing to authenticate with
     */
    CompletionStage<List<Element>> offer(Negotiation negotiation);

    /**
     * Can the method go on with the peer's offer? The responder asks with the initiator's offer, and sends what comes
     * back; the initiator asks with the responder's answer.
     *
     * @param negotiation the facts; {@code received} is the offer in question, null when the peer sent none
     * @return the word on it
     */
    CompletionStage<Answer> answer(Negotiation negotiation);

    /**
     * The method is chosen: what does this side present in the handshake?
     *
     * @param negotiation the facts
     * @return the credential
     */
    CompletionStage<Credential> credential(Negotiation negotiation);

    /**
     * The handshake is done: who is it, and on what evidence?
     *
     * @param negotiation the facts
     * @param proof what the peer proved, of the same kind as the credential
     * @return the judgement
     */
    CompletionStage<Verdict> verify(Negotiation negotiation, Proof proof);
}
