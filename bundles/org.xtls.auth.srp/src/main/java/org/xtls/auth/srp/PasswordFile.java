package org.xtls.auth.srp;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Set;
import org.xtls.auth.srp.PasswordFormat.Content;
import org.xtls.embedded.files.DirectoryLock;
import org.xtls.embedded.files.OwnerOnly;

/** The file on disk: locked while open, and replaced as a whole, so that a crash leaves the old one or the new one. */
final class PasswordFile implements Closeable {
    private static final String NAME = "passwords";

    private final Path directory;
    private final Path path;
    private final Path next;
    private final DirectoryLock lock;
    private final Writing writing;
    private Content content = Content.empty();

    private PasswordFile(Path directory, DirectoryLock lock, Writing writing) {
        this.directory = directory;
        this.path = directory.resolve(NAME);
        this.next = directory.resolve(NAME + ".new");
        this.lock = lock;
        this.writing = writing;
    }

    static PasswordFile open(Path directory) throws IOException {
        return open(directory, (content, file) -> {
            while (content.hasRemaining()) {
                file.write(content);
            }
        });
    }

    static PasswordFile open(Path directory, Writing writing) throws IOException {
        Path absolute = directory.toAbsolutePath().normalize();
        OwnerOnly.createDirectory(absolute);
        PasswordFile file = new PasswordFile(absolute, DirectoryLock.acquire(absolute, "store of passwords"), writing);
        try {
            file.read();
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
        return file;
    }

    Content content() {
        return content;
    }

    /** The key of what the file holds. */
    Seal seal(Path keyFile, SecureRandom random) throws IOException {
        return Seal.open(keyFile, content.passwords().isEmpty(), random);
    }

    /** On disk first: a guess that is spent stays spent through a crash, and what fails has changed nothing. */
    void keep(Content changed) throws IOException {
        Files.deleteIfExists(next);
        try (FileChannel channel = FileChannel.open(
                next, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OwnerOnly.file(directory))) {
            writing.write(ByteBuffer.wrap(PasswordFormat.write(changed)), channel);
            channel.force(true);
        }
        Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        OwnerOnly.forceDirectory(directory);
        content = changed;
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    private void read() throws IOException {
        // What a crash left of a write that was never confirmed.
        Files.deleteIfExists(next);
        if (Files.exists(path)) {
            OwnerOnly.requireClosedToOthers(path);
            content = PasswordFormat.parse(Files.readAllBytes(path), path);
        }
    }

    /** How bytes get into a new file: where a test can break off. */
    interface Writing {
        void write(ByteBuffer content, FileChannel file) throws IOException;
    }
}
