package org.xtls.auth.srp;

import com.nimbusds.srp6.SRP6CryptoParams;
import com.nimbusds.srp6.SRP6VerifierGenerator;
import com.nimbusds.srp6.XRoutineWithUserIdentity;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ServiceScope;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.auth.Answer;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.auth.Verdict;
import org.xtls.auth.srp.SharedSecrets.Guess;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.tls.SrpGroup;
import org.xtls.xml.Element;

/**
 * The legacy method {@code srp} of XEP-0250: RFC 5054 in TLS 1.2, with CBC and SHA-1, which is all that it has. The
 * component is enabled by configuration only.
 */
@Component(
        name = Rfc5054Method.COMPONENT,
        service = AuthMethod.class,
        scope = ServiceScope.PROTOTYPE,
        enabled = false,
        property = {AuthMethod.METHOD + "=" + Rfc5054Method.NAME, AuthMethod.PREFERENCE + ":Integer=10"})
public final class Rfc5054Method implements AuthMethod, AutoCloseable {
    /** The method's name on the wire. */
    public static final String NAME = "srp";

    static final String COMPONENT = "org.xtls.auth.srp.Rfc5054Method";

    private static final Logger LOG = LoggerFactory.getLogger(Rfc5054Method.class);
    private static final Element BARE = Element.of(Offer.NAMESPACE, "srp");
    private static final String HASH = "SHA-1";

    private final SharedSecrets secrets;

    // One step after the other, on several threads.
    private volatile @Nullable Secret secret;
    private volatile @Nullable Guess guess;
    private volatile byte @Nullable [] presented;
    private volatile boolean released;

    /**
     * A method.
     *
     * @param secrets the passwords and pairing codes
     */
    @Activate
    public Rfc5054Method(@Reference SharedSecrets secrets) {
        this.secrets = secrets;
    }

    @Override
    public CompletionStage<List<Element>> offer(Negotiation negotiation) {
        return secrets.held(Between.of(negotiation))
                .thenApply(held -> usable(negotiation, held).isPresent() ? List.of(BARE) : List.of());
    }

    @Override
    public CompletionStage<Answer> answer(Negotiation negotiation) {
        Offer received = negotiation.received();
        boolean offered = received != null && received.things().stream().anyMatch(BARE::sameAs);
        return secrets.held(Between.of(negotiation))
                .thenApply(held -> {
                    Optional<Secret> usable = usable(negotiation, held);
                    if (!offered || usable.isEmpty()) {
                        return Answer.IMPOSSIBLE.bound(held.binding());
                    }
                    secret = usable.get();
                    List<Element> things = negotiation.role() == Role.RESPONDER ? List.of(BARE) : List.of();
                    return Answer.possible(things).bound(held.binding());
                })
                .exceptionally(failure -> {
                    LOG.warn("{} with {}: {}", NAME, negotiation.peer(), failure.getMessage());
                    return Answer.IMPOSSIBLE.bound("a password that could not be used");
                });
    }

    @Override
    public CompletionStage<Credential> credential(Negotiation negotiation) {
        Secret chosen = secret;
        if (chosen == null) {
            return CompletableFuture.failedStage(new XtlsException(Failure.of(
                    Code.PROTOCOL, Fault.PEER, "There has been no word on the peer's offer of a password.")));
        }
        BareJid initiator = negotiation.role() == Role.INITIATOR
                ? negotiation.local().bare()
                : negotiation.peer().bare();
        return secrets.spendAndTell(chosen).thenCompose(told -> {
            guess = told.guess();
            byte[] password = told.password();
            return negotiation.role() == Role.INITIATOR
                    ? CompletableFuture.completedStage(
                            present(new Credential.SrpClient(initiator.toString(), password), password))
                    : server(initiator.toString(), password);
        });
    }

    @Override
    public CompletionStage<Verdict> verify(Negotiation negotiation, Proof proof) {
        wipe();
        Guess made = guess;
        guess = null;
        return secrets.verdict(proof instanceof Proof.Srp ? made : null, ", by the legacy method RFC 5054");
    }

    /** The negotiation is over. */
    @Override
    @Deactivate
    public void close() {
        released = true;
        wipe();
    }

    /** The answering side needs the password too: a verifier of this method is bound to the initiator's address. */
    private static Optional<Secret> usable(Negotiation negotiation, Held held) {
        return negotiation.policy().allows(NAME) ? held.toBegin() : Optional.empty();
    }

    private CompletionStage<Credential> server(String userName, byte[] password) {
        return secrets.compute(() -> {
            try {
                Group group = secrets.settings().group();
                byte[] salt = new byte[Verifier.SALT_BYTES];
                secrets.random().nextBytes(salt);
                // OpenSSL reads a salt as a number: with a leading zero its x is another, and the right password wrong.
                salt[0] |= 1;
                SRP6VerifierGenerator generator =
                        new SRP6VerifierGenerator(SRP6CryptoParams.getInstance(group.bits(), HASH));
                generator.setXRoutine(new XRoutineWithUserIdentity());
                byte[] verifier = group.pad(
                        generator.generateVerifier(salt, userName.getBytes(StandardCharsets.UTF_8), password));
                SrpGroup named = SrpGroup.valueOf("RFC5054_" + group.bits());
                return present(new Credential.SrpServer(userName, named, salt, verifier), verifier);
            } finally {
                Arrays.fill(password, (byte) 0);
            }
        });
    }

    private Credential present(Credential credential, byte[] secretInIt) {
        presented = secretInIt;
        if (released) {
            wipe();
            throw new CancellationException("the negotiation is over");
        }
        return credential;
    }

    private void wipe() {
        byte[] known = presented;
        if (known != null) {
            Arrays.fill(known, (byte) 0);
        }
        presented = null;
        secret = null;
    }
}
