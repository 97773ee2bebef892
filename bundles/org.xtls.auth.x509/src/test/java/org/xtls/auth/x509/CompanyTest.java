package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.x509.Stages.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.FullJid;
import org.xtls.auth.Answer;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.auth.Verdict;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.Proof;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.Policy;
import org.xtls.trust.Policy.FirstUse;
import org.xtls.trust.file.FileTrustStore;
import org.xtls.xml.Element;

/**
 * Romeo and Juliet with certificates of one company, as {@code openssl} makes them: a root, an intermediate CA, a user
 * certificate each. They have never met, and nobody can be asked.
 */
class CompanyTest {
    private static final FullJid ROMEO = FullJid.parse("romeo@verona.lit/orchard");
    private static final FullJid JULIET = FullJid.parse("juliet@verona.lit/balcony");
    private static final Policy REJECT = Policy.DEFAULT.with(FirstUse.REJECT);
    private static final Policy ACCEPT = Policy.DEFAULT.with(FirstUse.ACCEPT);

    @TempDir
    Path home;

    private final List<AutoCloseable> open = new ArrayList<>();
    private OpenSsl openSsl;
    private X509Certificate root;
    private X509Certificate users;

    @BeforeEach
    void found() throws Exception {
        openSsl = new OpenSsl(home);
        extensions("users", "basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign,cRLSign");
        openSsl.run(("req -x509 -newkey ed25519 -nodes -keyout root.key -out root.pem -days 3650 -subj /CN=Verona_Root"
                        + " -addext keyUsage=critical,keyCertSign,cRLSign")
                .split(" "));
        root = openSsl.certificate("root");
        users = issued("users", "root");
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    @Test
    void two_holders_of_one_companys_certificates_meet_without_a_prompt() throws Exception {
        Actor romeo = actor(ROMEO, "romeo", "verona.lit=root.pem");
        Actor juliet = actor(JULIET, "juliet", "verona.lit=root.pem");

        Offer sent = Offer.of(await(romeo.method.offer(romeo.begins(REJECT, JULIET, null, null))));
        assertEquals(List.of(anchor(users), anchor(root)), anchors(sent), "all CAs that his certificate leads to");
        Answer answer = await(juliet.method.answer(juliet.answers(REJECT, ROMEO, sent)));
        assertTrue(answer.possible());
        assertEquals("a CA that is trusted for verona.lit, 'CN=Verona_Root'", answer.binding());
        Offer answered = Offer.of(answer.things());
        assertEquals(
                2,
                OfferedNames.of(answered).sha256().size()
                        + OfferedNames.of(answered).sha1().size());
        assertTrue(await(romeo.method.answer(romeo.begins(REJECT, JULIET, sent, answered)))
                .possible());

        String evidence = "certified by 'CN=Verona_Root', revocation not known";
        assertEquals(
                new Verdict.Verified(juliet.name(), evidence),
                await(romeo.method.verify(romeo.begins(REJECT, JULIET, sent, answered), juliet.proof())));
        assertEquals(
                new Verdict.Verified(romeo.name(), evidence),
                await(juliet.method.verify(juliet.answers(REJECT, ROMEO, sent), romeo.proof())));
    }

    @Test
    void a_certificate_that_openssl_revoked_is_refused() throws Exception {
        Actor juliet = actor(JULIET, "juliet", "verona.lit=root.pem");
        Files.writeString(home.resolve("index.txt"), "");
        Files.writeString(
                home.resolve("ca.cnf"),
                "[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\ndefault_md=default\ndefault_crl_days=7\n");
        openSsl.run("ca -config ca.cnf -cert users.pem -keyfile users.key -revoke juliet.pem".split(" "));
        openSsl.run("ca -config ca.cnf -cert users.pem -keyfile users.key -gencrl -out users.crl".split(" "));
        Actor romeo = actor(
                ROMEO,
                "romeo",
                TrustSettings.of(anchors("verona.lit=root.pem"), List.of(path("users.crl")), List.of(), "soft"));
        Verdict.Refused refused = assertInstanceOf(
                Verdict.Refused.class,
                await(romeo.method.verify(romeo.begins(REJECT, JULIET, null, null), juliet.proof())));
        assertEquals(Alert.CERTIFICATE_REVOKED, refused.alert());
        assertTrue(refused.failure().message().contains(" has been revoked: the CRL of "), refused.toString());
    }

    @ParameterizedTest
    @CsvSource({
        // For whom the CA is trusted, whether an offer that names it is recognised
        "*, true",
        "verona.lit, true",
        "*.verona.lit, false",
        "montague.lit, false",
    })
    void a_ca_is_recognised_for_the_peers_that_it_may_speak_for(String domains, boolean recognised) throws Exception {
        Actor romeo = actor(ROMEO, "romeo", "verona.lit=root.pem");
        Actor juliet = actor(JULIET, "juliet", domains + "=root.pem");
        Offer sent = Offer.of(await(romeo.method.offer(romeo.begins(REJECT, JULIET, null, null))));
        assertEquals(
                recognised,
                await(juliet.method.answer(juliet.answers(REJECT, ROMEO, sent))).possible());
    }

    @Test
    void a_distrusted_certificate_is_not_recognised_by_its_ca() throws Exception {
        Actor romeo = actor(ROMEO, "romeo", "verona.lit=root.pem");
        Actor juliet = actor(JULIET, "juliet", "verona.lit=root.pem");
        await(juliet.store.put(ROMEO.bare(), romeo.name(), KeyState.DISTRUSTED, "stolen"));
        Offer sent = Offer.of(await(romeo.method.offer(romeo.begins(REJECT, JULIET, null, null))));
        Answer answer = await(juliet.method.answer(juliet.answers(ACCEPT, ROMEO, sent)));
        assertEquals(Answer.IMPOSSIBLE.bound(answer.binding()), answer);
        assertEquals(
                "The certificate that romeo@verona.lit presented is distrusted.",
                assertInstanceOf(
                                Verdict.Refused.class,
                                await(juliet.method.verify(juliet.answers(ACCEPT, ROMEO, sent), romeo.proof())))
                        .failure()
                        .message());
    }

    @ParameterizedTest
    @CsvSource({"*, ''", "verona.lit, verona.lit", "'a.lit,*.lit', verona.lit", "montague.lit, ''"})
    void a_ca_binds_the_peers_of_the_domains_that_it_is_named_for(String domains, String bound) throws Exception {
        Actor romeo = actor(ROMEO, "romeo", domains + "=root.pem");
        // Nothing in it that the method could go on with.
        Offer stripped = Offer.of(List.of(Element.of("urn:x-xtls:1", "confirm")));
        for (Role role : Role.values()) {
            Answer answer =
                    await(romeo.method.answer(new Negotiation(ROMEO, JULIET, role, false, ACCEPT, null, stripped)));
            assertEquals(
                    bound.isEmpty() ? "" : "a CA that is trusted for " + bound + ", 'CN=Verona_Root'",
                    answer.binding());
        }
        // No quiet descent
        assertEquals(
                bound.isEmpty(),
                await(romeo.method.offer(romeo.begins(ACCEPT, JULIET, null, null)))
                        .contains(OfferedNames.INSECURE));
        Answer toStranger = await(romeo.method.answer(
                romeo.answers(ACCEPT, JULIET, Offer.of(List.of(OfferedNames.keyinfo("ab".repeat(32)))))));
        assertEquals(bound.isEmpty(), toStranger.possible());
    }

    @ParameterizedTest
    @ValueSource(strings = {"require verified", "expired", "a password"})
    void insecure_is_not_offered_to_somebody_who_has_to_be_verified(String why) throws Exception {
        Actor romeo = actor(ROMEO, "romeo", "montague.lit=root.pem");
        Policy policy = ACCEPT;
        switch (why) {
            case "require verified" ->
                policy = new Policy(
                        FirstUse.ACCEPT,
                        false,
                        true,
                        policy.only(),
                        policy.never(),
                        policy.prefer(),
                        policy.bootstrap(),
                        policy.recheck());
            case "expired" -> {
                await(romeo.store.put(JULIET.bare(), OTHER, KeyState.VERIFIED, ""));
                await(romeo.store.put(JULIET.bare(), OTHER, KeyState.EXPIRED, ""));
            }
            default -> await(romeo.store.remember(JULIET.bare(), "srp-psk", true));
        }
        List<Element> offered = await(romeo.method.offer(romeo.begins(policy, JULIET, null, null)));
        assertEquals(false, offered.contains(OfferedNames.INSECURE));
        assertEquals(
                Answer.IMPOSSIBLE,
                await(romeo.method.answer(romeo.answers(policy, JULIET, Offer.of(List.of(OfferedNames.INSECURE))))));
    }

    @ParameterizedTest
    @CsvSource({"kept, right, true", "kept, wrong, false", "never seen, right, true", "never seen, wrong, true"})
    void the_sha1_of_a_plain_peer_is_looked_up_where_the_certificate_is_at_hand(
            String record, String sha1, boolean recognised) throws Exception {
        Actor romeo = actor(ROMEO, "romeo", "montague.lit=root.pem");
        X509Certificate juliets =
                SelfSigned.generate(JULIET.bare(), Clock.systemUTC()).certificate();
        await(romeo.store.put(JULIET.bare(), name(juliets), KeyState.VERIFIED, "compared"));
        if (record.equals("kept")) {
            await(romeo.store.keep(JULIET.bare(), name(juliets), juliets.getEncoded()));
        }
        Offer offer = Offer.of(
                List.of(OfferedNames.keyinfo(sha1.equals("right") ? Fingerprint.sha1(juliets) : "ab".repeat(20))));
        assertEquals(
                recognised,
                await(romeo.method.answer(romeo.answers(ACCEPT, JULIET, offer))).possible());
    }

    @ParameterizedTest
    @EnumSource(
            value = KeyState.class,
            names = {"VERIFIED", "FIRST_USE"})
    void the_certificate_of_a_known_key_is_kept(KeyState state) throws Exception {
        Actor romeo = actor(ROMEO, "romeo", "montague.lit=root.pem");
        Actor juliet = actor(JULIET, "juliet", "montague.lit=root.pem");
        await(romeo.method.verify(romeo.begins(ACCEPT, JULIET, null, null), juliet.proof()));
        assertEquals(Optional.empty(), await(romeo.store.material(JULIET.bare(), juliet.name())));
        await(romeo.store.put(JULIET.bare(), juliet.name(), state, ""));
        await(romeo.method.verify(romeo.begins(ACCEPT, JULIET, null, null), juliet.proof()));
        await(romeo.store.peers());
        assertEquals(
                juliet.name().fingerprint(),
                Fingerprint.sha256(await(romeo.store.material(JULIET.bare(), juliet.name()))
                        .orElseThrow()));
    }

    @ParameterizedTest
    @EnumSource(
            value = KeyState.class,
            names = {"VERIFIED", "FIRST_USE"})
    void the_store_is_told_that_a_known_certificate_has_expired(KeyState state) throws Exception {
        FileTrustStore store = store("trust");
        Draft.Made expired =
                Draft.user(JULIET.bare().toString()).valid(-20, -10).selfSigned();
        KeyName key = name(expired.certificate());
        await(store.put(JULIET.bare(), key, state, ""));
        X509Method method = new X509Method(
                identities("romeo"), CertificationAuthorities.none(), Clock.fixed(Draft.NOW, ZoneOffset.UTC));
        method.bindTrustStore(store);
        Proof proof = new Proof.CertificateChain(List.of(expired.certificate()));
        Negotiation negotiation = new Negotiation(ROMEO, JULIET, Role.INITIATOR, false, ACCEPT, null, null);
        assertEquals(
                Alert.CERTIFICATE_EXPIRED,
                assertInstanceOf(Verdict.Refused.class, await(method.verify(negotiation, proof)))
                        .alert());
        assertEquals(
                Optional.of(KeyState.EXPIRED),
                await(store.peer(JULIET.bare())).key(key).map(on -> on.state()));
        assertEquals(
                "expired on 2026-05-22",
                await(store.history(JULIET.bare())).get(1).evidence());
    }

    @Test
    void a_key_that_another_took_the_place_of_is_not_taken_any_more() throws Exception {
        Actor romeo = actor(ROMEO, "romeo", "verona.lit=root.pem");
        Actor juliet = actor(JULIET, "juliet", "verona.lit=root.pem");
        await(romeo.store.put(JULIET.bare(), juliet.name(), KeyState.VERIFIED, ""));
        await(romeo.store.put(JULIET.bare(), juliet.name(), KeyState.EXPIRED, "another took its place"));
        Verdict.Refused refused = assertInstanceOf(
                Verdict.Refused.class,
                await(romeo.method.verify(romeo.begins(ACCEPT, JULIET, null, null), juliet.proof())));
        assertEquals(
                "The certificate that juliet@verona.lit presented has been replaced by another, and is not taken any"
                        + " more.",
                refused.failure().message());
    }

    @Test
    void a_pin_overrides_an_unknown_ca_a_wrong_name_and_a_broken_signature_algorithm() throws Exception {
        Actor romeo = actor(ROMEO, "romeo", "verona.lit=root.pem");
        Draft.Made unknown =
                Draft.authority("Unknown").key(Draft.key("RSA", 2048)).selfSigned();
        X509Certificate pinned = Draft.user("somebody@else.lit")
                .valid(-9, 9_000)
                .signedWith("SHA1withRSA")
                .by(unknown)
                .certificate();
        await(romeo.store.put(JULIET.bare(), name(pinned), KeyState.VERIFIED, "compared"));
        assertEquals(
                new Verdict.Verified(name(pinned), "pinned"),
                await(romeo.method.verify(
                        romeo.begins(REJECT, JULIET, null, null), new Proof.CertificateChain(List.of(pinned)))));
    }

    @Test
    void a_verdict_that_nobody_wants_any_more_is_not_worked_out() throws Exception {
        Actor romeo = actor(ROMEO, "romeo", "verona.lit=root.pem");
        Actor juliet = actor(JULIET, "juliet", "verona.lit=root.pem");
        await(romeo.store.put(JULIET.bare(), juliet.name(), KeyState.VERIFIED, ""));
        CountDownLatch busy = new CountDownLatch(1);
        CompletionStage<Object> before = romeo.authorities.ask(new CompletableFuture<>(), trusted -> {
            try {
                busy.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return "done";
        });
        CompletionStage<Verdict> verdict =
                romeo.method.verify(romeo.begins(REJECT, JULIET, null, null), juliet.proof());
        verdict.toCompletableFuture().cancel(false);
        busy.countDown();
        await(before);
        await(romeo.authorities.ask(new CompletableFuture<>(), trusted -> "after it"));
        await(romeo.store.peers());
        assertEquals(
                Optional.empty(),
                await(romeo.store.material(JULIET.bare(), juliet.name())),
                "its first trace would be the certificate in the store");
    }

    private static final KeyName OTHER = new KeyName("x509", "ab".repeat(32));

    private record Actor(
            FullJid jid,
            FileTrustStore store,
            Identities identities,
            CertificationAuthorities authorities,
            X509Method method) {
        Negotiation begins(Policy policy, FullJid with, @Nullable Offer sent, @Nullable Offer received) {
            return new Negotiation(jid, with, Role.INITIATOR, false, policy, sent, received);
        }

        Negotiation answers(Policy policy, FullJid with, @Nullable Offer received) {
            return new Negotiation(jid, with, Role.RESPONDER, false, policy, null, received);
        }

        Proof proof() {
            Credential.CertificateChain chain =
                    (Credential.CertificateChain) await(method.credential(begins(REJECT, jid, null, null)));
            return new Proof.CertificateChain(chain.certificates());
        }

        KeyName name() {
            return await(identities.keys(jid.bare())).get(0);
        }
    }

    private Actor actor(FullJid jid, String name, String anchors) throws Exception {
        return actor(jid, name, TrustSettings.of(anchors(anchors), List.of(), List.of(), "soft"));
    }

    private Actor actor(FullJid jid, String name, TrustSettings settings) throws Exception {
        if (!Files.exists(home.resolve(name + ".p12"))) {
            user(name, jid.bare());
        }
        FileTrustStore store = store("trust-" + name);
        Identities identities = identities(name);
        CertificationAuthorities authorities = new CertificationAuthorities(settings);
        open.add(authorities);
        return new Actor(jid, store, identities, authorities, new X509Method(identities, store, authorities));
    }

    private FileTrustStore store(String name) throws Exception {
        FileTrustStore store = new FileTrustStore(home.resolve(name));
        open.add(store);
        return store;
    }

    private Identities identities(String name) throws Exception {
        if (!Files.exists(home.resolve(name + ".p12"))) {
            user(name, BareJid.parse(name + "@verona.lit"));
        }
        Identities identities = new Identities(
                home,
                Clock.systemUTC(),
                Sources.keyStore(home.resolve(name + ".p12"), "secret", "", Clock.systemUTC()));
        open.add(identities);
        return identities;
    }

    private void user(String name, BareJid address) throws Exception {
        extensions(
                name,
                "basicConstraints=CA:FALSE",
                "keyUsage=critical,digitalSignature",
                "extendedKeyUsage=clientAuth,serverAuth",
                "subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:" + address);
        issued(name, "users");
        openSsl.pkcs12(name, "secret", "-certfile", "users.pem");
    }

    private X509Certificate issued(String name, String by) throws Exception {
        openSsl.run(
                "req",
                "-newkey",
                "ed25519",
                "-nodes",
                "-keyout",
                name + ".key",
                "-out",
                name + ".csr",
                "-subj",
                "/CN=" + name);
        openSsl.run(("x509 -req -in " + name + ".csr -CA " + by + ".pem -CAkey " + by + ".key -CAcreateserial -days 365"
                        + " -extfile " + name + ".ext -out " + name + ".pem")
                .split(" "));
        return openSsl.certificate(name);
    }

    private void extensions(String name, String... lines) throws Exception {
        Files.write(home.resolve(name + ".ext"), List.of(lines));
    }

    private List<String> anchors(String configured) {
        String[] parts = configured.split("=");
        return List.of(parts[0] + "=" + path(parts[1]));
    }

    private String path(String file) {
        return home.resolve(file).toString();
    }

    private static List<String> anchors(Offer offer) {
        return offer.things().stream()
                .filter(thing -> thing.is("urn:x-xtls:1", "pkix"))
                .flatMap(Element::children)
                .map(Element::text)
                .toList();
    }

    private static String anchor(X509Certificate authority) {
        return Fingerprint.of(authority.getPublicKey());
    }

    private static KeyName name(X509Certificate certificate) throws Exception {
        return new KeyName("x509", Fingerprint.sha256(certificate));
    }
}
