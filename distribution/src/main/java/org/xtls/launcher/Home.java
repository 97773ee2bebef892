package org.xtls.launcher;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;

/**
 * The folder that holds a container's state, and the lock that keeps a second container out of it.
 *
 * <pre>
 *   lock      held while a container runs; the number of its process is in it
 *   cache/    the framework's; made anew at each start
 *   config/   the configurations of ConfigurationAdmin
 *   deploy/   bundles and configurations put here are installed at once
 *   log/      xtls.log
 *   …         what bundles keep, such as own keys and known keys
 * </pre>
 */
final class Home implements AutoCloseable {
    private static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

    private final Path folder;
    private final FileChannel lock;

    private Home(Path folder, FileChannel lock) {
        this.folder = folder;
        this.lock = lock;
    }

    static Home open(Path wanted) throws IOException {
        Path folder = wanted.toAbsolutePath().normalize();
        try {
            if (!Files.isDirectory(folder)) {
                Files.createDirectories(folder, ownerOnly());
            }
            for (String part : new String[] {"cache", "config", "deploy", "log"}) {
                Files.createDirectories(folder.resolve(part), ownerOnly());
            }
        } catch (IOException e) {
            throw new IOException(
                    "The home " + folder + " cannot be made: " + reason(e) + ". Choose another with --home.", e);
        }
        FileChannel lock = lock(folder);
        try {
            requireOwn(folder);
        } catch (IOException e) {
            lock.close();
            throw e;
        }
        return new Home(folder, lock);
    }

    /** Whoever can write to a home, or to its deploy/, can have a bundle of theirs started in our name. */
    private static void requireOwn(Path folder) throws IOException {
        if (!POSIX) {
            return;
        }
        UserPrincipal self = Files.getOwner(folder.resolve("lock"));
        for (Path part : new Path[] {
            folder, folder.resolve("cache"), folder.resolve("config"), folder.resolve("deploy"), folder.resolve("log")
        }) {
            PosixFileAttributes attributes = Files.readAttributes(part, PosixFileAttributes.class);
            if (!attributes.owner().equals(self)) {
                throw new IOException(part + " belongs to " + attributes.owner().getName()
                        + ", not to you: others could start bundles in your name. Choose another home with --home.");
            }
            if (attributes.permissions().contains(PosixFilePermission.GROUP_WRITE)
                    || attributes.permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
                throw new IOException("Others may write to " + part
                        + ": they could start bundles in your name. Do: chmod go-w " + part);
            }
        }
    }

    Path folder() {
        return folder;
    }

    String path(String part) {
        return folder.resolve(part).toString();
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    private static FileChannel lock(Path folder) throws IOException {
        Path file = folder.resolve("lock");
        FileChannel channel;
        try {
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException(
                    "The home " + folder + " cannot be written to: " + reason(e) + ". Choose another with --home.", e);
        }
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // held by this process: in use as well
        }
        if (lock == null) {
            String owner = Files.readString(file).strip();
            channel.close();
            throw new IOException("The home " + folder + " is in use by another container (process " + owner
                    + "). Stop that one, or choose another home with --home.");
        }
        channel.truncate(0);
        channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
        return channel;
    }

    /** The JDK's exceptions say much by their class and little by their message. */
    private static String reason(IOException e) {
        if (e instanceof AccessDeniedException denied) {
            return "you may not write to " + denied.getFile();
        }
        if (e instanceof FileAlreadyExistsException present) {
            return present.getFile() + " is there and is no folder";
        }
        if (e instanceof NoSuchFileException absent) {
            return "nothing can be made at " + absent.getFile();
        }
        String reason = e instanceof FileSystemException failed ? failed.getReason() : e.getMessage();
        return reason == null ? "the file system refuses it" : reason;
    }

    /** Private keys live here. */
    private static FileAttribute<?>[] ownerOnly() {
        if (!POSIX) {
            return new FileAttribute<?>[0];
        }
        return new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        };
    }
}
