package org.xtls.trust.file;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.xtls.BareJid;
import org.xtls.embedded.files.OwnerOnly;
import org.xtls.trust.KeyName;
import org.xtls.trust.TrustStore;

/**
 * The public parts of keys, a file for each: they are larger than decisions, and the newest alone is of interest. A file
 * is a line with a checksum, a line that says whose it is, and the bytes.
 */
final class Materials {
    private static final String HEADER = "xtls-trust-material 1 ";

    /** The two lines before the bytes stay below it. */
    private static final int MAX_HEAD = 4_096;

    private final Path directory;
    private final Disk disk;

    Materials(Path home, Disk disk) {
        this.directory = home.resolve("material");
        this.disk = disk;
    }

    void write(BareJid peer, KeyName key, byte[] material) throws IOException {
        OwnerOnly.createDirectory(directory);
        byte[] named = concat(name(peer, key), material);
        // One draft for all: what a crash leaves of it is taken away by the next write.
        new Replacement(directory, file(peer, key), "new", disk).write(concat(HEADER + checksum(named) + "\n", named));
    }

    Optional<byte[]> read(BareJid peer, KeyName key) throws IOException {
        Path path = directory.resolve(file(peer, key));
        byte[] content;
        try {
            if (Files.size(path) > TrustStore.MAX_MATERIAL + MAX_HEAD) {
                throw corrupt(path, "it is too large");
            }
            OwnerOnly.requireUnwritableByOthers(path);
            content = Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        int body = HEADER.length() + 64 + 1;
        byte[] named = Arrays.copyOfRange(content, Math.min(body, content.length), content.length);
        byte[] name = name(peer, key).getBytes(StandardCharsets.UTF_8);
        if (!startsWith(content, (HEADER + checksum(named) + "\n").getBytes(StandardCharsets.UTF_8))) {
            throw corrupt(path, "its content does not fit its checksum");
        }
        if (!startsWith(named, name)) {
            throw corrupt(path, "it belongs to another key");
        }
        return Optional.of(Arrays.copyOfRange(named, name.length, named.length));
    }

    /** Of a fixed length and form, whatever is in an address. */
    private static String file(BareJid peer, KeyName key) {
        return checksum(name(peer, key).getBytes(StandardCharsets.UTF_8));
    }

    private static String name(BareJid peer, KeyName key) {
        return peer + " " + key + "\n";
    }

    private static String checksum(byte[] content) {
        return HexFormat.of().formatHex(Chain.sha256().digest(content));
    }

    private static boolean startsWith(byte[] content, byte[] head) {
        return content.length >= head.length && Arrays.equals(content, 0, head.length, head, 0, head.length);
    }

    private static byte[] concat(String head, byte[] tail) {
        byte[] first = head.getBytes(StandardCharsets.UTF_8);
        byte[] both = Arrays.copyOf(first, first.length + tail.length);
        System.arraycopy(tail, 0, both, first.length, tail.length);
        return both;
    }

    private static IOException corrupt(Path path, String reason) {
        return new IOException(
                path + ": " + reason
                        + "; delete the file, and it is fetched anew when the peer next shows the key. It has been left as it is");
    }
}
