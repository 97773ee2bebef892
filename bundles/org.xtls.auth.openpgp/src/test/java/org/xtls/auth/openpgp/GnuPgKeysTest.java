package org.xtls.auth.openpgp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.auth.Answer;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.auth.Verdict;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.Signer;
import org.xtls.trust.Policy;
import org.xtls.trust.SecretPrompt;
import org.xtls.trust.SecretQuestion;

/** Keys of the real GnuPG: once from an export, once with its agent. */
class GnuPgKeysTest {
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.example");
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.example");
    private static final String USER_ID = "Romeo <romeo@montague.example>";
    /** As long as what TLS 1.3 has signed, and longer than any hash. */
    private static final byte[] CONTENT = (" ".repeat(64) + "TLS 1.3, server CertificateVerify\0" + "h".repeat(48))
            .getBytes(StandardCharsets.US_ASCII);

    private final List<AutoCloseable> open = new ArrayList<>();
    private GnuPgHome home;

    @BeforeEach
    void start() throws Exception {
        home = new GnuPgHome();
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
        home.close();
    }

    /** What people have. */
    enum Kind {
        /** gpg's default, with the subkey that the README's command adds. */
        DEFAULT("default", "default", "ed25519", KeyKind.ED25519),
        ED25519("ed25519", "sign", "ed25519", KeyKind.ED25519),
        RSA_3072("rsa3072", "sign", "rsa3072", KeyKind.RSA),
        NIST_P256("nistp256/ecdsa", "sign", "nistp256/ecdsa", KeyKind.P256),
        NIST_P384("nistp384/ecdsa", "sign", "nistp384/ecdsa", KeyKind.P384);

        private final String primary;
        private final String usage;
        private final String subkey;
        private final KeyKind expected;

        Kind(String primary, String usage, String subkey, KeyKind expected) {
            this.primary = primary;
            this.usage = usage;
            this.subkey = subkey;
            this.expected = expected;
        }

        String make(GnuPgHome home, String passphrase) {
            String fingerprint = home.generate(USER_ID, primary, usage, passphrase);
            home.addKey(fingerprint, subkey, "auth", passphrase);
            return fingerprint;
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_key_from_an_export_signs(Kind kind) throws Exception {
        String fingerprint = kind.make(home, GnuPgHome.PASSPHRASE);
        Path file = home.exportSecret(fingerprint, GnuPgHome.PASSPHRASE);
        OpenPgpKeys keys = keys(Settings.withKey(file, GnuPgHome.PASSPHRASE));
        signs(keys, fingerprint, kind.expected);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_key_that_stays_with_gpg_agent_signs(Kind kind) {
        String fingerprint = kind.make(home, "");
        OpenPgpKeys keys = keys(agent());
        signs(keys, fingerprint, kind.expected);
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"DEFAULT", "RSA_3072", "NIST_P256"})
    void an_exported_key_and_one_with_the_agent_meet_in_real_handshakes(Kind kind) throws Exception {
        String romeo = kind.make(home, "");
        OpenPgpKeys withAgent = keys(agent());
        try (GnuPgHome other = new GnuPgHome()) {
            String juliet = other.generate("Juliet <juliet@capulet.example>", "default", "default", "");
            other.addKey(juliet, "ed25519", "auth", "");
            OpenPgpKeys withFile = keys(Settings.withKey(other.exportSecret(juliet, ""), ""));
            meet(withAgent, ROMEO, withFile, JULIET);
            meet(withFile, JULIET, withAgent, ROMEO);
        }
    }

    /** Strangers, whose certificates come with the offers. */
    private static void meet(OpenPgpKeys initiator, BareJid from, OpenPgpKeys responder, BareJid to) throws Exception {
        MemoryTrustStore store = new MemoryTrustStore();
        initiator.use(store);
        responder.use(store);
        OpenPgpMethod client = new OpenPgpMethod(initiator);
        OpenPgpMethod server = new OpenPgpMethod(responder);
        Offer start = Offer.of(Stages.await(client.offer(facts(from, to, Role.INITIATOR, null, null))));
        Answer answer = Stages.await(server.answer(facts(to, from, Role.RESPONDER, null, start)));
        assertTrue(answer.possible());
        Offer proceed = Offer.of(answer.things());
        Handshakes.Ends ends = Handshakes.handshake(
                Stages.await(client.credential(facts(from, to, Role.INITIATOR, start, proceed))),
                Stages.await(server.credential(facts(to, from, Role.RESPONDER, proceed, start))));
        assertEquals(
                new Verdict.Unknown(Stages.await(responder.keys(to)).get(0)),
                Stages.await(client.verify(
                        facts(from, to, Role.INITIATOR, start, proceed),
                        ends.client().handshake().proof())));
        assertEquals(
                new Verdict.Unknown(Stages.await(initiator.keys(from)).get(0)),
                Stages.await(server.verify(
                        facts(to, from, Role.RESPONDER, proceed, start),
                        ends.server().handshake().proof())));
    }

    private static Negotiation facts(BareJid local, BareJid peer, Role role, Offer sent, Offer received) {
        return new Negotiation(local.at("x"), peer.at("y"), role, false, Policy.DEFAULT, sent, received);
    }

    private static void signs(OpenPgpKeys keys, String fingerprint, KeyKind kind) {
        OwnIdentity own = Stages.await(keys.own());
        assertEquals(fingerprint, own.name().fingerprint());
        assertEquals(kind, own.key().key().kind());
        Signer signer = Stages.await(keys.signer(ROMEO, own.key()));
        assertEquals(kind.schemes(), signer.schemes());
        for (SignatureScheme scheme : signer.schemes()) {
            assertTrue(verifies(own, signer, scheme), scheme.toString());
        }
    }

    private static boolean verifies(OwnIdentity own, Signer signer, SignatureScheme scheme) {
        try {
            byte[] signature = signer.sign(scheme, CONTENT.clone());
            return TlsSignatures.verify(scheme, own.key().key().toPublicKey(), CONTENT, signature);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void a_certificate_without_an_authentication_key_is_told_the_command_that_adds_one() throws Exception {
        String fingerprint = home.generate(USER_ID, "default", "default", "");
        OpenPgpKeys keys = keys(Settings.withKey(home.exportSecret(fingerprint, ""), ""));
        Failure failure = Stages.failure(keys.own());
        assertTrue(failure.message().contains("has no authentication key"), failure.message());
        String command = "gpg --quick-add-key " + fingerprint + " ed25519 auth 2y";
        assertTrue(failure.advice().contains(command), failure.advice());
        assertEquals(Failure.Code.LOCAL, failure.code());
    }

    @Test
    void the_command_does_what_it_says_and_the_file_is_read_again() throws Exception {
        String fingerprint = home.generate(USER_ID, "default", "default", "");
        Path file = home.exportSecret(fingerprint, "");
        OpenPgpKeys keys = keys(Settings.withKey(file, ""));
        Stages.failure(keys.own());
        home.addKey(fingerprint, "ed25519", "auth", "");
        Files.delete(file);
        home.exportSecret(fingerprint, "");
        assertEquals(KeyKind.ED25519, Stages.await(keys.own()).key().key().kind());
    }

    @Test
    void a_wrong_passphrase_in_the_configuration() throws Exception {
        String fingerprint = Kind.ED25519.make(home, GnuPgHome.PASSPHRASE);
        OpenPgpKeys keys = keys(Settings.withKey(home.exportSecret(fingerprint, GnuPgHome.PASSPHRASE), "what light"));
        OwnIdentity own = Stages.await(keys.own());
        Failure failure = Stages.failure(keys.signer(ROMEO, own.key()));
        assertTrue(failure.message().contains("does not open with the configured passphrase"), failure.message());
        assertFalse(failure.text().contains("what light"));
    }

    @Test
    void the_passphrase_is_asked_for_once_and_again_when_it_was_wrong() throws Exception {
        String fingerprint = Kind.ED25519.make(home, GnuPgHome.PASSPHRASE);
        OpenPgpKeys keys = keys(Settings.withKey(home.exportSecret(fingerprint, GnuPgHome.PASSPHRASE), ""));
        Human human = new Human("wrong", GnuPgHome.PASSPHRASE);
        keys.use(human);
        signs(keys, fingerprint, KeyKind.ED25519);
        signs(keys, fingerprint, KeyKind.ED25519);
        assertEquals(2, human.questions.size());
        assertEquals("", human.questions.get(0).before());
        assertFalse(human.questions.get(1).before().isEmpty());
        assertEquals(SecretQuestion.Kind.PASSPHRASE, human.questions.get(0).kind());
        human.given.forEach(given -> assertEquals("\0".repeat(given.length), new String(given)));
    }

    @Test
    void three_wrong_passphrases_are_enough() throws Exception {
        String fingerprint = Kind.ED25519.make(home, GnuPgHome.PASSPHRASE);
        OpenPgpKeys keys = keys(Settings.withKey(home.exportSecret(fingerprint, GnuPgHome.PASSPHRASE), ""));
        Human human = new Human("a", "b", "c", GnuPgHome.PASSPHRASE);
        keys.use(human);
        OwnIdentity own = Stages.await(keys.own());
        Failure failure = Stages.failure(keys.signer(ROMEO, own.key()));
        assertTrue(failure.message().contains("wrong 3 times"), failure.message());
        assertEquals(3, human.questions.size());
    }

    @Test
    void nobody_to_ask_for_the_passphrase() throws Exception {
        String fingerprint = Kind.ED25519.make(home, GnuPgHome.PASSPHRASE);
        OpenPgpKeys keys = keys(Settings.withKey(home.exportSecret(fingerprint, GnuPgHome.PASSPHRASE), ""));
        OwnIdentity own = Stages.await(keys.own());
        Failure failure = Stages.failure(keys.signer(ROMEO, own.key()));
        assertTrue(failure.message().contains("nobody to ask"), failure.message());
    }

    @Test
    void a_secret_key_that_others_can_read_is_not_used() throws Exception {
        String fingerprint = Kind.ED25519.make(home, "");
        Path file = home.exportSecret(fingerprint, "");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        Failure failure = Stages.failure(keys(Settings.withKey(file, "")).own());
        assertTrue(failure.message().contains("open to others"), failure.message());
    }

    @Test
    void a_file_that_is_no_secret_key() throws Exception {
        Path file = Files.write(home.directory.resolve("none"), "nothing".getBytes(StandardCharsets.US_ASCII));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Failure failure = Stages.failure(keys(Settings.withKey(file, "")).own());
        assertTrue(failure.message().contains("holds 0 secret keys"), failure.message());
    }

    @Test
    void an_agent_that_is_gone() throws Exception {
        Kind.ED25519.make(home, "");
        OpenPgpKeys keys = keys(agent());
        OwnIdentity own = Stages.await(keys.own());
        Signer signer = Stages.await(keys.signer(ROMEO, own.key()));
        home.killAgent();
        AgentException gone = assertThrows(AgentException.class, () -> signer.sign(SignatureScheme.ED25519, CONTENT));
        assertEquals(AgentException.Kind.GONE, gone.kind());
        assertTrue(gone.getMessage().contains("gpgconf --launch gpg-agent"), gone.getMessage());
    }

    @Test
    void a_prompt_of_the_agent_that_is_cancelled() throws Exception {
        // A pinentry whose user closes every window.
        Path pinentry = home.directory.resolve("pinentry");
        Files.writeString(pinentry, """
                #!/bin/sh
                echo 'OK Pleased to meet you'
                while read -r line; do
                  case "$line" in
                    GETPIN*|CONFIRM*) echo 'ERR 83886179 Operation cancelled <Pinentry>' ;;
                    BYE*) echo OK; exit 0 ;;
                    *) echo OK ;;
                  esac
                done
                """);
        Files.setPosixFilePermissions(pinentry, PosixFilePermissions.fromString("rwx------"));
        Kind.NIST_P256.make(home, GnuPgHome.PASSPHRASE);
        home.killAgent();
        Files.writeString(
                home.directory.resolve("gpg-agent.conf"),
                "pinentry-program " + pinentry + "\ndefault-cache-ttl 0\nmax-cache-ttl 0\n");
        home.run(List.of("gpgconf", "--launch", "gpg-agent"), new byte[0]);
        OpenPgpKeys keys = keys(agent());
        OwnIdentity own = Stages.await(keys.own());
        Signer signer = Stages.await(keys.signer(ROMEO, own.key()));
        AgentException cancelled =
                assertThrows(AgentException.class, () -> signer.sign(SignatureScheme.ECDSA_SECP256R1_SHA256, CONTENT));
        assertEquals(AgentException.Kind.CANCELLED, cancelled.kind(), cancelled.getMessage());
    }

    @Test
    void a_key_that_the_agent_does_not_have() throws Exception {
        String fingerprint = Kind.NIST_P256.make(home, "");
        OpenPgpKeys keys = keys(agent());
        OwnIdentity own = Stages.await(keys.own());
        Signer signer = Stages.await(keys.signer(ROMEO, own.key()));
        for (String keygrip : new GnuPg("gpg", "gpgconf", home.directory.toString())
                .keygrips(fingerprint)
                .values()) {
            Files.delete(home.directory.resolve("private-keys-v1.d").resolve(keygrip + ".key"));
        }
        AgentException none =
                assertThrows(AgentException.class, () -> signer.sign(SignatureScheme.ECDSA_SECP256R1_SHA256, CONTENT));
        assertEquals(AgentException.Kind.NO_KEY, none.kind(), none.getMessage());
    }

    @Test
    void no_gnupg_at_all() {
        Settings none = new Settings(
                null,
                "",
                true,
                new GnuPg("/nonexistent/gpg", "/nonexistent/gpgconf", ""),
                Duration.ofSeconds(5),
                "",
                List.of(),
                null,
                List.of(),
                1,
                3,
                Duration.ofMinutes(5));
        Failure failure = Stages.failure(keys(none).own());
        assertTrue(failure.message().contains("cannot be had from GnuPG"), failure.message());
    }

    @Test
    void what_goes_into_an_offer_is_small_and_enough() throws Exception {
        String fingerprint = Kind.DEFAULT.make(home, "");
        home.gpg("--passphrase", "", "--quick-add-uid", fingerprint, "Romeo at work <romeo@verona.example>");
        OpenPgpKeys keys = keys(Settings.withKey(home.exportSecret(fingerprint, ""), ""));
        OwnIdentity own = Stages.await(keys.own());
        byte[] minimised = own.minimised(ROMEO).orElseThrow();
        assertTrue(minimised.length < 2_048, minimised.length + " bytes");
        Evaluation.Usable usable = assertInstanceOf(
                Evaluation.Usable.class,
                Evaluator.evaluate(
                        Certificate.read(minimised, Bounds.SENT),
                        Clock.systemUTC().instant()));
        assertEquals(
                List.of(USER_ID),
                usable.userIds().stream().map(Evaluation.UserId::text).toList());
        assertEquals(own.key().fingerprint(), usable.newest().fingerprint());
    }

    private Settings agent() {
        return Settings.NONE.withAgent(home.directory.toString(), Duration.ofSeconds(20));
    }

    private OpenPgpKeys keys(Settings settings) {
        OpenPgpKeys keys = new OpenPgpKeys(settings, Clock.systemUTC());
        open.add(keys);
        return keys;
    }

    /** Gives one answer after the other. */
    private static final class Human implements SecretPrompt {
        private final List<SecretQuestion> questions = new ArrayList<>();
        private final List<char[]> given = new ArrayList<>();
        private final String[] answers;

        Human(String... answers) {
            this.answers = answers;
        }

        @Override
        public CompletionStage<Optional<char[]>> ask(SecretQuestion question) {
            char[] answer = answers[questions.size()].toCharArray();
            questions.add(question);
            given.add(answer);
            return CompletableFuture.completedStage(Optional.of(answer));
        }
    }
}
