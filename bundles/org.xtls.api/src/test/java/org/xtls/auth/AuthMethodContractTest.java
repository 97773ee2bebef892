package org.xtls.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.Signer;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/** The contract is kept by a method that does as it should, and broken by each of those with one flaw. */
class AuthMethodContractTest {
    private static final byte[] SHARED = "thirty-two bytes that both have.".getBytes(UTF_8);
    private static final Element WORD = Element.of("urn:example:sound", "key");

    @Nested
    class Sound extends Subject {
        Sound() {
            super(EnumSet.noneOf(Flaw.class));
        }
    }

    /** What a method can do wrong, and the tests that have to see it. */
    enum Flaw {
        NAME(AuthMethodContract::its_name_is_one_for_the_wire),
        THROWS(AuthMethodContract::with_an_offer_that_holds_none_of_its_words_it_cannot_go_on),
        NO_STAGE(AuthMethodContract::with_an_offer_that_holds_none_of_its_words_it_cannot_go_on),
        NO_ANSWER(AuthMethodContract::two_who_know_each_other_agree_and_verify_one_another),
        FOREIGN_WORD(AuthMethodContract::an_offer_has_its_own_words_only_and_no_secret_in_them),
        PROMISES_TO_CONFIRM(AuthMethodContract::an_offer_has_its_own_words_only_and_no_secret_in_them),
        MIXED_CONTENT(AuthMethodContract::an_offer_has_its_own_words_only_and_no_secret_in_them),
        SECRET_IN_THE_OFFER(AuthMethodContract::an_offer_has_its_own_words_only_and_no_secret_in_them),
        SECRET_IN_THE_ANSWER(AuthMethodContract::an_offer_has_its_own_words_only_and_no_secret_in_them),
        FRESH_VALUES_IN_A_PROBE(
                AuthMethodContract::who_only_probes_gets_the_same_answer_every_time_and_nothing_is_chosen_by_it),
        TAKES_ANY_OFFER(AuthMethodContract::with_an_offer_that_holds_none_of_its_words_it_cannot_go_on),
        STUMBLES_OVER_CONTENT(AuthMethodContract::what_is_made_of_its_own_words_is_answered_and_never_thrown_back),
        TAKES_ANY_PROOF(AuthMethodContract::a_proof_of_another_kind_than_its_credential_is_refused),
        UNKNOWN_FOR_ANY_PROOF(AuthMethodContract::a_proof_of_another_kind_than_its_credential_is_refused),
        VERIFIES_UNASKED(
                AuthMethodContract::a_proof_in_a_negotiation_in_which_it_has_presented_nothing_verifies_nobody),
        NO_EVIDENCE(AuthMethodContract::two_who_know_each_other_agree_and_verify_one_another),
        ANOTHERS_KEY(AuthMethodContract::two_who_know_each_other_agree_and_verify_one_another),
        STATE_OF_ALL(AuthMethodContract::negotiations_at_once_do_not_meet),
        SINGLETON(AuthMethodContract::negotiations_at_once_do_not_meet),
        HOLDS_A_LOCK_WHEN_RELEASED(AuthMethodContract::released_with_a_step_under_way_it_leaves_nothing_behind),
        NEEDS_TO_FINISH(AuthMethodContract::every_step_can_be_cancelled_and_the_next_negotiation_does_not_notice),
        HANDS_OUT_THE_ARRAY(AuthMethodContract::what_an_engine_wipes_is_nobody_elses),
        TAKES_BACK_ITS_WORDS(AuthMethodContract::what_was_said_stays_when_the_instance_has_gone),
        ONE_KEY_FOR_BOTH_ROLES(
                AuthMethodContract
                        ::an_external_psk_is_the_shared_secret_of_two_addresses_in_their_roles_and_of_nobody_else),
        ONE_KEY_FOR_ALL_RESOURCES(
                AuthMethodContract
                        ::an_external_psk_is_the_shared_secret_of_two_addresses_in_their_roles_and_of_nobody_else),
        KEY_AS_IDENTITY(
                AuthMethodContract
                        ::an_external_psk_is_the_shared_secret_of_two_addresses_in_their_roles_and_of_nobody_else),
        UNCONFIRMED(AuthMethodContract::with_a_psk_it_goes_on_only_when_offers_are_confirmed);

        private final Clause clause;

        Flaw(Clause clause) {
            this.clause = clause;
        }
    }

    interface Clause {
        void check(AuthMethodContract contract) throws Exception;
    }

    @ParameterizedTest
    @EnumSource
    void a_flaw_is_seen(Flaw flaw) {
        assertThrows(AssertionError.class, () -> flaw.clause.check(new Subject(EnumSet.of(flaw))));
    }

    @Test
    void a_key_with_a_signer_that_has_another_is_seen() {
        assertThrows(
                AssertionError.class, () -> new Signing(true).two_who_know_each_other_agree_and_verify_one_another());
    }

    @Test
    void a_method_that_goes_by_what_the_offer_says_is_seen() {
        assertThrows(
                AssertionError.class,
                () -> new Signing(false).a_stranger_who_proves_something_of_his_own_is_never_verified());
    }

    /** A method of pre-shared keys, and its flaws. */
    static class Subject extends AuthMethodContract {
        private final Set<Flaw> flaws;
        private final AtomicInteger open = new AtomicInteger();
        private final AtomicInteger numbers = new AtomicInteger();
        private final byte[] handed = SHARED.clone();
        private volatile FullJid last = ROMEO;
        private volatile AuthMethod only;

        Subject(Set<Flaw> flaws) {
            this.flaws = flaws;
        }

        @Override
        protected String name() {
            return flaws.contains(Flaw.NAME) ? "Sound" : "sound";
        }

        @Override
        protected Set<String> namespaces() {
            return Set.of(WORD.namespace());
        }

        @Override
        protected List<byte[]> secrets() {
            return List.of(SHARED);
        }

        @Override
        protected AuthMethod method(FullJid local) {
            if (flaws.contains(Flaw.SINGLETON)) {
                only = only == null ? new Method() : only;
                return only;
            }
            return new Method();
        }

        @Override
        protected void release(AuthMethod method) {
            ((Method) method).release();
        }

        private final class Method implements AuthMethod {
            private final List<Element> said = new ArrayList<>();
            private volatile boolean presented;
            private volatile boolean verifying;

            @Override
            public CompletionStage<List<Element>> offer(Negotiation negotiation) {
                last = negotiation.peer();
                open.incrementAndGet();
                said.add(word(negotiation, Flaw.SECRET_IN_THE_OFFER));
                if (flaws.contains(Flaw.FOREIGN_WORD)) {
                    said.add(Element.of("urn:example:other", "key"));
                }
                if (flaws.contains(Flaw.PROMISES_TO_CONFIRM)) {
                    said.add(Element.of("urn:x-xtls:1", "confirm"));
                }
                return CompletableFuture.completedStage(
                        flaws.contains(Flaw.TAKES_BACK_ITS_WORDS) ? said : List.copyOf(said));
            }

            private Element word(Negotiation negotiation, Flaw flaw) {
                Element word =
                        flaws.contains(flaw) ? WORD.withText(Base64.getEncoder().encodeToString(SHARED)) : WORD;
                if (flaws.contains(Flaw.MIXED_CONTENT)) {
                    word = word.withText("text").with(WORD);
                }
                return negotiation.probe() && flaws.contains(Flaw.FRESH_VALUES_IN_A_PROBE)
                        ? word.with("nonce", "n" + numbers.incrementAndGet())
                        : word;
            }

            @Override
            public CompletionStage<Answer> answer(Negotiation negotiation) {
                if (flaws.contains(Flaw.NO_ANSWER)) {
                    return CompletableFuture.completedStage(null);
                }
                List<Element> things = negotiation.received() == null
                        ? List.of()
                        : negotiation.received().things();
                List<Element> own = things.stream()
                        .filter(thing -> thing.is(WORD.namespace(), WORD.name()))
                        .toList();
                if (flaws.contains(Flaw.STUMBLES_OVER_CONTENT)) {
                    own.forEach(word -> word.attribute("A").ifPresent(Integer::parseInt));
                }
                boolean confirmed = negotiation.probe()
                        || flaws.contains(Flaw.UNCONFIRMED)
                        || things.stream().anyMatch(thing -> thing.is("urn:x-xtls:1", "confirm"));
                if (!flaws.contains(Flaw.TAKES_ANY_OFFER) && (own.size() != 1 || !confirmed)) {
                    if (flaws.contains(Flaw.THROWS)) {
                        throw new IllegalArgumentException("what is this?");
                    }
                    return flaws.contains(Flaw.NO_STAGE) ? null : CompletableFuture.completedStage(Answer.IMPOSSIBLE);
                }
                return CompletableFuture.completedStage(Answer.possible(
                        negotiation.role() == Role.RESPONDER
                                ? List.of(word(negotiation, Flaw.SECRET_IN_THE_ANSWER))
                                : List.of()));
            }

            @Override
            public CompletionStage<Credential> credential(Negotiation negotiation) {
                presented = true;
                if (flaws.contains(Flaw.HANDS_OUT_THE_ARRAY)) {
                    return CompletableFuture.completedStage(new Credential.ExternalPsk(new byte[] {1}, handed));
                }
                return CompletableFuture.completedStage(
                        new Credential.ExternalPsk(identity(negotiation), key(negotiation)));
            }

            private byte[] identity(Negotiation negotiation) {
                return flaws.contains(Flaw.KEY_AS_IDENTITY)
                        ? key(negotiation)
                        : WORD.namespace().getBytes(UTF_8);
            }

            private byte[] key(Negotiation negotiation) {
                FullJid local = flaws.contains(Flaw.STATE_OF_ALL) ? last : negotiation.local();
                boolean begins = negotiation.role() == Role.INITIATOR;
                List<String> ends = new ArrayList<>(List.of(
                        begins ? name(local) : name(negotiation.peer()),
                        begins ? name(negotiation.peer()) : name(local)));
                if (flaws.contains(Flaw.ONE_KEY_FOR_BOTH_ROLES)) {
                    ends.sort(null);
                }
                try {
                    Mac mac = Mac.getInstance("HmacSHA256");
                    mac.init(new SecretKeySpec(SHARED, "HmacSHA256"));
                    return mac.doFinal(String.join("\0", ends).getBytes(UTF_8));
                } catch (GeneralSecurityException e) {
                    throw new IllegalStateException(e);
                }
            }

            private String name(FullJid jid) {
                return flaws.contains(Flaw.ONE_KEY_FOR_ALL_RESOURCES)
                        ? jid.bare().toString()
                        : jid.toString();
            }

            @Override
            public CompletionStage<Verdict> verify(Negotiation negotiation, Proof proof) {
                verifying = true;
                open.decrementAndGet();
                boolean kind = proof instanceof Proof.ExternalPsk;
                if (flaws.contains(Flaw.UNKNOWN_FOR_ANY_PROOF) && !kind) {
                    return CompletableFuture.completedStage(new Verdict.Unknown(new KeyName("sound", "ab".repeat(32))));
                }
                if ((kind || flaws.contains(Flaw.TAKES_ANY_PROOF))
                        && (presented || flaws.contains(Flaw.VERIFIES_UNASKED))
                        && (open.get() <= 0 || !flaws.contains(Flaw.NEEDS_TO_FINISH))
                        && (numbers.get() < 1_000_000)) {
                    return CompletableFuture.completedStage(new Verdict.Verified(
                            flaws.contains(Flaw.ANOTHERS_KEY) ? new KeyName("x509", "ab".repeat(32)) : null,
                            flaws.contains(Flaw.NO_EVIDENCE) ? " " : "pre-shared key"));
                }
                return CompletableFuture.completedStage(new Verdict.Refused(
                        Alert.ILLEGAL_PARAMETER,
                        Failure.of(Failure.Code.PROTOCOL, Failure.Fault.PEER, "That is no pre-shared key.")));
            }

            void release() {
                if (flaws.contains(Flaw.HOLDS_A_LOCK_WHEN_RELEASED) && !verifying) {
                    numbers.set(1_000_000);
                }
                if (flaws.contains(Flaw.TAKES_BACK_ITS_WORDS)) {
                    said.clear();
                }
            }
        }
    }

    /** A method of raw keys: with a signer of another key, or with trust in whatever comes. */
    private static final class Signing extends AuthMethodContract {
        private final boolean anothersSigner;
        private final KeyPair pair = generate();
        private final KeyPair other = generate();

        Signing(boolean anothersSigner) {
            this.anothersSigner = anothersSigner;
        }

        private static KeyPair generate() {
            try {
                return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        protected String name() {
            return "signing";
        }

        @Override
        protected Set<String> namespaces() {
            return Set.of(WORD.namespace());
        }

        @Override
        protected AuthMethod method(FullJid local) {
            return new AuthMethod() {
                @Override
                public CompletionStage<List<Element>> offer(Negotiation negotiation) {
                    return CompletableFuture.completedStage(List.of(WORD));
                }

                @Override
                public CompletionStage<Answer> answer(Negotiation negotiation) {
                    return CompletableFuture.completedStage(Answer.possible(List.of()));
                }

                @Override
                public CompletionStage<Credential> credential(Negotiation negotiation) {
                    return CompletableFuture.completedStage(new Credential.RawPublicKey(pair.getPublic(), new Signer() {
                        @Override
                        public List<SignatureScheme> schemes() {
                            return List.of(SignatureScheme.ED25519);
                        }

                        @Override
                        public byte[] sign(SignatureScheme scheme, byte[] content) throws GeneralSecurityException {
                            Signature signature = Signature.getInstance("EdDSA");
                            signature.initSign((anothersSigner ? other : pair).getPrivate());
                            signature.update(Arrays.copyOf(content, content.length));
                            return signature.sign();
                        }
                    }));
                }

                @Override
                public CompletionStage<Verdict> verify(Negotiation negotiation, Proof proof) {
                    return CompletableFuture.completedStage(new Verdict.Verified(null, "the offer says so"));
                }
            };
        }
    }
}
