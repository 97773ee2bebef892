package org.xtls.auth.srp;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Files and directories for their owner only, from the moment they exist. Where the file system knows no POSIX
 * permissions, what a new file inherits from its directory applies.
 */
final class OwnerOnly {
    private static final Set<PosixFilePermission> OTHERS_WRITE = PosixFilePermissions.fromString("----w--w-");
    private static final Set<PosixFilePermission> OTHERS = PosixFilePermissions.fromString("---rwxrwx");

    private OwnerOnly() {}

    static void createDirectory(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, mode(directory, "rwx------"));
        }
        // Against others on the machine who would put a password of theirs in, or take a lock away.
        require(directory, OTHERS_WRITE, "can be written by others", "chmod go-w");
    }

    static FileAttribute<?>[] file(Path directory) throws IOException {
        return mode(directory, "rw-------");
    }

    /** Against others on the machine who would read passwords, or the key to them. */
    static void requireClosedToOthers(Path file) throws IOException {
        require(file, OTHERS, "is open to others", "chmod go-rwx");
    }

    private static void require(Path path, Set<PosixFilePermission> none, String what, String remedy)
            throws IOException {
        PosixFileAttributeView posix = Files.getFileAttributeView(path, PosixFileAttributeView.class);
        if (posix == null) {
            return;
        }
        Set<PosixFilePermission> permissions = posix.readAttributes().permissions();
        if (permissions.stream().anyMatch(none::contains)) {
            throw new IOException(path + " " + what + " (" + PosixFilePermissions.toString(permissions)
                    + "); make sure that nobody made use of it, then take that right away (" + remedy + ")");
        }
    }

    /** Makes a rename last through a crash. */
    static void forceDirectory(Path directory) throws IOException {
        if (!isPosix(directory)) {
            return;
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static FileAttribute<?>[] mode(Path path, String permissions) throws IOException {
        if (!isPosix(path)) {
            return new FileAttribute<?>[0];
        }
        return new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        };
    }

    private static boolean isPosix(Path path) throws IOException {
        Path existing = path.toAbsolutePath();
        while (!Files.exists(existing, LinkOption.NOFOLLOW_LINKS) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        return Files.getFileStore(existing).supportsFileAttributeView(PosixFileAttributeView.class);
    }
}
