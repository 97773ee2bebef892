package org.xtls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JidTest {
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "romeo@montague.net, romeo@montague.net",
                "Romeo@Montague.NET/Orchard, romeo@montague.net/Orchard",
                "montague.net, montague.net",
                "montague.net., montague.net",
                "romeo@montague.net./home, romeo@montague.net/home",
                "montague.net/a/b@c, montague.net/a/b@c",
                "juliet@example.com/foo bar, juliet@example.com/foo bar",
                "foo\\20bar@example.com, foo\\20bar@example.com",
                "fußball@example.com, fußball@example.com",
                "π@example.com, π@example.com",
                "Σ@example.com/foo, σ@example.com/foo",
                "king@example.com/♚, king@example.com/♚",
                "ＲＯＭＥＯ@example.com, romeo@example.com",
                "e\u0301@example.com/e\u0301, é@example.com/é",
                "a@example.com/x\u00a0y, a@example.com/x y",
                "a@xn--mnchen-3ya.de, a@münchen.de",
                "a@XN--Mnchen-3YA.de, a@münchen.de",
                "a@MÜNCHEN.de, a@münchen.de",
                "a@ｍünchen。de, a@münchen.de",
                "a@ｅｘａｍｐｌｅ．ｃｏｍ, a@example.com",
                "a@straße.de, a@straße.de",
                "a@xn--strae-oqa.de, a@straße.de",
                "a@xn--4dbrk0ce, a@ישראל",
                "a@127.0.0.1, a@127.0.0.1",
                "a@[::1], a@[::1]",
                "a@[0:0:0:0:0:0:0:1], a@[::1]",
                "a@[2001:DB8:0:0:1:0:0:1]/r, a@[2001:db8::1:0:0:1]/r",
                "a@[2001:db8::1:1:1:1:1], a@[2001:db8:0:1:1:1:1:1]",
                "a@[::ffff:192.0.2.1], a@[::ffff:c000:201]",
                "a@[::], a@[::]",
                "a@[1::], a@[1::]",
            })
    void an_address_has_one_normal_form(String given, String normal) {
        Jid jid = Jid.parse(given);

        assertEquals(normal, jid.toString());
        assertEquals(jid, Jid.parse(normal));
        assertEquals(jid.hashCode(), Jid.parse(normal).hashCode());
    }

    static Stream<String> what_is_no_address() {
        return Stream.of(
                "",
                "@",
                "@example.com",
                "romeo@",
                "romeo@/home",
                "/home",
                "romeo@montague.net/",
                "a@b@c",
                ".",
                "a..b",
                ".a",
                "a..",
                "ro meo@montague.net",
                " romeo@montague.net",
                "romeo@montague.net ",
                "\"romeo\"@montague.net",
                "ro&meo@montague.net",
                "ro'meo@montague.net",
                "ro:meo@montague.net",
                "ro<meo@montague.net",
                "ro>meo@montague.net",
                "ro＠meo@montague.net",
                "ro\u0000meo@montague.net",
                "henry\u2163@example.com",
                "♚@example.com",
                "\u00b9@example.com",
                "\ud800@example.com",
                "a@example.com/\ud800",
                "a@example.com/\u0000",
                "a@example.com/line\nbreak",
                "a@example.com/\u200b",
                "under_score.example",
                "-a.example",
                "a-.example",
                "ab--cd.example",
                "ü-.example",
                "xn--.example",
                "xn--a.example",
                "xn--abc-.example",
                "xn--99999999999.example",
                "xn--mnchen-3yA\u0301.example",
                "xn--Ü.example",
                "\u0301a.example",
                "♚.example",
                "a\u200db.example",
                "a@[::1",
                "a@::1",
                "a@[]",
                "a@[1]",
                "a@[:::]",
                "a@[1:2:3:4:5:6:7:8:9]",
                "a@[1:2:3:4:5:6:7::8]",
                "a@[1::2::3]",
                "a@[::1.2.3.256]",
                "a@[1.2.3.4]",
                "a@[::g]",
                "a@[fe80::1%25eth0]",
                "a".repeat(64) + ".example",
                "ü".repeat(60) + ".example",
                "a".repeat(1024) + "@example.com",
                "ü".repeat(512) + "@example.com",
                "a@example.com/" + "a".repeat(1024),
                "a@example.com/" + "ü".repeat(512),
                "a.".repeat(511) + "aa",
                "a".repeat(1_000_000));
    }

    @ParameterizedTest
    @MethodSource
    void what_is_no_address(String text) {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> Jid.parse(text));

        assertTrue(refusal.getMessage().length() < 300, refusal.getMessage());
        assertEquals(1, refusal.getMessage().lines().count(), refusal.getMessage());
    }

    @Test
    void each_part_may_have_1023_octets() {
        String longest = "a".repeat(1023);
        String domain = "a.".repeat(511) + "a";

        assertEquals(
                longest + "@" + domain + "/" + longest,
                new BareJid(longest, domain).at(longest).toString());
        assertEquals("ü".repeat(511) + "a", new BareJid("Ü".repeat(511) + "A", "b").local());
    }

    @ParameterizedTest
    @CsvSource({
        "a@strasse.de, a@straße.de",
        "a@example.com/Home, a@example.com/home",
        "a@example.com, b@example.com",
        "a@example.com, a@example.com/a",
        "a@example.com, example.com",
    })
    void addresses_of_different_people_differ(String one, String other) {
        assertNotEquals(Jid.parse(one), Jid.parse(other));
    }

    @Test
    void normalising_twice_is_normalising_once_whatever_is_given() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int accepted = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            int length = 1 + random.nextInt(6);
            for (int j = 0; j < length; j++) {
                text.appendCodePoint(
                        switch (random.nextInt(4)) {
                            case 0 -> 'A' + random.nextInt(58);
                            case 1 -> 0x80 + random.nextInt(0x780);
                            case 2 -> 0x300 + random.nextInt(0xcd00);
                            default -> 0x80 + random.nextInt(0x1_0000);
                        });
            }
            String given = text.toString();
            String context = "seed " + seed + ", text "
                    + given.codePoints().mapToObj(Integer::toHexString).toList();
            for (String address : List.of(given + "@x", given, "x/" + given)) {
                Jid once;
                try {
                    once = Jid.parse(address);
                } catch (IllegalArgumentException e) {
                    continue;
                }
                accepted++;
                assertEquals(once, Jid.parse(once.toString()), context);
                assertEquals(once.toString(), Jid.parse(once.toString()).toString(), context);
            }
        }
        assertTrue(accepted > 1000, "seed " + seed + " made only " + accepted + " addresses");
    }

    @Test
    void parts_that_are_normal_are_taken_as_they_are() {
        String local = new String("romeo");
        String domain = new String("montague.net");
        BareJid romeo = new BareJid(local, domain);

        assertSame(local, romeo.local());
        assertSame(domain, romeo.domain());
    }

    @ParameterizedTest
    @CsvSource({ // RFC 3492 §7.1 (A), (B), (I), (R), in lower case
        "egbpdaj6bu4bxfgehfvwxn, \u0644\u064A\u0647\u0645\u0627\u0628\u062A\u0643\u0644\u0645\u0648\u0634\u0639\u0631\u0628\u064A\u061F",
        "ihqwcrb4cv8a8dqg056pqjye, \u4ED6\u4EEC\u4E3A\u4EC0\u4E48\u4E0D\u8BF4\u4E2D\u6587",
        "b1abfaaepdrnnbgefbadotcwatmq2g4l, \u043F\u043E\u0447\u0435\u043C\u0443\u0436\u0435\u043E\u043D\u0438\u043D\u0435\u0433\u043E\u0432\u043E\u0440\u044F\u0442\u043F\u043E\u0440\u0443\u0441\u0441\u043A\u0438",
        "d9juau41awczczp, \u305D\u306E\u30B9\u30D4\u30FC\u30C9\u3067",
        "mnchen-3ya, münchen",
    })
    void punycode_is_that_of_the_rfc(String encoded, String decoded) {
        assertEquals(decoded, Punycode.decode(encoded));
        assertEquals(encoded, Punycode.encode(decoded));
    }

    @Test
    void addresses_sort_by_their_octets() {
        List<String> sorted =
                List.of("a@b/A", "a@b/a", "a@b/b", "a@b/é", "a@b/\ufb29", "a@b/\ud83d\ude00", "b.c/a", "b/a", "b@a/a");

        assertEquals(
                sorted,
                sorted.stream()
                        .map(FullJid::parse)
                        .sorted(java.util.Comparator.<FullJid>naturalOrder().reversed())
                        .sorted()
                        .map(FullJid::toString)
                        .toList());
        // UTF-16 would have it the other way round.
        assertTrue(FullJid.parse("a@b/\ufb29").compareTo(FullJid.parse("a@b/\ud83d\ude00")) < 0);
        assertTrue("\ufb29".compareTo("\ud83d\ude00") > 0);
        assertEquals(0, FullJid.parse("A@b/x").compareTo(FullJid.parse("a@B./x")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"romeo@montague.net/orchard", "montague.net/orchard"})
    void a_slash_makes_it_full(String text) {
        FullJid full = assertInstanceOf(FullJid.class, Jid.parse(text));

        assertEquals(full, full.bare().at("orchard"));
        assertThrows(IllegalArgumentException.class, () -> BareJid.parse(text));
        assertThrows(
                IllegalArgumentException.class, () -> FullJid.parse(full.bare().toString()));
        assertTrue(full.toString().getBytes(StandardCharsets.UTF_8).length > 0);
    }
}
