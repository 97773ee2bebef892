package org.xtls.auth.srp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.srp.Side.JULIET;
import static org.xtls.auth.srp.Side.ROMEO;
import static org.xtls.auth.srp.Stages.await;
import static org.xtls.auth.srp.Stages.failure;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.auth.Role;
import org.xtls.auth.srp.SharedSecrets.Guess;
import org.xtls.password.HeldSecret;
import org.xtls.password.PairingCode;
import org.xtls.password.Passwords.Use;
import org.xtls.xml.Element;

class SharedSecretsTest {
    private static final BareJid PEER = ROMEO.bare();
    private static final BareJid ACCOUNT = JULIET.bare();
    private static final Between BETWEEN = new Between(ACCOUNT, PEER);

    @TempDir
    Path home;

    TestClock clock = new TestClock();
    Side side;

    @BeforeEach
    void open() {
        side = open(Duration.ofSeconds(10));
    }

    @AfterEach
    void close() {
        side.close();
    }

    @Test
    void a_password_stays_and_can_be_removed() {
        side.shares("wherefore", ROMEO);
        reopen();
        assertEquals(
                List.of(new HeldSecret(
                        ACCOUNT, PEER, HeldSecret.Kind.PASSWORD, Use.BOTH, 5, Optional.empty(), Optional.empty())),
                await(side.secrets.list()));
        assertArrayEquals(
                "wherefore".getBytes(StandardCharsets.UTF_8),
                await(side.secrets.password(new Secret.Lasting(BETWEEN))));
        assertTrue(await(side.secrets.remove(ACCOUNT, PEER)));
        assertFalse(await(side.secrets.remove(ACCOUNT, PEER)));
        reopen();
        assertTrue(await(side.secrets.list()).isEmpty());
    }

    @Test
    void what_only_answers_is_kept_as_salt_and_verifier() {
        side.shares("wherefore", ROMEO, Use.ANSWER);
        reopen();
        assertEquals(0, await(side.secrets.password(new Secret.Lasting(BETWEEN))).length);
        Verifier kept = verifier(new Secret.Lasting(BETWEEN), Group.BITS_3072);
        byte[] password = "wherefore".getBytes(StandardCharsets.UTF_8);
        assertEquals(
                Verifier.of(password, kept.group(), kept.cost(), kept.salt()).v(), kept.v());
    }

    @Test
    void the_file_is_its_owners_and_tells_nothing_without_the_key() throws Exception {
        side.shares("wherefore", ROMEO);
        Path directory = home.resolve("srp");
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
        for (String name : List.of("passwords", "key")) {
            assertEquals(
                    "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(name))));
        }
        Verifier kept = verifier(new Secret.Lasting(BETWEEN), Group.BITS_3072);
        List<String> lines = Files.readAllLines(directory.resolve("passwords"));
        assertEquals(3, lines.size());
        byte[] content = java.util.Base64.getDecoder().decode(lines.get(1).split(" ")[4]);
        assertEquals(-1, indexOf(content, "wherefore".getBytes(StandardCharsets.UTF_8)));
        assertEquals(-1, indexOf(content, kept.group().pad(kept.v())));
        assertEquals(-1, indexOf(content, kept.salt()));
    }

    @Test
    void a_file_or_key_that_others_may_read_is_refused() throws Exception {
        side.shares("wherefore", ROMEO);
        for (String name : List.of("passwords", "key")) {
            Path file = home.resolve("srp").resolve(name);
            side.close();
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
            side = open(Duration.ZERO);
            Failure failure = failure(side.secrets.password(new Secret.Lasting(BETWEEN)));
            assertTrue(failure.message().contains(name + " is open to others"), failure.message());
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            assertEquals(9, await(side.secrets.password(new Secret.Lasting(BETWEEN))).length, "it heals by itself");
        }
    }

    @Test
    void a_password_moved_to_another_peer_or_sealed_by_another_key_is_refused() throws Exception {
        side.shares("wherefore", ROMEO);
        Path file = home.resolve("srp/passwords");
        String text = Files.readString(file);
        side.close();
        Files.writeString(file, text.replace("romeo%40montague.lit", "tybalt%40capulet.lit"));
        side = open(Duration.ZERO);
        Secret moved = new Secret.Lasting(new Between(ACCOUNT, BareJid.parse("tybalt@capulet.lit")));
        assertTrue(failure(side.secrets.password(moved)).message().contains("for somebody else"));
        side.close();
        Files.writeString(file, text);
        Files.write(home.resolve("srp/key"), new byte[32]);
        side = open(Duration.ZERO);
        assertTrue(failure(side.secrets.password(new Secret.Lasting(BETWEEN)))
                .message()
                .contains("with another key"));
    }

    @Test
    void a_lost_key_is_never_replaced_while_something_is_sealed_with_it() throws Exception {
        side.shares("wherefore", ROMEO);
        side.close();
        Files.delete(home.resolve("srp/key"));
        side = open(Duration.ZERO);
        assertTrue(failure(side.secrets.password(new Secret.Lasting(BETWEEN)))
                .message()
                .contains("key of the passwords, is not there"));
        assertFalse(Files.exists(home.resolve("srp/key")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "xtls-passwords 2\nend\n",
                "xtls-passwords 1\n",
                "xtls-passwords 1\nend",
                "xtls-passwords 1\nguesses romeo%40montague.lit 5 2026-11-24T10:00:00Z\n",
                "xtls-passwords 1\nguesses romeo%40montague.lit -1 2026-11-24T10:00:00Z\nend\n",
                "xtls-passwords 1\nguesses romeo%40montague.lit 05 2026-11-24T10:00:00Z\nend\n",
                "xtls-passwords 1\nguesses romeo%40montague.lit five 2026-11-24T10:00:00Z\nend\n",
                "xtls-passwords 1\nguesses romeo%40montague.lit 5 yesterday\nend\n",
                "xtls-passwords 1\nguesses romeo@montague.lit 5 2026-11-24T10:00:00Z\nend\n",
                "xtls-passwords 1\npassword a%40b c%40d sometimes AAAA\nend\n",
                "xtls-passwords 1\npassword a%40b c%40d both A A\nend\n",
                "xtls-passwords 1\npassword a%40b c%40d both AAAA\npassword a%40b c%40d both AAAA\nend\n"
            })
    void a_file_that_is_not_whole_is_left_alone_and_said_so(String content) throws Exception {
        side.close();
        Path file = home.resolve("srp/passwords");
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        side = open(Duration.ZERO);
        Failure failure = failure(side.secrets.list());
        assertTrue(failure.message().contains("passwords, line "), failure.message());
        assertEquals(content, Files.readString(file));
        // Fail closed: nobody can say that there is no password for this peer.
        assertFalse(await(side.method().answer(side.negotiation(org.xtls.auth.Role.RESPONDER, ROMEO, null, null)))
                .binding()
                .isEmpty());
    }

    @Test
    void a_second_container_on_the_same_home_is_refused() {
        await(side.secrets.list());
        try (Side second = open(Duration.ZERO)) {
            assertTrue(failure(second.secrets.list()).message().contains("is in use by another"));
        }
    }

    @Test
    void a_write_that_breaks_off_leaves_the_old_file_and_spends_nothing_it_did_not_say() throws Exception {
        side.shares("wherefore", ROMEO);
        side.close();
        byte[] before = Files.readAllBytes(home.resolve("srp/passwords"));
        try (PasswordFile file = PasswordFile.open(home.resolve("srp"), (content, channel) -> {
            channel.write(content.limit(10));
            throw new java.io.IOException("the disk is full");
        })) {
            PasswordFormat.Content changed = file.content().copy();
            changed.guesses().put(PEER, Guesses.NONE.spend(clock.instant()));
            org.junit.jupiter.api.Assertions.assertThrows(java.io.IOException.class, () -> file.keep(changed));
            assertEquals(0, file.content().guesses(PEER).wrong());
        }
        assertArrayEquals(before, Files.readAllBytes(home.resolve("srp/passwords")));
        side = open(Duration.ZERO);
        assertEquals(5, side.guessesLeft(ROMEO));
        assertFalse(Files.exists(home.resolve("srp/passwords.new")));
    }

    @Test
    void the_first_wrong_guess_may_be_a_slip_the_next_ones_wait_longer_and_longer_and_then_it_is_locked() {
        side.shares("wherefore", ROMEO);
        Secret secret = new Secret.Lasting(BETWEEN);
        await(side.secrets.spend(secret));
        for (long wait : new long[] {10, 20, 40}) {
            await(side.secrets.spend(secret));
            assertEquals(
                    Optional.of(clock.instant().plusSeconds(wait)),
                    await(side.secrets.list()).get(0).waits());
            assertTrue(failure(side.secrets.spend(secret)).message().contains("cannot be tried before"));
            reopen();
            clock.pass(Duration.ofSeconds(wait - 1));
            assertTrue(failure(side.secrets.spend(secret)).message().contains("cannot be tried before"));
            clock.pass(Duration.ofSeconds(1));
        }
        await(side.secrets.spend(secret));
        HeldSecret locked = await(side.secrets.list()).get(0);
        assertTrue(locked.locked());
        clock.pass(Duration.ofDays(1000));
        reopen();
        assertTrue(failure(side.secrets.spend(secret)).message().contains("is locked"));
    }

    @Test
    void a_clock_set_back_does_not_lengthen_a_wait() {
        side.shares("wherefore", ROMEO);
        Secret secret = new Secret.Lasting(BETWEEN);
        await(side.secrets.spend(secret));
        await(side.secrets.spend(secret));
        clock.pass(Duration.ofDays(-365));
        assertEquals(
                Optional.of(clock.instant().plusSeconds(10)),
                await(side.secrets.list()).get(0).waits());
    }

    @Test
    void guesses_are_counted_for_the_peer_whatever_account_they_are_made_at() {
        side.shares("wherefore", ROMEO);
        BareJid other = BareJid.parse("juliet@verona.lit");
        await(side.secrets.set(other, PEER, "wherefore".toCharArray(), Use.BOTH));
        await(side.secrets.spend(new Secret.Lasting(new Between(other, PEER))));
        assertEquals(4, side.guessesLeft(ROMEO));
    }

    @Test
    void a_guess_given_back_after_the_user_unlocked_is_not_taken_from_another() {
        side.shares("wherefore", ROMEO);
        Guess before = await(side.secrets.spend(new Secret.Lasting(BETWEEN)));
        await(side.secrets.unlock(PEER));
        await(side.secrets.spend(new Secret.Lasting(BETWEEN)));
        assertTrue(await(side.secrets.giveBack(before)));
        assertEquals(4, side.guessesLeft(ROMEO));
    }

    @Test
    void unlocking_what_is_not_locked_says_so() {
        assertFalse(await(side.secrets.unlock(PEER)));
    }

    @Test
    void a_pairing_code_is_grouped_digits_and_ends_by_itself() {
        PairingCode code = await(side.secrets.pair(ACCOUNT, PEER));
        assertTrue(new String(code.characters()).matches("[0-9]{3} [0-9]{3} [0-9]{3}"));
        assertEquals(clock.instant().plus(Duration.ofMinutes(10)), code.expires());
        assertFalse(code.toString().contains(new String(code.characters())));
        Held held = await(side.secrets.held(BETWEEN));
        assertEquals("a pairing code", held.binding());
        Secret secret = held.toBegin().orElseThrow();
        clock.pass(Duration.ofMinutes(10));
        assertVoid();
        assertTrue(failure(side.secrets.spend(secret)).message().contains("has expired"));
        assertTrue(failure(side.secrets.password(secret)).message().contains("has expired"), "wiped");
    }

    /** Three forged starts must not make an unverified tunnel of what the code was to verify. */
    @Test
    void a_code_that_failed_is_no_secret_any_more_but_still_a_reason_until_the_user_acts() {
        List<Runnable> acts = List.of(
                () -> assertTrue(await(side.secrets.remove(ACCOUNT, PEER))),
                () -> side.shares("wherefore", ROMEO),
                () -> await(side.secrets.pair(ACCOUNT, PEER)),
                () -> await(side.secrets.enter(ACCOUNT, PEER, "123456789".toCharArray())));
        List<String> bindings = List.of("", "a password", "a pairing code", "a pairing code");
        for (int i = 0; i < acts.size(); i++) {
            Secret.OneTime secret = newCode();
            for (int guess = 0; guess < 3; guess++) {
                await(side.secrets.spend(secret));
            }
            assertVoid();
            assertTrue(failure(side.secrets.password(secret)).message().contains("failed 3 times"), "wiped");
            acts.get(i).run();
            assertEquals(bindings.get(i), await(side.secrets.held(BETWEEN)).binding());
            await(side.secrets.remove(ACCOUNT, PEER));
            assertEquals("", await(side.secrets.held(BETWEEN)).binding());
        }
    }

    @Test
    void the_last_guess_of_a_code_may_be_the_right_one() {
        Secret.OneTime secret = newCode();
        byte[] digits = await(side.secrets.password(secret));
        await(side.secrets.spend(secret));
        await(side.secrets.spend(secret));
        SharedSecrets.Told last = await(side.secrets.spendAndTell(secret));
        assertVoid();
        assertArrayEquals(digits, last.password());
        assertTrue(await(side.secrets.giveBack(last.guess())));
        assertEquals("", await(side.secrets.held(BETWEEN)).binding(), "success removes it");
    }

    @Test
    void a_code_that_has_ended_does_not_stand_in_the_way_of_a_password() {
        side.shares("wherefore", ROMEO);
        await(side.secrets.pair(ACCOUNT, PEER));
        clock.pass(Duration.ofMinutes(10));
        Held held = await(side.secrets.held(BETWEEN));
        assertEquals("a password", held.binding());
        assertTrue(held.toBegin().orElseThrow() instanceof Secret.Lasting);
    }

    @Test
    void setting_a_password_leaves_a_code_alone_that_can_still_be_used() {
        newCode();
        side.shares("wherefore", ROMEO);
        assertEquals("a pairing code", await(side.secrets.held(BETWEEN)).binding());
    }

    @Test
    void a_code_costs_one_verifier_for_each_group_and_none_when_it_has_ended() {
        Secret.OneTime secret = newCode();
        Verifier made = verifier(secret, Group.BITS_3072);
        assertSame(made, verifier(secret, Group.BITS_3072));
        assertEquals(Group.BITS_4096, verifier(secret, Group.BITS_4096).group());
        clock.pass(Duration.ofMinutes(10));
        assertTrue(failure(side.secrets.computeForPeer(secret, Group.BITS_3072, v -> v))
                .message()
                .contains("has expired"));
        assertEquals(Optional.empty(), secret.code().verifier(Group.BITS_3072));
    }

    @Test
    void a_password_costs_one_verifier_for_each_other_group_until_another_is_set() {
        Secret secret = new Secret.Lasting(BETWEEN);
        side.shares("wherefore", ROMEO);
        Verifier made = verifier(secret, Group.BITS_4096);
        assertSame(made, verifier(secret, Group.BITS_4096));
        side.shares("wherefore", ROMEO);
        assertNotSame(made, verifier(secret, Group.BITS_4096));
    }

    @Test
    void peers_get_one_computation_each_and_not_many_in_all_while_the_user_is_served() throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        List<CompletableFuture<Verifier>> waiting = new ArrayList<>();
        CompletionStage<HeldSecret> own;
        try {
            var unused = side.secrets.compute(() -> busy.await(20, TimeUnit.SECONDS));
            for (int i = 0; i < Turns.MOST; i++) {
                waiting.add(begun(i));
                assertEquals(Failure.Code.LIMIT, failure(begun(i)).code(), "a second one of the same peer");
            }
            assertEquals(Failure.Code.LIMIT, failure(begun(Turns.MOST)).code());
            own = side.secrets.set(ACCOUNT, PEER, "wherefore".toCharArray(), Use.BOTH);
        } finally {
            busy.countDown();
        }
        await(own);
        waiting.forEach(Stages::await);
        await(begun(Turns.MOST));
    }

    @Test
    void what_nobody_waits_for_any_more_is_not_computed() throws Exception {
        Secret.OneTime secret = newCode();
        CountDownLatch busy = new CountDownLatch(1);
        try {
            var unused = side.secrets.compute(() -> busy.await(20, TimeUnit.SECONDS));
            Element begin = new SrpClient(Group.BITS_3072, side.secrets.random())
                    .begin()
                    .toElement();
            CompletionStage<?> answer = side.method()
                    .answer(side.negotiation(Role.RESPONDER, ROMEO, null, Side.confirming(List.of(begin))));
            // Behind what it does with the file.
            await(side.secrets.list());
            await(side.secrets.list());
            answer.toCompletableFuture().cancel(false);
        } finally {
            busy.countDown();
        }
        await(side.secrets.compute(() -> "behind it"));
        await(side.secrets.list());
        assertEquals(Optional.empty(), secret.code().verifier(Group.BITS_3072));
        verifier(secret, Group.BITS_3072);
    }

    @Test
    void whoever_breaks_off_at_the_last_moment_has_the_verifier_kept_all_the_same() throws Exception {
        Secret.OneTime secret = newCode();
        CountDownLatch computing = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        CompletableFuture<Verifier> stage = side.secrets.computeForPeer(secret, Group.BITS_3072, made -> {
            computing.countDown();
            awaitQuietly(cancelled);
            return made;
        });
        assertTrue(computing.await(20, TimeUnit.SECONDS));
        stage.cancel(false);
        assertEquals(
                Failure.Code.LIMIT,
                failure(side.secrets.computeForPeer(secret, Group.BITS_3072, v -> v))
                        .code(),
                "it is still being computed");
        cancelled.countDown();
        await(side.secrets.compute(() -> "behind it"));
        await(side.secrets.list());
        Verifier kept = secret.code().verifier(Group.BITS_3072).orElseThrow();
        assertEquals(
                kept.v(),
                Verifier.of(await(side.secrets.password(secret)), kept.group(), kept.cost(), kept.salt())
                        .v(),
                "of the digits, not of what wiping had left of them");
    }

    @Test
    void a_pairing_code_goes_before_a_password_and_works_while_that_is_locked() {
        side.shares("wherefore", ROMEO);
        for (int i = 0; i < 5; i++) {
            clock.pass(Duration.ofHours(1));
            await(side.secrets.spend(new Secret.Lasting(BETWEEN)));
        }
        await(side.secrets.pair(ACCOUNT, PEER));
        Held held = await(side.secrets.held(BETWEEN));
        assertTrue(held.toBegin().orElseThrow() instanceof Secret.OneTime);
        assertEquals(2, await(side.secrets.list()).size());
    }

    @Test
    void a_new_code_takes_the_place_of_the_old_one_and_a_crash_ends_both() {
        char[] first = await(side.secrets.pair(ACCOUNT, PEER)).characters();
        char[] second = await(side.secrets.pair(ACCOUNT, PEER)).characters();
        Secret secret = await(side.secrets.held(BETWEEN)).toBegin().orElseThrow();
        String digits = new String(await(side.secrets.password(secret)), StandardCharsets.US_ASCII);
        assertEquals(new String(second).replace(" ", ""), digits);
        assertFalse(java.util.Arrays.equals(first, second));
        reopen();
        assertTrue(await(side.secrets.list()).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"123456789", "123 456 789", " 123-456-789 ", "\u0661\u0662\u0663456789", "123\u00a0456\u2011789"
            })
    void a_code_can_be_entered_as_people_write_it(String entered) {
        char[] typed = entered.toCharArray();
        await(side.secrets.enter(ACCOUNT, PEER, typed));
        assertArrayEquals(new char[typed.length], typed, "wiped");
        Secret secret = await(side.secrets.held(BETWEEN)).toBegin().orElseThrow();
        assertEquals("123456789", new String(await(side.secrets.password(secret)), StandardCharsets.US_ASCII));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "12345", "123456a", "1234567890123456789012345", "123.456"})
    void what_is_no_code_is_refused_without_being_quoted(String entered) {
        Failure failure = failure(side.secrets.enter(ACCOUNT, PEER, entered.toCharArray()));
        assertTrue(failure.message().contains("a pairing code has 6 to 24 digits"), failure.message());
        assertTrue(entered.isEmpty() || !failure.message().contains(entered));
    }

    @Test
    void a_password_that_cannot_be_one_is_refused_and_wiped() {
        char[] bad = "new\nline".toCharArray();
        assertEquals(
                Failure.Code.LOCAL,
                failure(side.secrets.set(ACCOUNT, PEER, bad, Use.BOTH)).code());
        assertArrayEquals(new char[bad.length], bad);
    }

    @Test
    void after_the_end_everything_says_so() {
        side.close();
        assertEquals(Failure.Code.SERVICE_GONE, failure(side.secrets.list()).code());
    }

    @Test
    void no_thread_is_left() {
        await(side.secrets.list());
        side.close();
        assertTrue(Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("xtls-auth-srp")));
    }

    private Side open(Duration backoff) {
        return new Side(
                JULIET,
                home.resolve("srp"),
                settings -> {
                    Settings quick = Side.QUICK.apply(settings);
                    return new Settings(
                            quick.directory(),
                            quick.keyFile(),
                            quick.ask(),
                            quick.group(),
                            quick.cost(),
                            quick.guesses(),
                            backoff,
                            quick.codeDigits(),
                            quick.codeLife(),
                            false);
                },
                clock);
    }

    private Secret.OneTime newCode() {
        await(side.secrets.pair(ACCOUNT, PEER));
        return (Secret.OneTime) await(side.secrets.held(BETWEEN)).toBegin().orElseThrow();
    }

    private Verifier verifier(Secret secret, Group group) {
        return await(side.secrets.computeForPeer(secret, group, made -> made));
    }

    /** A stranger begins, with a password at hand that the user was asked for. */
    private CompletableFuture<Verifier> begun(int stranger) {
        Between between = new Between(ACCOUNT, BareJid.parse("stranger" + stranger + "@montague.lit"));
        return side.secrets.computeForPeer(
                new Secret.Asked(between, "wherefore".getBytes(StandardCharsets.UTF_8)), Group.BITS_3072, made -> made);
    }

    private void assertVoid() {
        Held held = await(side.secrets.held(BETWEEN));
        assertEquals("a pairing code that failed or has expired", held.binding());
        assertEquals(Optional.empty(), held.toBegin());
        assertEquals(Optional.empty(), held.toAnswer());
        assertTrue(await(side.secrets.list()).isEmpty());
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void reopen() {
        side.close();
        side = open(Duration.ofSeconds(10));
    }

    private static int indexOf(byte[] haystack, byte[] needle) {
        return new String(haystack, StandardCharsets.ISO_8859_1)
                .indexOf(new String(needle, StandardCharsets.ISO_8859_1));
    }
}
