package org.xtls.embedded.files;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A directory's lock, against a second container on the same home.
 *
 * <p>Two files, because POSIX drops a process's lock when the process closes <em>any</em> descriptor of that file: a
 * second store in this JVM that only tried and went away would silently unlock the first. Whoever finds this JVM's
 * lock on the one file never opens the other, which keeps the processes apart.
 */
public final class DirectoryLock implements Closeable {
    private final FileChannel withinJvm;
    private final FileChannel betweenProcesses;

    private DirectoryLock(FileChannel withinJvm, FileChannel betweenProcesses) {
        this.withinJvm = withinJvm;
        this.betweenProcesses = betweenProcesses;
    }

    /**
     * Locks a directory.
     *
     * @param holder what holds such a lock, for whoever is refused: "trust store"
     * @throws IOException when it is locked already; the message says by whom and what to do
     */
    public static DirectoryLock acquire(Path directory, String holder) throws IOException {
        FileChannel withinJvm = lock(directory, "lock.jvm", holder);
        try {
            FileChannel betweenProcesses = lock(directory, "lock", holder);
            try {
                byte[] process = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
                betweenProcesses.truncate(0).write(ByteBuffer.wrap(process));
                return new DirectoryLock(withinJvm, betweenProcesses);
            } catch (IOException e) {
                betweenProcesses.close();
                throw e;
            }
        } catch (IOException e) {
            withinJvm.close();
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        betweenProcesses.close();
        withinJvm.close();
    }

    private static FileChannel lock(Path directory, String name, String holder) throws IOException {
        Path path = directory.resolve(name);
        FileChannel channel = FileChannel.open(
                path, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), OwnerOnly.file(directory));
        try {
            @Nullable FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new IOException(
                    directory + " is in use by another " + holder + " in this JVM; give each container a"
                            + " directory of its own",
                    e);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        channel.close();
        throw new IOException(directory + " is in use by another process" + process(directory)
                + "; stop that one, or give each container a directory of its own");
    }

    private static String process(Path directory) {
        try {
            String pid = Files.readString(directory.resolve("lock"), StandardCharsets.US_ASCII)
                    .strip();
            return pid.matches("[0-9]{1,10}") ? " (" + pid + ")" : "";
        } catch (IOException e) {
            return "";
        }
    }
}
