package org.example.pskfile;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ServiceScope;
import org.xtls.Failure;
import org.xtls.XtlsException;
import org.xtls.auth.Answer;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Offer;
import org.xtls.auth.ProvideXtlsMethod;
import org.xtls.auth.Role;
import org.xtls.auth.Verdict;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.xml.Element;

/** A key of 32 random bytes that both sides have in a file, as an external PSK of TLS 1.3. */
@Component(
        service = AuthMethod.class,
        scope = ServiceScope.PROTOTYPE,
        property = {AuthMethod.METHOD + "=psk-file", AuthMethod.PREFERENCE + ":Integer=60"})
@ProvideXtlsMethod("psk-file")
public final class PskFileMethod implements AuthMethod {
    private static final Element WORD = Element.of("urn:example:psk-file:1", "psk");

    private final KeyFiles files;
    private volatile boolean presented;

    @Activate
    public PskFileMethod(@Reference KeyFiles files) {
        this.files = files;
    }

    @Override
    public CompletionStage<List<Element>> offer(Negotiation negotiation) {
        return files.use(negotiation.peer().bare(), key -> WORD)
                .thenApply(word -> word.stream().toList());
    }

    @Override
    public CompletionStage<Answer> answer(Negotiation negotiation) {
        return files.use(negotiation.peer().bare(), key -> answerOfHolder(negotiation))
                .thenApply(answer -> answer.orElse(Answer.IMPOSSIBLE));
    }

    private static Answer answerOfHolder(Negotiation negotiation) {
        Offer offer = negotiation.received();
        boolean possible = offer != null
                && offer.things().stream().filter(WORD::sameAs).count() == 1
                && (negotiation.probe()
                        || offer.element().child("urn:x-xtls:1", "confirm").isPresent());
        List<Element> things = possible && negotiation.role() == Role.RESPONDER ? List.of(WORD) : List.of();
        return new Answer(possible, things, "a pre-shared key");
    }

    @Override
    public CompletionStage<Credential> credential(Negotiation negotiation) {
        return files.use(negotiation.peer().bare(), key -> psk(key, negotiation))
                .thenApply(psk -> {
                    byte[] identity = WORD.namespace().getBytes(UTF_8);
                    Credential made = new Credential.ExternalPsk(identity, psk.orElseThrow(PskFileMethod::noKey));
                    presented = true;
                    return made;
                });
    }

    @Override
    public CompletionStage<Verdict> verify(Negotiation negotiation, Proof proof) {
        return CompletableFuture.completedStage(
                presented && proof instanceof Proof.ExternalPsk
                        ? new Verdict.Verified(null, "pre-shared key")
                        : new Verdict.Refused(
                                Alert.ILLEGAL_PARAMETER,
                                Failure.of(
                                        Failure.Code.PROTOCOL,
                                        Failure.Fault.PEER,
                                        "The peer proved no pre-shared key.")));
    }

    /** HKDF (RFC 5869) of one block, for these two addresses in these roles: no other pair has it, and no reflection. */
    private static byte[] psk(byte[] key, Negotiation of) {
        boolean begins = of.role() == Role.INITIATOR;
        String info = (begins ? of.local() : of.peer()) + "\0" + (begins ? of.peer() : of.local()) + "\1";
        return hmac(hmac(WORD.namespace().getBytes(UTF_8), key), info.getBytes(UTF_8));
    }

    private static byte[] hmac(byte[] key, byte[] message) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(message);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }

    private static CompletionException noKey() {
        return new CompletionException(
                new XtlsException(Failure.of(Failure.Code.LOCAL, Failure.Fault.LOCAL, "The key file is gone.")));
    }
}
