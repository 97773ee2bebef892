package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.x509.Stages.await;
import static org.xtls.auth.x509.Stages.failure;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.auth.Answer;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.tls.Credential;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.Policy;
import org.xtls.trust.Policy.FirstUse;
import org.xtls.trust.file.FileTrustStore;
import org.xtls.xml.Element;

/** What Romeo offers Juliet, and answers her. */
class X509MethodTest {
    private static final FullJid ROMEO = FullJid.parse("romeo@montague.lit/orchard");
    private static final FullJid JULIET = FullJid.parse("juliet@capulet.lit/balcony");
    private static final String PUBKEY = "urn:xmpp:tmp:pubkey";

    @TempDir
    Path home;

    private FileTrustStore store;
    private Identities identities;
    private X509Method method;
    private X509Certificate juliets;
    private X509Certificate own;

    @BeforeEach
    void open() throws Exception {
        store = new FileTrustStore(home.resolve("trust"));
        identities = new Identities(home.resolve("identity"));
        method = new X509Method(identities, store);
        juliets = SelfSigned.generate(JULIET.bare(), Clock.systemUTC()).certificate();
        own = await(identities.of(ROMEO.bare())).certificate();
    }

    @AfterEach
    void close() {
        identities.close();
        store.close();
    }

    @Test
    void an_offer_holds_both_names_of_the_certificate_as_lower_case_hex() throws Exception {
        List<Element> offered = await(method.offer(initiator(FirstUse.REJECT, null, null)));
        assertEquals(
                "<offer xmlns='urn:xmpp:tmp:c2ctls'>"
                        + "<keyinfo xmlns='urn:xmpp:tmp:pubkey'><name>" + Fingerprint.sha256(own) + "</name></keyinfo>"
                        + "<keyinfo xmlns='urn:xmpp:tmp:pubkey'><name>" + Fingerprint.sha1(own) + "</name></keyinfo>"
                        + "</offer>",
                Offer.of(offered).element().toXml().replace('"', '\''));
        assertTrue(Fingerprint.sha256(own).matches("[0-9a-f]{64}"));
        assertTrue(Fingerprint.sha1(own).matches("[0-9a-f]{40}"));
    }

    @ParameterizedTest
    @CsvSource({
        "REJECT,,false",
        "ASK,,true",
        "ACCEPT,,true",
        "ACCEPT,FIRST_USE,true",
        "ACCEPT,DISTRUSTED,true",
        "REJECT,FIRST_USE,false",
        // No quiet descent
        "ACCEPT,VERIFIED,false",
        "ASK,VERIFIED,false"
    })
    void insecure_is_offered_only_where_an_unknown_certificate_could_be_taken(
            FirstUse firstUse, @Nullable KeyState known, boolean insecure) throws Exception {
        if (known != null) {
            await(store.put(JULIET.bare(), name(juliets), known, ""));
        }
        List<Element> offered = await(method.offer(initiator(firstUse, null, null)));
        assertEquals(insecure ? 3 : 2, offered.size());
        assertEquals(insecure, offered.contains(Element.of("urn:xmpp:tmp:c2ctls", "insecure")));
    }

    @Test
    void a_verified_key_of_another_method_rules_insecure_out_too() {
        await(store.put(JULIET.bare(), new KeyName("openpgp", "ab".repeat(20)), KeyState.VERIFIED, ""));
        assertEquals(
                2, await(method.offer(initiator(FirstUse.ACCEPT, null, null))).size());
    }

    @ParameterizedTest
    @CsvSource({
        // A plain peer without offers
        "none, , REJECT, nothing",
        "none, , ACCEPT, nothing",
        "none, VERIFIED, REJECT, nothing",
        // Its certificate is known
        "both, VERIFIED, REJECT, names",
        "both, VERIFIED, ACCEPT, names",
        "both, FIRST_USE, REJECT, names",
        "both, FIRST_USE, ASK, names",
        "sha256, VERIFIED, REJECT, names",
        "upper-case, VERIFIED, REJECT, names",
        // All a plain peer sends is a hint
        "sha1, VERIFIED, REJECT, names",
        "sha1, FIRST_USE, REJECT, names",
        "sha1, DISTRUSTED, REJECT, impossible",
        "sha1, , REJECT, impossible",
        "sha1, , ACCEPT, insecure",
        "sha1-confirming, , ACCEPT, impossible",
        "sha1-confirming, VERIFIED, REJECT, impossible",
        "sha1, VERIFIED-OPENPGP, ACCEPT, impossible",
        // A stranger
        "both, , REJECT, stranger",
        "both, , ASK, insecure",
        "both, , ACCEPT, insecure",
        "insecure, , REJECT, impossible",
        "insecure, , ACCEPT, insecure",
        // Somebody with another certificate than the one on record
        "other, VERIFIED, REJECT, another",
        "other, VERIFIED, ACCEPT, another",
        "other, VERIFIED, ASK, another",
        "other-openpgp, VERIFIED, ACCEPT, impossible",
        "insecure, VERIFIED, ACCEPT, impossible",
        "other, FIRST_USE, REJECT, another",
        "other, FIRST_USE, ACCEPT, insecure",
        "other, DISTRUSTED, ACCEPT, insecure",
        "both, VERIFIED-OPENPGP, ACCEPT, stranger",
        "both, FIRST_USE+VERIFIED-OPENPGP, ACCEPT, stranger",
        // A certificate that is distrusted
        "both, DISTRUSTED, ACCEPT, impossible",
        "both, DISTRUSTED, REJECT, impossible",
        // Nothing for this method
        "empty, , ACCEPT, impossible",
        "empty, VERIFIED, ACCEPT, impossible",
        "srp, , ACCEPT, impossible",
        "malformed, , ACCEPT, impossible",
        "malformed, VERIFIED, ACCEPT, impossible"
    })
    void a_responder_answers_by_record_and_policy(
            String offered, @Nullable String known, FirstUse firstUse, String answer) throws Exception {
        record(known);
        for (boolean probe : new boolean[] {false, true}) {
            Answer given = await(method.answer(
                    new Negotiation(ROMEO, JULIET, Role.RESPONDER, probe, policy(firstUse), null, offer(offered))));
            assertEquals(answers(answer), given);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "none, true",
        "both, true",
        "other, true",
        "sha1, true",
        "sha1-confirming, false",
        "insecure, true",
        "sha256, true",
        "empty, false",
        "srp, false",
        "malformed, false"
    })
    void an_initiator_goes_on_with_an_answer_that_a_certificate_may_follow(String answered, boolean possible)
            throws Exception {
        for (String known : new String[] {"", "VERIFIED", "DISTRUSTED"}) {
            record(known);
            Offer sent = Offer.of(await(method.offer(initiator(FirstUse.ACCEPT, null, null))));
            Answer given = await(method.answer(initiator(FirstUse.ACCEPT, sent, offer(answered))));
            assertEquals(new Answer(possible, List.of(), ""), given);
        }
    }

    @Test
    void an_initiator_that_did_not_offer_its_certificate_does_not_go_on() throws Exception {
        Offer sent = Offer.of(List.of(Element.of("urn:x-xtls:1", "srp")));
        assertEquals(Answer.IMPOSSIBLE, await(method.answer(initiator(FirstUse.ACCEPT, sent, offer("both")))));
    }

    @Test
    void what_is_presented_is_what_was_offered() throws Exception {
        Credential.CertificateChain credential =
                (Credential.CertificateChain) await(method.credential(initiator(FirstUse.REJECT, null, null)));
        assertEquals(List.of(own), credential.certificates());
        assertEquals(List.of(name(own)), await(identities.keys(ROMEO.bare())));
    }

    @ParameterizedTest
    @EnumSource(Role.class)
    void without_a_trust_store_nothing_is_offered_or_answered(Role role) throws Exception {
        method.unbindTrustStore(store);
        Negotiation negotiation =
                new Negotiation(ROMEO, JULIET, role, false, policy(FirstUse.ACCEPT), null, offer("both"));
        assertEquals(
                Failure.Code.SERVICE_GONE, failure(method.offer(negotiation)).code());
        assertEquals(
                Failure.Code.SERVICE_GONE, failure(method.answer(negotiation)).code());
    }

    @Test
    void a_trust_store_that_takes_anothers_place_is_the_one_that_is_asked() throws Exception {
        try (FileTrustStore better = new FileTrustStore(home.resolve("better"))) {
            await(better.put(JULIET.bare(), name(juliets), KeyState.VERIFIED, ""));
            method.bindTrustStore(better);
            method.unbindTrustStore(store);
            assertEquals(
                    2,
                    await(method.offer(initiator(FirstUse.ACCEPT, null, null))).size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"offer", "answer", "credential"})
    void an_identity_that_cannot_be_used_rules_the_method_out_with_its_reason(String step) throws Exception {
        try (Identities broken = new Identities(
                home, Clock.systemUTC(), Sources.keyStore(home.resolve("missing.p12"), "", "", Clock.systemUTC()))) {
            X509Method method = new X509Method(broken, store);
            Negotiation negotiation =
                    new Negotiation(ROMEO, JULIET, Role.RESPONDER, false, policy(FirstUse.ACCEPT), null, offer("both"));
            Failure failure = failure(
                    switch (step) {
                        case "offer" -> method.offer(negotiation);
                        case "answer" -> method.answer(negotiation);
                        default -> method.credential(negotiation);
                    });
            assertEquals(Failure.Code.LOCAL, failure.code());
            assertTrue(failure.message().contains("missing.p12"), failure.text());
        }
    }

    private void record(@Nullable String known) throws Exception {
        if (known == null || known.isEmpty()) {
            return;
        }
        for (String state : known.split("\\+")) {
            KeyName key = state.endsWith("-OPENPGP") ? new KeyName("openpgp", "ab".repeat(20)) : name(juliets);
            await(store.put(JULIET.bare(), key, KeyState.valueOf(state.replace("-OPENPGP", "")), ""));
        }
    }

    private @Nullable Offer offer(String kind) throws Exception {
        List<Element> things = new ArrayList<>();
        Element unknown = Element.of("urn:example:new", "thing").withText("?");
        switch (kind) {
            case "none" -> {
                return null;
            }
            case "empty" -> {}
            case "both" ->
                things.addAll(List.of(
                        unknown, keyinfo(Fingerprint.sha256(juliets)), keyinfo(Fingerprint.sha1(juliets)), unknown));
            case "sha256" -> things.add(keyinfo("\n " + Fingerprint.sha256(juliets) + " "));
            case "upper-case" -> things.add(keyinfo(Fingerprint.sha256(juliets).toUpperCase()));
            case "sha1" -> things.add(keyinfo(Fingerprint.sha1(juliets)));
            case "sha1-confirming" ->
                things.addAll(List.of(keyinfo(Fingerprint.sha1(juliets)), Element.of("urn:x-xtls:1", "confirm")));
            case "other" -> things.addAll(List.of(keyinfo("ef".repeat(32)), keyinfo(Fingerprint.sha1(juliets))));
            case "other-openpgp" -> things.add(keyinfo("ef".repeat(32)));
            case "insecure" -> things.add(Element.of("urn:xmpp:tmp:c2ctls", "insecure"));
            case "srp" ->
                things.addAll(
                        List.of(Element.of("urn:xmpp:tmp:c2ctls", "srp"), Element.of("urn:x-xtls:1", "srp"), unknown));
            case "malformed" ->
                things.addAll(List.of(
                        Element.of(PUBKEY, "keyinfo"),
                        keyinfo(""),
                        keyinfo("ab".repeat(31)),
                        keyinfo("zz".repeat(32)),
                        Element.of(PUBKEY, "keyinfo").withText(Fingerprint.sha256(juliets)),
                        Element.of("urn:example:new", "keyinfo")
                                .with(Element.of(PUBKEY, "name").withText(Fingerprint.sha256(juliets))),
                        Element.of("urn:x-xtls:1", "insecure")));
            default -> throw new IllegalArgumentException(kind);
        }
        return Offer.of(things);
    }

    private Answer answers(String kind) throws Exception {
        return switch (kind) {
            case "impossible" -> Answer.IMPOSSIBLE;
            case "stranger" -> Answer.impossible(name(juliets));
            case "another" -> Answer.impossible(new KeyName("x509", "ef".repeat(32)));
            case "nothing" -> Answer.possible(List.of());
            case "insecure" -> Answer.possible(List.of(Element.of("urn:xmpp:tmp:c2ctls", "insecure")));
            case "names" -> Answer.possible(List.of(keyinfo(Fingerprint.sha256(own)), keyinfo(Fingerprint.sha1(own))));
            default -> throw new IllegalArgumentException(kind);
        };
    }

    private static Element keyinfo(String name) {
        return Element.of(PUBKEY, "keyinfo").with(Element.of(PUBKEY, "name").withText(name));
    }

    private static Negotiation initiator(FirstUse firstUse, @Nullable Offer sent, @Nullable Offer received) {
        return new Negotiation(ROMEO, JULIET, Role.INITIATOR, false, policy(firstUse), sent, received);
    }

    private static Policy policy(FirstUse firstUse) {
        return Policy.DEFAULT.with(firstUse);
    }

    private static KeyName name(X509Certificate certificate) throws Exception {
        return new KeyName("x509", Fingerprint.sha256(certificate));
    }
}
