package org.xtls.trust;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.Failure.Code;
import org.xtls.XtlsException;

/**
 * What is known of peers, as text: the form in which trust decisions leave one store and enter another, of whatever
 * kind. In UTF-8:
 *
 * <pre>
 * xtls-trust 1
 * key juliet@capulet.lit x509 9f86d0…0a08 verified 2026-11-24T10:15:30Z compared by the user
 * method juliet@capulet.lit x509
 * confirms juliet@capulet.lit
 * end
 * </pre>
 *
 * <p>Every fact is one line. What could end a line or a field, or fool the eye, is written as {@code %XX} of its UTF-8.
 * There is exactly one way to write a fact, and a line that is not written that way is refused; so is a text without its
 * last line: a lost line could be a distrust. Histories and {@linkplain TrustStore#keep material} are not in it.
 *
 * @param peers the records, ordered by address
 */
public record TrustRecords(List<KnownPeer> peers) {
    /** The most characters (code points) of evidence that a store keeps. */
    public static final int MAX_EVIDENCE = 256;

    /** The most characters of a text: against one that is made to fill the memory. */
    public static final int MAX_TEXT = 64 * 1024 * 1024;

    private static final String HEADER = "xtls-trust ";
    private static final String VERSION = "1";
    private static final String END = "end";

    /** Two escaped parts of an address, a fingerprint and escaped evidence stay well below it. */
    private static final int MAX_LINE = 16_384;

    private static final Pattern METHOD = Pattern.compile("[a-z][a-z0-9-]{0,31}");
    private static final Pattern NOT_FOR_ONE_LINE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}]");
    private static final Pattern HALF_A_CHARACTER = Pattern.compile("\\p{Cs}");

    /** Controls, white space of any kind, what is invisible or turns the direction of writing, and the escape itself. */
    private static final Pattern UNSAFE = Pattern.compile("[\\x00-\\x20%\\x7f-\\xa0\\xad\\u061c\\u1680\\u180e"
            + "\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u3000\\ufeff\\ufff9-\\ufffb]");

    private static final Pattern ESCAPED = Pattern.compile("(?:%[0-9A-F]{2})+");

    /**
     * Puts them in order.
     *
     * @param peers the records, at most one of each peer
     * @throws IllegalArgumentException when a peer is there twice, or confirms and has no method to do that by
     */
    public TrustRecords {
        peers = peers.stream()
                .sorted(Comparator.comparing(known -> known.peer().toString()))
                .toList();
        for (int i = 0; i < peers.size(); i++) {
            KnownPeer known = peers.get(i);
            if (i > 0 && known.peer().equals(peers.get(i - 1).peer())) {
                throw new IllegalArgumentException(known.peer() + " is there twice");
            }
            if (known.confirms() && known.methods().isEmpty()) {
                throw new IllegalArgumentException(known.peer() + " confirms, and by no method");
            }
        }
    }

    /**
     * Evidence as stores keep it, for it may quote what a peer sent: on one line, without control, format and line
     * separating characters, which become {@code ?}, without white space around it, and cut after {@link #MAX_EVIDENCE}
     * characters.
     *
     * @param text any
     * @return one phrase
     */
    public static String evidence(String text) {
        String stripped = text.strip();
        // No work for what is cut off anyway: a peer may have made the text as long as it likes.
        String head = stripped.substring(0, Math.min(stripped.length(), 4 * MAX_EVIDENCE));
        String line = NOT_FOR_ONE_LINE.matcher(head).replaceAll("?");
        return line.codePointCount(0, line.length()) <= MAX_EVIDENCE
                ? line
                : line.substring(0, line.offsetByCodePoints(0, MAX_EVIDENCE)).strip();
    }

    /**
     * Writes.
     *
     * @return the text, the same for the same records
     */
    public String text() {
        StringBuilder text = new StringBuilder(HEADER).append(VERSION).append('\n');
        for (KnownPeer known : peers) {
            for (KnownKey key : known.keys()) {
                text.append(keyLine(known.peer(), key)).append('\n');
            }
            for (String method : new TreeSet<>(known.methods())) {
                text.append(methodLine(known.peer(), method)).append('\n');
            }
            if (known.confirms()) {
                text.append(confirmsLine(known.peer())).append('\n');
            }
        }
        return text.append(END).append('\n').toString();
    }

    /**
     * Reads. The lines of a peer may stand anywhere; its keys come in the order of theirs.
     *
     * @param text what {@link #text} wrote
     * @return the records
     * @throws IllegalArgumentException when it is anything else; the message begins with the line's number and says what
     *     is wrong
     */
    public static TrustRecords parse(String text) {
        if (text.length() > MAX_TEXT) {
            throw new IllegalArgumentException("line 1: the text has more than " + MAX_TEXT + " characters");
        }
        SortedMap<String, Draft> drafts = new TreeMap<>();
        int number = 1;
        int header = text.indexOf('\n') < 0 ? text.length() : text.indexOf('\n');
        requireHeader(text.substring(0, header));
        int from = Math.min(header + 1, text.length());
        while (true) {
            number++;
            int to = text.indexOf('\n', from);
            if (to < 0) {
                throw at(number, "the text is cut off: its last line is not '" + END + "'");
            }
            if (to - from > MAX_LINE) {
                throw at(number, "the line has more than " + MAX_LINE + " characters");
            }
            String line = text.substring(from, to);
            from = to + 1;
            if (line.equals(END)) {
                break;
            }
            try {
                fact(line, drafts);
            } catch (IllegalArgumentException | DateTimeException e) {
                throw at(number, e.getMessage());
            }
        }
        if (from < text.length()) {
            throw at(number + 1, "there is more behind '" + END + "'");
        }
        return new TrustRecords(drafts.values().stream().map(Draft::known).toList());
    }

    /**
     * Brings the records into a store, without ever weakening what it holds:
     *
     * <ul>
     *   <li>distrusted: taken always;
     *   <li>verified: taken, unless the key is distrusted or expired there;
     *   <li>first use, expired: as {@link TrustStore#put} takes them;
     *   <li>methods and confirmation: remembered.
     * </ul>
     *
     * <p>Distrusts come first, so that an import that breaks off has brought them. The evidence of a key that changed
     * begins with {@code imported:}. To import again changes nothing more.
     *
     * @param store the store
     * @return the keys whose state in the store is now another than in the records, and why; fails when the store does,
     *     and then part of the records may have been taken
     */
    public CompletionStage<List<NotTaken>> importInto(TrustStore store) {
        List<NotTaken> notTaken = new ArrayList<>();
        CompletionStage<?> done = CompletableFuture.completedStage(null);
        for (KeyState state : List.of(KeyState.DISTRUSTED, KeyState.VERIFIED, KeyState.EXPIRED, KeyState.FIRST_USE)) {
            for (KnownPeer known : peers) {
                for (KnownKey key : known.in(state)) {
                    done = done.thenCompose(before ->
                            take(store, known.peer(), key).thenAccept(refused -> refused.ifPresent(notTaken::add)));
                }
            }
        }
        for (KnownPeer known : peers) {
            for (String method : new TreeSet<>(known.methods())) {
                done = done.thenCompose(before -> store.remember(known.peer(), method, known.confirms()));
            }
        }
        return done.thenApply(last -> List.copyOf(notTaken));
    }

    /**
     * A key that an import could not bring to the state of the records.
     *
     * @param peer whose key
     * @param key which, as in the records
     * @param held its state in the store, or null when it is not known there
     * @param reason why, one phrase for people
     */
    public record NotTaken(
            BareJid peer, KnownKey key, @Nullable KeyState held, String reason) {}

    private static CompletionStage<Optional<NotTaken>> take(TrustStore store, BareJid peer, KnownKey key) {
        String evidence = evidence("imported: " + name(key.state()) + " since " + key.since()
                + (key.evidence().isEmpty() ? "" : ", " + key.evidence()));
        return store.peer(peer)
                .thenCompose(held -> held.key(key.name())
                                .filter(same -> same.state() == key.state())
                                .isPresent()
                        ? CompletableFuture.completedStage(held)
                        : key.state() == KeyState.VERIFIED
                                // Not put: somebody may distrust the key this very moment.
                                ? store.vouch(peer, key.name(), evidence)
                                : store.put(peer, key.name(), key.state(), evidence))
                .handle((after, failure) -> failure == null
                        ? CompletableFuture.completedStage(notTaken(peer, key, after))
                        : full(store, peer, key, failure))
                .thenCompose(outcome -> outcome);
    }

    /** A bound against strangers must not keep the user's other decisions out. */
    private static CompletionStage<Optional<NotTaken>> full(
            TrustStore store, BareJid peer, KnownKey key, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof XtlsException refused && refused.failure().code() == Code.LIMIT
                ? store.peer(peer)
                        .thenApply(held -> Optional.of(new NotTaken(
                                peer,
                                key,
                                held.key(key.name()).map(KnownKey::state).orElse(null),
                                refused.failure().text())))
                : CompletableFuture.failedStage(cause);
    }

    private static Optional<NotTaken> notTaken(BareJid peer, KnownKey key, KnownPeer after) {
        KeyState held = after.key(key.name()).map(KnownKey::state).orElse(null);
        return held == key.state()
                ? Optional.empty()
                : Optional.of(new NotTaken(
                        peer,
                        key,
                        held,
                        held == null
                                ? "a key that is not known here cannot become " + name(key.state())
                                : "here it is " + name(held)));
    }

    private static void fact(String line, Map<String, Draft> drafts) {
        String[] fields = line.split(" ", 7);
        switch (fields[0]) {
            case "key" -> key(line, fields, drafts);
            case "method" -> method(line, fields, drafts);
            case "confirms" -> confirms(line, fields, drafts);
            default -> throw new IllegalArgumentException("the line begins with none of key, method, confirms");
        }
    }

    private static void key(String line, String[] fields, Map<String, Draft> drafts) {
        requireFields(fields, 6, 7);
        BareJid peer = BareJid.parse(unescape(fields[1]));
        KnownKey key = new KnownKey(
                new KeyName(fields[2], fields[3]),
                state(fields[4]),
                Instant.parse(fields[5]),
                fields.length == 7 ? unescape(fields[6]) : "");
        requireCanonical(line, keyLine(peer, key));
        if (draft(peer, drafts).keys.putIfAbsent(key.name(), key) != null) {
            throw new IllegalArgumentException("the key is there twice");
        }
    }

    private static void method(String line, String[] fields, Map<String, Draft> drafts) {
        requireFields(fields, 3, 3);
        BareJid peer = BareJid.parse(unescape(fields[1]));
        if (!METHOD.matcher(fields[2]).matches()) {
            throw new IllegalArgumentException("'" + escape(fields[2]) + "' is no name of a method");
        }
        requireCanonical(line, methodLine(peer, fields[2]));
        if (!draft(peer, drafts).methods.add(fields[2])) {
            throw new IllegalArgumentException("the method is there twice");
        }
    }

    private static void confirms(String line, String[] fields, Map<String, Draft> drafts) {
        requireFields(fields, 2, 2);
        BareJid peer = BareJid.parse(unescape(fields[1]));
        requireCanonical(line, confirmsLine(peer));
        Draft draft = draft(peer, drafts);
        if (draft.methods.isEmpty()) {
            throw new IllegalArgumentException("a peer confirms in a tunnel, and no line before says by which method");
        }
        if (draft.confirms) {
            throw new IllegalArgumentException("that the peer confirms is there twice");
        }
        draft.confirms = true;
    }

    private static Draft draft(BareJid peer, Map<String, Draft> drafts) {
        return drafts.computeIfAbsent(peer.toString(), address -> new Draft(peer));
    }

    private static String keyLine(BareJid peer, KnownKey key) {
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
        throw new IllegalArgumentException(
                "'" + escape(name) + "' is none of verified, first-use, expired, distrusted");
    }

    private static String escape(String text) {
        String whole = HALF_A_CHARACTER.matcher(text).replaceAll("?");
        return UNSAFE.matcher(whole).replaceAll(unsafe -> {
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

    private static void requireHeader(String line) {
        if (!line.startsWith(HEADER)) {
            throw at(1, "these are no trust records: they do not begin with '" + HEADER + VERSION + "'");
        }
        String version = line.substring(HEADER.length());
        if (!version.equals(VERSION)) {
            throw at(
                    1,
                    "the records have format '" + escape(evidence(version)) + "', and only format " + VERSION
                            + " is known here");
        }
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

    private static IllegalArgumentException at(int line, @Nullable String reason) {
        return new IllegalArgumentException("line " + line + ": " + reason);
    }

    private static final class Draft {
        private final BareJid peer;
        private final Map<KeyName, KnownKey> keys = new LinkedHashMap<>();
        private final Set<String> methods = new HashSet<>();
        private boolean confirms;

        private Draft(BareJid peer) {
            this.peer = peer;
        }

        private KnownPeer known() {
            return new KnownPeer(peer, List.copyOf(keys.values()), confirms, methods);
        }
    }
}
