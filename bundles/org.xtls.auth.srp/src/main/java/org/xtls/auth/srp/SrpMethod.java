package org.xtls.auth.srp;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ServiceScope;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.auth.Answer;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Offer;
import org.xtls.auth.ProvideXtlsMethod;
import org.xtls.auth.Role;
import org.xtls.auth.Verdict;
import org.xtls.auth.srp.SharedSecrets.Guess;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.xml.Element;

/**
 * The method {@code srp-psk}: SRP-6a in the offers, its key a PSK of TLS 1.3. The initiator is SRP's client and proves
 * the password first; the responder is its server.
 */
@Component(
        service = AuthMethod.class,
        scope = ServiceScope.PROTOTYPE,
        property = {AuthMethod.METHOD + "=" + SrpMethod.NAME, AuthMethod.PREFERENCE + ":Integer=50"})
@ProvideXtlsMethod(SrpMethod.NAME)
public final class SrpMethod implements AuthMethod, AutoCloseable {
    /** The method's name on the wire. */
    public static final String NAME = "srp-psk";

    private static final Logger LOG = LoggerFactory.getLogger(SrpMethod.class);

    private final SharedSecrets secrets;

    // One step after the other, on several threads.
    private volatile @Nullable SrpClient client;
    private volatile Values.@Nullable Challenge challenge;
    private volatile @Nullable SrpServer server;
    private volatile @Nullable Secret secret;
    private volatile @Nullable Guess guess;
    private volatile byte @Nullable [] psk;
    private volatile boolean released;

    /**
     * A method.
     *
     * @param secrets the passwords and pairing codes
     */
    @Activate
    public SrpMethod(@Reference SharedSecrets secrets) {
        this.secrets = secrets;
    }

    @Override
    public CompletionStage<List<Element>> offer(Negotiation negotiation) {
        if (!negotiation.policy().allows(NAME)) {
            return CompletableFuture.completedStage(List.of());
        }
        return secrets.held(Between.of(negotiation)).thenCompose(held -> {
            boolean asks = held.isNothing()
                    && secrets.settings().ask() == Settings.Ask.ALWAYS
                    && secrets.asking().isPossible();
            if (held.toBegin().isEmpty() && !asks) {
                Failure obstacle = held.obstacle();
                return obstacle == null || held.binding().isEmpty()
                        ? CompletableFuture.completedStage(List.of())
                        : CompletableFuture.failedStage(new XtlsException(obstacle));
            }
            Group group = secrets.settings().group();
            if (negotiation.probe()) {
                return CompletableFuture.completedStage(List.of(Values.announcement(group)));
            }
            return secrets.compute(() -> new SrpClient(group, secrets.random())).thenApply(made -> {
                client = made;
                return List.of(made.begin().toElement());
            });
        });
    }

    @Override
    public CompletionStage<Answer> answer(Negotiation negotiation) {
        return Chain.handle(
                Chain.of(secrets.held(Between.of(negotiation)), held -> answer(negotiation, held)),
                (answer, failure) -> {
                    if (answer != null) {
                        return answer;
                    }
                    // Whoever breaks the exchange, or this side's file, is not to get an unverified tunnel by it.
                    Throwable cause = cause(failure == null ? new IllegalStateException("no answer") : failure);
                    if (cause instanceof RefusedException refused) {
                        LOG.warn(
                                "{} with {}: {}",
                                NAME,
                                negotiation.peer(),
                                refused.failure().message());
                    } else {
                        LOG.warn("{} with {}: {}", NAME, negotiation.peer(), cause.getMessage());
                    }
                    return Answer.IMPOSSIBLE.bound("a password that could not be used");
                });
    }

    @Override
    public CompletionStage<Credential> credential(Negotiation negotiation) {
        Secret chosen = secret;
        if (chosen == null) {
            return CompletableFuture.failedStage(new XtlsException(OUT_OF_ORDER));
        }
        // Spent before there is anything to guess with.
        return (negotiation.role() == Role.INITIATOR ? clientSecret(chosen) : serverSecret(chosen))
                .thenApply(padded -> present(negotiation, padded));
    }

    @Override
    public CompletionStage<Verdict> verify(Negotiation negotiation, Proof proof) {
        wipe();
        Guess made = guess;
        guess = null;
        return secrets.verdict(proof instanceof Proof.ExternalPsk ? made : null, "");
    }

    /** The negotiation is over. */
    @Override
    @Deactivate
    public void close() {
        released = true;
        wipe();
    }

    private CompletionStage<Answer> answer(Negotiation negotiation, Held held) {
        try {
            Offer received = negotiation.received();
            Element srp = Values.in(received);
            if (received == null || srp == null || !negotiation.policy().allows(NAME)) {
                return impossible(held);
            }
            if (negotiation.probe()) {
                return CompletableFuture.completedStage((held.toAnswer().isPresent()
                                ? Answer.possible(List.of(
                                        Values.announcement(secrets.settings().group())))
                                : Answer.IMPOSSIBLE)
                        .bound(held.binding()));
            }
            Values.requireConfirmation(received);
            return negotiation.role() == Role.RESPONDER
                    ? respond(negotiation, held, Values.Begin.of(srp))
                    : accept(negotiation, held, srp);
        } catch (RefusedException e) {
            LOG.warn("{} with {}: {}", NAME, negotiation.peer(), e.failure().message());
            return impossible(held);
        }
    }

    private CompletionStage<Answer> respond(Negotiation negotiation, Held held, Values.Begin begin) {
        return Chain.of(toAnswer(negotiation, held), found -> {
            if (found.isEmpty()) {
                return impossible(held);
            }
            Secret chosen = found.get();
            CompletableFuture<SrpServer> computed = secrets.computeForPeer(
                    chosen, begin.group(), verifier -> new SrpServer(begin, verifier, secrets.random()));
            return Chain.of(computed, made -> {
                secret = chosen;
                server = made;
                return CompletableFuture.completedStage(
                        Answer.possible(List.of(made.challenge().toElement())).bound(held.binding()));
            });
        });
    }

    private CompletionStage<Answer> accept(Negotiation negotiation, Held held, Element srp) throws RefusedException {
        SrpClient begun = client;
        if (begun == null) {
            return impossible(held);
        }
        challenge = begun.read(srp);
        CompletionStage<Optional<Secret>> found = held.isNothing()
                ? asked(Between.of(negotiation), secrets.asking()::onOwnWish)
                : CompletableFuture.completedStage(held.toBegin());
        return Chain.of(found, chosen -> {
            if (chosen.isEmpty()) {
                return impossible(held);
            }
            secret = chosen.get();
            return CompletableFuture.completedStage(Answer.possible(List.of()).bound(held.binding()));
        });
    }

    private CompletionStage<Optional<Secret>> toAnswer(Negotiation negotiation, Held held) {
        return held.isNothing() && secrets.settings().ask() != Settings.Ask.NEVER
                ? asked(Between.of(negotiation), secrets.asking()::onOffer)
                : CompletableFuture.completedStage(held.toAnswer());
    }

    private static CompletionStage<Optional<Secret>> asked(
            Between between, Function<Between, CompletionStage<Optional<byte[]>>> ask) {
        return Chain.of(
                ask.apply(between),
                given -> CompletableFuture.completedStage(given.map(password -> new Secret.Asked(between, password))));
    }

    private static CompletionStage<Answer> impossible(Held held) {
        return CompletableFuture.completedStage(Answer.IMPOSSIBLE.bound(held.binding()));
    }

    private CompletionStage<byte[]> clientSecret(Secret chosen) {
        SrpClient begun = client;
        Values.Challenge answered = challenge;
        if (begun == null || answered == null) {
            return CompletableFuture.failedStage(new XtlsException(OUT_OF_ORDER));
        }
        return secrets.spendAndTell(chosen)
                .thenCompose(told -> {
                    guess = told.guess();
                    return secrets.compute(() -> begun.secret(answered, told.password()))
                            .whenComplete((padded, failure) -> told.wipe());
                })
                .whenComplete((padded, failure) -> {
                    if (chosen instanceof Secret.Asked asked) {
                        Arrays.fill(asked.password(), (byte) 0);
                    }
                });
    }

    private CompletionStage<byte[]> serverSecret(Secret chosen) {
        SrpServer answered = server;
        if (answered == null) {
            return CompletableFuture.failedStage(new XtlsException(OUT_OF_ORDER));
        }
        return secrets.spend(chosen).thenCompose(spent -> {
            guess = spent;
            return secrets.compute(answered::secret);
        });
    }

    private Credential present(Negotiation negotiation, byte[] padded) {
        byte[] key = Keys.of(negotiation.role(), negotiation.local(), negotiation.peer())
                .psk(padded);
        psk = key;
        if (released) {
            wipe();
            throw new CancellationException("the negotiation is over");
        }
        return new Credential.ExternalPsk(Keys.pskIdentity(), key);
    }

    /** What made the key is dropped too: it could make it again. */
    private void wipe() {
        byte[] key = psk;
        if (key != null) {
            Arrays.fill(key, (byte) 0);
        }
        psk = null;
        client = null;
        challenge = null;
        server = null;
        if (secret instanceof Secret.Asked asked) {
            Arrays.fill(asked.password(), (byte) 0);
        }
        secret = null;
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    private static final Failure OUT_OF_ORDER = Failure.of(
            Code.PROTOCOL, Fault.PEER, "The password exchange has not come so far that there could be a key.");
}
