package org.xtls.embedded.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Files and directories for their owner only, from the moment they exist. One that is there already is looked at before it
 * is used: it has to be this process's user's or root's, for its owner may open it to himself at any time whatever its
 * permissions say now; and it has to be closed to the others.
 *
 * <p>That holds where the file system knows POSIX permissions. Where it does not, as on Windows, a new file gets what the
 * access control list of its directory hands down, and nothing is asked of one that is there.
 */
public final class OwnerOnly {
    private static final Set<PosixFilePermission> OTHERS_WRITE = PosixFilePermissions.fromString("----w--w-");
    private static final Set<PosixFilePermission> WORLD = PosixFilePermissions.fromString("------rwx");
    private static final Set<PosixFilePermission> OTHERS = PosixFilePermissions.fromString("---rwxrwx");

    /** Who can do anything anyway; by his number where the system knows no names, as in a bare container. */
    private static final Set<String> ROOT = Set.of("root", "0");

    /** By file system, for some map users: what a process makes there is another's by name. */
    private static final Map<FileStore, UserPrincipal> SELVES = new ConcurrentHashMap<>();

    private OwnerOnly() {}

    /** Makes a directory, with those above it; one that is there has to pass {@link #requireUnwritableByOthers}. */
    public static void createDirectory(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, mode(directory, "rwx------"));
        }
        requireUnwritableByOthers(directory);
    }

    /** With what a file in that directory is to be made. */
    public static FileAttribute<?>[] file(Path directory) throws IOException {
        return mode(directory, "rw-------");
    }

    /** Against others on the machine who would put something of theirs in, or take something away. */
    public static void requireUnwritableByOthers(Path path) throws IOException {
        require(path, OTHERS_WRITE, "can be written by others", "chmod go-w");
    }

    /** Against others on the machine who would read a secret, or put one of theirs in its place. */
    public static void requireClosedToOthers(Path path) throws IOException {
        require(path, OTHERS, "is open to others", "chmod go-rwx");
    }

    /** The same for files of the administrator's, who may have a group for those that use a key. */
    public static void requireClosedToWorld(Path path) throws IOException {
        require(path, WORLD, "is open to everybody", "chmod o-rwx");
    }

    /** Makes a rename last through a crash. */
    public static void forceDirectory(Path directory) throws IOException {
        if (!isPosix(directory)) {
            return;
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static void require(Path path, Set<PosixFilePermission> none, String what, String remedy)
            throws IOException {
        PosixFileAttributeView posix = Files.getFileAttributeView(path, PosixFileAttributeView.class);
        if (posix == null) {
            return;
        }
        PosixFileAttributes attributes = posix.readAttributes();
        UserPrincipal owner = attributes.owner();
        if (!ROOT.contains(owner.getName()) && !owner.equals(self(path))) {
            throw new IOException(path + " belongs to " + owner.getName() + ", and this process runs as "
                    + self(path).getName() + "; make sure that nobody made use of it, then take it over (chown)");
        }
        Set<PosixFilePermission> permissions = attributes.permissions();
        if (permissions.stream().anyMatch(none::contains)) {
            throw new IOException(path + " " + what + " (" + PosixFilePermissions.toString(permissions)
                    + "); make sure that nobody made use of it, then take that right away (" + remedy + ")");
        }
    }

    /**
     * As whom this process makes files there. A file that it has just made tells; the system property has no name for a
     * user that the system does not know by name, as in many containers. Where none can be made, the directory for
     * temporary files has to do.
     */
    private static UserPrincipal self(Path wanted) throws IOException {
        Path path = wanted.toAbsolutePath();
        Path parent = path.getParent();
        Path directory = Files.isDirectory(path) || parent == null ? path : parent;
        FileStore store = Files.getFileStore(directory);
        UserPrincipal known = SELVES.get(store);
        if (known == null) {
            known = maker(wanted, directory);
            SELVES.put(store, known);
        }
        return known;
    }

    private static UserPrincipal maker(Path wanted, Path directory) throws IOException {
        try {
            return ownerOf(Files.createTempFile(directory, ".xtls", null));
        } catch (IOException notThere) {
            try {
                return ownerOf(Files.createTempFile("xtls", null));
            } catch (IOException e) {
                e.addSuppressed(notThere);
                throw new IOException(
                        "whether " + wanted + " is this user's cannot be told, for no file can be made in " + directory
                                + " nor in " + System.getProperty("java.io.tmpdir")
                                + "; let java.io.tmpdir name a directory where one can",
                        e);
            }
        }
    }

    private static UserPrincipal ownerOf(Path made) throws IOException {
        try {
            return Files.getOwner(made);
        } finally {
            Files.delete(made);
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
