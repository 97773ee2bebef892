package org.xtls.server.loopback.component;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.server.loopback.Stanza;
import org.xtls.server.loopback.Wiretap;

/** Appends each stanza to a file, one on a line: {@code FROM_CLIENT romeo@montague.net/orchard <message…/>}. */
public final class TraceFile implements Wiretap, AutoCloseable {

    private final Path path;
    private final OutputStream out;

    private TraceFile(Path path, OutputStream out) {
        this.path = path;
        this.out = out;
    }

    /** Opens the file, or creates it readable for its owner only: it may hold what people say to each other. */
    public static TraceFile open(Path path) throws IOException {
        FileAttribute<?>[] attributes =
                FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                        ? new FileAttribute<?>[] {
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                        }
                        : new FileAttribute<?>[0];
        return new TraceFile(
                path,
                Channels.newOutputStream(Files.newByteChannel(
                        path, Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND), attributes)));
    }

    @Override
    public void seen(Direction direction, String client, Stanza stanza) {
        try {
            out.write((direction + " " + client + " " + stanza.xml() + "\n").getBytes(UTF_8));
        } catch (IOException e) {
            LOG.warn("Could not write to {}: {}", path, e.toString());
        }
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            LOG.warn("Could not close {}: {}", path, e.toString());
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(TraceFile.class);
}
