package org.xtls.auth.x509;

import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
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
import org.xtls.trust.KeyState;
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
    private final Clock clock;
    private final AtomicReference<@Nullable TrustStore> trust = new AtomicReference<>();

    /**
     * A method that is given its trust store later.
     *
     * @param identities the certificates of the own accounts
     */
    @Activate
    public X509Method(@Reference Identities identities) {
        this(identities, Clock.systemUTC());
    }

    /**
     * A method outside of any framework.
     *
     * @param identities the certificates of the own accounts
     * @param store the known keys
     */
    public X509Method(Identities identities, TrustStore store) {
        this(identities);
        bindTrustStore(store);
    }

    X509Method(Identities identities, Clock clock) {
        this.identities = identities;
        this.clock = clock;
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
        return identities
                .of(negotiation.local().bare())
                .thenCombine(
                        known(negotiation),
                        (own, known) -> mayTakeUnknown(negotiation, known)
                                ? OfferedNames.withInsecure(own.offered())
                                : own.offered());
    }

    @Override
    public CompletionStage<Answer> answer(Negotiation negotiation) {
        return identities
                .of(negotiation.local().bare())
                .thenCombine(
                        known(negotiation),
                        (own, known) -> negotiation.role() == Role.RESPONDER
                                ? respond(negotiation, own, known)
                                : accept(negotiation, own));
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
        return known(negotiation)
                .handle((known, failure) -> known == null
                        ? new Verdict.Refused(Alert.INTERNAL_ERROR, unusable(failure))
                        : new PeerCertificate(
                                        negotiation.peer().bare(),
                                        chain.certificates().get(0))
                                .judge(known, clock));
    }

    private static Answer respond(Negotiation negotiation, Identity own, KnownPeer known) {
        Offer received = negotiation.received();
        if (received == null) {
            return Answer.possible(List.of());
        }
        OfferedNames offered = OfferedNames.of(received);
        if (offered.recognisedBy(known)) {
            return Answer.possible(own.offered());
        }
        if (offered.isEmpty() || offered.distrustedBy(known) || !mayTakeUnknown(negotiation, known)) {
            return Answer.IMPOSSIBLE;
        }
        return Answer.possible(List.of(OfferedNames.INSECURE));
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

    /** No quiet descent: with somebody of whom we hold a verified key of any method, nothing less will do. */
    private static boolean mayTakeUnknown(Negotiation negotiation, KnownPeer known) {
        return negotiation.policy().firstUse() != Policy.FirstUse.REJECT
                && known.in(KeyState.VERIFIED).isEmpty();
    }

    private CompletionStage<KnownPeer> known(Negotiation negotiation) {
        TrustStore store = trust.get();
        BareJid peer = negotiation.peer().bare();
        return store == null ? CompletableFuture.failedStage(new XtlsException(NO_STORE)) : store.peer(peer);
    }

    private static Failure unusable(@Nullable Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof XtlsException known
                ? known.failure()
                : Failure.of(Code.LOCAL, Fault.LOCAL, "The trust store cannot be used: " + cause + ".");
    }

    private static final Failure NO_STORE = new Failure(
            Code.SERVICE_GONE,
            Fault.LOCAL,
            "There is no trust store, so no certificate can be judged.",
            "Start a bundle that provides one, such as org.xtls.trust.file.");
}
