package org.xtls.trust;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.XtlsException;

/**
 * What every {@link TrustStore} keeps to, whatever it is built on. A provider's test extends this class and says how a
 * store is opened and closed; nothing else is asked of it.
 */
public abstract class TrustStoreContract {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");
    private static final Instant ONE = Instant.parse("2026-11-24T13:00:00Z");
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.lit");
    private static final BareJid NURSE = BareJid.parse("nurse@capulet.lit");
    private static final BareJid MARKER = BareJid.parse("marker.example");
    private static final KeyName KEY = new KeyName("x509", "ab".repeat(32));
    private static final KeyName OTHER = new KeyName("openpgp", "cd".repeat(20));
    private static final int PATIENCE_SECONDS = 60;

    private final SetClock clock = new SetClock();
    private final Told told = new Told();
    private @Nullable TrustStore open;

    /**
     * Opens a store. The first one of a test is empty, and every later one holds what those before it kept. At most one
     * is open at a time.
     *
     * @param clock what it takes the time from
     * @param listeners whom it tells of changes
     * @return the store, ready for use
     */
    protected abstract TrustStore open(Clock clock, TrustListener... listeners) throws Exception;

    /**
     * Ends a store.
     *
     * @param store what {@link #open(Clock, TrustListener...)} returned
     */
    protected abstract void close(TrustStore store) throws Exception;

    @BeforeEach
    void open_the_first_store() throws Exception {
        open = open(clock, told);
    }

    @AfterEach
    void close_the_last_store() throws Exception {
        if (open != null) {
            close(open);
        }
    }

    @Test
    void a_stranger_is_nobody() {
        assertEquals(KnownPeer.stranger(JULIET), await(store().peer(JULIET)));
        assertEquals(List.of(), await(store().peers()));
        assertEquals(List.of(), await(store().history(JULIET)));
        assertEquals(Optional.empty(), await(store().material(JULIET, KEY)));
    }

    @Test
    void asking_leaves_nothing_behind() throws Exception {
        await(store().peer(JULIET));
        await(store().history(JULIET));
        await(store().material(JULIET, KEY));
        assertEquals(List.of(), await(reopened().peers()));
    }

    @ParameterizedTest(name = "{0}, then {1}: {2}")
    @CsvSource({
        "         , VERIFIED  , VERIFIED",
        "         , FIRST_USE , FIRST_USE",
        "         , EXPIRED   ,",
        "         , DISTRUSTED, DISTRUSTED",
        "VERIFIED , VERIFIED  , VERIFIED",
        "VERIFIED , FIRST_USE , VERIFIED",
        "VERIFIED , EXPIRED   , EXPIRED",
        "VERIFIED , DISTRUSTED, DISTRUSTED",
        "FIRST_USE, VERIFIED  , VERIFIED",
        "FIRST_USE, FIRST_USE , FIRST_USE",
        "FIRST_USE, EXPIRED   , EXPIRED",
        "FIRST_USE, DISTRUSTED, DISTRUSTED",
        "EXPIRED  , VERIFIED  , VERIFIED",
        "EXPIRED  , FIRST_USE , EXPIRED",
        "EXPIRED  , EXPIRED   , EXPIRED",
        "EXPIRED  , DISTRUSTED, DISTRUSTED",
        "DISTRUSTED, VERIFIED  , VERIFIED",
        "DISTRUSTED, FIRST_USE , DISTRUSTED",
        "DISTRUSTED, EXPIRED   , DISTRUSTED",
        "DISTRUSTED, DISTRUSTED, DISTRUSTED",
    })
    void a_put_is_taken_unless_it_would_weaken(@Nullable KeyState before, KeyState wanted, @Nullable KeyState expected)
            throws Exception {
        bring(JULIET, KEY, before);
        KnownPeer was = await(store().peer(JULIET));
        List<TrustChange> history = await(store().history(JULIET));
        clock.now = ONE;

        KnownPeer after = await(store().put(JULIET, KEY, wanted, "put again"));

        assertEquals(Optional.ofNullable(expected), after.key(KEY).map(KnownKey::state));
        if (expected != before) {
            assertEquals(
                    new KnownKey(KEY, wanted, ONE, "put again"), after.key(KEY).orElseThrow());
            assertEquals(
                    plus(history, new TrustChange(ONE, JULIET, KEY, before, wanted, "put again")),
                    await(store().history(JULIET)));
        } else if (wanted == KeyState.FIRST_USE || wanted == KeyState.EXPIRED) {
            assertEquals(was, after);
            assertEquals(history, await(store().history(JULIET)));
        }
        assertEquals(before == null && expected == null, await(store().peers()).isEmpty());
        assertEquals(after, await(store().peer(JULIET)));
        assertToldAsInHistory();
        assertEquals(after, await(reopened().peer(JULIET)));
    }

    @ParameterizedTest
    @EnumSource(
            value = KeyState.class,
            names = {"VERIFIED", "DISTRUSTED"})
    void new_evidence_for_the_same_state_is_kept_beside_the_old(KeyState state) throws Exception {
        await(store().put(JULIET, KEY, state, "read out on the telephone"));
        clock.now = ONE;
        KnownPeer after = await(store().put(JULIET, KEY, state, "compared in person"));
        KnownPeer again = await(store().put(JULIET, KEY, state, "compared in person"));

        assertEquals(List.of(new KnownKey(KEY, state, NOON, "compared in person")), after.keys());
        assertEquals(after, again);
        List<TrustChange> history = List.of(
                new TrustChange(NOON, JULIET, KEY, null, state, "read out on the telephone"),
                new TrustChange(ONE, JULIET, KEY, state, state, "compared in person"));
        assertEquals(history, await(store().history(JULIET)));
        assertTold(history.get(0));
        assertEquals(history, await(reopened().history(JULIET)));
        assertEquals(after, await(store().peer(JULIET)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({", VERIFIED", "FIRST_USE, VERIFIED", "VERIFIED, VERIFIED", "EXPIRED, EXPIRED", "DISTRUSTED, DISTRUSTED"
    })
    void a_tunnel_vouches_only_for_what_nobody_has_taken_back(@Nullable KeyState before, KeyState expected)
            throws Exception {
        bring(JULIET, KEY, before);
        KnownPeer was = await(store().peer(JULIET));
        List<TrustChange> history = await(store().history(JULIET));
        clock.now = ONE;

        KnownPeer after = await(store().vouch(JULIET, KEY, "handed over in a tunnel by srp-psk"));

        if (expected == before) {
            assertEquals(was, after);
            assertEquals(history, await(store().history(JULIET)));
        } else {
            assertEquals(List.of(new KnownKey(KEY, expected, ONE, "handed over in a tunnel by srp-psk")), after.keys());
            assertEquals(
                    plus(
                            history,
                            new TrustChange(ONE, JULIET, KEY, before, expected, "handed over in a tunnel by srp-psk")),
                    await(store().history(JULIET)));
        }
        assertEquals(after, await(store().peer(JULIET)));
        assertToldAsInHistory();
        assertEquals(after, await(reopened().peer(JULIET)));
    }

    @Test
    void the_user_may_change_his_mind_as_often_as_he_likes() throws Exception {
        List<TrustChange> expected = new ArrayList<>();
        KeyState before = null;
        for (KeyState state : List.of(
                KeyState.FIRST_USE,
                KeyState.VERIFIED,
                KeyState.DISTRUSTED,
                KeyState.VERIFIED,
                KeyState.EXPIRED,
                KeyState.DISTRUSTED,
                KeyState.VERIFIED)) {
            clock.now = clock.now.plusSeconds(1);
            await(store().put(JULIET, KEY, state, "the user said " + state));
            expected.add(new TrustChange(clock.now, JULIET, KEY, before, state, "the user said " + state));
            before = state;
        }
        assertEquals(expected, await(store().history(JULIET)));
        assertTold(expected.toArray(TrustChange[]::new));
        assertEquals(expected, await(reopened().history(JULIET)));
        assertEquals(
                List.of(new KnownKey(KEY, KeyState.VERIFIED, clock.now, "the user said VERIFIED")),
                await(store().peer(JULIET)).keys());
    }

    @Test
    void keys_stand_in_the_order_in_which_they_became_known() throws Exception {
        List<KeyName> keys =
                List.of(new KeyName("x509", "ff".repeat(32)), OTHER, new KeyName("x509", "00".repeat(32)), KEY);
        for (KeyName key : keys) {
            await(store().put(JULIET, key, KeyState.FIRST_USE, "seen"));
        }
        await(store().put(JULIET, keys.get(2), KeyState.VERIFIED, "compared"));
        await(store().put(JULIET, keys.get(0), KeyState.EXPIRED, "replaced"));
        assertEquals(keys, names(await(store().peer(JULIET))));
        assertEquals(keys, names(await(reopened().peer(JULIET))));
    }

    @Test
    void one_key_says_nothing_of_another_peer_nor_of_another_method() throws Exception {
        KeyName sameHex = new KeyName("openpgp", KEY.fingerprint());
        await(store().put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        await(store().put(ROMEO, KEY, KeyState.DISTRUSTED, "not his"));
        await(store().put(JULIET, sameHex, KeyState.FIRST_USE, "seen"));
        await(store().keep(JULIET, KEY, bytes("juliet's")));

        assertEquals(List.of(KeyState.VERIFIED, KeyState.FIRST_USE), states(await(store().peer(JULIET))));
        assertEquals(List.of(KeyState.DISTRUSTED), states(await(store().peer(ROMEO))));
        assertEquals(KnownPeer.stranger(NURSE), await(store().peer(NURSE)));
        assertEquals(Optional.empty(), await(store().material(ROMEO, KEY)));
        assertEquals(Optional.empty(), await(store().material(JULIET, sameHex)));
        assertEquals(1, await(store().history(ROMEO)).size());
        assertEquals(2, await(store().history(JULIET)).size());
    }

    @Test
    void everybody_is_there_in_the_order_of_addresses() throws Exception {
        List<BareJid> peers = new ArrayList<>();
        for (String address : List.of(
                "romeo@montague.lit",
                "montague.lit",
                "juliet@capulet.lit",
                "juliet2@capulet.lit",
                "juliet-2@capulet.lit",
                "juliet.2@capulet.lit",
                "juliet_2@capulet.lit",
                "ärger@capulet.lit",
                "zoé@capulet.lit",
                "zoe@capulet.lit",
                "zof@capulet.lit",
                "50%@capulet.lit",
                "rené@例え.jp",
                "192.0.2.1",
                "juliet@[2001:db8::1]")) {
            peers.add(BareJid.parse(address));
        }
        for (BareJid peer : peers) {
            await(store().put(peer, KEY, KeyState.VERIFIED, "pinned"));
        }
        peers.sort(Comparator.comparing(BareJid::toString));
        assertEquals(peers, await(store().peers()).stream().map(KnownPeer::peer).toList());
        List<KnownPeer> all = await(reopened().peers());
        assertEquals(peers, all.stream().map(KnownPeer::peer).toList());
        for (KnownPeer peer : all) {
            assertEquals(peer, await(store().peer(peer.peer())));
        }
    }

    @Test
    void what_verified_tunnels_showed_is_remembered() throws Exception {
        assertEquals(
                new KnownPeer(JULIET, List.of(), false, Set.of("x509")),
                await(store().remember(JULIET, "x509", false)));
        assertEquals(
                new KnownPeer(JULIET, List.of(), true, Set.of("x509", "srp-psk")),
                await(store().remember(JULIET, "srp-psk", true)));
        KnownPeer after = await(store().remember(JULIET, "x509", false));
        assertTrue(after.confirms(), "an earlier true is not taken back");
        assertTrue(after.wasVerified());

        assertEquals(List.of(), await(store().history(JULIET)));
        assertEquals(after, await(reopened().peer(JULIET)));
        assertEquals(List.of(after), await(store().peers()));
        assertTold();
    }

    @Test
    void memory_and_keys_do_not_disturb_each_other() throws Exception {
        await(store().put(JULIET, KEY, KeyState.FIRST_USE, "seen"));
        await(store().remember(JULIET, "x509", true));
        KnownPeer after = await(store().put(JULIET, KEY, KeyState.DISTRUSTED, "stolen"));
        KnownPeer expected = new KnownPeer(
                JULIET, List.of(new KnownKey(KEY, KeyState.DISTRUSTED, NOON, "stolen")), true, Set.of("x509"));
        assertEquals(expected, after);
        assertEquals(expected, await(reopened().peer(JULIET)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "X509", "x509\nconfirms juliet@capulet.lit", "x 509", "-x", "5", "x/../..", "é"})
    void a_name_that_is_no_method_is_not_remembered(String method) {
        XtlsException refused = refused(store().remember(JULIET, method, true));
        assertTrue(refused.failure().message().contains("no name of a method"), refused.getMessage());
        assertEquals(KnownPeer.stranger(JULIET), await(store().peer(JULIET)));
    }

    @ParameterizedTest
    @EnumSource(KeyState.class)
    void material_is_kept_beside_a_known_key_in_any_state(KeyState state) throws Exception {
        bring(JULIET, KEY, state);
        KnownPeer before = await(store().peer(JULIET));
        List<TrustChange> history = await(store().history(JULIET));

        assertTrue(await(store().keep(JULIET, KEY, bytes("first"))));
        assertArrayEquals(bytes("first"), material(JULIET, KEY));
        assertTrue(await(store().keep(JULIET, KEY, bytes("a longer second"))));
        assertArrayEquals(bytes("a longer second"), material(JULIET, KEY));
        assertTrue(await(store().keep(JULIET, KEY, bytes("3rd"))));
        assertArrayEquals(bytes("3rd"), material(JULIET, KEY));

        assertEquals(before, await(store().peer(JULIET)));
        assertEquals(history, await(store().history(JULIET)));
        assertToldAsInHistory();
        reopened();
        assertArrayEquals(bytes("3rd"), material(JULIET, KEY));
    }

    @Test
    void nothing_is_kept_for_a_key_that_is_not_known() throws Exception {
        await(store().put(JULIET, OTHER, KeyState.VERIFIED, "pinned"));
        await(store().put(ROMEO, KEY, KeyState.VERIFIED, "pinned"));
        await(store().remember(NURSE, "x509", true));
        for (BareJid peer : List.of(JULIET, NURSE)) {
            assertFalse(await(store().keep(peer, KEY, bytes("a stranger's"))));
            assertEquals(Optional.empty(), await(store().material(peer, KEY)));
        }
        await(store().put(JULIET, KEY, KeyState.FIRST_USE, "seen"));
        assertEquals(Optional.empty(), await(store().material(JULIET, KEY)));
    }

    @Test
    void material_stays_when_the_state_changes() throws Exception {
        await(store().put(JULIET, KEY, KeyState.FIRST_USE, "seen"));
        await(store().keep(JULIET, KEY, bytes("certificate")));
        for (KeyState state : List.of(KeyState.VERIFIED, KeyState.EXPIRED, KeyState.DISTRUSTED)) {
            await(store().put(JULIET, KEY, state, "changed"));
            assertArrayEquals(bytes("certificate"), material(JULIET, KEY));
        }
    }

    @Test
    void material_is_bounded() throws Exception {
        await(store().put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        byte[] most = new byte[TrustStore.MAX_MATERIAL];
        for (int i = 0; i < most.length; i++) {
            most[i] = (byte) (i * 31);
        }
        assertTrue(await(store().keep(JULIET, KEY, most)));
        XtlsException refused = refused(store().keep(JULIET, KEY, Arrays.copyOf(most, most.length + 1)));
        assertTrue(refused.failure().message().contains("65536"), refused.getMessage());
        assertArrayEquals(most, material(JULIET, KEY));
        reopened();
        assertArrayEquals(most, material(JULIET, KEY));
        assertTrue(await(store().keep(JULIET, KEY, new byte[0])));
        assertArrayEquals(new byte[0], material(JULIET, KEY));
    }

    @Test
    void arrays_of_material_are_nobody_elses() {
        await(store().put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        byte[] ours = bytes("certificate");
        await(store().keep(JULIET, KEY, ours));
        assertArrayEquals(bytes("certificate"), ours, "the store does not write into it");
        Arrays.fill(ours, (byte) 0);
        byte[] read = material(JULIET, KEY);
        assertArrayEquals(bytes("certificate"), read, "the store does not keep the caller's");
        Arrays.fill(read, (byte) 0);
        assertArrayEquals(bytes("certificate"), material(JULIET, KEY), "the store does not give away its own");
    }

    @Test
    void evidence_stays_one_bounded_line_whatever_is_in_it() throws Exception {
        String nasty = " \nverified\r\n\t\u0085\u2028\u2029\u202e\u200f\ufeff\u0000\u007f 50% '; drop \\ \" \ud800 "
                + "😀".repeat(1_000);
        KnownPeer after = await(store().put(JULIET, KEY, KeyState.VERIFIED, nasty));
        String kept = after.keys().get(0).evidence();
        assertTrue(kept.codePointCount(0, kept.length()) <= TrustRecords.MAX_EVIDENCE, kept);
        assertTrue(
                kept.codePointCount(0, kept.length()) > TrustRecords.MAX_EVIDENCE - 10,
                "it is cut, not thrown away: " + kept);
        assertTrue(kept.contains("50% '; drop \\ \" "), kept);
        assertEquals(
                0,
                kept.codePoints()
                        .filter(character -> Set.of(
                                        (int) Character.CONTROL,
                                        (int) Character.FORMAT,
                                        (int) Character.LINE_SEPARATOR,
                                        (int) Character.PARAGRAPH_SEPARATOR,
                                        (int) Character.SURROGATE)
                                .contains(Character.getType(character)))
                        .count(),
                kept);
        assertEquals(kept, await(store().history(JULIET)).get(0).evidence());
        assertTold(new TrustChange(NOON, JULIET, KEY, null, KeyState.VERIFIED, kept));
        assertEquals(after, await(store().put(JULIET, KEY, KeyState.VERIFIED, nasty)), "the same is the same");
        assertEquals(after, await(reopened().peer(JULIET)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-", "%", "100% sure", "a  b", "größer 例え", "'", "\\N", "null", "# end"})
    void evidence_comes_back_as_it_was(String evidence) throws Exception {
        await(store().put(JULIET, KEY, KeyState.VERIFIED, evidence));
        assertEquals(evidence, await(reopened().peer(JULIET)).keys().get(0).evidence());
        assertEquals(evidence, await(store().history(JULIET)).get(0).evidence());
    }

    @Test
    void an_exception_from_a_listener_keeps_nothing_from_anybody() throws Exception {
        TrustListener broken = change -> {
            throw new IllegalStateException("a listener that throws");
        };
        reopened(broken, told, broken);
        KnownPeer first = await(store().put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        KnownPeer second = await(store().put(JULIET, KEY, KeyState.DISTRUSTED, "stolen"));
        assertTold(
                new TrustChange(NOON, JULIET, KEY, null, KeyState.VERIFIED, "pinned"),
                new TrustChange(NOON, JULIET, KEY, KeyState.VERIFIED, KeyState.DISTRUSTED, "stolen"));
        assertEquals(List.of(KeyState.VERIFIED), states(first));
        assertEquals(List.of(KeyState.DISTRUSTED), states(second));
    }

    @Test
    void a_store_that_is_opened_again_does_not_tell_old_changes() throws Exception {
        await(store().put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        reopened();
        await(store().put(ROMEO, KEY, KeyState.VERIFIED, "pinned"));
        assertTold(
                new TrustChange(NOON, JULIET, KEY, null, KeyState.VERIFIED, "pinned"),
                new TrustChange(NOON, ROMEO, KEY, null, KeyState.VERIFIED, "pinned"));
    }

    @Test
    void many_threads_at_once_lose_nothing() throws Exception {
        int threads = 8;
        int each = 15;
        List<BareJid> peers = List.of(JULIET, ROMEO);
        atOnce(threads, thread -> {
            for (int i = 0; i < each; i++) {
                BareJid peer = peers.get(i % 2);
                KeyName key = new KeyName("x509", "%064x".formatted(thread * each + i));
                await(store().put(peer, key, KeyState.FIRST_USE, "seen"));
                await(store().keep(peer, key, bytes(key.fingerprint())));
                await(store().remember(peer, "method-" + thread, i % 2 == 0));
                await(store().vouch(peer, key, "vouched"));
            }
        });
        Map<BareJid, KnownPeer> before = new HashMap<>();
        for (BareJid peer : peers) {
            KnownPeer known = await(store().peer(peer));
            assertEquals(threads, known.methods().size());
            assertEquals(peer.equals(JULIET), known.confirms());
            for (KnownKey key : known.keys()) {
                assertEquals(KeyState.VERIFIED, key.state());
                assertArrayEquals(bytes(key.name().fingerprint()), material(peer, key.name()));
            }
            assertHistoryLeadsTo(known);
            before.put(peer, known);
        }
        assertEquals(
                threads * each,
                before.values().stream().mapToInt(known -> known.keys().size()).sum());
        assertToldAsInHistory();
        for (BareJid peer : peers) {
            assertEquals(before.get(peer), await(reopened().peer(peer)));
        }
    }

    @Test
    void a_distrust_wins_every_race() throws Exception {
        for (int round = 0; round < 8; round++) {
            KeyName key = new KeyName("x509", "%064x".formatted(round));
            atOnce(4, thread -> {
                switch (thread) {
                    case 0 -> await(store().put(JULIET, key, KeyState.DISTRUSTED, "stolen"));
                    case 1 -> await(store().put(JULIET, key, KeyState.FIRST_USE, "seen"));
                    case 2 -> await(store().vouch(JULIET, key, "vouched"));
                    default -> await(store().put(JULIET, key, KeyState.EXPIRED, "ran out"));
                }
            });
            assertEquals(
                    KeyState.DISTRUSTED,
                    await(store().peer(JULIET)).key(key).orElseThrow().state());
        }
        assertHistoryLeadsTo(await(store().peer(JULIET)));
        assertToldAsInHistory();
    }

    /** The store that is open now. */
    private TrustStore store() {
        return Objects.requireNonNull(open);
    }

    private TrustStore reopened(TrustListener... listeners) throws Exception {
        close(store());
        open = null;
        open = open(clock, listeners.length == 0 ? new TrustListener[] {told} : listeners);
        return store();
    }

    private void bring(BareJid peer, KeyName key, @Nullable KeyState state) {
        if (state == KeyState.EXPIRED) {
            await(store().put(peer, key, KeyState.FIRST_USE, "seen"));
        }
        if (state != null) {
            KnownPeer known = await(store().put(peer, key, state, "brought to " + state));
            assertEquals(state, known.key(key).orElseThrow().state());
        }
    }

    private byte[] material(BareJid peer, KeyName key) {
        return await(store().material(peer, key)).orElseThrow();
    }

    /** Each change of a key begins with the state that the one before it ended with, and the last one is what is held. */
    private void assertHistoryLeadsTo(KnownPeer known) {
        Map<KeyName, TrustChange> last = new HashMap<>();
        for (TrustChange change : await(store().history(known.peer()))) {
            TrustChange before = last.put(change.key(), change);
            assertEquals(before == null ? null : before.to(), change.from(), change.toString());
        }
        assertEquals(known.keys().size(), last.size());
        for (KnownKey key : known.keys()) {
            TrustChange change = Objects.requireNonNull(last.get(key.name()));
            assertEquals(key.state(), change.to());
            assertEquals(key.evidence(), change.evidence());
        }
    }

    /** These and no others were told until now. */
    private void assertTold(TrustChange... changes) throws Exception {
        hear();
        assertEquals(List.of(changes), told.heard);
    }

    /** What the histories hold was told until now, each peer's in its order, and nothing else. */
    private void assertToldAsInHistory() throws Exception {
        hear();
        Map<BareJid, List<TrustChange>> byPeer = new HashMap<>();
        for (TrustChange change : told.heard) {
            byPeer.computeIfAbsent(change.peer(), peer -> new ArrayList<>()).add(change);
        }
        Map<BareJid, List<TrustChange>> histories = new HashMap<>();
        for (KnownPeer known : await(store().peers())) {
            List<TrustChange> ofStates = await(store().history(known.peer())).stream()
                    .filter(change -> change.from() != change.to())
                    .toList();
            if (!ofStates.isEmpty() && !known.peer().equals(MARKER)) {
                histories.put(known.peer(), ofStates);
            }
        }
        assertEquals(histories, byPeer);
    }

    /** Waits for a change that is made for this alone: whatever was to be told before it has been told. */
    private void hear() throws Exception {
        KeyName key = new KeyName("x509", "%064x".formatted(told.markers++));
        await(store().put(MARKER, key, KeyState.VERIFIED, "marker"));
        while (true) {
            TrustChange change = told.changes.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertNotNull(change, "a change was not told");
            if (change.peer().equals(MARKER)) {
                assertEquals(key, change.key());
                return;
            }
            told.heard.add(change);
        }
    }

    private static void atOnce(int threads, Work work) throws InterruptedException {
        CountDownLatch start = new CountDownLatch(1);
        AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
        List<Thread> running = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int number = i;
            Thread thread = new Thread(() -> {
                try {
                    start.await();
                    work.by(number);
                } catch (Throwable e) {
                    failed.compareAndSet(null, e);
                }
            });
            thread.start();
            running.add(thread);
        }
        start.countDown();
        for (Thread thread : running) {
            thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
            assertFalse(thread.isAlive(), "a call does not return");
        }
        if (failed.get() != null) {
            throw new AssertionError(failed.get());
        }
    }

    private static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    private static XtlsException refused(CompletionStage<?> stage) {
        ExecutionException failed = assertThrows(
                ExecutionException.class, () -> stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        return assertInstanceOf(XtlsException.class, failed.getCause());
    }

    private static List<TrustChange> plus(List<TrustChange> history, TrustChange change) {
        return Stream.concat(history.stream(), Stream.of(change)).toList();
    }

    private static List<KeyName> names(KnownPeer peer) {
        return peer.keys().stream().map(KnownKey::name).toList();
    }

    private static List<KeyState> states(KnownPeer peer) {
        return peer.keys().stream().map(KnownKey::state).toList();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private interface Work {
        void by(int thread) throws Exception;
    }

    private static final class Told implements TrustListener {
        private final BlockingQueue<TrustChange> changes = new LinkedBlockingQueue<>();
        private final List<TrustChange> heard = new ArrayList<>();
        private int markers;

        @Override
        public void changed(TrustChange change) {
            changes.add(change);
        }
    }

    /** Stands still, some way into a second. */
    private static final class SetClock extends Clock {
        private volatile Instant now = NOON;

        @Override
        public Instant instant() {
            return now.plusNanos(123_456_789);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
