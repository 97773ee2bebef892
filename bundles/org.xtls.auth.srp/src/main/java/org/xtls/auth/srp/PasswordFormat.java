package org.xtls.auth.srp;

import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.xtls.BareJid;
import org.xtls.embedded.files.Reason;
import org.xtls.password.Passwords.Use;

/**
 * The form of the file: UTF-8 lines, fields between blanks, addresses percent-encoded.
 *
 * <pre>
 * xtls-passwords 1
 * password ACCOUNT PEER both|answer BASE64
 * guesses PEER WRONG LAST
 * end
 * </pre>
 *
 * There is exactly one way to write a record; a file that is not written that way, or lacks its end, is refused: what is
 * missing could be a lock.
 */
final class PasswordFormat {
    private static final String HEADER = "xtls-passwords 1";
    private static final String END = "end";

    private PasswordFormat() {}

    /** A sealed {@link KeptPassword}. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Sealed(Use use, byte[] content) {}

    /** All that the file holds. Never changed once it has been read or written. */
    record Content(SortedMap<Between, Sealed> passwords, SortedMap<BareJid, Guesses> guesses) {
        static Content empty() {
            return new Content(new TreeMap<>(), new TreeMap<>(Comparator.comparing(BareJid::toString)));
        }

        Content copy() {
            return new Content(new TreeMap<>(passwords), new TreeMap<>(guesses));
        }

        Guesses guesses(BareJid peer) {
            return guesses.getOrDefault(peer, Guesses.NONE);
        }
    }

    static byte[] write(Content content) {
        StringBuilder text = new StringBuilder(HEADER).append('\n');
        content.passwords.forEach(
                (between, entry) -> text.append(line(between, entry)).append('\n'));
        content.guesses.forEach(
                (peer, guesses) -> text.append(line(peer, guesses)).append('\n'));
        return text.append(END).append('\n').toString().getBytes(StandardCharsets.UTF_8);
    }

    static Content parse(byte[] bytes, Path path) throws IOException {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw corrupt(path, 1, "the file is not UTF-8");
        }
        List<String> lines = text.lines().toList();
        if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
            throw corrupt(path, 1, "the file does not begin with '" + HEADER + "'");
        }
        int last = lines.size() - 1;
        if (last == 0 || !lines.get(last).equals(END) || !text.endsWith("\n")) {
            throw corrupt(path, lines.size(), "the file is cut off: its last line is not '" + END + "'");
        }
        Content content = Content.empty();
        for (int i = 1; i < last; i++) {
            try {
                record(lines.get(i), content);
            } catch (IllegalArgumentException | DateTimeException e) {
                throw corrupt(path, i + 1, Reason.of(e));
            }
        }
        return content;
    }

    private static void record(String line, Content content) {
        String[] fields = line.split(" ", -1);
        if (fields[0].equals("password") && fields.length == 5) {
            Between between = new Between(jid(fields[1]), jid(fields[2]));
            Sealed entry = new Sealed(use(fields[3]), Base64.getDecoder().decode(fields[4]));
            requireCanonical(line, line(between, entry));
            requireFirst(content.passwords.put(between, entry) == null);
        } else if (fields[0].equals("guesses") && fields.length == 4) {
            BareJid peer = jid(fields[1]);
            Guesses guesses = new Guesses(Integer.parseInt(fields[2]), Instant.parse(fields[3]));
            requireCanonical(line, line(peer, guesses));
            requireFirst(content.guesses.put(peer, guesses) == null);
        } else {
            throw new IllegalArgumentException("the line is neither a password nor guesses");
        }
    }

    private static String line(Between between, Sealed entry) {
        return "password " + purpose(between, entry.use) + " "
                + Base64.getEncoder().encodeToString(entry.content);
    }

    private static String line(BareJid peer, Guesses guesses) {
        return "guesses " + field(peer) + " " + guesses.wrong() + " " + guesses.last();
    }

    /** What a seal is for: whom, and in which use. */
    static String purpose(Between between, Use use) {
        return field(between.account()) + " " + field(between.peer()) + " "
                + use.name().toLowerCase(Locale.ROOT);
    }

    private static Use use(String name) {
        for (Use use : Use.values()) {
            if (use.name().toLowerCase(Locale.ROOT).equals(name)) {
                return use;
            }
        }
        throw new IllegalArgumentException("the use is neither both nor answer");
    }

    private static String field(BareJid jid) {
        return URLEncoder.encode(jid.toString(), StandardCharsets.UTF_8);
    }

    private static BareJid jid(String field) {
        return BareJid.parse(URLDecoder.decode(field, StandardCharsets.UTF_8));
    }

    private static void requireCanonical(String line, String canonical) {
        if (!line.equals(canonical)) {
            throw new IllegalArgumentException("the line would be written in another way");
        }
    }

    private static void requireFirst(boolean first) {
        if (!first) {
            throw new IllegalArgumentException("it is there twice");
        }
    }

    private static IOException corrupt(Path path, int line, String reason) {
        return new IOException(path + ", line " + line + ": " + reason
                + "; correct the file or restore a copy. It has been left as it is");
    }
}
