package org.xtls.trust.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.trust.file.Stages.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;

class JournalTest {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");
    private static final Instant THEN = Instant.parse("2026-11-24T10:15:30Z");
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final BareJid RENE = BareJid.parse("rené@例え.jp");
    private static final String FINGERPRINT = "ab".repeat(32);
    private static final KeyName KEY = new KeyName("x509", FINGERPRINT);
    private static final KeyName OTHER = new KeyName("openpgp", "cd".repeat(20));
    private static final String HEADER = "xtls-trust-journal 1";
    private static final String CHANGE =
            "key 2026-11-24T12:00:00Z juliet@capulet.lit x509 " + FINGERPRINT + " - FIRST_USE seen in a tunnel";
    private static final String FORMER = "xtls-trust 1\n"
            + "key juliet@capulet.lit x509 " + FINGERPRINT + " verified 2026-11-24T10:15:30Z compared by the user\n"
            + "key juliet@capulet.lit openpgp " + "cd".repeat(20) + " first-use 2026-11-24T10:15:31.250Z\n"
            + "method juliet@capulet.lit srp-psk\n"
            + "method juliet@capulet.lit x509\n"
            + "confirms juliet@capulet.lit\n"
            + "key rené@例え.jp x509 " + FINGERPRINT + " distrusted 2026-11-24T10:15:30Z 100%25 sure,%0Areally\n"
            + "end\n";

    @TempDir
    Path home;

    @Test
    void the_file_is_text_and_looks_as_it_is_described() throws Exception {
        try (FileTrustStore store = store()) {
            await(store.put(JULIET, KEY, KeyState.FIRST_USE, "seen in a tunnel"));
            await(store.remember(JULIET, "x509", true));
            await(store.put(JULIET, KEY, KeyState.DISTRUSTED, ""));
            await(store.put(RENE, OTHER, KeyState.VERIFIED, "100% größer"));
        }
        assertEquals(
                HEADER + "\n"
                        + "6a3c22e857a94808 " + CHANGE + "\n"
                        + "3aa2f4741e49ec32 tunnel juliet@capulet.lit x509 confirmed\n"
                        + "3904c8af66b884cd key 2026-11-24T12:00:00Z juliet@capulet.lit x509 " + FINGERPRINT
                        + " FIRST_USE DISTRUSTED\n"
                        + "6ceb8e66dab3c95f key 2026-11-24T12:00:00Z rené@例え.jp openpgp " + "cd".repeat(20)
                        + " - VERIFIED 100% größer\n",
                text());
    }

    @Test
    void what_changes_nothing_writes_nothing() throws Exception {
        try (FileTrustStore store = store()) {
            await(store.put(JULIET, KEY, KeyState.EXPIRED, "not known"));
            await(store.peers());
            assertFalse(Files.exists(file()));
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
            await(store.remember(JULIET, "x509", true));
            String before = text();
            await(store.put(JULIET, KEY, KeyState.VERIFIED, " pinned "));
            await(store.put(JULIET, KEY, KeyState.FIRST_USE, "seen"));
            await(store.vouch(JULIET, KEY, "vouched"));
            await(store.remember(JULIET, "x509", false));
            await(store.remember(JULIET, "x509", true));
            await(store.keep(JULIET, KEY, new byte[100]));
            assertEquals(before, text());
        }
    }

    @Test
    void one_decision_costs_one_line_however_much_is_held() throws Exception {
        long former;
        try (FileTrustStore store = store()) {
            for (int i = 0; i < 500; i++) {
                store.put(JULIET, new KeyName("x509", "%064x".formatted(i)), KeyState.FIRST_USE, "seen");
            }
            await(store.peers());
            former = Files.size(file());
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        }
        assertTrue(Files.size(file()) - former < 200);
        assertEquals(502, text().lines().count());
    }

    @Test
    void a_changed_byte_anywhere_is_refused_and_the_file_left_as_it_is() throws Exception {
        fill();
        byte[] good = Files.readAllBytes(file());
        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= 1;
            Files.write(file(), bad);
            String message = refusal();
            assertTrue(message.startsWith(file().toString()), message);
            assertTrue(message.contains("restore") || message.contains("install the version"), message);
            assertArrayEquals(bad, Files.readAllBytes(file()));
        }
    }

    @Test
    void a_line_that_is_taken_out_moved_or_doubled_is_refused() throws Exception {
        fill();
        List<String> good = Files.readAllLines(file());
        String reason =
                ": the line does not fit its checksum: it was changed, or one before it was taken out or put in;"
                        + " restore a copy of the file. It has been left as it is";
        for (int i = 1; i + 1 < good.size(); i++) {
            List<String> without = new ArrayList<>(good);
            without.remove(i);
            assertEquals(file() + ", line " + (i + 1) + reason, refusal(without));
            List<String> doubled = new ArrayList<>(good);
            doubled.add(i, good.get(i));
            assertEquals(file() + ", line " + (i + 2) + reason, refusal(doubled));
            List<String> turned = new ArrayList<>(good);
            turned.set(i, good.get(i + 1));
            turned.set(i + 1, good.get(i));
            assertEquals(file() + ", line " + (i + 1) + reason, refusal(turned));
        }
    }

    @Test
    void a_file_that_ends_too_early_is_refused_when_it_ends_with_a_whole_line_too() throws Exception {
        fill();
        List<String> good = Files.readAllLines(file());
        int missing = good.get(good.size() - 1).getBytes(StandardCharsets.UTF_8).length + 1;
        assertEquals(
                file() + " lacks " + missing + " bytes at its end that had been confirmed; restore the latest copy."
                        + " To go on with this one all the same, delete " + mark()
                        + " and look through what is trusted",
                refusal(good.subList(0, good.size() - 1)));
        Files.delete(mark());
        try (FileTrustStore store = store()) {
            assertEquals(2, await(store.peers()).size());
        }
    }

    @Test
    void a_file_that_is_gone_is_missed() throws Exception {
        fill();
        Files.delete(file());
        assertEquals(
                file() + " is gone, and with it what was decided; restore the latest copy. To begin anew, delete "
                        + mark(),
                refusal());
        Files.delete(mark());
        try (FileTrustStore store = store()) {
            assertEquals(List.of(), await(store.peers()));
        }
    }

    @Test
    void an_older_or_another_file_is_not_taken_for_the_latest() throws Exception {
        fill();
        String former = text();
        try (FileTrustStore store = store()) {
            await(store.put(JULIET, KEY, KeyState.DISTRUSTED, "stolen"));
        }
        Files.writeString(file(), former);
        assertTrue(refusal().contains("bytes at its end that had been confirmed"));
        Files.writeString(file(), FORMER);
        assertTrue(refusal().contains("bytes at its end that had been confirmed"));

        Files.delete(file());
        Files.delete(mark());
        try (FileTrustStore store = store()) {
            for (int i = 0; i < 50; i++) {
                await(store.put(RENE, new KeyName("x509", "%064x".formatted(i)), KeyState.VERIFIED, "another's"));
            }
        }
        String another = text();
        Files.delete(file());
        Files.delete(mark());
        fill();
        Files.writeString(file(), another);
        assertTrue(refusal().startsWith(file() + " is not the file that was last confirmed here; restore the latest"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "0000000000000001337", "0000000000000000021 caf1f8d7f46d1ac8 0000000000000000\n", "\0\0\0"})
    void a_mark_that_a_crash_has_left_half_written_keeps_nobody_out(String mark) throws Exception {
        fill();
        String held = held();
        Files.writeString(mark(), mark);
        assertEquals(held, held());
        try (FileTrustStore store = store()) {
            await(store.put(JULIET, KEY, KeyState.DISTRUSTED, "stolen"));
        }
        assertTrue(Files.readString(mark()).startsWith("%019d ".formatted(Files.size(file()))));
        Files.writeString(file(), text().substring(0, (int) Files.size(file()) / 2));
        assertTrue(refusal().contains("lacks"), "from the next decision on it is guarded again");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | the line does not begin with a checksum",
                "# a comment | the line does not begin with a checksum",
                "SUM | the line does not begin with a checksum",
                "'SUM ' | it begins with neither key nor tunnel",
                "SUM end | it begins with neither key nor tunnel",
                "SUM KEY 2026-11-24T12:00:00Z juliet@capulet.lit x509 FP - VERIFIED | it begins with neither",
                "SUM key 2026-11-24T12:00:00Z juliet@capulet.lit x509 FP VERIFIED | 'key' has 7 or 8 fields, not 6",
                "SUM key yesterday juliet@capulet.lit x509 FP - VERIFIED | Text 'yesterday' could not be parsed",
                "SUM key 2026-11-24T12:00:00.000Z juliet@capulet.lit x509 FP - VERIFIED | it would be written as",
                "SUM key 2026-11-24T12:00:00Z JULIET@capulet.lit x509 FP - VERIFIED | it would be written as",
                "SUM key 2026-11-24T12:00:00Z juliet@capulet.lit/a x509 FP - VERIFIED | has a resource",
                "SUM key 2026-11-24T12:00:00Z juliet@capulet.lit X509 FP - VERIFIED | 'X509' is no name of a method",
                "SUM key 2026-11-24T12:00:00Z juliet@capulet.lit x509 AB - VERIFIED | a fingerprint is 20 to 64 bytes",
                "SUM key 2026-11-24T12:00:00Z juliet@capulet.lit x509 FP - verified | 'verified' is none of [VERIFIED,",
                "SUM key 2026-11-24T12:00:00Z juliet@capulet.lit x509 FP - - | '-' is none of [VERIFIED,",
                "'SUM key 2026-11-24T12:00:00Z juliet@capulet.lit x509 FP - VERIFIED ' | it would be written as",
                "SUM key 2026-11-24T12:00:00Z juliet@capulet.lit x509 FP VERIFIED DISTRUSTED | the key was not known"
                        + " and not VERIFIED",
                "SUM tunnel juliet@capulet.lit x509 | 'tunnel' has 4 fields, not 3",
                "SUM tunnel juliet@capulet.lit x509 maybe | it would be written as",
                "SUM tunnel juliet@capulet.lit X509 confirmed | 'X509' is no name of a method",
                "SUM tunnel juliet@capulet.lit x509 confirmed again | 'tunnel' has 4 fields, not 5"
            })
    void a_line_that_nobody_writes_is_refused_with_its_number(String line, String reason) throws Exception {
        String entry = line.replace("FP", FINGERPRINT);
        String body = entry.startsWith("SUM ") ? entry.substring(4) : "";
        String written = entry.startsWith("SUM ") ? new Chain(HEADER).next(body) + " " + body : entry;
        Files.writeString(file(), HEADER + "\n" + written + "\n");
        String message = refusal();
        assertTrue(message.startsWith(file() + ", line 2: "), message);
        assertTrue(message.contains(reason), message);
        assertTrue(message.endsWith("; restore a copy of the file. It has been left as it is"), message);
    }

    @Test
    void a_key_that_becomes_known_twice_is_refused() throws Exception {
        Chain chain = new Chain(HEADER);
        String first = chain.next(CHANGE) + " " + CHANGE + "\n";
        chain.append(CHANGE);
        Files.writeString(file(), HEADER + "\n" + first + chain.next(CHANGE) + " " + CHANGE + "\n");
        assertTrue(refusal().startsWith(file() + ", line 3: the key was FIRST_USE and not unknown"), refusal());
    }

    @Test
    void an_endless_line_is_refused_with_or_without_its_end() throws Exception {
        for (String end : List.of("", "\n")) {
            Files.writeString(file(), HEADER + "\n" + "x".repeat(100_000) + end);
            assertTrue(refusal().startsWith(file() + ", line 2: it has more than 4096 bytes"), refusal());
        }
    }

    @Test
    void a_line_that_is_not_utf_8_is_refused() throws Exception {
        Files.write(file(), (HEADER + "\n0123456789abcdef key \u00e9\n").getBytes(StandardCharsets.ISO_8859_1));
        assertTrue(refusal().startsWith(file() + ", line 2: it is not UTF-8"), refusal());
    }

    @ParameterizedTest
    @ValueSource(strings = {"xtls-trust-journal 2", "xtls-trust 2", "xtls-trust-journal 1 ", "xtls-trust-journal 10"})
    void a_file_of_another_version_is_refused_as_such(String header) throws Exception {
        Files.writeString(file(), header + "\n");
        assertEquals(
                file() + ", line 1: the file has format '" + header.strip() + "', and this version of"
                        + " org.xtls.trust.file knows only 'xtls-trust-journal 1' and 'xtls-trust 1';"
                        + " install the version that wrote it. The file has been left as it is",
                refusal());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "hello\n", "\ufeffxtls-trust-journal 1\n", "xtls-", "end\n"})
    void something_else_altogether_is_refused(String text) throws Exception {
        Files.writeString(file(), text);
        assertTrue(refusal().startsWith(file() + ", line 1: this is no trust file"), refusal());
        assertEquals(text, text());
    }

    @Test
    void a_file_of_the_former_format_is_taken_over_with_all_that_it_says() throws Exception {
        Files.writeString(file(), FORMER);
        KnownPeer juliet = new KnownPeer(
                JULIET,
                List.of(
                        new KnownKey(KEY, KeyState.VERIFIED, THEN, "compared by the user"),
                        new KnownKey(OTHER, KeyState.FIRST_USE, THEN.plusSeconds(1), "")),
                true,
                Set.of("srp-psk", "x509"));
        for (int opening = 0; opening < 2; opening++) {
            try (FileTrustStore store = store()) {
                assertEquals(juliet, await(store.peer(JULIET)));
                assertEquals(
                        List.of(new KnownKey(KEY, KeyState.DISTRUSTED, THEN, "100% sure,?really")),
                        await(store.peer(RENE)).keys());
                assertEquals(
                        List.of(
                                new TrustChange(THEN, JULIET, KEY, null, KeyState.VERIFIED, "compared by the user"),
                                new TrustChange(THEN.plusSeconds(1), JULIET, OTHER, null, KeyState.FIRST_USE, "")),
                        await(store.history(JULIET)));
            }
            assertTrue(text().startsWith(HEADER + "\n"));
        }
        try (FileTrustStore store = store()) {
            await(store.put(RENE, OTHER, KeyState.VERIFIED, "pinned"));
        }
        try (FileTrustStore store = store()) {
            assertEquals(
                    List.of(KeyState.DISTRUSTED, KeyState.VERIFIED),
                    await(store.peer(RENE)).keys().stream().map(KnownKey::state).toList());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "verified | trusted | , line 2: 'trusted' is none of verified, first-use, expired, distrusted",
                "x509 FP verified | x509 AB verified | , line 2: a fingerprint is 20 to 64 bytes in hex",
                "'\nend' | '\nEND' | , line 8: the line begins with none of key, method, confirms",
                "'\nend\n' | '\n' | , line 8: the text is cut off: its last line is not 'end'"
            })
    void a_corrupt_file_of_the_former_format_is_refused_and_left_as_it_is(String good, String bad, String reason)
            throws Exception {
        String corrupt = FORMER.replace(good.replace("FP", FINGERPRINT), bad);
        assertNotEquals(FORMER, corrupt);
        Files.writeString(file(), corrupt);
        String message = refusal();
        assertTrue(message.startsWith(file() + reason), message);
        assertTrue(message.endsWith("; restore a copy of the file. It has been left as it is"), message);
        assertEquals(corrupt, text());
    }

    @Test
    void a_file_of_the_former_format_that_is_not_utf_8_is_refused() throws Exception {
        byte[] bytes = FORMER.getBytes(StandardCharsets.UTF_8);
        bytes[FORMER.indexOf("compared")] = (byte) 0xff;
        Files.write(file(), bytes);
        assertTrue(refusal().startsWith(file() + ", the file is not UTF-8"), refusal());
        assertArrayEquals(bytes, Files.readAllBytes(file()));
    }

    @Test
    void material_that_was_changed_is_refused_and_can_be_kept_anew() throws Exception {
        try (FileTrustStore store = store()) {
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
            await(store.put(RENE, KEY, KeyState.VERIFIED, "pinned"));
            await(store.keep(JULIET, KEY, new byte[] {1, 2, 3}));
            Path julietsFile = onlyMaterial();
            byte[] good = Files.readAllBytes(julietsFile);
            for (int length = 0; length < good.length; length++) {
                Files.write(julietsFile, Arrays.copyOf(good, length));
                assertUnfit(store, julietsFile, "its content does not fit its checksum");
                byte[] bad = good.clone();
                bad[length] ^= 1;
                Files.write(julietsFile, bad);
                assertUnfit(store, julietsFile, "its content does not fit its checksum");
            }
            Files.write(julietsFile, new byte[100_000]);
            assertUnfit(store, julietsFile, "it is too large");
            Files.delete(julietsFile);
            await(store.keep(RENE, KEY, new byte[] {4}));
            Files.move(onlyMaterial(), julietsFile);
            assertUnfit(store, julietsFile, "it belongs to another key");
            await(store.keep(JULIET, KEY, new byte[] {1, 2, 3}));
            assertArrayEquals(
                    new byte[] {1, 2, 3}, await(store.material(JULIET, KEY)).orElseThrow());
            assertArrayEquals(good, Files.readAllBytes(julietsFile));
        }
    }

    private static void assertUnfit(FileTrustStore store, Path file, String reason) {
        assertEquals(
                "The trust store cannot be used: " + file + ": " + reason + "; delete the file, and it is fetched anew"
                        + " when the peer next shows the key. It has been left as it is.",
                Stages.failure(store.material(JULIET, KEY)).message());
    }

    private Path onlyMaterial() throws IOException {
        try (var files = Files.list(home.resolve("material"))) {
            List<Path> all = files.toList();
            assertEquals(1, all.size(), all.toString());
            return all.get(0);
        }
    }

    private void fill() throws IOException {
        try (FileTrustStore store = store()) {
            await(store.put(JULIET, KEY, KeyState.FIRST_USE, "seen"));
            await(store.put(RENE, OTHER, KeyState.DISTRUSTED, "größer"));
            await(store.remember(JULIET, "x509", true));
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "compared"));
            await(store.put(JULIET, OTHER, KeyState.DISTRUSTED, "stolen"));
        }
    }

    private String held() throws IOException {
        try (FileTrustStore store = store()) {
            return Model.text(store);
        }
    }

    private FileTrustStore store() throws IOException {
        return new FileTrustStore(home, 10_000, Clock.fixed(NOON, ZoneOffset.UTC));
    }

    private Path file() {
        return home.resolve("known-keys");
    }

    private Path mark() {
        return home.resolve("known-keys.confirmed");
    }

    private String text() throws IOException {
        return Files.readString(file());
    }

    private String refusal(List<String> lines) throws IOException {
        Files.writeString(file(), String.join("\n", lines) + "\n");
        return refusal();
    }

    private String refusal() {
        return assertThrows(IOException.class, () -> new FileTrustStore(home)).getMessage();
    }
}
