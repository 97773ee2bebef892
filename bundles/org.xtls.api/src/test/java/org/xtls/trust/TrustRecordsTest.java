package org.xtls.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.XtlsException;
import org.xtls.trust.TrustRecords.NotTaken;

class TrustRecordsTest {
    private static final Instant THEN = Instant.parse("2026-11-24T10:15:30Z");
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.lit");
    private static final String FINGERPRINT = "ab".repeat(32);
    private static final KeyName KEY = new KeyName("x509", FINGERPRINT);
    private static final String LINE =
            "key juliet@capulet.lit x509 " + FINGERPRINT + " verified 2026-11-24T10:15:30Z compared by the user\n";
    private static final String GOOD = "xtls-trust 1\n"
            + LINE
            + "key juliet@capulet.lit openpgp " + "cd".repeat(20) + " first-use 2026-11-24T10:15:31Z\n"
            + "key juliet@capulet.lit x509 " + "ef".repeat(32) + " expired 2026-11-24T10:15:32.500Z replaced\n"
            + "method juliet@capulet.lit srp-psk\n"
            + "method juliet@capulet.lit x509\n"
            + "confirms juliet@capulet.lit\n"
            + "key rené@例え.jp x509 " + FINGERPRINT + " distrusted 2026-11-24T10:15:30Z 100%25 sure,%0Areally\n"
            + "end\n";

    private final MemoryTrustStore store = new MemoryTrustStore();

    @Test
    void a_good_text_is_read_and_written_again_to_the_letter() {
        TrustRecords records = TrustRecords.parse(GOOD);
        assertEquals(2, records.peers().size());
        KnownPeer juliet = records.peers().get(0);
        assertEquals(Set.of("x509", "srp-psk"), juliet.methods());
        assertTrue(juliet.confirms());
        assertEquals(
                List.of(KeyState.VERIFIED, KeyState.FIRST_USE, KeyState.EXPIRED),
                juliet.keys().stream().map(KnownKey::state).toList());
        assertEquals("100% sure,\nreally", records.peers().get(1).keys().get(0).evidence());
        assertEquals(GOOD, records.text());
    }

    @Test
    void nothing_is_a_text_too() {
        assertEquals("xtls-trust 1\nend\n", new TrustRecords(List.of()).text());
        assertEquals(List.of(), TrustRecords.parse("xtls-trust 1\nend\n").peers());
    }

    @Test
    void the_same_records_are_the_same_text_in_whatever_order_they_come() {
        List<KnownPeer> peers = new ArrayList<>(TrustRecords.parse(GOOD).peers());
        List<KnownPeer> turned = List.of(peers.get(1), peers.get(0));
        assertEquals(GOOD, new TrustRecords(turned).text());
        String mixed = "xtls-trust 1\n"
                + GOOD.substring(GOOD.indexOf("key rené"), GOOD.indexOf("end\n"))
                + GOOD.substring(GOOD.indexOf(LINE), GOOD.indexOf("key rené"))
                + "end\n";
        assertEquals(GOOD, TrustRecords.parse(mixed).text());
    }

    @Test
    void whatever_a_store_holds_can_be_written_and_read() {
        StringBuilder evidence = new StringBuilder();
        for (int character = 0; character <= 0xffff; character++) {
            if (!Character.isSurrogate((char) character)) {
                evidence.append((char) character);
            }
        }
        KnownPeer known = new KnownPeer(
                JULIET,
                List.of(new KnownKey(KEY, KeyState.VERIFIED, THEN, evidence.substring(0, 0x2100))),
                false,
                Set.of());
        assertEquals(
                List.of(known),
                TrustRecords.parse(new TrustRecords(List.of(known)).text()).peers());
        KnownPeer half =
                new KnownPeer(JULIET, List.of(new KnownKey(KEY, KeyState.VERIFIED, THEN, "a\ud800b")), false, Set.of());
        assertEquals(
                "a?b",
                TrustRecords.parse(new TrustRecords(List.of(half)).text())
                        .peers()
                        .get(0)
                        .keys()
                        .get(0)
                        .evidence());
    }

    @Test
    void a_text_cut_off_anywhere_is_refused() {
        for (int length = 0; length < GOOD.length(); length++) {
            String cut = GOOD.substring(0, length);
            assertTrue(refusal(cut).startsWith("line "), cut);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2", "10", "1.1", "", "1 ", "1\r"})
    void an_unknown_version_is_refused_as_such(String version) {
        String message = refusal(GOOD.replace("xtls-trust 1", "xtls-trust " + version));
        assertTrue(message.startsWith("line 1: the records have format '"), message);
        assertTrue(message.endsWith("', and only format 1 is known here"), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // Not canonical, so ambiguous
                "key juliet@capulet.lit x509 AB verified 2026-11-24T10:15:30Z | a fingerprint is 20 to 64 bytes",
                "key juliet@capulet.lit x509 FF:FP verified 2026-11-24T10:15:30Z | would be written as",
                "key JULIET@capulet.lit x509 FP verified 2026-11-24T10:15:30Z | would be written as",
                "key juliet%40capulet.lit x509 FP verified 2026-11-24T10:15:30Z | would be written as",
                "'key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z ' | would be written as",
                "key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30.000Z | would be written as",
                "key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30+00:00 | would be written as",
                "'key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z a\tb' | would be written as",
                "key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z a%41b | would be written as",
                "key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z a%0ab | would be written as",
                "key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z 100% | would be written as",
                "key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z a%E2%80b | would be written as",
                "'key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z a\r' | would be written as",
                "key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z \u202eevil | would be written as",
                "key juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z \ud800 | would be written as",
                // Wrong
                "key  juliet@capulet.lit x509 FP verified 2026-11-24T10:15:30Z | a domainpart is not empty",
                "key juliet@capulet.lit x509 FP VERIFIED 2026-11-24T10:15:30Z | 'VERIFIED' is none of verified,",
                "key juliet@capulet.lit x509 FP trusted 2026-11-24T10:15:30Z | 'trusted' is none of verified,",
                "key juliet@capulet.lit x509 FP verified yesterday | yesterday",
                "key juliet@capulet.lit x509 FP verified | a line 'key' has 6 or 7 fields, not 5",
                "key juliet@capulet.lit X509 FP verified 2026-11-24T10:15:30Z | 'X509' is no name of a method",
                "key juliet@capulet.lit/balcony x509 FP verified 2026-11-24T10:15:30Z | has a resource",
                "key @capulet.lit x509 FP verified 2026-11-24T10:15:30Z | has an empty localpart",
                "method juliet@capulet.lit X509 | 'X509' is no name of a method",
                "method juliet@capulet.lit | a line 'method' has 3 fields, not 2",
                "method juliet@capulet.lit x509 again | a line 'method' has 3 fields, not 4",
                "confirms juliet@capulet.lit always | a line 'confirms' has 2 fields, not 3",
                "confirms juliet@capulet.lit | no line before says by which method",
                "confirms | a line 'confirms' has 2 fields, not 1",
                "trust juliet@capulet.lit | begins with none of key, method, confirms",
                "'' | begins with none of",
                "' ' | begins with none of",
                "'END' | begins with none of",
                "'end ' | begins with none of",
                "# a comment | begins with none of"
            })
    void a_line_that_is_not_as_it_would_be_written_is_refused_with_its_number(String line, String reason) {
        String message = refusal("xtls-trust 1\n" + line.replace("FP", FINGERPRINT) + "\nend\n");
        assertTrue(message.startsWith("line 2: "), message);
        assertTrue(message.contains(reason), message);
    }

    @ParameterizedTest
    @CsvSource({
        "key juliet@capulet.lit x509 FP distrusted 2026-11-24T10:15:30Z, the key is there twice",
        "method juliet@capulet.lit x509, the method is there twice",
        "confirms juliet@capulet.lit, that the peer confirms is there twice"
    })
    void what_is_there_twice_is_refused(String line, String reason) {
        String text = GOOD.replace("end\n", line.replace("FP", FINGERPRINT) + "\nend\n");
        assertEquals("line 9: " + reason, refusal(text));
    }

    @Test
    void what_stands_behind_the_end_is_refused() {
        assertEquals("line 10: there is more behind 'end'", refusal(GOOD + "end\n"));
        assertEquals("line 10: there is more behind 'end'", refusal(GOOD + " "));
    }

    @Test
    void something_else_altogether_is_refused() {
        for (String text : List.of("", "hello\n", "\n" + GOOD, "\ufeff" + GOOD, "XTLS-trust 1\nend\n")) {
            assertTrue(refusal(text).startsWith("line 1: these are no trust records"), text);
        }
    }

    @Test
    void an_endless_line_is_refused() {
        String line = LINE.strip() + "x".repeat(20_000);
        assertEquals("line 2: the line has more than 16384 characters", refusal("xtls-trust 1\n" + line + "\nend\n"));
    }

    @Test
    void an_endless_text_is_refused() {
        String text = GOOD + " ".repeat(TrustRecords.MAX_TEXT);
        assertEquals("line 1: the text has more than 67108864 characters", refusal(text));
    }

    @Test
    void records_that_contradict_themselves_are_refused() {
        KnownPeer juliet = KnownPeer.stranger(JULIET);
        assertEquals(
                "juliet@capulet.lit is there twice",
                assertThrows(IllegalArgumentException.class, () -> new TrustRecords(List.of(juliet, juliet)))
                        .getMessage());
        KnownPeer confirming = new KnownPeer(JULIET, List.of(), true, Set.of());
        assertEquals(
                "juliet@capulet.lit confirms, and by no method",
                assertThrows(IllegalArgumentException.class, () -> new TrustRecords(List.of(confirming)))
                        .getMessage());
    }

    @ParameterizedTest(name = "imported {1} where it is {0}: {2}")
    @CsvSource({
        "          , VERIFIED  , VERIFIED  ,",
        "          , FIRST_USE , FIRST_USE ,",
        "          , EXPIRED   ,           , a key that is not known here cannot become expired",
        "          , DISTRUSTED, DISTRUSTED,",
        "VERIFIED  , VERIFIED  , VERIFIED  ,",
        "VERIFIED  , FIRST_USE , VERIFIED  , here it is verified",
        "VERIFIED  , EXPIRED   , EXPIRED   ,",
        "VERIFIED  , DISTRUSTED, DISTRUSTED,",
        "FIRST_USE , VERIFIED  , VERIFIED  ,",
        "FIRST_USE , FIRST_USE , FIRST_USE ,",
        "FIRST_USE , EXPIRED   , EXPIRED   ,",
        "FIRST_USE , DISTRUSTED, DISTRUSTED,",
        "EXPIRED   , VERIFIED  , EXPIRED   , here it is expired",
        "EXPIRED   , FIRST_USE , EXPIRED   , here it is expired",
        "EXPIRED   , EXPIRED   , EXPIRED   ,",
        "EXPIRED   , DISTRUSTED, DISTRUSTED,",
        "DISTRUSTED, VERIFIED  , DISTRUSTED, here it is distrusted",
        "DISTRUSTED, FIRST_USE , DISTRUSTED, here it is distrusted",
        "DISTRUSTED, EXPIRED   , DISTRUSTED, here it is distrusted",
        "DISTRUSTED, DISTRUSTED, DISTRUSTED,"
    })
    void an_import_never_weakens(
            @Nullable KeyState held, KeyState imported, @Nullable KeyState expected, @Nullable String reason) {
        if (held == KeyState.EXPIRED) {
            await(store.put(JULIET, KEY, KeyState.FIRST_USE, "seen"));
        }
        if (held != null) {
            await(store.put(JULIET, KEY, held, "held"));
        }
        int changes = await(store.history(JULIET)).size();
        KnownKey key = new KnownKey(KEY, imported, THEN, "compared");
        TrustRecords records = new TrustRecords(List.of(new KnownPeer(JULIET, List.of(key), false, Set.of())));

        List<NotTaken> notTaken = await(records.importInto(store));

        Optional<KnownKey> after = await(store.peer(JULIET)).key(KEY);
        assertEquals(Optional.ofNullable(expected), after.map(KnownKey::state));
        assertEquals(reason == null ? List.of() : List.of(new NotTaken(JULIET, key, expected, reason)), notTaken);
        boolean changed = held != expected;
        assertEquals(changes + (changed ? 1 : 0), await(store.history(JULIET)).size());
        if (changed) {
            String state = switch (imported) {
                case VERIFIED -> "verified";
                case FIRST_USE -> "first-use";
                case EXPIRED -> "expired";
                case DISTRUSTED -> "distrusted";
            };
            assertEquals(
                    "imported: " + state + " since 2026-11-24T10:15:30Z, compared",
                    after.orElseThrow().evidence());
        }
        assertEquals(notTaken, await(records.importInto(store)), "to import again changes nothing more");
        assertEquals(after, await(store.peer(JULIET)).key(KEY));
    }

    @Test
    void what_tunnels_showed_is_imported_and_takes_nothing_back() {
        await(store.remember(ROMEO, "x509", true));
        KnownPeer juliet = new KnownPeer(JULIET, List.of(), true, Set.of("srp-psk", "x509"));
        KnownPeer romeo = new KnownPeer(ROMEO, List.of(), false, Set.of("openpgp"));
        assertEquals(List.of(), await(new TrustRecords(List.of(juliet, romeo)).importInto(store)));
        assertEquals(juliet, await(store.peer(JULIET)));
        assertEquals(new KnownPeer(ROMEO, List.of(), true, Set.of("openpgp", "x509")), await(store.peer(ROMEO)));
    }

    @Test
    void what_one_store_exports_another_holds() {
        await(TrustRecords.parse(GOOD.replace(" expired ", " distrusted ")).importInto(store));
        MemoryTrustStore other = new MemoryTrustStore();
        String exported = new TrustRecords(await(store.peers())).text();
        assertEquals(List.of(), await(TrustRecords.parse(exported).importInto(other)));
        for (KnownPeer known : await(store.peers())) {
            KnownPeer copy = await(other.peer(known.peer()));
            assertEquals(known.methods(), copy.methods());
            assertEquals(known.confirms(), copy.confirms());
            assertEquals(known.keys().size(), copy.keys().size());
            for (KnownKey key : known.keys()) {
                assertEquals(key.state(), copy.key(key.name()).orElseThrow().state());
            }
        }
    }

    @Test
    void a_full_store_takes_what_is_not_bounded_and_says_what_it_did_not_take() {
        MemoryTrustStore full = new MemoryTrustStore(1);
        List<KnownKey> keys = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            keys.add(new KnownKey(new KeyName("x509", "%064x".formatted(i)), KeyState.FIRST_USE, THEN, ""));
        }
        keys.add(new KnownKey(KEY, KeyState.DISTRUSTED, THEN, "stolen"));
        KnownPeer juliet = new KnownPeer(JULIET, keys, false, Set.of("x509"));
        List<NotTaken> notTaken = await(new TrustRecords(List.of(juliet)).importInto(full));
        assertEquals(
                List.of(
                        new NotTaken(JULIET, keys.get(1), null, "It is full."),
                        new NotTaken(JULIET, keys.get(2), null, "It is full.")),
                notTaken);
        assertEquals(2, await(full.peer(JULIET)).keys().size());
        assertEquals(Set.of("x509"), await(full.peer(JULIET)).methods());
    }

    @Test
    void an_import_breaks_off_with_the_stores_own_failure_and_has_brought_the_distrusts() {
        Failure broken = Failure.of(Failure.Code.LOCAL, Failure.Fault.LOCAL, "The disk is full.");
        TrustStore failing = new Delegating(store) {
            @Override
            public CompletionStage<KnownPeer> vouch(BareJid peer, KeyName key, String evidence) {
                return CompletableFuture.failedStage(new XtlsException(broken));
            }
        };
        ExecutionException failed = assertThrows(
                ExecutionException.class,
                () -> TrustRecords.parse(GOOD)
                        .importInto(failing)
                        .toCompletableFuture()
                        .get(20, TimeUnit.SECONDS));
        assertEquals(
                broken, assertInstanceOf(XtlsException.class, failed.getCause()).failure());
        assertEquals(
                List.of(BareJid.parse("rené@例え.jp")),
                await(store.peers()).stream().map(KnownPeer::peer).toList());
    }

    @Test
    void many_records_are_imported_without_end_of_the_stack() {
        List<KnownKey> keys = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            keys.add(new KnownKey(new KeyName("x509", "%064x".formatted(i)), KeyState.FIRST_USE, THEN, ""));
        }
        KnownPeer[] peers = new KnownPeer[keys.size()];
        for (int i = 0; i < peers.length; i++) {
            peers[i] = new KnownPeer(BareJid.parse("user" + i + "@x.lit"), List.of(keys.get(i)), false, Set.of());
        }
        String text = new TrustRecords(List.of(peers)).text();
        assertEquals(List.of(), await(TrustRecords.parse(text).importInto(store)));
        assertEquals(20_000, await(store.peers()).size());
    }

    @ParameterizedTest
    @CsvSource({
        "'  compared by the user ', compared by the user",
        "'', ''",
        "'a\nb\r\tc', a?b??c",
        "'a\u0000\u007f\u0085\u2028\u2029\u202e\u200d\ufeffb', a????????b",
        "'a\ud800b', a?b",
        "😀, 😀"
    })
    void evidence_is_one_line(String text, String expected) {
        assertEquals(expected, TrustRecords.evidence(text));
    }

    @Test
    void evidence_is_bounded() {
        assertEquals("x".repeat(256), TrustRecords.evidence("x".repeat(256)));
        assertEquals("x".repeat(256), TrustRecords.evidence(" ".repeat(5_000) + "x".repeat(257)));
        assertEquals("😀".repeat(256), TrustRecords.evidence("😀".repeat(1_000)));
        assertEquals("x".repeat(255), TrustRecords.evidence("x".repeat(255) + "  " + "y".repeat(5_000)));
        assertEquals("?".repeat(256), TrustRecords.evidence("\u0001".repeat(100_000)));
    }

    private static String refusal(String text) {
        return assertThrows(IllegalArgumentException.class, () -> TrustRecords.parse(text))
                .getMessage();
    }

    private static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    private static class Delegating implements TrustStore {
        private final TrustStore store;

        Delegating(TrustStore store) {
            this.store = store;
        }

        @Override
        public CompletionStage<KnownPeer> peer(BareJid peer) {
            return store.peer(peer);
        }

        @Override
        public CompletionStage<List<KnownPeer>> peers() {
            return store.peers();
        }

        @Override
        public CompletionStage<KnownPeer> put(BareJid peer, KeyName key, KeyState state, String evidence) {
            return store.put(peer, key, state, evidence);
        }

        @Override
        public CompletionStage<KnownPeer> vouch(BareJid peer, KeyName key, String evidence) {
            return store.vouch(peer, key, evidence);
        }

        @Override
        public CompletionStage<KnownPeer> remember(BareJid peer, String method, boolean confirmed) {
            return store.remember(peer, method, confirmed);
        }

        @Override
        public CompletionStage<Boolean> keep(BareJid peer, KeyName key, byte[] material) {
            return store.keep(peer, key, material);
        }

        @Override
        public CompletionStage<Optional<byte[]>> material(BareJid peer, KeyName key) {
            return store.material(peer, key);
        }

        @Override
        public CompletionStage<List<TrustChange>> history(BareJid peer) {
            return store.history(peer);
        }
    }
}
