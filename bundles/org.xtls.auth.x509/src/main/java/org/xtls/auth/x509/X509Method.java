package org.xtls.auth.x509;

import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.component.annotations.ServiceScope;
import org.xtls.BareJid;
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
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.tls.TlsRole;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policy;
import org.xtls.trust.TrustStore;
import org.xtls.xml.Element;

/**
 * The method {@code x509}: both sides present a certificate, and the trust store says whether it is known for the
 * address that it came from.
 */
@Component(
        service = AuthMethod.class,
        scope = ServiceScope.PROTOTYPE,
        property = {AuthMethod.METHOD + "=" + X509Method.NAME, AuthMethod.PREFERENCE + ":Integer=100"})
@ProvideXtlsMethod(X509Method.NAME)
public final class X509Method implements AuthMethod {
    /** The method's name on the wire. */
    public static final String NAME = "x509";

    private final Identities identities;
    private final CertificationAuthorities authorities;
    private final Clock clock;
    private final AtomicReference<@Nullable TrustStore> trust = new AtomicReference<>();

    /**
     * A method that is given its trust store later.
     *
     * @param identities the certificates of the own accounts
     * @param authorities the trusted CAs
     */
    @Activate
    public X509Method(@Reference Identities identities, @Reference CertificationAuthorities authorities) {
        this(identities, authorities, Clock.systemUTC());
    }

    /**
     * A method outside of any framework.
     *
     * @param identities the certificates of the own accounts
     * @param store the known keys
     * @param authorities the trusted CAs; none when it is left out, and not more than one
     * @throws IllegalArgumentException when there are several
     */
    // Of another length than the component's: Felix SCR tries all of that length, and logs an error for each that it
    // cannot fill.
    public X509Method(Identities identities, TrustStore store, CertificationAuthorities... authorities) {
        this(identities, only(authorities));
        bindTrustStore(store);
    }

    X509Method(Identities identities, CertificationAuthorities authorities, Clock clock) {
        this.identities = identities;
        this.authorities = authorities;
        this.clock = clock;
    }

    private static CertificationAuthorities only(CertificationAuthorities... given) {
        if (given.length > 1) {
            throw new IllegalArgumentException("several sets of CAs; one is wanted, with all of them");
        }
        return given.length == 0 ? CertificationAuthorities.none() : given[0];
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindTrustStore(TrustStore store) {
        trust.set(store);
    }

    void unbindTrustStore(TrustStore store) {
        trust.compareAndSet(store, null);
    }

    @Override
    public CompletionStage<List<Element>> offer(Negotiation negotiation) {
        CompletableFuture<List<Element>> offer = new CompletableFuture<>();
        return completed(
                offer,
                facts(negotiation, offer)
                        .thenApply(facts -> facts.mayTakeUnknown(negotiation)
                                ? OfferedNames.withInsecure(facts.offered)
                                : facts.offered));
    }

    @Override
    public CompletionStage<Answer> answer(Negotiation negotiation) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        return completed(
                answer,
                facts(negotiation, answer)
                        .thenCompose(facts -> (negotiation.role() == Role.RESPONDER
                                        ? respond(negotiation, facts)
                                        : CompletableFuture.completedStage(accept(negotiation, facts.own)))
                                .thenApply(
                                        word -> facts.binding.map(word::bound).orElse(word))));
    }

    @Override
    public CompletionStage<Credential> credential(Negotiation negotiation) {
        return identities.of(negotiation.local().bare()).thenApply(Identity::credential);
    }

    @Override
    public CompletionStage<Verdict> verify(Negotiation negotiation, Proof proof) {
        if (!(proof instanceof Proof.CertificateChain chain)) {
            return CompletableFuture.completedStage(new Verdict.Refused(
                    Alert.UNSUPPORTED_CERTIFICATE,
                    Failure.of(Code.PROTOCOL, Fault.PEER, "The peer proved something else than a certificate.")));
        }
        BareJid peer = negotiation.peer().bare();
        PeerChain presented =
                new PeerChain(peer, negotiation.role() == Role.INITIATOR ? TlsRole.SERVER : TlsRole.CLIENT, chain);
        CompletableFuture<Verdict> verdict = new CompletableFuture<>();
        return completed(
                verdict,
                known(negotiation)
                        .thenCompose(
                                known -> authorities.ask(verdict, trusted -> remembered(presented, known, trusted)))
                        .exceptionally(failure -> new Verdict.Refused(Alert.INTERNAL_ERROR, unusable(failure))));
    }

    /** What the store learns from it is for next time: nobody waits, and when it fails nothing is lost. */
    private Verdict remembered(PeerChain presented, KnownPeer known, Authorities trusted) {
        Verdict verdict = presented.judge(known, trusted, clock.instant());
        TrustStore store = trust.get();
        if (store != null) {
            new PeerRecord(store, known).learn(presented.proof().certificates().get(0), clock.instant());
        }
        return verdict;
    }

    private CompletionStage<Answer> respond(Negotiation negotiation, Facts facts) {
        Offer received = negotiation.received();
        if (received == null) {
            return CompletableFuture.completedStage(Answer.possible(List.of()));
        }
        OfferedNames offered = OfferedNames.of(received);
        return recognised(offered, facts).thenApply(recognised -> {
            if (recognised) {
                return Answer.possible(facts.offered);
            }
            if (offered.isEmpty() || offered.distrustedBy(facts.known)) {
                return Answer.IMPOSSIBLE;
            }
            if (!facts.mayTakeUnknown(negotiation)) {
                return offered.certificate().map(Answer::impossible).orElse(Answer.IMPOSSIBLE);
            }
            return Answer.possible(List.of(OfferedNames.INSECURE));
        });
    }

    private CompletionStage<Boolean> recognised(OfferedNames offered, Facts facts) {
        if (offered.recognisedBy(facts.known)) {
            return CompletableFuture.completedStage(true);
        }
        TrustStore store = trust.get();
        if (facts.certified.test(offered) && !offered.distrustedBy(facts.known)) {
            return CompletableFuture.completedStage(true);
        }
        if (!offered.onlySha1() || store == null) {
            return CompletableFuture.completedStage(false);
        }
        return new PeerRecord(store, facts.known).holdsOneOf(offered.sha1());
    }

    /**
     * A name of 40 digits may be that of an OpenPGP key; the handshake will tell. Nothing is concluded from a name that
     * is not the one on record either: the server could have written it.
     */
    private static Answer accept(Negotiation negotiation, Identity own) {
        Offer received = negotiation.received();
        Offer sent = negotiation.sent();
        boolean offeredByPeer = received == null || !OfferedNames.of(received).isEmpty();
        boolean offeredByUs = sent == null || OfferedNames.of(sent).holds(own.sha256());
        return offeredByPeer && offeredByUs ? Answer.possible(List.of()) : Answer.IMPOSSIBLE;
    }

    private CompletionStage<Facts> facts(Negotiation negotiation, Future<?> wanted) {
        String domain = negotiation.peer().bare().domain();
        return identities
                .of(negotiation.local().bare())
                .thenCombine(known(negotiation), Both::new)
                .thenCompose(both -> authorities.ask(
                        wanted,
                        trusted -> new Facts(
                                both.own,
                                both.known,
                                OfferedNames.withAnchors(both.own.offered(), anchors(both.own, trusted)),
                                trusted.binding(domain),
                                offered -> trusted.recognise(offered.anchors(), domain))));
    }

    private static Set<String> anchors(Identity own, Authorities trusted) {
        return own.credential() instanceof Credential.CertificateChain chain
                ? trusted.anchorsOf(chain.certificates())
                : Set.of();
    }

    private CompletionStage<KnownPeer> known(Negotiation negotiation) {
        TrustStore store = trust.get();
        BareJid peer = negotiation.peer().bare();
        return store == null ? CompletableFuture.failedStage(new XtlsException(NO_STORE)) : store.peer(peer);
    }

    /** Completes what was handed out, which its receiver can cancel, by what is under way. */
    private static <T> CompletionStage<T> completed(CompletableFuture<T> promise, CompletionStage<T> work) {
        work.whenComplete((value, failure) -> {
            if (failure == null) {
                promise.complete(value);
            } else {
                promise.completeExceptionally(failure);
            }
        });
        return promise;
    }

    private static Failure unusable(@Nullable Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof XtlsException known
                ? known.failure()
                : Failure.of(Code.LOCAL, Fault.LOCAL, "The trust store cannot be used: " + cause + ".");
    }

    private record Both(Identity own, KnownPeer known) {}

    /**
     * What an offer or answer is made of.
     *
     * @param offered this side's names, and the CAs that its certificate leads to
     * @param binding why the peer should have a certificate of a CA
     * @param certified whether an offer names a CA that is trusted for the peer
     */
    private record Facts(
            Identity own,
            KnownPeer known,
            List<Element> offered,
            Optional<String> binding,
            Predicate<OfferedNames> certified) {
        /** No quiet descent: with somebody of whom we hold, or held, something verified nothing less will do. */
        boolean mayTakeUnknown(Negotiation negotiation) {
            Policy policy = negotiation.policy();
            return policy.firstUse() != Policy.FirstUse.REJECT
                    && !policy.requireVerified()
                    && !known.wasVerified()
                    && binding.isEmpty();
        }
    }

    private static final Failure NO_STORE = new Failure(
            Code.SERVICE_GONE,
            Fault.LOCAL,
            "There is no trust store, so no certificate can be judged.",
            "Start a bundle that provides one, such as org.xtls.trust.file.");
}
