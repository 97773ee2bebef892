package org.xtls.trust.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.embedded.files.DirectoryLock;
import org.xtls.embedded.files.OwnerOnly;
import org.xtls.embedded.files.Reason;

/** The directory on disk, locked while open. */
final class TrustDirectory implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(TrustDirectory.class);

    private final DirectoryLock lock;
    private final Journal journal;
    private final Materials materials;

    private TrustDirectory(DirectoryLock lock, Journal journal, Materials materials) {
        this.lock = lock;
        this.journal = journal;
        this.materials = materials;
    }

    /**
     * Locks the directory and reads what is in it; it is made when there is none.
     *
     * @throws IOException when that cannot be done; the message says why and what to do
     */
    static TrustDirectory open(Path directory, Disk disk) throws IOException {
        Path absolute = directory.toAbsolutePath().normalize();
        try {
            OwnerOnly.createDirectory(absolute);
            return locked(absolute, DirectoryLock.acquire(absolute, "trust store"), disk);
        } catch (FileSystemException e) {
            // The message of most is a file's name and no more.
            throw new IOException(Reason.of(e), e);
        }
    }

    private static TrustDirectory locked(Path directory, DirectoryLock lock, Disk disk) throws IOException {
        try {
            Journal journal = Journal.open(directory, disk);
            LOG.info(
                    "trust store opened: {}, {} peers",
                    journal.path(),
                    journal.ledger().peers().size());
            return new TrustDirectory(lock, journal, new Materials(directory, disk));
        } catch (IOException | RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    Journal journal() {
        return journal;
    }

    Ledger ledger() {
        return journal.ledger();
    }

    Materials materials() {
        return materials;
    }

    @Override
    public void close() throws IOException {
        try (lock) {
            journal.close();
        }
    }
}
