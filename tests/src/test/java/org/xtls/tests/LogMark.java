package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** A place in the log of all frameworks. */
record LogMark(long size) {
    private static final Path LOG = Path.of("target", "tests.log");
    private static final Pattern COMPLAINT = Pattern.compile("\\S+ (WARN|ERROR) +\\[[^]]*] org\\.xtls\\..*");

    /** Its end. */
    static LogMark now() {
        try {
            return new LogMark(Files.size(LOG));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What bundles of ours have logged since at WARN or ERROR. */
    List<String> complaints() {
        try (RandomAccessFile log = new RandomAccessFile(LOG.toFile(), "r")) {
            byte[] rest = new byte[Math.toIntExact(log.length() - size)];
            log.seek(size);
            log.readFully(rest);
            String said = new String(rest, StandardCharsets.UTF_8);
            assertTrue(said.contains(" org.xtls."), "the log is deaf");
            return said.lines()
                    .filter(line -> COMPLAINT.matcher(line).matches())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
