package org.xtls.trust.file;

import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.TrustChange;

/**
 * One thing that the store was told, as one line:
 *
 * <pre>
 * key 2026-11-24T10:15:30Z juliet@capulet.lit x509 9f86…0a08 - FIRST_USE seen in a tunnel
 * tunnel juliet@capulet.lit x509 confirmed
 * </pre>
 *
 * <p>Nothing needs an escape: an address has no blanks (RFC 7622), evidence is one line and the last field.
 */
sealed interface Entry {
    Pattern METHOD = Pattern.compile("[a-z][a-z0-9-]{0,31}");

    /** Whom it is about. */
    BareJid peer();

    /** Without a line break. */
    String line();

    /**
     * Reads a line.
     *
     * @throws IllegalArgumentException when it is not as it would be written
     * @throws java.time.DateTimeException when its time is none
     */
    static Entry parse(String line) {
        String[] fields = line.split(" ", 8);
        Entry entry = switch (fields[0]) {
            case "key" -> Change.of(fields);
            case "tunnel" -> Tunnel.of(fields);
            default -> throw new IllegalArgumentException("it begins with neither key nor tunnel");
        };
        if (!entry.line().equals(line)) {
            throw new IllegalArgumentException("it would be written as: " + entry.line());
        }
        return entry;
    }

    /** A key has come to a state. */
    record Change(TrustChange change) implements Entry {
        private static final String UNKNOWN = "-";

        static Change of(String[] fields) {
            requireFields(fields, 7, 8);
            return new Change(new TrustChange(
                    Instant.parse(fields[1]),
                    BareJid.parse(fields[2]),
                    new KeyName(fields[3], fields[4]),
                    fields[5].equals(UNKNOWN) ? null : state(fields[5]),
                    state(fields[6]),
                    fields.length == 8 ? fields[7] : ""));
        }

        @Override
        public BareJid peer() {
            return change.peer();
        }

        @Override
        public String line() {
            @Nullable KeyState from = change.from();
            String line = String.join(
                    " ",
                    "key",
                    change.at().toString(),
                    change.peer().toString(),
                    change.key().method(),
                    change.key().fingerprint(),
                    from == null ? UNKNOWN : from.name(),
                    change.to().name());
            return change.evidence().isEmpty() ? line : line + " " + change.evidence();
        }

        private static KeyState state(String name) {
            for (KeyState state : KeyState.values()) {
                if (state.name().equals(name)) {
                    return state;
                }
            }
            throw new IllegalArgumentException("'" + name + "' is none of " + List.of(KeyState.values()));
        }
    }

    /** A verified tunnel has shown by which method, and whether the peer confirms. */
    record Tunnel(BareJid peer, String method, boolean confirmed) implements Entry {
        public Tunnel {
            if (!METHOD.matcher(method).matches()) {
                throw new IllegalArgumentException("'" + method + "' is no name of a method");
            }
        }

        static Tunnel of(String[] fields) {
            requireFields(fields, 4, 4);
            return new Tunnel(BareJid.parse(fields[1]), fields[2], fields[3].equals("confirmed"));
        }

        @Override
        public String line() {
            return "tunnel " + peer + " " + method + " " + (confirmed ? "confirmed" : "unconfirmed");
        }
    }

    private static void requireFields(String[] fields, int least, int most) {
        if (fields.length < least || fields.length > most) {
            throw new IllegalArgumentException("'" + fields[0] + "' has " + least + (least == most ? "" : " or " + most)
                    + " fields, not " + fields.length);
        }
    }
}
