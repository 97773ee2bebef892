package org.xtls.tests.gnupg;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** What lives in this JVM, both frameworks included. */
public final class HeapSearch {
    private HeapSearch() {}

    /** Writes down everything that is reachable; the file is not there before. */
    public static Path dump(Path file) throws IOException {
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).dumpHeap(file.toString(), true);
        return file;
    }

    /** Whether these octets are anywhere in a file. */
    public static boolean holds(Path file, byte[] octets) throws IOException {
        byte[] buffer = new byte[1 << 20];
        int kept = 0;
        try (InputStream in = Files.newInputStream(file)) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer, kept, buffer.length - kept)) {
                int end = kept + read;
                for (int at = 0; at + octets.length <= end; at++) {
                    if (buffer[at] == octets[0] && matches(buffer, at, octets)) {
                        return true;
                    }
                }
                kept = Math.min(octets.length - 1, end);
                System.arraycopy(buffer, end - kept, buffer, 0, kept);
            }
        }
        return false;
    }

    private static boolean matches(byte[] buffer, int at, byte[] octets) {
        for (int i = 0; i < octets.length; i++) {
            if (buffer[at + i] != octets[i]) {
                return false;
            }
        }
        return true;
    }
}
