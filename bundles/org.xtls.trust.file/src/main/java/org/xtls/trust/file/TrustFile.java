package org.xtls.trust.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownPeer;

/** The file on disk: locked while open, and replaced as a whole, so that a crash leaves the old one or the new one. */
final class TrustFile implements Closeable {
    private static final String NAME = "known-keys";
    private static final Logger LOG = LoggerFactory.getLogger(TrustFile.class);

    private final Path directory;
    private final Path path;
    private final Path next;
    private final DirectoryLock lock;
    private final Writing writing;
    private SortedMap<BareJid, KnownPeer> peers = TrustFormat.empty();
    private @Nullable Stamp stamp;

    private TrustFile(Path directory, DirectoryLock lock, Writing writing) {
        this.directory = directory;
        this.path = directory.resolve(NAME);
        this.next = directory.resolve(NAME + ".new");
        this.lock = lock;
        this.writing = writing;
    }

    /**
     * Locks the directory and reads the file; there need be none yet.
     *
     * @throws IOException when either cannot be done; the message says why and what to do
     */
    static TrustFile open(Path directory) throws IOException {
        return open(directory, (content, file) -> {
            while (content.hasRemaining()) {
                file.write(content);
            }
        });
    }

    static TrustFile open(Path directory, Writing writing) throws IOException {
        Path absolute = directory.toAbsolutePath().normalize();
        OwnerOnly.createDirectory(absolute);
        TrustFile file = new TrustFile(absolute, DirectoryLock.acquire(absolute), writing);
        try {
            file.read();
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
        LOG.info("trust store opened: {}, {} peers", file.path, file.peers.size());
        return file;
    }

    Path path() {
        return path;
    }

    KnownPeer peer(BareJid peer) {
        KnownPeer known = peers.get(peer);
        return known == null ? KnownPeer.stranger(peer) : known;
    }

    List<KnownPeer> peers() {
        return List.copyOf(peers.values());
    }

    long count(KeyState state) {
        return peers.values().stream()
                .mapToLong(known -> known.in(state).size())
                .sum();
    }

    /** On disk first: what is confirmed is kept through a crash, and what fails has changed nothing. */
    KnownPeer keep(KnownPeer changed) throws IOException {
        SortedMap<BareJid, KnownPeer> after = new TreeMap<>(peers);
        after.put(changed.peer(), changed);
        requireUntouched();
        Files.deleteIfExists(next);
        try (FileChannel channel = FileChannel.open(
                next, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OwnerOnly.file(directory))) {
            writing.write(ByteBuffer.wrap(TrustFormat.write(after)), channel);
            channel.force(true);
        }
        Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        OwnerOnly.forceDirectory(directory);
        stamp = Stamp.of(path);
        peers = after;
        return changed;
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    private void read() throws IOException {
        // What a crash left of a write that was never confirmed.
        Files.deleteIfExists(next);
        stamp = Stamp.of(path);
        if (stamp != null) {
            OwnerOnly.requireUnwritableByOthers(path);
            peers = TrustFormat.parse(Files.readAllBytes(path), path);
        }
    }

    /** A decision made by hand in the file, such as a distrust, must not be undone by the next write. */
    private void requireUntouched() throws IOException {
        Stamp now = Stamp.of(path);
        if (stamp == null ? now != null : !stamp.equals(now)) {
            throw new IOException(
                    path + " was changed by another program; nothing is written until this bundle has been restarted");
        }
    }

    /** How bytes get into a new file: where a test can break off. */
    interface Writing {
        void write(ByteBuffer content, FileChannel file) throws IOException;
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
