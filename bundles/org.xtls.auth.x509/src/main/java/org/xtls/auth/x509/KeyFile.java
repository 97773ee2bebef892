package org.xtls.auth.x509;

import java.io.ByteArrayInputStream;
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
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.xtls.XtlsException;
import org.xtls.embedded.files.OwnerOnly;

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
     * @throws WrongSecret when it is another password's
     */
    static Identity read(Path file, char[] password, String alias) throws IOException, XtlsException, WrongSecret {
        Opened opened = open(file, password, alias);
        return new Identity(UnusableKey.file(file), opened.chain, opened.key);
    }

    /**
     * Makes a file that is there as a whole or not at all, for its owner only.
     *
     * @return false when there is one already; it is left as it is
     */
    static boolean create(Path file, PrivateKey key, X509Certificate certificate, char[] password)
            throws IOException, GeneralSecurityException {
        Path directory = directory(file);
        Path temporary = write(directory, Pkcs12.encode(key, List.of(certificate), password));
        try {
            deleteAbandoned(directory, temporary);
            appear(temporary, file);
            OwnerOnly.forceDirectory(directory);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /**
     * Gives a file another password. A crash leaves it with the one or the other.
     *
     * @throws WrongSecret when the former one does not open it
     */
    static void encrypt(Path file, char[] former, char[] password)
            throws IOException, GeneralSecurityException, XtlsException, WrongSecret {
        Opened opened = open(file, former, "");
        Path directory = directory(file);
        Path temporary = write(directory, Pkcs12.encode(opened.key, opened.chain, password));
        try {
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            OwnerOnly.forceDirectory(directory);
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

    private static Opened open(Path file, char[] password, String alias)
            throws IOException, XtlsException, WrongSecret {
        String origin = UnusableKey.file(file);
        byte[] content = Files.readAllBytes(file);
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            load(store, content, password, origin);
            String chosen = alias.isEmpty() ? onlyKey(store, origin) : alias;
            if (!store.isKeyEntry(chosen)) {
                throw UnusableKey.because(origin, "holds no private key with the alias '" + chosen + "'");
            }
            Key key = store.getKey(chosen, password);
            if (!(key instanceof PrivateKey privateKey)) {
                throw UnusableKey.because(origin, "holds a secret key as '" + chosen + "', not a private one");
            }
            return new Opened(privateKey, chain(store.getCertificateChain(chosen), origin));
        } catch (UnrecoverableKeyException e) {
            throw new WrongSecret();
        } catch (GeneralSecurityException e) {
            throw UnusableKey.because(origin, "holds what this Java cannot read: " + e.getMessage());
        } finally {
            Arrays.fill(content, (byte) 0);
        }
    }

    private static void load(KeyStore store, byte[] content, char[] password, String origin)
            throws XtlsException, WrongSecret, GeneralSecurityException {
        try {
            store.load(new ByteArrayInputStream(content), password);
        } catch (IOException e) {
            if (e.getCause() instanceof UnrecoverableKeyException) {
                throw new WrongSecret();
            }
            // Java 17 knows no others in PKCS#12, and says so in words of its own.
            throw ascii(password)
                    ? UnusableKey.because(origin, "is no PKCS#12 file, or is damaged")
                    : UnusableKey.because(
                            origin,
                            "cannot be opened with a password that has characters other than ASCII",
                            "Give it another one, or use PEM files.");
        }
    }

    static boolean ascii(char[] password) {
        for (char c : password) {
            if (c < ' ' || c > '~') {
                return false;
            }
        }
        return true;
    }

    private static String onlyKey(KeyStore store, String origin) throws GeneralSecurityException, XtlsException {
        List<String> keys = new ArrayList<>();
        for (String alias : Collections.list(store.aliases())) {
            if (store.isKeyEntry(alias)) {
                keys.add(alias);
            }
        }
        if (keys.isEmpty()) {
            throw UnusableKey.because(origin, "holds no private key");
        }
        if (keys.size() > 1) {
            throw UnusableKey.because(
                    origin,
                    "holds several keys: " + String.join(", ", keys),
                    "Set keystore.alias of " + Identities.PID + " to one of them.");
        }
        return keys.get(0);
    }

    private static List<X509Certificate> chain(Certificate[] certificates, String origin) throws XtlsException {
        List<X509Certificate> chain = new ArrayList<>();
        for (Certificate certificate : certificates == null ? new Certificate[0] : certificates) {
            if (!(certificate instanceof X509Certificate x509)) {
                throw UnusableKey.because(origin, "holds a certificate that is not X.509");
            }
            chain.add(x509);
        }
        return chain;
    }

    private static Path directory(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null) {
            throw new NoSuchFileException(file.toString(), null, "it has no directory");
        }
        return directory;
    }

    private static Path write(Path directory, byte[] content) throws IOException {
        Path temporary = directory.resolve(UUID.randomUUID() + TEMPORARY);
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
        return temporary;
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

    /** What a crash left behind holds a key. A younger one, by the file system's clock, may be another process's at work. */
    private static void deleteAbandoned(Path directory, Path fresh) throws IOException {
        Instant limit = Files.getLastModifiedTime(fresh).toInstant().minus(ABANDONED);
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

    private record Opened(PrivateKey key, List<X509Certificate> chain) {
        /** A key is never shown. */
        @Override
        public String toString() {
            return "Opened[" + chain.size() + " certificates]";
        }
    }
}
