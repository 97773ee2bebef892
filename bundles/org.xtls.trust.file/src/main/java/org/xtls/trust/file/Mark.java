package org.xtls.trust.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.embedded.files.OwnerOnly;
import org.xtls.embedded.files.Reason;

/**
 * How far the journal had been confirmed, in a file beside it: against a journal that was lost, cut off in copying or
 * replaced by an older one, whose missing lines could be distrusts. It is written after the journal has been forced to
 * the disk, and not forced itself: a crash can leave it behind the journal, never ahead.
 */
final class Mark implements Closeable {
    private static final Pattern FORM = Pattern.compile("([0-9]{19}) ([0-9a-f]{16}) ([0-9a-f]{16})\n");
    private static final int BYTES = 19 + 1 + Chain.DIGITS + 1 + Chain.DIGITS + 1;
    private static final Logger LOG = LoggerFactory.getLogger(Mark.class);

    private final Path directory;
    private final Path path;
    private long length;
    private String link = "";
    private boolean passed;
    private @Nullable FileChannel file;

    Mark(Path directory, String name) {
        this.directory = directory;
        this.path = directory.resolve(name);
    }

    void read() throws IOException {
        byte[] content;
        try {
            content = Files.size(path) == BYTES ? Files.readAllBytes(path) : new byte[0];
        } catch (NoSuchFileException e) {
            return;
        }
        Matcher form = FORM.matcher(new String(content, StandardCharsets.US_ASCII));
        if (!form.matches() || !form.group(3).equals(new Chain(form.group(1)).next(form.group(2)))) {
            LOG.warn(
                    "{} was not written to its end; what {} lacks at its end is not noticed this once",
                    path,
                    Journal.NAME);
            return;
        }
        length = Long.parseLong(form.group(1));
        link = form.group(2);
    }

    /** A line of the journal ends there, with that checksum. */
    void passing(long offset, String itsLink) {
        passed |= offset == length && itsLink.equals(link);
    }

    /** The journal has been read to there. */
    void requirePassed(Path journal, long offset) throws IOException {
        if (length == 0 || passed) {
            return;
        }
        throw new IOException(journal
                + (offset < length
                        ? " lacks " + (length - offset) + " bytes at its end that had been confirmed"
                        : " is not the file that was last confirmed here")
                + "; restore the latest copy. To go on with this one all the same, delete " + path
                + " and look through what is trusted");
    }

    /** There is no journal. */
    void requireNone(Path journal) throws IOException {
        if (length > 0) {
            throw new IOException(journal + " is gone, and with it what was decided; restore the latest copy. To begin"
                    + " anew, delete " + path);
        }
    }

    void set(long newLength, String newLink) {
        String text = "%019d".formatted(newLength) + " " + newLink;
        String content = text + " " + new Chain(text.substring(0, 19)).next(newLink) + "\n";
        try {
            FileChannel open = file;
            if (open == null) {
                open = FileChannel.open(
                        path, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), OwnerOnly.file(directory));
                file = open;
            }
            open.write(ByteBuffer.wrap(content.getBytes(StandardCharsets.US_ASCII)), 0);
        } catch (IOException e) {
            // The decision is kept all the same, and an older mark is still true.
            LOG.warn("{} cannot be written: {}", path, Reason.of(e));
        }
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
