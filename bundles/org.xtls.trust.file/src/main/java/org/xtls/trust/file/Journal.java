package org.xtls.trust.file;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.DateTimeException;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.embedded.files.OwnerOnly;
import org.xtls.embedded.files.Reason;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustRecords;

/**
 * The file on disk, which only ever grows:
 *
 * <pre>
 * xtls-trust-journal 1
 * 5f3c… key 2026-11-24T10:15:30Z juliet@capulet.lit x509 9f86…0a08 - FIRST_USE seen in a tunnel
 * 91d0… tunnel juliet@capulet.lit x509 confirmed
 * </pre>
 *
 * <p>Each {@link Entry} is one line behind its {@linkplain Chain checksum}, written at the end and forced to the disk
 * before it is confirmed. So a crash can only hit the last line, and leaves a part of it without its line break, which
 * nobody was told of: it is cut off. Anything else that is not as it was written is refused: a lost line could be a
 * distrust. What a cut-off copy lacks at its end is found by the {@link Mark}.
 */
final class Journal implements Closeable {
    static final String NAME = "known-keys";

    private static final String HEADER = "xtls-trust-journal 1";
    private static final String FORMER_HEADER = "xtls-trust 1";

    /** An address of 2047 octets, a fingerprint, evidence of 1024 octets and the rest stay below it. */
    private static final int MAX_LINE = 4_096;

    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

    private final Path path;
    private final Replacement whole;
    private final Mark mark;
    private final Disk disk;
    private final Ledger ledger = new Ledger();
    private final Chain chain = new Chain(HEADER);
    private @Nullable FileChannel file;
    private @Nullable Stamp stamp;
    private long length;
    private boolean tornTail;

    private Journal(Path directory, Disk disk) {
        this.path = directory.resolve(NAME);
        this.whole = new Replacement(directory, NAME, NAME + ".new", disk);
        this.mark = new Mark(directory, NAME + ".confirmed");
        this.disk = disk;
    }

    /**
     * Reads the file of a directory that is locked; there need be none yet.
     *
     * @throws IOException when that cannot be done; the message says why and what to do
     */
    static Journal open(Path directory, Disk disk) throws IOException {
        Journal journal = new Journal(directory, disk);
        try {
            journal.read();
        } catch (IOException | RuntimeException | Error e) {
            journal.close();
            throw e;
        }
        return journal;
    }

    Path path() {
        return path;
    }

    /** What follows from all that is in the file. */
    Ledger ledger() {
        return ledger;
    }

    /** On disk first: what is confirmed is kept through a crash, and what fails has changed nothing. */
    void append(Entry entry) throws IOException {
        requireUntouched();
        FileChannel open = writable();
        String line = entry.line();
        byte[] content = (chain.next(line) + " " + line + "\n").getBytes(StandardCharsets.UTF_8);
        tornTail = true;
        try {
            disk.write(open, length, ByteBuffer.wrap(content));
            disk.force(open);
            stamp = stampOfSameFile();
        } catch (IOException e) {
            tryToCutTornTail(open, e);
            throw Reason.unwritable(path, e);
        }
        tornTail = false;
        length += content.length;
        chain.append(line);
        ledger.add(entry);
        mark.set(length, chain.link());
    }

    /** A decision made by other means, such as a file put back, must not be undone or lost by the next write. */
    void requireUntouched() throws IOException {
        Stamp now = Stamp.of(path);
        if (stamp != null && now == null) {
            throw new IOException(path + " is gone; put it back. Nothing is written until then");
        }
        if (stamp == null ? now != null : !stamp.equals(now)) {
            throw new IOException(
                    path + " was changed by another program; nothing is written until this bundle has been restarted");
        }
    }

    @Override
    public void close() throws IOException {
        try (mark) {
            if (file != null) {
                file.close();
            }
        }
    }

    private void read() throws IOException {
        whole.clear();
        mark.read();
        stamp = Stamp.of(path);
        if (stamp == null) {
            mark.requireNone(path);
            return;
        }
        OwnerOnly.requireUnwritableByOthers(path);
        try (Lines lines = new Lines(path)) {
            String header = lines.next();
            if (FORMER_HEADER.equals(header)) {
                mark.requirePassed(path, 0);
                migrate();
                return;
            }
            if (!HEADER.equals(header)) {
                throw unknown(header);
            }
            mark.passing(lines.offset(), chain.link());
            for (String line = lines.next(); line != null; line = lines.next()) {
                replay(line, lines.number());
                mark.passing(lines.offset(), chain.link());
            }
            length = lines.offset();
            tornTail = lines.rest() > 0;
        }
        mark.requirePassed(path, length);
        if (tornTail) {
            LOG.warn("{} ends with a part of a line, of a write that was never confirmed; it is left out", path);
        }
    }

    private void replay(String line, int number) throws IOException {
        try {
            if (line.length() <= Chain.DIGITS || line.charAt(Chain.DIGITS) != ' ') {
                throw new IllegalArgumentException("the line does not begin with a checksum");
            }
            String entry = line.substring(Chain.DIGITS + 1);
            if (!line.startsWith(chain.next(entry))) {
                throw new IllegalArgumentException(
                        "the line does not fit its checksum: it was changed, or one before it was taken out or put in");
            }
            ledger.add(Entry.parse(entry));
            chain.append(entry);
        } catch (IllegalArgumentException | DateTimeException e) {
            throw corrupt(path, "line " + number + ": " + Reason.of(e));
        }
    }

    /** Takes over a file that was written as a whole each time. Its keys' histories begin with what it says of them. */
    private void migrate() throws IOException {
        TrustRecords records;
        try {
            records = TrustRecords.parse(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(path)))
                    .toString());
        } catch (CharacterCodingException e) {
            throw corrupt(path, "the file is not UTF-8");
        } catch (IllegalArgumentException e) {
            throw corrupt(path, Reason.of(e));
        }
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes((HEADER + "\n").getBytes(StandardCharsets.UTF_8));
        for (KnownPeer known : records.peers()) {
            for (KnownKey key : known.keys()) {
                migrate(
                        new Entry.Change(new TrustChange(
                                key.since().truncatedTo(ChronoUnit.SECONDS),
                                known.peer(),
                                key.name(),
                                null,
                                key.state(),
                                TrustRecords.evidence(key.evidence()))),
                        content);
            }
            for (String method : new TreeSet<>(known.methods())) {
                migrate(new Entry.Tunnel(known.peer(), method, known.confirms()), content);
            }
        }
        whole.write(content.toByteArray());
        stamp = Stamp.of(path);
        length = content.size();
        mark.set(length, chain.link());
        LOG.info("{} has been taken over from its former format", path);
    }

    private void migrate(Entry entry, ByteArrayOutputStream content) {
        String line = entry.line();
        content.writeBytes((chain.next(line) + " " + line + "\n").getBytes(StandardCharsets.UTF_8));
        chain.append(line);
        ledger.add(entry);
    }

    private FileChannel writable() throws IOException {
        FileChannel open = file;
        if (open == null) {
            if (stamp == null) {
                byte[] header = (HEADER + "\n").getBytes(StandardCharsets.UTF_8);
                whole.write(header);
                stamp = Stamp.of(path);
                length = header.length;
            }
            open = FileChannel.open(path, StandardOpenOption.WRITE);
            file = open;
        }
        if (tornTail) {
            cutTornTail(open);
        }
        return open;
    }

    private void cutTornTail(FileChannel open) throws IOException {
        stamp = stampOfSameFile();
        open.truncate(length);
        stamp = stampOfSameFile();
        disk.force(open);
        tornTail = false;
    }

    /** Best at once; otherwise before the next write, which fails when that does. */
    private void tryToCutTornTail(FileChannel open, IOException cause) {
        try {
            cutTornTail(open);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /** What was written to a file that somebody has taken away meanwhile is lost, however well it was forced. */
    private Stamp stampOfSameFile() throws IOException {
        Stamp now = Stamp.of(path);
        if (now == null || stamp == null || !Objects.equals(now.key(), stamp.key())) {
            throw new IOException(path + " was taken away while it was written");
        }
        return now;
    }

    private IOException unknown(@Nullable String header) {
        String line = header == null ? "" : header;
        String reason = line.startsWith("xtls-trust")
                ? "the file has format '" + TrustRecords.evidence(line) + "', and this version of " + FileTrustStore.PID
                        + " knows only '" + HEADER + "' and '" + FORMER_HEADER + "'; install the version that wrote it"
                : "this is no trust file: it does not begin with '" + HEADER + "'; move it away, or restore a copy";
        return new IOException(path + ", line 1: " + reason + ". The file has been left as it is");
    }

    private static IOException corrupt(Path path, String reason) {
        return new IOException(path + ", " + reason + "; restore a copy of the file. It has been left as it is");
    }

    /** Reads whole lines, and knows where they end. */
    private static final class Lines implements Closeable {
        private final Path path;
        private final InputStream input;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream(MAX_LINE);
        private long offset;
        private int number;

        Lines(Path path) throws IOException {
            this.path = path;
            this.input = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
        }

        /** The next whole line, or null when there is none; {@link #rest} may be left then. */
        @Nullable
        String next() throws IOException {
            line.reset();
            for (int octet = input.read(); octet >= 0; octet = input.read()) {
                if (octet == '\n') {
                    number++;
                    offset += line.size() + 1;
                    return text();
                }
                if (line.size() == MAX_LINE) {
                    throw corrupt(path, "line " + (number + 1) + ": it has more than " + MAX_LINE + " bytes");
                }
                line.write(octet);
            }
            return null;
        }

        /** Where the last whole line ended. */
        long offset() {
            return offset;
        }

        /** Its number, from one. */
        int number() {
            return number;
        }

        /** How many bytes there are behind it. */
        int rest() {
            return line.size();
        }

        @Override
        public void close() throws IOException {
            input.close();
        }

        private String text() throws IOException {
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(line.toByteArray()))
                        .toString();
            } catch (CharacterCodingException e) {
                throw corrupt(path, "line " + number + ": it is not UTF-8");
            }
        }
    }

    private record Stamp(
            FileTime modified, long size, @Nullable Object key) {
        static @Nullable Stamp of(Path path) throws IOException {
            try {
                BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class);
                return new Stamp(file.lastModifiedTime(), file.size(), file.fileKey());
            } catch (NoSuchFileException e) {
                return null;
            }
        }
    }
}
