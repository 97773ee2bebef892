package org.xtls.tunnel.service;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.xtls.auth.Answer;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Verdict;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/** A method by a PSK that everybody has, whose steps a test can put otherwise. */
final class ScriptedMethod implements AuthMethod {
    private final String name;
    volatile Function<Negotiation, CompletionStage<List<Element>>> offer;
    volatile Function<Negotiation, CompletionStage<Answer>> answer;
    volatile Function<Negotiation, CompletionStage<Credential>> credential;
    volatile Function<Negotiation, CompletionStage<Verdict>> verify;

    ScriptedMethod(String name) {
        this.name = name;
        Element thing = Element.of("urn:example", name);
        offer = negotiation -> done(List.of(thing));
        answer = negotiation -> done(
                negotiation.received() != null
                                && negotiation.received().things().contains(thing)
                        ? Answer.possible(List.of(thing))
                        : Answer.IMPOSSIBLE);
        credential = negotiation -> done(new Credential.ExternalPsk(new byte[] {1}, new byte[32]));
        verify = negotiation -> done(new Verdict.Verified(key(), "scripted"));
    }

    KeyName key() {
        return new KeyName(name, "ab".repeat(32));
    }

    void knowsNobody() {
        verify = negotiation -> done(new Verdict.Unknown(key()));
    }

    static <T> CompletableFuture<T> done(T value) {
        return CompletableFuture.completedFuture(value);
    }

    @Override
    public CompletionStage<List<Element>> offer(Negotiation negotiation) {
        return offer.apply(negotiation);
    }

    @Override
    public CompletionStage<Answer> answer(Negotiation negotiation) {
        return answer.apply(negotiation);
    }

    @Override
    public CompletionStage<Credential> credential(Negotiation negotiation) {
        return credential.apply(negotiation);
    }

    @Override
    public CompletionStage<Verdict> verify(Negotiation negotiation, Proof proof) {
        return verify.apply(negotiation);
    }
}
