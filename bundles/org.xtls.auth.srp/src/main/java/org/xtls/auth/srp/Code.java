package org.xtls.auth.srp;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * A pairing code: in memory only, so that a crash ends it. Used on one thread. When it has ended its digits are wiped; a
 * guess that is under way then has its own copy.
 */
final class Code {
    static final int FAILURES = 3;
    private static final int GROUP = 3;
    private static final int LEAST = 6;
    private static final int MOST = 24;

    private final byte[] digits;
    private final Instant expires;
    /** One for each group that a peer may choose, so that its beginnings cost no more than that. */
    private final Map<Group, Verifier> verifiers = new EnumMap<>(Group.class);

    private int spent;
    /** Nothing can be tried with it any more. */
    private boolean ended;
    /** A guess that is still under way does not count either. */
    private boolean over;

    private Code(byte[] digits, Instant expires) {
        this.digits = digits;
        this.expires = expires;
    }

    static Code make(int length, Instant expires, SecureRandom random) {
        byte[] digits = new byte[length];
        for (int i = 0; i < length; i++) {
            digits[i] = (byte) ('0' + random.nextInt(10));
        }
        return new Code(digits, expires);
    }

    /**
     * Reads what a user entered: digits of any script, blanks and hyphens between them.
     *
     * @throws IllegalArgumentException when it is no pairing code
     */
    static Code read(char[] entered, Instant expires) {
        byte[] digits = new byte[MOST];
        int length = 0;
        for (char c : entered) {
            if (Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '-' || c == '\u2010' || c == '\u2011') {
                continue;
            }
            int digit = Character.digit(c, 10);
            if (digit < 0 || length == MOST) {
                Arrays.fill(digits, (byte) 0);
                throw noCode();
            }
            digits[length++] = (byte) ('0' + digit);
        }
        if (length < LEAST) {
            Arrays.fill(digits, (byte) 0);
            throw noCode();
        }
        byte[] exact = Arrays.copyOf(digits, length);
        Arrays.fill(digits, (byte) 0);
        return new Code(exact, expires);
    }

    /** As people read it out. */
    char[] grouped() {
        char[] grouped = new char[digits.length + (digits.length - 1) / GROUP];
        int at = 0;
        for (int i = 0; i < digits.length; i++) {
            if (i > 0 && i % GROUP == 0) {
                grouped[at++] = ' ';
            }
            grouped[at++] = (char) digits[i];
        }
        return grouped;
    }

    Instant expires() {
        return expires;
    }

    void expire(Instant now) {
        if (!now.isBefore(expires)) {
            end();
        }
    }

    /** How often it can still be tried. */
    int left() {
        return ended ? 0 : FAILURES - spent;
    }

    /** The password that it stands for: its digits, nothing between them. To be wiped. Empty when it has ended. */
    Optional<byte[]> password() {
        return ended ? Optional.empty() : Optional.of(digits.clone());
    }

    Optional<Verifier> verifier(Group group) {
        return Optional.ofNullable(verifiers.get(group));
    }

    void keep(Verifier verifier) {
        if (!ended) {
            verifiers.put(verifier.group(), verifier);
        }
    }

    boolean spend() {
        if (ended) {
            return false;
        }
        spent++;
        if (spent == FAILURES) {
            end();
        }
        return true;
    }

    /** It is good for one success: true for the first, and then it is over. */
    boolean succeed() {
        boolean first = !over;
        takeBack();
        return first;
    }

    /** Another is in its place, or none is wanted. */
    void takeBack() {
        over = true;
        end();
    }

    private void end() {
        ended = true;
        Arrays.fill(digits, (byte) 0);
        verifiers.clear();
    }

    private static IllegalArgumentException noCode() {
        return new IllegalArgumentException("a pairing code has " + LEAST + " to " + MOST + " digits and nothing else");
    }
}
