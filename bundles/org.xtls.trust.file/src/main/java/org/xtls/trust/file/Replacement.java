package org.xtls.trust.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.xtls.embedded.files.OwnerOnly;
import org.xtls.embedded.files.Reason;

/** A file that takes another's place as a whole: a crash leaves the old one or the new one. */
final class Replacement {
    private final Path directory;
    private final Path path;
    private final Path draft;
    private final Disk disk;

    /**
     * Prepares one.
     *
     * @param name of the file that is replaced
     * @param draft of the file that it is written to first
     */
    Replacement(Path directory, String name, String draft, Disk disk) {
        this.directory = directory;
        this.path = directory.resolve(name);
        this.draft = directory.resolve(draft);
        this.disk = disk;
    }

    /** Takes away what a crash left of a write that was never confirmed. */
    void clear() throws IOException {
        Files.deleteIfExists(draft);
    }

    void write(byte[] content) throws IOException {
        try {
            clear();
            try (FileChannel file = FileChannel.open(
                    draft,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    OwnerOnly.file(directory))) {
                disk.write(file, 0, ByteBuffer.wrap(content));
                disk.force(file);
            }
            Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            OwnerOnly.forceDirectory(directory);
        } catch (IOException e) {
            throw Reason.unwritable(path, e);
        }
    }
}
