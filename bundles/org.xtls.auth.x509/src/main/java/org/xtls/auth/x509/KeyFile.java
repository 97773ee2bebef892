package org.xtls.auth.x509;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.xtls.XtlsException;

/** PKCS#12 files. */
final class KeyFile {
    private static final String TEMPORARY = ".new";
    private static final Duration ABANDONED = Duration.ofHours(1);

    private KeyFile() {}

    /**
     * Reads the key and its chain.
     *
     * @param alias which key, or empty for the only one
     * @throws IOException when the file cannot be read at all
     * @throws XtlsException when it can, and is of no use
     */
    static Identity read(Path file, String password, String alias) throws IOException, XtlsException {
        char[] secret = password.toCharArray();
        byte[] content = Files.readAllBytes(file);
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            load(store, content, secret, file);
            String chosen = alias.isEmpty() ? onlyKey(store, file) : alias;
            if (!store.isKeyEntry(chosen)) {
                throw UnusableKeyFile.because(file, "holds no private key with the alias '" + chosen + "'");
            }
            Key key = store.getKey(chosen, secret);
            if (!(key instanceof PrivateKey privateKey)) {
                throw UnusableKeyFile.because(file, "holds a secret key as '" + chosen + "', not a private one");
            }
            return new Identity(file, chain(store.getCertificateChain(chosen), file), privateKey);
        } catch (UnrecoverableKeyException e) {
            throw UnusableKeyFile.because(file, "holds a key that this password does not open");
        } catch (GeneralSecurityException e) {
            throw UnusableKeyFile.because(file, "holds what this Java cannot read: " + e.getMessage());
        } finally {
            Arrays.fill(secret, '\0');
            Arrays.fill(content, (byte) 0);
        }
    }

    /**
     * Makes a file that is there as a whole or not at all, for its owner only.
     *
     * @return false when there is one already; it is left as it is
     */
    static boolean create(Path file, PrivateKey key, X509Certificate certificate, String password, Clock clock)
            throws IOException, GeneralSecurityException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null) {
            throw new NoSuchFileException(file.toString(), null, "it has no directory");
        }
        deleteAbandoned(directory, clock);
        Path temporary = directory.resolve(UUID.randomUUID() + TEMPORARY);
        byte[] content = pkcs12(key, certificate, password);
        try (FileChannel channel = FileChannel.open(
                temporary,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                OwnerOnly.file(directory))) {
            ByteBuffer rest = ByteBuffer.wrap(content);
            while (rest.hasRemaining()) {
                channel.write(rest);
            }
            channel.force(true);
        } finally {
            Arrays.fill(content, (byte) 0);
        }
        try {
            appear(temporary, file);
            OwnerOnly.forceDirectory(directory);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** What a failed access means, for people. */
    static String reason(IOException exception) {
        if (exception instanceof NoSuchFileException) {
            return "it does not exist";
        }
        if (exception instanceof AccessDeniedException) {
            return "access is denied";
        }
        return String.valueOf(exception.getMessage());
    }

    private static void load(KeyStore store, byte[] content, char[] secret, Path file)
            throws XtlsException, GeneralSecurityException {
        try {
            store.load(new ByteArrayInputStream(content), secret);
        } catch (IOException e) {
            throw e.getCause() instanceof UnrecoverableKeyException
                    ? UnusableKeyFile.because(file, "cannot be opened with this password")
                    : UnusableKeyFile.because(file, "is no PKCS#12 file, or is damaged");
        }
    }

    private static String onlyKey(KeyStore store, Path file) throws GeneralSecurityException, XtlsException {
        List<String> keys = new ArrayList<>();
        for (String alias : Collections.list(store.aliases())) {
            if (store.isKeyEntry(alias)) {
                keys.add(alias);
            }
        }
        if (keys.isEmpty()) {
            throw UnusableKeyFile.because(file, "holds no private key");
        }
        if (keys.size() > 1) {
            throw UnusableKeyFile.because(
                    file,
                    "holds several keys: " + String.join(", ", keys),
                    "Set keystore.alias of " + Identities.PID + " to one of them.");
        }
        return keys.get(0);
    }

    private static List<X509Certificate> chain(Certificate[] certificates, Path file) throws XtlsException {
        List<X509Certificate> chain = new ArrayList<>();
        for (Certificate certificate : certificates == null ? new Certificate[0] : certificates) {
            if (!(certificate instanceof X509Certificate x509)) {
                throw UnusableKeyFile.because(file, "holds a certificate that is not X.509");
            }
            chain.add(x509);
        }
        return chain;
    }

    private static byte[] pkcs12(PrivateKey key, X509Certificate certificate, String password)
            throws IOException, GeneralSecurityException {
        char[] secret = password.toCharArray();
        try {
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("xtls", key, secret, new Certificate[] {certificate});
            store.store(content, secret);
            return content.toByteArray();
        } finally {
            Arrays.fill(secret, '\0');
        }
    }

    /** A rename would replace what another process has put there meanwhile; a link never does. */
    private static void appear(Path temporary, Path file) throws IOException {
        try {
            Files.createLink(file, temporary);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            // A file system without links.
            Files.move(temporary, file);
        }
    }

    /** What a crash left behind holds a key. A younger one may be another process's at work. */
    private static void deleteAbandoned(Path directory, Clock clock) throws IOException {
        Instant limit = clock.instant().minus(ABANDONED);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + TEMPORARY)) {
            for (Path file : files) {
                if (isBefore(file, limit)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private static boolean isBefore(Path file, Instant limit) throws IOException {
        try {
            return Files.getLastModifiedTime(file).toInstant().isBefore(limit);
        } catch (NoSuchFileException e) {
            // Another process has just finished with it.
            return false;
        }
    }
}
