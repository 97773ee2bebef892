package org.xtls.password;

import java.time.Instant;
import java.util.Arrays;

/**
 * A pairing code that was made here.
 *
 * @param characters digits in groups, blanks between them; the receiver's own, to wipe when it has been shown
 * @param expires when it ends
 */
@SuppressWarnings("ArrayRecordComponent") // an array can be wiped; equality is identity
public record PairingCode(char[] characters, Instant expires) {
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return expires.hashCode();
    }

    /** When it ends only: the code is for the user's eyes. */
    @Override
    public String toString() {
        return "PairingCode[expires " + expires + "]";
    }

    /** Wipes it. */
    public void wipe() {
        Arrays.fill(characters, ' ');
    }
}
