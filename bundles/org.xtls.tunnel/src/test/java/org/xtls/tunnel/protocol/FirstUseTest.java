package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xtls.BareJid;
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
    })
    void memory_decides_then_policy(String known, Policy.FirstUse policy, String decision) {
        FirstUse decided = FirstUse.decide(known(known), KEY, new Policy(policy, false));
        String said = decided.getClass().getSimpleName();
        if (decided instanceof FirstUse.Ask ask) {
            said += " " + ask.otherwise().code();
        } else if (decided instanceof FirstUse.Refuse refuse) {
            said += " " + refuse.failure().code();
        }
        assertEquals(decision, said);
    }

    @Test
    void a_changed_key_is_told_with_both_fingerprints() {
        FirstUse decided = FirstUse.decide(known("other VERIFIED"), KEY, Policy.DEFAULT);
        String message = ((FirstUse.Ask) decided).otherwise().message();
        assertTrue(message.contains(KEY.grouped()));
        assertTrue(message.contains(new KeyName("x509", "cd".repeat(32)).grouped()));
        assertFalse(message.contains("\n"));
    }

    private static KnownPeer known(String text) {
        List<KnownKey> keys = text.equals("nothing")
                ? List.of()
                : Arrays.stream(text.split(" \\+ ", -1))
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
        return new KnownPeer(JULIET, keys, false, Set.of());
    }
}
