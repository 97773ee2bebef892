package org.xtls.auth.openpgp;

import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ServiceScope;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.auth.Answer;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.Negotiation;
import org.xtls.auth.ProvideXtlsMethod;
import org.xtls.auth.Role;
import org.xtls.auth.Verdict;
import org.xtls.auth.openpgp.Evaluation.RejectedKey;
import org.xtls.auth.openpgp.Evaluation.Unusable;
import org.xtls.auth.openpgp.Evaluation.Usable;
import org.xtls.auth.openpgp.Evaluation.UserId;
import org.xtls.auth.openpgp.PeerView.Found;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.Policy;
import org.xtls.xml.Element;

/**
 * The method {@code openpgp}: both sides prove an authentication key of an OpenPGP certificate in a handshake with raw
 * public keys (RFC 7250). The certificate is named in the offer; the trust store, the web of trust or the user say whose
 * it is.
 */
@Component(
        service = AuthMethod.class,
        scope = ServiceScope.PROTOTYPE,
        property = {AuthMethod.METHOD + "=" + OpenPgpMethod.NAME, AuthMethod.PREFERENCE + ":Integer=90"})
@ProvideXtlsMethod(OpenPgpMethod.NAME)
public final class OpenPgpMethod implements AuthMethod {
    /** The method's name on the wire. */
    public static final String NAME = "openpgp";

    private final OpenPgpKeys keys;

    /**
     * A method over these keys.
     *
     * @param keys the keys of this side, and the known ones of others
     */
    @Activate
    public OpenPgpMethod(@Reference OpenPgpKeys keys) {
        this.keys = keys;
    }

    @Override
    public CompletionStage<List<Element>> offer(Negotiation negotiation) {
        if (!keys.hasKey()) {
            return CompletableFuture.completedStage(List.of());
        }
        return keys.view(negotiation.peer().bare(), null)
                .thenCombine(
                        keys.own(),
                        (view, own) -> own.offered(negotiation.local().bare(), introducesItself(negotiation, view)));
    }

    /**
     * Whom we hold bound is told apart from whether we can go on: with no key of our own we still know that nothing less
     * will do.
     */
    @Override
    public CompletionStage<Answer> answer(Negotiation negotiation) {
        return keys.view(negotiation.peer().bare(), negotiation.received()).thenCompose(view -> {
            Answer bound = Answer.IMPOSSIBLE.bound(view.binding());
            if (!keys.hasKey()) {
                return CompletableFuture.completedStage(bound);
            }
            if (!mayGoOn(negotiation, view)) {
                return view.fallen()
                        .map(found -> fallen(negotiation.peer().bare(), view, found))
                        .orElseGet(() -> CompletableFuture.completedStage(view.stranger()
                                .map(found -> Answer.impossible(
                                                found.certificate().name())
                                        .bound(view.binding()))
                                .orElse(bound)));
            }
            return keys.own()
                    .handle((own, failure) -> own == null || !wasOffered(negotiation, own)
                            ? bound
                            : new Answer(
                                    true,
                                    negotiation.role() == Role.RESPONDER
                                            ? own.offered(
                                                    negotiation.local().bare(), introducesItself(negotiation, view))
                                            : List.of(),
                                    view.binding()));
        });
    }

    /**
     * A failure, not a quiet no: the user hears why what has worked before does so no more, and the trust store, on which
     * open tunnels hang, does not wait for a handshake that will not be.
     */
    private CompletionStage<Answer> fallen(BareJid peer, PeerView view, Found found) {
        Unusable unusable = (Unusable) found.evaluation();
        XtlsException why = new XtlsException(refused(peer, found.certificate(), unusable.flaw(), unusable.phrase())
                .failure());
        return keys.learn(view, found).handle((done, failure) -> why).thenCompose(CompletableFuture::failedStage);
    }

    @Override
    public CompletionStage<Credential> credential(Negotiation negotiation) {
        return keys.own()
                .thenCompose(own -> keys.signer(negotiation.local().bare(), own.key())
                        .thenCompose(signer -> {
                            try {
                                return CompletableFuture.completedStage(new Credential.RawPublicKey(
                                        own.key().key().toPublicKey(), signer));
                            } catch (GeneralSecurityException e) {
                                return CompletableFuture.failedStage(new XtlsException(Failure.of(
                                        Code.LOCAL, Fault.LOCAL, "The own OpenPGP key cannot be used: " + e + ".")));
                            }
                        }));
    }

    @Override
    public CompletionStage<Verdict> verify(Negotiation negotiation, Proof proof) {
        BareJid peer = negotiation.peer().bare();
        if (!(proof instanceof Proof.RawPublicKey raw)) {
            return CompletableFuture.completedStage(new Verdict.Refused(
                    Alert.UNSUPPORTED_CERTIFICATE,
                    Failure.of(Code.PROTOCOL, Fault.PEER, "The peer proved something else than a raw public key.")));
        }
        KeyKind.Known proved;
        try {
            proved = KeyKind.of(raw.key());
        } catch (UnusableKeyException e) {
            return CompletableFuture.completedStage(refused(
                    peer,
                    e.flaw().alert(),
                    "a key that cannot be taken: " + e.getMessage(),
                    "The peer needs another authentication key."));
        }
        return keys.view(peer, negotiation.received())
                .handle((view, failure) -> view == null
                        ? CompletableFuture.<Verdict>completedStage(
                                new Verdict.Refused(Alert.INTERNAL_ERROR, OpenPgpKeys.failure(failure)))
                        : judge(peer, view, proved))
                .thenCompose(stage -> stage);
    }

    private CompletionStage<Verdict> judge(BareJid peer, PeerView view, KeyKind.Known proved) {
        List<Found> proving = view.offered().stream()
                .filter(found -> found.evaluation() instanceof Usable usable
                        && usable.key(proved).isPresent())
                .toList();
        if (proving.isEmpty()) {
            return disproved(peer, view, proved);
        }
        Found found = proving.get(0);
        KeyState state = view.state(found);
        // Anybody can bind a key of somebody else's to a certificate of his own, and have its owner prove it for him.
        Set<String> claiming = view.local().claiming(proved);
        if (proving.size() > 1 || (state != KeyState.VERIFIED && isClaimedByAnother(claiming, found))) {
            return CompletableFuture.completedStage(refused(
                    peer,
                    Alert.BAD_CERTIFICATE,
                    "a key that two OpenPGP certificates lay claim to",
                    "One of them is false; compare fingerprints with its owner."));
        }
        Verdict verdict = judge(peer, found, state);
        if (!(verdict instanceof Verdict.Refused)) {
            keys.remember(peer, found.certificate());
        }
        if (verdict instanceof Verdict.Verified && state == null) {
            keys.introduced(peer, found.certificate().name());
        }
        return CompletableFuture.completedStage(verdict);
    }

    private static boolean isClaimedByAnother(Set<String> claiming, Found found) {
        return claiming.stream()
                .anyMatch(other -> !other.equals(found.certificate().fingerprint()));
    }

    private static Verdict judge(BareJid peer, Found found, @Nullable KeyState state) {
        KeyName name = found.certificate().name();
        if (state == KeyState.DISTRUSTED) {
            return refused(
                    peer,
                    Alert.CERTIFICATE_UNKNOWN,
                    "a key of the OpenPGP certificate " + name.grouped() + ", which is distrusted",
                    "Should it be trusted again, compare its fingerprint with its owner and mark it as verified.");
        }
        if (state == KeyState.VERIFIED) {
            return new Verdict.Verified(name, "pinned");
        }
        if (!found.certified().isEmpty() && state != KeyState.EXPIRED) {
            return new Verdict.Verified(name, found.certified());
        }
        // Against somebody who has a certificate of his own read like another's, and hopes for first use.
        for (UserId id : ((Usable) found.evaluation()).userIds()) {
            Optional<String> objection = UserIds.objection(id.text(), peer);
            if (objection.isPresent()) {
                return refused(
                        peer,
                        Alert.BAD_CERTIFICATE,
                        "a key of an OpenPGP certificate that " + objection.get(),
                        "Somebody may be posing as " + peer + "; should it be right all the same, compare its"
                                + " fingerprint with its owner, " + name.grouped() + ", and mark it as verified for "
                                + peer + ".");
            }
        }
        return new Verdict.Unknown(name);
    }

    /** The key that was proved authenticates nobody: says why, and tells the trust store what it should know. */
    private CompletionStage<Verdict> disproved(BareJid peer, PeerView view, KeyKind.Known proved) {
        CompletionStage<?> learned = CompletableFuture.completedStage(null);
        for (Found found : view.offered()) {
            learned = learned.thenCompose(before -> keys.learn(view, found));
        }
        Verdict verdict = why(peer, view, proved);
        return learned.handle((done, failure) -> verdict);
    }

    private static Verdict why(BareJid peer, PeerView view, KeyKind.Known proved) {
        for (Found found : view.offered()) {
            if (found.evaluation() instanceof Unusable unusable) {
                return refused(peer, found.certificate(), unusable.flaw(), unusable.phrase());
            }
            Optional<RejectedKey> rejected = ((Usable) found.evaluation()).rejected(proved);
            if (rejected.isPresent()) {
                return refused(
                        peer,
                        found.certificate(),
                        rejected.get().flaw(),
                        rejected.get().phrase());
            }
        }
        if (!view.offered().isEmpty()) {
            return refused(
                    peer,
                    Alert.BAD_CERTIFICATE,
                    "a key that is in none of the OpenPGP certificates that its offer named",
                    "Somebody may be posing as " + peer + ".");
        }
        if (!view.bad().isEmpty()) {
            BadCertificateException bad = view.bad().get(0);
            return refused(
                    peer,
                    bad.flaw().alert(),
                    "a key, and sent an OpenPGP certificate with it that " + bad.getMessage(),
                    "The peer needs a sound certificate.");
        }
        return refused(
                peer,
                Alert.CERTIFICATE_UNKNOWN,
                "a key, and neither did an OpenPGP certificate come with its offer nor is one known by the names there",
                "Have the peer's certificate in a key ring file, or ask the peer to send it.");
    }

    private static Verdict.Refused refused(BareJid peer, Certificate certificate, Flaw flaw, String phrase) {
        return new Verdict.Refused(
                flaw.alert(),
                new Failure(
                        Code.UNTRUSTED,
                        Fault.PEER,
                        "The OpenPGP certificate " + certificate.fingerprint() + " of " + peer + " " + phrase + ".",
                        "The peer needs a key that is valid, or you a newer version of the certificate."));
    }

    private static Verdict.Refused refused(BareJid peer, Alert alert, String what, String advice) {
        return new Verdict.Refused(
                alert, new Failure(Code.UNTRUSTED, Fault.PEER, peer + " proved " + what + ".", advice));
    }

    /** No quiet descent: with somebody of whom we hold more than an unknown key, nothing less will do. */
    private static boolean mayGoOn(Negotiation negotiation, PeerView view) {
        if (view.recognises()) {
            return true;
        }
        return view.hasUnknown()
                && negotiation.policy().firstUse() != Policy.FirstUse.REJECT
                && !negotiation.policy().requireVerified()
                && view.binding().isEmpty()
                && !view.known().wasVerified();
    }

    /** The initiator goes on only with the key that it named. */
    private static boolean wasOffered(Negotiation negotiation, OwnIdentity own) {
        return negotiation.role() == Role.RESPONDER
                || negotiation.sent() == null
                || OfferedKeys.of(negotiation.sent())
                        .names()
                        .contains(own.usable().certificate().fingerprint());
    }

    /**
     * Whether the certificate goes along: to those who may become acquainted, and to those who have an older one. Who
     * only probes gets the name.
     */
    private static boolean introducesItself(Negotiation negotiation, PeerView view) {
        return !negotiation.probe()
                && (negotiation.policy().firstUse() != Policy.FirstUse.REJECT
                        || view.known().keys().stream()
                                .anyMatch(key -> key.name().method().equals(NAME) && key.state() == KeyState.VERIFIED));
    }
}
