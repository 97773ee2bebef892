package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Trust;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policy;

/** What becomes of a key that no method vouches for. */
class FirstUseTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.com");
    private static final KeyName KEY = new KeyName("x509", "ab".repeat(32));

    /** Known: what is held of which key; "this" is the key proved, "other" another of the same method. */
    @ParameterizedTest(name = "{0} and {1}: {2}")
    @CsvSource({
        "nothing, REJECT, Refuse UNTRUSTED",
        "nothing, ASK, Ask UNTRUSTED",
        "nothing, ACCEPT, Accept",
        "this FIRST_USE, REJECT, Refuse UNTRUSTED",
        "this FIRST_USE, ASK, Accept",
        "this FIRST_USE, ACCEPT, Accept",
        "other FIRST_USE, REJECT, Refuse KEY_CHANGED",
        "other FIRST_USE, ASK, Ask KEY_CHANGED",
        "other FIRST_USE, ACCEPT, Ask KEY_CHANGED",
        "other FIRST_USE + this FIRST_USE, ACCEPT, Accept",
        "foreign FIRST_USE, ACCEPT, Accept",
        "foreign FIRST_USE, ASK, Ask UNTRUSTED",
        "other VERIFIED, REJECT, Refuse KEY_CHANGED",
        "other VERIFIED, ASK, Ask KEY_CHANGED",
        "other VERIFIED, ACCEPT, Ask KEY_CHANGED",
        "foreign VERIFIED, REJECT, Refuse UNTRUSTED",
        "foreign VERIFIED, ASK, Ask UNTRUSTED",
        "foreign VERIFIED, ACCEPT, Ask UNTRUSTED",
        "other VERIFIED + this FIRST_USE, ACCEPT, Ask KEY_CHANGED",
        "foreign VERIFIED + this FIRST_USE, ASK, Ask UNTRUSTED",
        "this DISTRUSTED, REJECT, Refuse UNTRUSTED",
        "this DISTRUSTED, ASK, Refuse UNTRUSTED",
        "this DISTRUSTED, ACCEPT, Refuse UNTRUSTED",
        "other VERIFIED + this DISTRUSTED, ACCEPT, Refuse UNTRUSTED",
        "other DISTRUSTED, ACCEPT, Accept",
        "other DISTRUSTED, ASK, Ask UNTRUSTED",
        "this VERIFIED, REJECT, Accept VERIFIED",
        "this VERIFIED + other VERIFIED, ASK, Accept VERIFIED",
        "this EXPIRED, REJECT, Refuse UNTRUSTED",
        "this EXPIRED, ASK, Ask UNTRUSTED compared",
        "this EXPIRED, ACCEPT, Ask UNTRUSTED compared",
        "this EXPIRED + other VERIFIED, ACCEPT, Ask UNTRUSTED compared",
        "other EXPIRED, REJECT, Refuse KEY_CHANGED",
        "other EXPIRED, ASK, Ask KEY_CHANGED",
        "other EXPIRED, ACCEPT, Ask KEY_CHANGED",
        "foreign EXPIRED, ACCEPT, Ask UNTRUSTED",
        "foreign EXPIRED + this FIRST_USE, ASK, Ask UNTRUSTED",
        "tunnels, ACCEPT, Ask UNTRUSTED",
        "tunnels, REJECT, Refuse UNTRUSTED",
        "tunnels + this FIRST_USE, ASK, Ask UNTRUSTED",
        "binding, ACCEPT, Ask UNTRUSTED",
        "binding, REJECT, Refuse UNTRUSTED",
        "binding + this FIRST_USE, ASK, Ask UNTRUSTED",
        "binding + other FIRST_USE, ACCEPT, Ask KEY_CHANGED",
        "binding + this VERIFIED, ASK, Accept VERIFIED",
        "strict, ACCEPT, Ask UNTRUSTED compared",
        "strict, ASK, Ask UNTRUSTED compared",
        "strict, REJECT, Refuse UNTRUSTED",
        "strict + this FIRST_USE, ACCEPT, Ask UNTRUSTED compared",
        "strict + other FIRST_USE, ACCEPT, Ask KEY_CHANGED compared",
        "strict + this VERIFIED, ASK, Accept VERIFIED",
        "strict + this DISTRUSTED, ACCEPT, Refuse UNTRUSTED",
    })
    void memory_decides_then_policy(String known, Policy.FirstUse policy, String decision) {
        FirstUse decided = decide(known, policy);
        String said = decided.getClass().getSimpleName();
        if (decided instanceof FirstUse.Accept yes && yes.trust() == Trust.VERIFIED) {
            said += " VERIFIED";
        } else if (decided instanceof FirstUse.Ask ask) {
            said += " " + ask.otherwise().code();
            said += ask.unverified() == null ? "" : " compared"; // only a compared key will do
        } else if (decided instanceof FirstUse.Refuse refuse) {
            said += " " + refuse.failure().code();
        }
        assertEquals(decision, said);
    }

    @Test
    void a_changed_key_is_told_with_both_fingerprints() {
        FirstUse decided = FirstUse.decide(known("other VERIFIED"), KEY, Policy.DEFAULT, List.of());
        String message = ((FirstUse.Ask) decided).otherwise().message();
        assertTrue(message.contains(KEY.grouped()));
        assertTrue(message.contains(new KeyName("x509", "cd".repeat(32)).grouped()));
        assertFalse(message.contains("\n"));
    }

    @ParameterizedTest
    @CsvSource({
        "other VERIFIED, another key is trusted for this peer",
        "other FIRST_USE, this peer used another key before",
        "other EXPIRED, the key that was trusted for this peer has expired",
        "nothing, ",
        "other DISTRUSTED, ",
        "foreign VERIFIED, ",
        "this EXPIRED, ",
        "tunnels, ",
    })
    void a_key_that_is_only_offered_changes_where_another_is_on_record(String known, @Nullable String why) {
        Optional<Failure> changed = FirstUse.changed(known(known), KEY);
        assertEquals(why != null, changed.isPresent());
        if (why != null) {
            assertEquals(Failure.Code.KEY_CHANGED, changed.get().code());
            assertTrue(changed.get().message().contains(KEY.grouped() + ", which it has not proved, and " + why));
        }
    }

    @Test
    void only_a_first_contact_is_of_no_concern() {
        assertEquals("", concern("nothing"));
        assertEquals("", concern("other DISTRUSTED"));
        assertEquals("", concern("foreign FIRST_USE"));
        String other = new KeyName("x509", "cd".repeat(32)).grouped();
        assertEquals("Another key is trusted for this peer (" + other + ").", concern("other VERIFIED"));
        assertEquals("This peer used another key before (" + other + ").", concern("other FIRST_USE"));
        assertEquals("This peer is trusted by openpgp, not by x509.", concern("foreign VERIFIED"));
        assertEquals("That key has expired for this peer.", concern("this EXPIRED"));
        assertEquals(
                "The key that was trusted for this peer has expired (" + other + "), with no word on the next.",
                concern("other EXPIRED"));
        assertEquals(
                "This peer was verified before (by srp-psk), and nothing shows that this key is its own.",
                concern("tunnels"));
        assertEquals(
                "This side holds a password (srp-psk) of this peer, and that key proves nothing of it.",
                concern("binding"));
        assertEquals(
                "This peer used another key before (" + other + "); this side holds a password (srp-psk) of this peer,"
                        + " and that key proves nothing of it.",
                concern("binding + other FIRST_USE"));
        assertEquals(
                "Nobody vouches for that key, and the policy for juliet@capulet.com (require verified) forbids"
                        + " unverified tunnels.",
                concern("strict"));
    }

    @Test
    void a_refusal_by_policy_names_the_rule() {
        FirstUse.Refuse no = (FirstUse.Refuse) decide("nothing", Policy.FirstUse.REJECT);
        assertTrue(no.failure()
                .message()
                .contains("the policy for juliet@capulet.com (first-use reject) forbids first use"));
        FirstUse.Ask strict = (FirstUse.Ask) decide("strict + other FIRST_USE", Policy.FirstUse.ASK);
        assertTrue(strict.unverified() != null
                && strict.unverified().message().contains("(require verified) forbids unverified tunnels"));
    }

    private static String concern(String known) {
        return ((FirstUse.Ask) decide(known, Policy.FirstUse.ASK)).concern();
    }

    private static FirstUse decide(String known, Policy.FirstUse firstUse) {
        Policy d = Policy.DEFAULT;
        Policy policy =
                new Policy(firstUse, false, known.startsWith("strict"), d.only(), d.never(), d.prefer(), true, true);
        return FirstUse.decide(
                known(known), KEY, policy, known.startsWith("binding") ? List.of("a password (srp-psk)") : List.of());
    }

    private static KnownPeer known(String text) {
        List<KnownKey> keys = text.equals("nothing")
                ? List.of()
                : Arrays.stream(text.split(" \\+ ", -1))
                        .filter(part -> part.contains(" "))
                        .map(part -> part.split(" ", -1))
                        .map(part -> new KnownKey(
                                switch (part[0]) {
                                    case "this" -> KEY;
                                    case "other" -> new KeyName("x509", "cd".repeat(32));
                                    default -> new KeyName("openpgp", "ef".repeat(20));
                                },
                                KeyState.valueOf(part[1]),
                                Instant.EPOCH,
                                "test"))
                        .toList();
        return new KnownPeer(JULIET, keys, false, text.startsWith("tunnels") ? Set.of("srp-psk") : Set.of());
    }
}
