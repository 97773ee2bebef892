package org.xtls.auth.openpgp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A canonical S-expression (RFC 9804 §6.1), as gpg-agent answers with: lists of lists and octet strings, each string with
 * its length before it.
 *
 * @param atom the octets, empty for a list
 * @param list the elements, empty for a string
 * @param isList which of the two it is
 */
@SuppressWarnings("ArrayRecordComponent") // made once, read once
record CanonicalSexp(byte[] atom, List<CanonicalSexp> list, boolean isList) {
    private static final int MAX_DEPTH = 8;

    /** Reads one, and nothing behind it but zero octets, which the agent may add. */
    static CanonicalSexp parse(byte[] input) throws AgentException {
        Reader reader = new Reader(input);
        CanonicalSexp read = reader.read(0);
        while (reader.at < input.length) {
            if (input[reader.at++] != 0) {
                throw Reader.malformed();
            }
        }
        return read;
    }

    static byte[] atom(byte[] octets) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes((octets.length + ":").getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(octets);
        return out.toByteArray();
    }

    /** The string behind a name, anywhere inside. */
    Optional<byte[]> value(String name) {
        if (list.size() == 2
                && !list.get(0).isList
                && !list.get(1).isList
                && list.get(0).says(name)) {
            return Optional.of(list.get(1).atom);
        }
        return list.stream()
                .map(inner -> inner.value(name))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private boolean says(String name) {
        return name.equals(new String(atom, StandardCharsets.US_ASCII));
    }

    private static final class Reader {
        private final byte[] input;
        private int at;

        Reader(byte[] input) {
            this.input = input;
        }

        CanonicalSexp read(int depth) throws AgentException {
            if (depth > MAX_DEPTH || at >= input.length) {
                throw malformed();
            }
            if (input[at] != '(') {
                return new CanonicalSexp(string(), List.of(), false);
            }
            at++;
            List<CanonicalSexp> elements = new ArrayList<>();
            while (at < input.length && input[at] != ')') {
                elements.add(read(depth + 1));
            }
            if (at++ >= input.length) {
                throw malformed();
            }
            return new CanonicalSexp(new byte[0], List.copyOf(elements), true);
        }

        private byte[] string() throws AgentException {
            int length = 0;
            int digits = 0;
            while (at < input.length && input[at] >= '0' && input[at] <= '9' && digits++ < 6) {
                length = length * 10 + input[at++] - '0';
            }
            if (digits == 0 || at >= input.length || input[at++] != ':' || length > input.length - at) {
                throw malformed();
            }
            byte[] octets = new byte[length];
            System.arraycopy(input, at, octets, 0, length);
            at += length;
            return octets;
        }

        static AgentException malformed() {
            return new AgentException(AgentException.Kind.FAILED, "gpg-agent sent a malformed S-expression");
        }
    }
}
