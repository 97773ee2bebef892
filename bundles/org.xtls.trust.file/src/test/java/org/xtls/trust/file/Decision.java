package org.xtls.trust.file;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.TrustStore;

/**
 * Something that a store may be told. The same seed gives the same ones.
 *
 * @param kind what
 * @param peer of whom
 * @param key of which key, where it is of one
 * @param number which one it is of its process
 * @param token what no other has, of this process or another; it is in the evidence and in the material
 */
record Decision(Kind kind, BareJid peer, KeyName key, int number, long token) {
    private static final int PEERS = 4;
    private static final int KEYS = 6;

    enum Kind {
        VERIFY,
        DISTRUST,
        FIRST_USE,
        EXPIRE,
        VOUCH,
        REMEMBER,
        KEEP
    }

    static Decision next(Random random, int number) {
        return new Decision(
                Kind.values()[random.nextInt(Kind.values().length)],
                BareJid.parse("peer" + random.nextInt(PEERS) + "@capulet.lit"),
                new KeyName("x509", "%064x".formatted(random.nextInt(KEYS))),
                number,
                random.nextLong());
    }

    CompletionStage<?> on(TrustStore store) {
        return switch (kind) {
            case VERIFY -> store.put(peer, key, KeyState.VERIFIED, evidence());
            case DISTRUST -> store.put(peer, key, KeyState.DISTRUSTED, evidence());
            case FIRST_USE -> store.put(peer, key, KeyState.FIRST_USE, evidence());
            case EXPIRE -> store.put(peer, key, KeyState.EXPIRED, evidence());
            case VOUCH -> store.vouch(peer, key, evidence());
            case REMEMBER -> store.remember(peer, method(), number % 5 == 0);
            case KEEP -> store.keep(peer, key, material().getBytes(StandardCharsets.UTF_8));
        };
    }

    String evidence() {
        return "decision " + token;
    }

    String method() {
        return "method-" + number % 7;
    }

    /** Sometimes larger than a page. */
    String material() {
        return ("material " + token + "\n").repeat(number % 3 == 0 ? 200 : 1);
    }
}
