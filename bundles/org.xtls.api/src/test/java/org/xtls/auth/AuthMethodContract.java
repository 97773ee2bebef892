package org.xtls.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xtls.FullJid;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.Signer;
import org.xtls.trust.Policy;
import org.xtls.xml.Element;

/**
 * What every {@link AuthMethod} keeps to, whatever it is built on. A method's test extends this class and says how one of
 * two sides that know each other makes an instance; nothing else is asked of it. There is no TLS here: what a peer proves
 * is read off its credential. No test leaves more than four negotiations unfinished, should a method count them.
 */
@Timeout(120)
public abstract class AuthMethodContract {
    /** One side; its peer is {@link #JULIET}. */
    protected static final FullJid ROMEO = FullJid.parse("romeo@montague.lit/orchard");

    /** The other. */
    protected static final FullJid JULIET = FullJid.parse("juliet@capulet.lit/balcony");

    private static final String OURS = "urn:x-xtls:1";
    private static final Element CONFIRM = Element.of(OURS, "confirm");
    private static final int PATIENCE_SECONDS = 30;

    private final List<AuthMethod> unreleased = new ArrayList<>();

    /**
     * The method's name.
     *
     * @return what it is registered with as {@link AuthMethod#METHOD}
     */
    protected abstract String name();

    /**
     * The namespaces of the method's words.
     *
     * @return those of the elements that it puts into offers and answers
     */
    protected abstract Set<String> namespaces();

    /**
     * An instance, as Declarative Services would make it for one negotiation. The two sides hold of each other whatever
     * it takes that a negotiation between them verifies both. Calls of one test share what the sides keep beside their
     * instances: key files, trust stores.
     *
     * @param local whose: {@link #ROMEO}, {@link #JULIET}, or another resource of theirs
     * @return a fresh instance
     */
    protected abstract AuthMethod method(FullJid local) throws Exception;

    /**
     * The end of an instance's negotiation: what Declarative Services would call.
     *
     * @param method what {@link #method} returned
     */
    protected void release(AuthMethod method) throws Exception {
        if (method instanceof AutoCloseable closeable) {
            closeable.close();
        }
    }

    /**
     * What may never leave a side, raw, in hex or in Base64.
     *
     * @return the secrets that both sides share, or each keeps; none by default
     */
    protected List<byte[]> secrets() throws Exception {
        return List.of();
    }

    @AfterEach
    final void release_what_is_left() throws Exception {
        for (AuthMethod method : List.copyOf(unreleased)) {
            end(method);
        }
    }

    @Test
    void its_name_is_one_for_the_wire() {
        assertTrue(name().matches("[a-z][a-z0-9-]{0,31}"), () -> "'" + name() + "' is no name of a method");
    }

    @Test
    void two_who_know_each_other_agree_and_verify_one_another() throws Exception {
        for (Pair pair : List.of(new Pair(ROMEO, JULIET), new Pair(JULIET, ROMEO))) {
            pair.agree();
            pair.present();
            assertVerified(pair.judgedByInitiator(pair.provedByResponder));
            assertVerified(pair.judgedByResponder(pair.provedByInitiator));
        }
    }

    @Test
    void an_offer_has_its_own_words_only_and_no_secret_in_them() throws Exception {
        Pair pair = new Pair(ROMEO, JULIET);
        pair.agree();
        pair.present();
        List<Element> said = new ArrayList<>(pair.offered);
        said.addAll(pair.agreed.things());
        assertFalse(pair.offered.isEmpty(), "it has offered nothing to a peer that it knows");
        for (Element thing : said) {
            assertTrue(namespaces().contains(thing.namespace()), () -> "not its own: " + thing.toXml());
            assertFalse(thing.is(OURS, "confirm"), "to confirm or not is the tunnel's affair");
            assertFalse(thing.is(Offer.NAMESPACE, "offer"), "an offer in an offer");
            assertSecretsAreNotIn(thing.toXml());
            for (Credential credential : List.of(pair.client, pair.server)) {
                secretOf(credential).ifPresent(secret -> assertNotIn(secret, thing.toXml()));
            }
        }
    }

    @Test
    void who_only_probes_gets_the_same_answer_every_time_and_nothing_is_chosen_by_it() throws Exception {
        List<List<Element>> asked = new ArrayList<>();
        List<Answer> answered = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            AuthMethod asking = fresh(ROMEO);
            AuthMethod answering = fresh(JULIET);
            List<Element> things = value(() -> asking.offer(probe(ROMEO, JULIET, Role.INITIATOR, null)));
            Offer offer = Offer.of(things);
            Answer answer = value(() -> answering.answer(probe(JULIET, ROMEO, Role.RESPONDER, offer)));
            things.forEach(thing -> assertSecretsAreNotIn(thing.toXml()));
            answer.things().forEach(thing -> assertSecretsAreNotIn(thing.toXml()));
            asked.add(things);
            answered.add(answer);
            end(asking);
            end(answering);
        }
        assertEquals(asked.get(0), asked.get(1), "a probe has values in it that are made for it");
        assertEquals(answered.get(0), answered.get(1), "an answer to a probe has values in it that are made for it");
        assertTrue(answered.get(0).possible(), "a probe of somebody whom it knows");
        succeed();
    }

    @Test
    void with_an_offer_that_holds_none_of_its_words_it_cannot_go_on() throws Exception {
        List<Element> own = ownThings();
        for (Offer received : foreign(own)) {
            for (Role role : Role.values()) {
                AuthMethod method = fresh(ROMEO);
                Offer sent = role == Role.INITIATOR ? offer(method, ROMEO, JULIET) : null;
                Optional<Answer> answer = ended(() -> method.answer(facts(ROMEO, JULIET, role, sent, received)));
                answer.ifPresent(word -> {
                    assertFalse(word.possible(), () -> role + " goes on with " + received.element());
                    assertEquals(List.of(), word.things(), "who cannot go on has nothing to say");
                });
                end(method);
            }
        }
        succeed();
    }

    @Test
    void what_is_made_of_its_own_words_is_answered_and_never_thrown_back() throws Exception {
        List<Element> own = ownThings();
        for (Offer received : twisted(own)) {
            for (Role role : Role.values()) {
                AuthMethod method = fresh(ROMEO);
                Offer sent = role == Role.INITIATOR ? offer(method, ROMEO, JULIET) : null;
                Optional<Answer> answer = ended(() -> method.answer(facts(ROMEO, JULIET, role, sent, received)));
                answer.ifPresent(word -> assertTrue(
                        word.possible() || word.things().isEmpty(), () -> "it says no and offers " + word.things()));
                end(method);
            }
        }
        succeed();
    }

    @Test
    void a_proof_of_another_kind_than_its_credential_is_refused() throws Exception {
        Class<? extends Proof> own = ownProof();
        for (Proof foreign : strangersProofs()) {
            if (own.isInstance(foreign)) {
                continue;
            }
            Pair pair = new Pair(ROMEO, JULIET);
            pair.agree();
            pair.present();
            assertInstanceOf(
                    Verdict.Refused.class, pair.judgedByInitiator(foreign), () -> "a foreign proof: " + foreign);
            assertInstanceOf(
                    Verdict.Refused.class, pair.judgedByResponder(foreign), () -> "a foreign proof: " + foreign);
            pair.end();
        }
    }

    /** Whatever the offers say: those of this negotiation name the right keys. */
    @Test
    void a_stranger_who_proves_something_of_his_own_is_never_verified() throws Exception {
        Class<? extends Proof> own = ownProof();
        for (Proof proof : strangersProofs()) {
            // With a shared secret there is no proof that is not that of a peer who holds it: the engine sees to that.
            if (!own.isInstance(proof) || proof instanceof Proof.ExternalPsk || proof instanceof Proof.Srp) {
                continue;
            }
            Pair pair = new Pair(ROMEO, JULIET);
            pair.agree();
            pair.present();
            assertNotVerified(pair.judgedByInitiator(proof));
            assertNotVerified(pair.judgedByResponder(proof));
        }
    }

    @Test
    void a_proof_in_a_negotiation_in_which_it_has_presented_nothing_verifies_nobody() throws Exception {
        Pair agreed = new Pair(ROMEO, JULIET);
        agreed.agree();
        for (Proof proof : strangersProofs()) {
            AuthMethod initiating = fresh(ROMEO);
            ended(() -> initiating.verify(agreed.atInitiator(), proof)).ifPresent(this::assertNotVerified);
            AuthMethod responding = fresh(JULIET);
            ended(() -> responding.verify(agreed.atResponder(), proof)).ifPresent(this::assertNotVerified);
        }
    }

    @Test
    void a_credential_that_is_asked_for_out_of_order_comes_or_fails_but_is_not_thrown() throws Exception {
        for (Role role : Role.values()) {
            AuthMethod method = fresh(ROMEO);
            ended(() -> method.credential(facts(ROMEO, JULIET, role, null, null)));
        }
        succeed();
    }

    @Test
    void every_step_can_be_cancelled_and_the_next_negotiation_does_not_notice() throws Exception {
        for (int steps = 1; steps <= 4; steps++) {
            Pair pair = new Pair(ROMEO, JULIET);
            pair.go(steps, AuthMethodContract::cancel);
            pair.end();
        }
        succeed();
    }

    @Test
    void released_with_a_step_under_way_it_leaves_nothing_behind() throws Exception {
        for (int steps = 1; steps <= 4; steps++) {
            Pair pair = new Pair(ROMEO, JULIET);
            List<CompletionStage<?>> underWay = new ArrayList<>();
            pair.go(steps, underWay::add);
            pair.end();
            underWay.forEach(AuthMethodContract::cancel);
        }
        succeed();
    }

    @Test
    void negotiations_at_once_do_not_meet() throws Exception {
        List<Pair> pairs = List.of(new Pair(ROMEO, JULIET), new Pair(ROMEO, JULIET), new Pair(JULIET, ROMEO));
        for (Pair pair : pairs) {
            pair.agree();
        }
        for (Pair pair : pairs) {
            pair.present();
        }
        for (Pair pair : pairs) {
            assertVerified(pair.judgedByInitiator(pair.provedByResponder));
            assertVerified(pair.judgedByResponder(pair.provedByInitiator));
        }
    }

    @Test
    void what_an_engine_wipes_is_nobody_elses() throws Exception {
        Pair pair = new Pair(ROMEO, JULIET);
        pair.agree();
        pair.present();
        for (Credential credential : List.of(pair.client, pair.server)) {
            secretOf(credential).ifPresent(secret -> Arrays.fill(secret, (byte) 0));
        }
        pair.end();
        succeed();
    }

    @Test
    void what_was_said_stays_when_the_instance_has_gone() throws Exception {
        Pair pair = new Pair(ROMEO, JULIET);
        pair.agree();
        String offered = pair.offered.toString();
        String answered = pair.agreed.things().toString();
        pair.end();
        assertEquals(offered, pair.offered.toString());
        assertEquals(answered, pair.agreed.things().toString());
    }

    /** RFC 9257 §4.1: or whoever leads a side's own messages back to it would have it talk to itself. */
    @Test
    void an_external_psk_is_the_shared_secret_of_two_addresses_in_their_roles_and_of_nobody_else() throws Exception {
        FullJid elsewhere = new FullJid(JULIET.bare(), "garden");
        List<byte[]> keys = new ArrayList<>();
        for (Pair pair : List.of(new Pair(ROMEO, JULIET), new Pair(JULIET, ROMEO), new Pair(ROMEO, elsewhere))) {
            pair.agree();
            pair.present();
            if (!(pair.client instanceof Credential.ExternalPsk mine)) {
                return;
            }
            Credential.ExternalPsk theirs = assertInstanceOf(Credential.ExternalPsk.class, pair.server);
            assertArrayEquals(mine.identity(), theirs.identity());
            assertArrayEquals(mine.key(), theirs.key());
            assertFalse(contains(mine.identity(), mine.key()), "the key is in the identity, which goes over the wire");
            secrets().forEach(secret -> {
                assertFalse(contains(mine.identity(), secret), "a secret is in the identity");
                assertFalse(Arrays.equals(mine.key(), secret), "a kept key is used as it is, for everything");
            });
            keys.forEach(other -> assertFalse(Arrays.equals(other, mine.key()), "one key for two pairs or both roles"));
            keys.add(mine.key().clone());
        }
    }

    /** A handshake with a PSK says nothing of what a server took out of the offers before it. */
    @Test
    void with_a_psk_it_goes_on_only_when_offers_are_confirmed() throws Exception {
        if (ownProof() != Proof.ExternalPsk.class) {
            return;
        }
        Pair pair = new Pair(ROMEO, JULIET);
        pair.agree();
        AuthMethod responding = fresh(JULIET);
        Offer unconfirmed = Offer.of(pair.offered);
        ended(() -> responding.answer(facts(JULIET, ROMEO, Role.RESPONDER, null, unconfirmed)))
                .ifPresent(answer -> assertFalse(answer.possible(), "the initiator does not promise to confirm"));
        AuthMethod initiating = fresh(ROMEO);
        Offer sent = offer(initiating, ROMEO, JULIET);
        Offer answered = Offer.of(pair.agreed.things());
        ended(() -> initiating.answer(facts(ROMEO, JULIET, Role.INITIATOR, sent, answered)))
                .ifPresent(answer -> assertFalse(answer.possible(), "the responder does not promise to confirm"));
    }

    // ---- negotiations

    /** Both sides of one negotiation, as tunnels would lead them through it. */
    private final class Pair {
        private final FullJid initiator;
        private final FullJid responder;
        private final AuthMethod initiating;
        private final AuthMethod responding;
        private List<Element> offered = List.of();
        private Offer start = Offer.of(List.of());
        private Offer proceed = Offer.of(List.of());
        private Answer agreed = Answer.IMPOSSIBLE;
        private Credential client;
        private Credential server;
        private Proof provedByInitiator;
        private Proof provedByResponder;

        Pair(FullJid initiator, FullJid responder) throws Exception {
            this.initiator = initiator;
            this.responder = responder;
            this.initiating = fresh(initiator);
            this.responding = fresh(responder);
        }

        void agree() {
            offered = value(() -> initiating.offer(facts(initiator, responder, Role.INITIATOR, null, null)));
            start = confirming(offered);
            agreed = value(() -> responding.answer(atResponder(null)));
            assertTrue(agreed.possible(), () -> "the responder cannot go on with " + start.element());
            proceed = confirming(agreed.things());
            Answer taken = value(() -> initiating.answer(atInitiator()));
            assertTrue(taken.possible(), () -> "the initiator cannot go on with " + proceed.element());
        }

        void present() {
            client = value(() -> initiating.credential(atInitiator()));
            server = value(() -> responding.credential(atResponder()));
            provedByInitiator = proof(client, server);
            provedByResponder = proof(server, client);
        }

        /** So many steps of each side; what comes of the last is the other's business. */
        void go(int steps, Consumer<CompletionStage<?>> last) {
            if (steps == 1) {
                last.accept(asked(() -> initiating.offer(facts(initiator, responder, Role.INITIATOR, null, null))));
            } else if (steps == 2) {
                start = offer(initiating, initiator, responder);
                last.accept(asked(() -> responding.answer(atResponder(null))));
            } else if (steps == 3) {
                agree();
                last.accept(asked(() -> initiating.credential(atInitiator())));
                last.accept(asked(() -> responding.credential(atResponder())));
            } else {
                agree();
                present();
                last.accept(asked(() -> initiating.verify(atInitiator(), provedByResponder)));
                last.accept(asked(() -> responding.verify(atResponder(), provedByInitiator)));
            }
        }

        Verdict judgedByInitiator(Proof proof) {
            return value(() -> initiating.verify(atInitiator(), proof));
        }

        Verdict judgedByResponder(Proof proof) {
            return value(() -> responding.verify(atResponder(), proof));
        }

        Negotiation atInitiator() {
            return facts(initiator, responder, Role.INITIATOR, start, proceed);
        }

        Negotiation atResponder() {
            return atResponder(proceed);
        }

        private Negotiation atResponder(Offer sent) {
            return facts(responder, initiator, Role.RESPONDER, sent, start);
        }

        void end() throws Exception {
            AuthMethodContract.this.end(initiating);
            AuthMethodContract.this.end(responding);
        }
    }

    private void succeed() throws Exception {
        Pair pair = new Pair(ROMEO, JULIET);
        pair.agree();
        pair.present();
        assertVerified(pair.judgedByInitiator(pair.provedByResponder));
        assertVerified(pair.judgedByResponder(pair.provedByInitiator));
        pair.end();
    }

    private AuthMethod fresh(FullJid local) throws Exception {
        AuthMethod method = method(local);
        assertNotNull(method, "an instance");
        assertTrue(unreleased.stream().noneMatch(other -> other == method), "one instance for two negotiations");
        unreleased.add(method);
        return method;
    }

    private void end(AuthMethod method) throws Exception {
        if (unreleased.removeIf(other -> other == method)) {
            release(method);
        }
    }

    private Offer offer(AuthMethod method, FullJid local, FullJid peer) {
        return confirming(value(() -> method.offer(facts(local, peer, Role.INITIATOR, null, null))));
    }

    private List<Element> ownThings() throws Exception {
        Pair pair = new Pair(ROMEO, JULIET);
        pair.agree();
        List<Element> own = new ArrayList<>(pair.offered);
        own.addAll(pair.agreed.things());
        pair.end();
        return own;
    }

    private Class<? extends Proof> ownProof() throws Exception {
        Pair pair = new Pair(ROMEO, JULIET);
        pair.agree();
        pair.present();
        assertVerified(pair.judgedByInitiator(pair.provedByResponder));
        assertVerified(pair.judgedByResponder(pair.provedByInitiator));
        Class<? extends Proof> own = pair.client.fold(
                chain -> Proof.CertificateChain.class,
                raw -> Proof.RawPublicKey.class,
                psk -> Proof.ExternalPsk.class,
                srp -> Proof.Srp.class);
        pair.end();
        return own;
    }

    private static Offer confirming(List<Element> things) {
        List<Element> all = new ArrayList<>(things);
        all.add(CONFIRM);
        return assertDoesNotThrow(() -> Offer.of(all), "what it says is no offer");
    }

    private static Negotiation facts(FullJid local, FullJid peer, Role role, Offer sent, Offer received) {
        return new Negotiation(local, peer, role, false, Policy.DEFAULT, sent, received);
    }

    private static Negotiation probe(FullJid local, FullJid peer, Role role, Offer received) {
        return new Negotiation(local, peer, role, true, Policy.DEFAULT, null, received);
    }

    // ---- what others say

    private List<Offer> foreign(List<Element> own) {
        Element stranger = Element.of("urn:example:nobody", "thing").with("value", "1");
        List<Offer> foreign = new ArrayList<>(List.of(
                Offer.of(List.of()),
                Offer.of(List.of(CONFIRM)),
                Offer.of(List.of(stranger, CONFIRM)),
                Offer.of(List.of(stranger.withText("x".repeat(10_000)), CONFIRM))));
        for (Element thing : own) {
            String name = thing.name();
            // Its words by another name, in another's namespace, and as another's content.
            foreign.add(Offer.of(List.of(renamed(thing, thing.namespace(), "no-" + name), CONFIRM)));
            foreign.add(Offer.of(List.of(renamed(thing, "urn:example:nobody", name), CONFIRM)));
            foreign.add(
                    Offer.of(List.of(Element.of("urn:example:nobody", "thing").with(thing), CONFIRM)));
        }
        return foreign;
    }

    private static List<Offer> twisted(List<Element> own) {
        List<Offer> twisted = new ArrayList<>();
        for (Element thing : own) {
            Element bare = Element.of(thing.namespace(), thing.name());
            Stream.of(
                            bare,
                            bare.withText("\ud83c\udf39 ' \" < & > ]]>"),
                            bare.withText("0".repeat(8_000)),
                            bare.with(bare.with(bare.with(bare))),
                            bare.with("group", "-1").with("A", "").with("name", "../../etc/passwd"),
                            thing.with("unexpected", "1"))
                    .forEach(made -> twisted.add(Offer.of(List.of(made, CONFIRM))));
            if (Offer.of(List.of(thing)).element().toXml().length() < Offer.MAX_BYTES / 3) {
                twisted.add(Offer.of(List.of(thing, thing, CONFIRM)));
            }
        }
        return twisted;
    }

    private static Element renamed(Element thing, String namespace, String name) {
        return Element.of(namespace, name).withAttributes(thing.attributes()).with(thing.content());
    }

    /** What somebody can prove who has nothing to do with either side. */
    private static List<Proof> strangersProofs() throws GeneralSecurityException {
        X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(
                        new ByteArrayInputStream(Base64.getMimeDecoder().decode(STRANGERS_CERTIFICATE)));
        PublicKey key =
                KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPublic();
        return List.of(
                new Proof.CertificateChain(List.of(certificate)),
                new Proof.RawPublicKey(key),
                new Proof.ExternalPsk(),
                new Proof.Srp());
    }

    /** What a handshake proves to the side that presented {@code to}, if it succeeds with these two. */
    private static Proof proof(Credential of, Credential to) {
        assertNotNull(of, "nothing was presented");
        return of.fold(
                chain -> {
                    assertSigns(chain.certificates().get(0).getPublicKey(), chain.signer());
                    return new Proof.CertificateChain(chain.certificates(), chain.ocsp());
                },
                raw -> {
                    assertSigns(raw.key(), raw.signer());
                    return new Proof.RawPublicKey(raw.key());
                },
                psk -> {
                    Credential.ExternalPsk other = assertInstanceOf(Credential.ExternalPsk.class, to);
                    assertArrayEquals(other.identity(), psk.identity(), "the identities of the two sides");
                    assertArrayEquals(other.key(), psk.key(), "the keys of the two sides");
                    assertFalse(Arrays.equals(new byte[psk.key().length], psk.key()), "a key that has been wiped");
                    return new Proof.ExternalPsk();
                },
                srp -> {
                    assertEquals(assertInstanceOf(Credential.Srp.class, to).userName(), srp.userName());
                    return new Proof.Srp();
                });
    }

    private static void assertSigns(PublicKey key, Signer signer) {
        assertFalse(signer.schemes().isEmpty(), "a signer without schemes");
        SignatureScheme scheme = signer.schemes().get(0);
        byte[] content = "a handshake".getBytes(UTF_8);
        try {
            Signature verifier;
            String algorithm;
            switch (scheme) {
                case ED25519, ED448 -> {
                    algorithm = "EdDSA";
                    verifier = Signature.getInstance("EdDSA");
                }
                case ECDSA_SECP256R1_SHA256, ECDSA_SECP384R1_SHA384 -> {
                    algorithm = "EC";
                    verifier = Signature.getInstance(
                            scheme == SignatureScheme.ECDSA_SECP256R1_SHA256 ? "SHA256withECDSA" : "SHA384withECDSA");
                }
                default -> {
                    String bits = scheme.name().substring(scheme.name().length() - 3);
                    algorithm = "RSA";
                    verifier = Signature.getInstance("RSASSA-PSS");
                    verifier.setParameter(new PSSParameterSpec(
                            "SHA-" + bits,
                            "MGF1",
                            new MGF1ParameterSpec("SHA-" + bits),
                            Integer.parseInt(bits) / 8,
                            1));
                }
            }
            verifier.initVerify(
                    KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(key.getEncoded())));
            verifier.update(content);
            assertTrue(verifier.verify(signer.sign(scheme, content)), "it signs with another key than it shows");
        } catch (GeneralSecurityException e) {
            throw new AssertionError("the signer of " + scheme, e);
        }
    }

    // ---- steps

    /** The stage of a step, which may fail but not be thrown, nor be missing. */
    private static <T> CompletionStage<T> asked(Supplier<CompletionStage<T>> step) {
        CompletionStage<T> stage;
        try {
            stage = step.get();
        } catch (RuntimeException e) {
            throw new AssertionError("a step throws; it has to return a stage that fails", e);
        }
        assertNotNull(stage, "a step returns no stage");
        return stage;
    }

    private static <T> T value(Supplier<CompletionStage<T>> step) {
        try {
            T value = asked(step).toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertNotNull(value, "a step answers with nothing");
            return value;
        } catch (TimeoutException e) {
            throw new AssertionError("a step does not complete", e);
        } catch (ExecutionException e) {
            throw new AssertionError("a step fails", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** What came of a step: empty when its stage failed, which it has to do in words. */
    private static <T> Optional<T> ended(Supplier<CompletionStage<T>> step) {
        try {
            T value = asked(step).toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertNotNull(value, "a step answers with nothing");
            return Optional.of(value);
        } catch (TimeoutException e) {
            throw new AssertionError("a step does not complete", e);
        } catch (CancellationException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            assertNotNull(e.getCause().getMessage(), () -> "a failure that says nothing to the user: " + e.getCause());
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static void cancel(CompletionStage<?> stage) {
        assertDoesNotThrow(() -> stage.toCompletableFuture().cancel(false), "a stage that cannot be cancelled");
    }

    // ---- judgements

    private void assertVerified(Verdict verdict) {
        Verdict.Verified verified =
                assertInstanceOf(Verdict.Verified.class, verdict, () -> "two who know each other: " + verdict);
        assertFalse(verified.evidence().isBlank(), "verified, and does not say on what grounds");
        if (verified.key() != null) {
            assertEquals(name(), verified.key().method(), "the name of its key");
        }
    }

    private void assertNotVerified(Verdict verdict) {
        assertFalse(verdict instanceof Verdict.Verified, () -> "somebody who has proved nothing is " + verdict);
    }

    // ---- secrets

    private void assertSecretsAreNotIn(String said) {
        List<byte[]> secrets = assertDoesNotThrow(this::secrets);
        secrets.forEach(secret -> assertNotIn(secret, said));
    }

    private static void assertNotIn(byte[] secret, String said) {
        Base64.Encoder plain = Base64.getEncoder().withoutPadding();
        Base64.Encoder url = Base64.getUrlEncoder().withoutPadding();
        List<Function<byte[], String>> forms = List.of(
                plain::encodeToString,
                url::encodeToString,
                HexFormat.of()::formatHex,
                bytes -> new String(bytes, UTF_8));
        for (Function<byte[], String> form : forms) {
            String written = form.apply(secret);
            assertFalse(
                    said.contains(written) || said.toLowerCase(Locale.ROOT).contains(written.toLowerCase(Locale.ROOT)),
                    "a secret goes over the wire");
        }
    }

    private static Optional<byte[]> secretOf(Credential credential) {
        return Optional.ofNullable(credential.fold(
                chain -> null,
                raw -> null,
                Credential.ExternalPsk::key,
                srp -> srp instanceof Credential.SrpClient client
                        ? client.password()
                        : ((Credential.SrpServer) srp).verifier()));
    }

    private static boolean contains(byte[] whole, byte[] part) {
        for (int from = 0; from + part.length <= whole.length; from++) {
            if (Arrays.equals(whole, from, from + part.length, part, 0, part.length)) {
                return true;
            }
        }
        return false;
    }

    /** Of somebody who calls himself Juliet, good for a hundred years. */
    private static final String STRANGERS_CERTIFICATE = """
            MIIBeTCCAR+gAwIBAgIUAQpb8rrg5LXpZ2PJQiVCmCqxpz4wCgYIKoZIzj0EAwIwETEPMA0GA1UEAwwGanVsaWV0MCAXDTI2
            MTEyNjExMjgxMloYDzIxMjYxMTAyMTEyODEyWjARMQ8wDQYDVQQDDAZqdWxpZXQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
            AAQrx7Rf81KuoxvLBlPEB23TgIONgShBTeGZDYk+FfOoJXvXlIEQ8e7XwlVe5/nxQMkp0DgXDW8bt1SdvH6kGDnno1MwUTAd
            BgNVHQ4EFgQUW/WRdJbQPBtl+WkNg8SK15l2apMwHwYDVR0jBBgwFoAUW/WRdJbQPBtl+WkNg8SK15l2apMwDwYDVR0TAQH/
            BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAryiFTBORmtuuSfrRz9GvjvNDE/QMsYU2TWQhwT2733gIhAN8aSW4P851+95y0
            c7+Qt5QiMjwsOLaelrMY5HQmaSa2
            """;
}
