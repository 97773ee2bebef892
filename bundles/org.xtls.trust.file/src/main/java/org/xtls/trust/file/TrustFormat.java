package org.xtls.trust.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;

/**
 * The text of the file, in UTF-8:
 *
 * <pre>
 * xtls-trust 1
 * key juliet@capulet.lit x509 9f86d0…0a08 verified 2026-11-24T10:15:30Z compared by the user
 * method juliet@capulet.lit x509
 * confirms juliet@capulet.lit
 * end
 * </pre>
 *
 * <p>Every record is one line. What could end a line or a field, or fool the eye, is written as {@code %XX} of its
 * UTF-8. There is exactly one way to write a record, and a line that is not written that way is refused; so is a file
 * without its last line: a lost line could be a distrust.
 */
final class TrustFormat {
    private static final int VERSION = 1;
    private static final String HEADER = "xtls-trust ";
    private static final String END = "end";
    private static final Pattern METHOD = Pattern.compile("[a-z][a-z0-9-]{0,31}");

    /** Controls, white space of any kind, what is invisible or turns the direction of writing, and the escape itself. */
    private static final Pattern UNSAFE = Pattern.compile("[\\x00-\\x20%\\x7f-\\xa0\\xad\\u061c\\u1680\\u180e"
            + "\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u3000\\ufeff\\ufff9-\\ufffb]");

    private static final Pattern ESCAPED = Pattern.compile("(?:%[0-9A-F]{2})+");

    private TrustFormat() {}

    static SortedMap<BareJid, KnownPeer> empty() {
        return new TreeMap<>(Comparator.comparing(BareJid::toString));
    }

    static byte[] write(Map<BareJid, KnownPeer> peers) {
        StringBuilder text = new StringBuilder(HEADER).append(VERSION).append('\n');
        for (KnownPeer peer : peers.values()) {
            for (KnownKey key : peer.keys()) {
                text.append(line(peer.peer(), key)).append('\n');
            }
            for (String method : new TreeSet<>(peer.methods())) {
                text.append(methodLine(peer.peer(), method)).append('\n');
            }
            if (peer.confirms()) {
                text.append(confirmsLine(peer.peer())).append('\n');
            }
        }
        return text.append(END).append('\n').toString().getBytes(StandardCharsets.UTF_8);
    }

    static SortedMap<BareJid, KnownPeer> parse(byte[] content, Path path) throws IOException {
        List<String> lines = lines(content, path);
        requireVersion(lines.isEmpty() ? "" : lines.get(0), path);
        int last = lines.size() - 1;
        if (content[content.length - 1] != '\n' || !lines.get(last).equals(END)) {
            throw corrupt(path, lines.size(), "the file is cut off: its last line is not '" + END + "'");
        }
        SortedMap<BareJid, KnownPeer> peers = empty();
        for (int i = 1; i < last; i++) {
            try {
                record(lines.get(i), peers);
            } catch (IllegalArgumentException | DateTimeException e) {
                throw corrupt(path, i + 1, Reason.of(e));
            }
        }
        return peers;
    }

    static String requireMethod(String method) {
        if (!METHOD.matcher(method).matches()) {
            throw new IllegalArgumentException("'" + escape(method) + "' is no name of a method");
        }
        return method;
    }

    private static void record(String line, Map<BareJid, KnownPeer> peers) {
        String[] fields = line.split(" ", 7);
        switch (fields[0]) {
            case "key" -> key(line, fields, peers);
            case "method" -> method(line, fields, peers);
            case "confirms" -> confirms(line, fields, peers);
            default -> throw new IllegalArgumentException("the line begins with none of key, method, confirms");
        }
    }

    private static void key(String line, String[] fields, Map<BareJid, KnownPeer> peers) {
        requireFields(fields, 6, 7);
        KnownPeer known = known(fields[1], peers);
        KnownKey key = new KnownKey(
                new KeyName(fields[2], fields[3]),
                state(fields[4]),
                Instant.parse(fields[5]),
                fields.length == 7 ? unescape(fields[6]) : "");
        requireCanonical(line, line(known.peer(), key));
        if (known.key(key.name()).isPresent()) {
            throw new IllegalArgumentException("the key is there twice");
        }
        List<KnownKey> keys = new ArrayList<>(known.keys());
        keys.add(key);
        peers.put(known.peer(), new KnownPeer(known.peer(), keys, known.confirms(), known.methods()));
    }

    private static void method(String line, String[] fields, Map<BareJid, KnownPeer> peers) {
        requireFields(fields, 3, 3);
        KnownPeer known = known(fields[1], peers);
        Set<String> methods = new TreeSet<>(known.methods());
        methods.add(requireMethod(fields[2]));
        requireCanonical(line, methodLine(known.peer(), fields[2]));
        peers.put(known.peer(), new KnownPeer(known.peer(), known.keys(), known.confirms(), methods));
    }

    private static void confirms(String line, String[] fields, Map<BareJid, KnownPeer> peers) {
        requireFields(fields, 2, 2);
        KnownPeer known = known(fields[1], peers);
        requireCanonical(line, confirmsLine(known.peer()));
        peers.put(known.peer(), new KnownPeer(known.peer(), known.keys(), true, known.methods()));
    }

    private static KnownPeer known(String field, Map<BareJid, KnownPeer> peers) {
        BareJid peer = BareJid.parse(unescape(field));
        KnownPeer known = peers.get(peer);
        return known == null ? KnownPeer.stranger(peer) : known;
    }

    private static String line(BareJid peer, KnownKey key) {
        String line = String.join(
                " ",
                "key",
                escape(peer.toString()),
                key.name().method(),
                key.name().fingerprint(),
                name(key.state()),
                key.since().toString());
        // The last field: its blanks end nothing.
        return key.evidence().isEmpty()
                ? line
                : line + " " + escape(key.evidence()).replace("%20", " ");
    }

    private static String methodLine(BareJid peer, String method) {
        return "method " + escape(peer.toString()) + " " + method;
    }

    private static String confirmsLine(BareJid peer) {
        return "confirms " + escape(peer.toString());
    }

    private static String name(KeyState state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static KeyState state(String name) {
        for (KeyState state : KeyState.values()) {
            if (name(state).equals(name)) {
                return state;
            }
        }
        throw new IllegalArgumentException("'" + escape(name) + "' is none of verified, first-use, distrusted");
    }

    private static String escape(String text) {
        return UNSAFE.matcher(text).replaceAll(unsafe -> {
            StringBuilder escaped = new StringBuilder();
            for (byte octet : unsafe.group().getBytes(StandardCharsets.UTF_8)) {
                escaped.append('%').append(HexFormat.of().withUpperCase().toHexDigits(octet));
            }
            return escaped.toString();
        });
    }

    private static String unescape(String field) {
        return ESCAPED.matcher(field).replaceAll(escaped -> {
            byte[] octets = HexFormat.of().parseHex(escaped.group().replace("%", ""));
            return Matcher.quoteReplacement(new String(octets, StandardCharsets.UTF_8));
        });
    }

    private static void requireFields(String[] fields, int least, int most) {
        if (fields.length < least || fields.length > most) {
            throw new IllegalArgumentException("a line '" + fields[0] + "' has " + least
                    + (least == most ? "" : " or " + most) + " fields, not " + fields.length);
        }
    }

    private static void requireCanonical(String line, String canonical) {
        if (!line.equals(canonical)) {
            throw new IllegalArgumentException("the line would be written as: " + canonical);
        }
    }

    private static void requireVersion(String header, Path path) throws IOException {
        if (!header.startsWith(HEADER)) {
            throw corrupt(path, 1, "this is no trust file: it does not begin with '" + HEADER + VERSION + "'");
        }
        String version = header.substring(HEADER.length());
        if (!version.equals(Integer.toString(VERSION))) {
            throw new IOException(path + ", line 1: the file has format '" + escape(version) + "', and this version of "
                    + FileTrustStore.PID + " knows only format " + VERSION
                    + "; install the version that wrote it. The file has been left as it is");
        }
    }

    private static List<String> lines(byte[] content, Path path) throws IOException {
        List<String> lines = new ArrayList<>();
        int from = 0;
        while (from < content.length) {
            int to = from;
            while (to < content.length && content[to] != '\n') {
                to++;
            }
            try {
                lines.add(StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(content, from, to - from))
                        .toString());
            } catch (CharacterCodingException e) {
                throw corrupt(path, lines.size() + 1, "the line is not UTF-8");
            }
            from = to + 1;
        }
        return lines;
    }

    private static IOException corrupt(Path path, int line, String reason) {
        return new IOException(path + ", line " + line + ": " + reason
                + "; correct the file or restore a copy. It has been left as it is");
    }
}
