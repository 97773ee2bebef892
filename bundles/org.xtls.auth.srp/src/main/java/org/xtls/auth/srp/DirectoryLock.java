package org.xtls.auth.srp;

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
final class DirectoryLock implements Closeable {
    private final FileChannel withinJvm;
    private final FileChannel betweenProcesses;

    private DirectoryLock(FileChannel withinJvm, FileChannel betweenProcesses) {
        this.withinJvm = withinJvm;
        this.betweenProcesses = betweenProcesses;
    }

    static DirectoryLock acquire(Path directory) throws IOException {
        FileChannel withinJvm = lock(directory, "lock.jvm");
        try {
            FileChannel betweenProcesses = lock(directory, "lock");
            try {
                byte[] holder = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
                betweenProcesses.truncate(0).write(ByteBuffer.wrap(holder));
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

    private static FileChannel lock(Path directory, String name) throws IOException {
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
                    directory + " is in use by another store of passwords in this JVM; give each container a"
                            + " directory of its own",
                    e);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        channel.close();
        throw new IOException(directory + " is in use by another process" + holder(directory)
                + "; stop that one, or give each container a directory of its own");
    }

    private static String holder(Path directory) {
        try {
            String pid = Files.readString(directory.resolve("lock"), StandardCharsets.US_ASCII)
                    .strip();
            return pid.matches("[0-9]{1,10}") ? " (" + pid + ")" : "";
        } catch (IOException e) {
            return "";
        }
    }
}
