package org.xtls.auth.openpgp;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;

/**
 * Peers' certificates on disk: key ring files, and a Web Key Directory (draft-koch-openpgp-webkey-service) as a tree of
 * files. Read again when they change; for the worker's thread only.
 */
final class CertificateFiles {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateFiles.class);
    private static final int MAX_KEY_RING = 64 << 20;
    private static final int MAX_WKD = 1 << 20;
    private static final String Z_BASE_32 = "ybndrfg8ejkmcpqxot1uwisza345h769";

    private final List<Path> files;
    private final @Nullable Path directory;
    private final Map<Path, Read> read = new HashMap<>();
    private KeyRing joined = KeyRing.EMPTY;

    /**
     * Where to look.
     *
     * @param files key ring files
     * @param directory the root of the Web Key Directory, or null
     */
    CertificateFiles(List<Path> files, @Nullable Path directory) {
        this.files = List.copyOf(files);
        this.directory = directory;
    }

    /** All that the key ring files hold. */
    KeyRing keyRing() {
        boolean changed = false;
        for (Path file : files) {
            changed |= refresh(file);
        }
        if (changed) {
            KeyRing all = KeyRing.EMPTY;
            for (Path file : files) {
                Read one = read.get(file);
                if (one != null) {
                    all = join(all, one.ring, file);
                }
            }
            joined = all;
        }
        return joined;
    }

    /** What the Web Key Directory holds of an address. */
    KeyRing published(BareJid address) {
        KeyRing found = KeyRing.EMPTY;
        Path root = directory;
        // The domain becomes a directory's name.
        if (root == null || address.local().isEmpty() || !address.domain().matches("[^/\\\\.][^/\\\\]*")) {
            return found;
        }
        String hash = hash(address.local());
        for (Path base : List.of(root, root.resolve(".well-known").resolve("openpgpkey"))) {
            for (Path file : List.of(
                    base.resolve(address.domain()).resolve("hu").resolve(hash),
                    base.resolve("hu").resolve(hash))) {
                try {
                    if (Files.isRegularFile(file)) {
                        found = join(found, KeyRing.read(FileVersion.read(file, MAX_WKD)), file);
                    }
                } catch (IOException e) {
                    LOG.warn("{} cannot be read: {}", file, e.getMessage());
                }
            }
        }
        return found;
    }

    /** The file's name for a local part: z-base-32 of the SHA-1 of its lower case. */
    static String hash(String local) {
        byte[] digest;
        try {
            digest = MessageDigest.getInstance("SHA-1").digest(lowerCase(local).getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
        StringBuilder text = new StringBuilder();
        int bits = 0;
        int held = 0;
        for (byte octet : digest) {
            held = held << 8 | (octet & 0xff);
            bits += 8;
            while (bits >= 5) {
                bits -= 5;
                text.append(Z_BASE_32.charAt(held >> bits & 31));
            }
            held &= 0xff;
        }
        return text.toString();
    }

    private static String lowerCase(String local) {
        StringBuilder lower = new StringBuilder(local);
        for (int i = 0; i < lower.length(); i++) {
            char c = lower.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                lower.setCharAt(i, (char) (c + 32));
            }
        }
        return lower.toString();
    }

    /** Whether there is something new. A file that cannot be read keeps what it held: revocations do not get lost. */
    private boolean refresh(Path file) {
        Read before = read.get(file);
        try {
            FileVersion version = FileVersion.of(file);
            if (before != null && version.equals(before.version)) {
                return false;
            }
            KeyRing ring = KeyRing.read(FileVersion.read(file, MAX_KEY_RING));
            read.put(file, new Read(version, ring, false));
            LOG.info("{} holds {} OpenPGP certificates", file, ring.all().size());
            if (ring.unreadable() > 0) {
                LOG.warn("{} holds {} more that cannot be used", file, ring.unreadable());
            }
            return true;
        } catch (IOException e) {
            if (before == null || !before.failed) {
                LOG.error(
                        "key ring {} cannot be read: {}{}; it is to be an export, as 'gpg --export' writes it",
                        file,
                        e instanceof BadCertificateException ? "it " : "",
                        e.getMessage());
                read.put(
                        file,
                        new Read(
                                before == null ? null : before.version,
                                before == null ? KeyRing.EMPTY : before.ring,
                                true));
            }
            return false;
        }
    }

    private static KeyRing join(KeyRing one, KeyRing other, Path from) {
        try {
            return one.with(other);
        } catch (BadCertificateException e) {
            LOG.warn("{} holds another version of a certificate that does not fit: {}", from, e.getMessage());
            return one;
        }
    }

    private record Read(@Nullable FileVersion version, KeyRing ring, boolean failed) {}
}
