package org.xtls.shell;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.zxing.qrcode.decoder.Decoder;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.password.HeldSecret;
import org.xtls.password.Passwords;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.SecretQuestion;
import org.xtls.trust.TrustAnswer;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustQuestion;

@Timeout(30)
class PasswordsTest {
    private static final BareJid ROMEO = Verona.ROMEO.bare();
    private static final BareJid JULIET = Verona.JULIET.bare();

    private final Verona verona = new Verona();
    private final Secrets secrets = verona.secrets;
    private final Verona.Passage tunnel = new Verona.Passage();
    private final Gogo gogo = new Gogo().with(verona);

    @BeforeEach
    void log_in() {
        verona.state.links = List.of("romeo@montague.net/orchard", "romeo@montague.net/tomb");
    }

    @AfterEach
    void leave() {
        gogo.close();
    }

    @Test
    void a_pairing_code_is_shown_with_what_the_other_side_types_and_as_a_qr_code() throws Exception {
        List<String> lines = gogo.run("pair juliet@capulet.com/balcony").lines().toList();

        assertEquals("pairing code for juliet@capulet.com", lines.get(0));
        assertEquals("  314 159 265", lines.get(1));
        assertEquals("  good for one tunnel in 10 minutes, until 20:10:00; void after three failures", lines.get(2));
        assertEquals("  the other side: pair romeo@montague.net 314 159 265", lines.get(3));
        String uri = "xmpp:romeo@montague.net?xtls-pair;code=314159265";
        assertEquals(uri, lines.get(5));
        assertEquals(
                uri,
                new Decoder()
                        .decode(IdentityTest.modules(lines.subList(6, lines.size())))
                        .getText());
        assertArrayEquals("           ".toCharArray(), secrets.arrays.get(0));
    }

    @Test
    void a_pairing_code_is_entered_as_it_was_heard_and_not_shown_again() throws Exception {
        assertEquals(
                "pairing code of juliet@capulet.com is entered, good for 10 minutes, until 20:10:00;"
                        + " now either side opens the tunnel\n",
                gogo.run("pair juliet@capulet.com 003 159-265"));
        assertEquals(List.of("003 159-265"), secrets.given);
        assertEquals(ROMEO, secrets.held.get(0).account());

        String wrong = gogo.failing("pair juliet@capulet.com nightingale");
        assertEquals("a pairing code has 6 to 24 digits and nothing else.", wrong);
    }

    @Test
    void a_password_is_kept_for_both_sides_or_for_answering_only() throws Exception {
        assertEquals(
                "password for juliet@capulet.com is kept, for tunnels that either side begins\n",
                gogo.run("password juliet@capulet.com 'it was  the lark'"));
        assertEquals(
                "password for juliet@capulet.com is kept, for tunnels that the peer begins\n",
                gogo.run("password juliet@capulet.com 0012 --use answer"));

        assertEquals(List.of("it was  the lark", "0012"), secrets.given);
        assertEquals(Passwords.Use.BOTH, secrets.held.get(0).use());
        assertEquals(Passwords.Use.ANSWER, secrets.held.get(1).use());
    }

    @Test
    void what_may_be_a_password_is_in_no_complaint() {
        for (String line : List.of(
                "password juliet@capulet.com it was the lark",
                "password juliet@capulet.com --lark",
                "password juliet@capulet.com --lark=lark",
                "password juliet@capulet.com --use lark",
                "password juliet@capulet.com lark --use maybe")) {
            String complaint = gogo.failing(line);
            assertTrue(complaint.contains("; usage: password JID"), complaint);
            assertFalse(complaint.contains("lark"), complaint);
        }
        assertTrue(gogo.failing("password").startsWith("JID is missing; usage: password JID"));
        assertTrue(secrets.given.isEmpty());
    }

    @Test
    void a_password_is_typed_twice_and_unseen() throws Exception {
        try (Keyboard keyboard = new Keyboard(": ", "nightingale\r", "nightingale\r", "lark\r", "larks\r")) {
            gogo.put(".reader", keyboard.reader);

            gogo.run("password juliet@capulet.com");
            assertEquals("The two were not the same; nothing is changed.", gogo.failing("password juliet@capulet.com"));

            assertEquals(List.of("nightingale"), secrets.given);
            assertTrue(
                    keyboard.shown().contains("password: ") && keyboard.shown().contains("again: "));
            assertFalse(
                    keyboard.shown().contains("nightingale") || keyboard.shown().contains("lark"));
            assertTrue(keyboard.reader.getHistory().isEmpty());
        }
    }

    @Test
    void a_password_that_is_not_typed_after_all_changes_nothing() throws Exception {
        try (Keyboard keyboard = new Keyboard(": ", "\r", Keyboard.INTERRUPT)) {
            gogo.put(".reader", keyboard.reader);
            for (int i = 0; i < 2; i++) {
                assertEquals("Nothing was typed; nothing is changed.", gogo.failing("password juliet@capulet.com"));
            }
        }
        gogo.put(".reader", "no reader of ours");
        assertEquals(
                "There is no terminal here that can read without showing it: give it as PASSWORD,"
                        + " on a line that nobody else can read.",
                gogo.failing("password juliet@capulet.com"));
        assertTrue(secrets.given.isEmpty());
    }

    @Test
    void of_several_accounts_one_is_named() throws Exception {
        verona.state.links = List.of("romeo@montague.net/orchard", "servant@capulet.com/mask");
        for (String command : List.of("pair", "password")) {
            assertEquals(
                    "You are logged in with more than one account: name the one that it is for,"
                            + " --account romeo@montague.net or another.",
                    gogo.failing(command + " juliet@capulet.com 123456"));
        }
        gogo.run("pair juliet@capulet.com 123456 --account servant@capulet.com");
        assertEquals("servant@capulet.com", secrets.held.get(0).account().toString());
        assertTrue(gogo.failing("pair juliet@capulet.com --account a@b@c").contains("; usage: pair JID"));

        verona.state.links = List.of();
        assertEquals(
                "You are not logged in: connect first, or name your account with --account.",
                gogo.failing("pair juliet@capulet.com"));
    }

    @Test
    void what_is_held_is_listed_without_the_secrets() throws Exception {
        assertEquals("no passwords are kept\n", gogo.run("passwords"));
        Instant later = Instant.parse("1597-01-28T20:01:20.123Z");
        for (int left : List.of(5, 2, 0)) {
            secrets.held.add(new HeldSecret(
                    ROMEO,
                    JULIET,
                    HeldSecret.Kind.PASSWORD,
                    Passwords.Use.BOTH,
                    left,
                    left == 2 ? Optional.of(later) : Optional.empty(),
                    Optional.empty()));
        }
        gogo.run("pair juliet@capulet.com");

        assertEquals("""
                ACCOUNT             PEER                KIND          USE   GUESSES                              EXPIRES
                romeo@montague.net  juliet@capulet.com  password      both  5 left                               -
                romeo@montague.net  juliet@capulet.com  password      both  2 left, not before 1597-01-28T20:01:20Z  -
                romeo@montague.net  juliet@capulet.com  password      both  locked                               -
                romeo@montague.net  juliet@capulet.com  pairing-code  both  3 left                               1597-01-28T20:10:00Z
                """.replaceAll(" {2,}", "  "), gogo.run("passwords").replaceAll(" {2,}", "  "));
    }

    @Test
    void what_is_forgotten_is_named() throws Exception {
        gogo.run("password juliet@capulet.com lark");
        gogo.run("password juliet@capulet.com lark --account servant@capulet.com");

        assertEquals(
                "forgotten: the password that servant@capulet.com shares with juliet@capulet.com\n",
                gogo.run("forget juliet@capulet.com --account servant@capulet.com"));
        assertEquals(
                "forgotten: the password that romeo@montague.net shares with juliet@capulet.com\n",
                gogo.run("forget juliet@capulet.com"));
        assertEquals(
                "There is no password or pairing code for juliet@capulet.com.",
                gogo.failing("forget juliet@capulet.com"));
    }

    @Test
    void a_code_is_forgotten_too() throws Exception {
        gogo.run("pair juliet@capulet.com");
        assertEquals(
                "forgotten: the pairing code that romeo@montague.net shares with juliet@capulet.com\n",
                gogo.run("forget juliet@capulet.com"));
    }

    @Test
    void unlock_tells_whether_there_was_anything_to_unlock() throws Exception {
        assertEquals("no guess is spent for juliet@capulet.com\n", gogo.run("unlock juliet@capulet.com"));
        secrets.spent = true;
        assertEquals(
                "the password for juliet@capulet.com has all its guesses again\n",
                gogo.run("unlock juliet@capulet.com/balcony"));
    }

    @Test
    void verify_tells_what_it_waits_for_and_which_key_it_is() throws Exception {
        verona.open.add(tunnel);
        secrets.verdict.complete(juliet());

        assertEquals(
                "verifying tunnel t1 with juliet@capulet.com/balcony, whose user may have to be asked for the secret\n"
                        + "verified: juliet@capulet.com is x509 " + Verona.JULIETS_KEY.grouped() + "\n",
                gogo.run("verify juliet@capulet.com/balcony"));
        assertEquals(List.of(tunnel), secrets.verified);
    }

    @Test
    void a_verification_that_fails_says_so_and_one_without_a_tunnel_is_not_begun() {
        assertTrue(gogo.failing("verify juliet@capulet.com/balcony").startsWith("There is no tunnel with juliet"));
        assertTrue(gogo.failing("verify juliet@capulet.com").contains("has no resource"));
        verona.open.add(tunnel);
        secrets.verdict.completeExceptionally(
                Verona.failure(Failure.Code.UNTRUSTED, "The secrets of the two sides differ.", "Compare them."));

        assertEquals(
                "The secrets of the two sides differ. Compare them.",
                gogo.failing("verify juliet@capulet.com/balcony"));
        assertEquals(1, secrets.verified.size());
    }

    @Test
    void the_secret_that_a_verification_asks_for_is_typed_on_the_spot() throws Exception {
        verona.open.add(tunnel);
        CompletableFuture<Optional<char[]>> answer = new CompletableFuture<>();
        secrets.whenVerifying = () -> askForPassword().thenAccept(given -> {
            answer.complete(given.map(char[]::clone));
            secrets.verdict.complete(juliet());
        });
        try (Keyboard keyboard = new Keyboard("secret: ", "nightingale\r")) {
            gogo.put(".reader", keyboard.reader);

            assertTrue(gogo.run("verify juliet@capulet.com/balcony").contains("\nverified: juliet@capulet.com is"));

            assertEquals("nightingale", new String(answer.get().orElseThrow()));
            assertFalse(keyboard.shown().contains("nightingale"));
        }
    }

    @Test
    void a_secret_that_is_not_told_is_a_no_to_the_verification() throws Exception {
        verona.open.add(tunnel);
        secrets.whenVerifying = () -> askForPassword()
                .thenAccept(given -> secrets.verdict.completeExceptionally(
                        Verona.failure(Failure.Code.LOCAL, "There is no password: " + given.isEmpty(), "")));
        try (Keyboard keyboard = new Keyboard("secret: ", Keyboard.INTERRUPT)) {
            gogo.put(".reader", keyboard.reader);
            assertEquals("There is no password: true", gogo.failing("verify juliet@capulet.com/balcony"));
        }
    }

    @Test
    void without_a_terminal_to_type_at_a_verification_ends_and_leaves_no_question() {
        verona.open.add(tunnel);
        secrets.whenVerifying = this::askForPassword;

        assertTrue(gogo.failing("verify juliet@capulet.com/balcony").startsWith("There is no terminal here"));

        assertTrue(secrets.verdict.isCancelled());
        assertEquals("There is no question 1.", gogo.failing("answer 1 no"));
    }

    @Test
    void a_question_about_the_key_is_not_answered_with_a_secret() {
        verona.open.add(tunnel);
        CompletableFuture<TrustAnswer> key = gogo.questions
                .ask(new TrustQuestion(Verona.ROMEO, Verona.JULIET, Verona.JULIETS_KEY, KnownPeer.stranger(JULIET), ""))
                .toCompletableFuture();

        assertTrue(gogo.failing("verify juliet@capulet.com/balcony").startsWith("A question comes first"));
        assertFalse(key.isDone());
    }

    @Test
    void keys_that_are_handed_over_are_told_at_the_prompt_and_what_a_command_did_is_not() throws Exception {
        verona.open.add(tunnel);
        gogo.news.changed(change(KeyState.FIRST_USE, KeyState.VERIFIED, "handed over in a tunnel"));
        gogo.news.changed(change(null, KeyState.VERIFIED, TrustCommands.PINNED));
        gogo.news.changed(change(KeyState.VERIFIED, KeyState.EXPIRED, "its certificate has expired"));
        gogo.news.changed(change(null, KeyState.FIRST_USE, "first use"));
        secrets.whenVerifying = () -> {
            gogo.news.changed(change(null, KeyState.VERIFIED, "a password"));
            secrets.verdict.complete(juliet());
        };
        gogo.run("verify juliet@capulet.com/balcony");

        String key = "  x509 " + Verona.JULIETS_KEY.grouped();
        assertEquals(
                List.of(
                        "key of juliet@capulet.com is verified now: handed over in a tunnel",
                        key,
                        "key of juliet@capulet.com is expired now: its certificate has expired",
                        key),
                gogo.told);
    }

    @Test
    void without_the_bundle_the_commands_say_which_one_is_missing() {
        gogo.passwords.passwords = null;
        gogo.passwords.verification = null;
        for (String line : List.of(
                "pair juliet@capulet.com",
                "password juliet@capulet.com lark",
                "passwords",
                "forget juliet@capulet.com",
                "unlock juliet@capulet.com",
                "verify juliet@capulet.com/balcony")) {
            assertTrue(gogo.failing(line).endsWith(": is bundle org.xtls.auth.srp active?"), line);
        }
    }

    @Test
    void a_tunnel_by_a_shared_secret_has_no_key_to_show() throws Exception {
        tunnel.method = "srp-psk";
        tunnel.key = null;
        verona.openResult = CompletableFuture.completedFuture(tunnel);

        String told = gogo.run("open juliet@capulet.com/balcony");

        assertTrue(told.contains("\n  key     none: the peer proved a shared secret\n"), told);
        assertTrue(told.contains("\n  method  srp-psk\n"), told);
        assertFalse(told.contains("egacy"), told);
    }

    @Test
    void a_legacy_tunnel_is_called_so_wherever_it_is_shown() throws Exception {
        tunnel.method = "srp";
        tunnel.tls = "TLSv1.2";
        tunnel.key = null;
        verona.openResult = CompletableFuture.completedFuture(tunnel);
        var described = Verona.described(tunnel);
        described.method = "srp";
        verona.state.tunnels = List.of(described);

        Verona.Passage nurses = new Verona.Passage(FullJid.parse("nurse@capulet.com/hall"));
        nurses.tls = "TLSv1.2";
        gogo.news.opened(nurses);
        assertEquals("tunnel t1 with nurse@capulet.com/hall is open: verified, legacy", gogo.told.get(0));

        String told = gogo.run("open juliet@capulet.com/balcony");
        assertTrue(told.contains("\n  method  srp (legacy)\n") && told.contains("\nLegacy: TLS 1.2 "), told);
        assertTrue(gogo.run("tunnels").contains("(legacy)"));
        gogo.inbox.received(tunnel, Stanza.chat("hark"));
        assertTrue(gogo.run("receive").startsWith("juliet@capulet.com/balcony verified, legacy\n"));
    }

    private CompletableFuture<Optional<char[]>> askForPassword() {
        return gogo.questions
                .ask(new SecretQuestion(SecretQuestion.Kind.PASSWORD, ROMEO, Optional.of(JULIET), "a tunnel", ""))
                .toCompletableFuture();
    }

    private static KnownPeer juliet() {
        return new KnownPeer(
                JULIET,
                List.of(new KnownKey(Verona.JULIETS_KEY, KeyState.VERIFIED, Instant.EPOCH, "a password")),
                false,
                Set.of());
    }

    private static TrustChange change(@Nullable KeyState from, KeyState to, String evidence) {
        return new TrustChange(Instant.EPOCH, JULIET, Verona.JULIETS_KEY, from, to, evidence);
    }
}
