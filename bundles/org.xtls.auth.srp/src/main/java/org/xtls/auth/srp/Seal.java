package org.xtls.auth.srp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Set;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.xtls.embedded.files.OwnerOnly;

/** What keeps passwords on disk from being read without the key file beside them, or moved to another peer: AES-256-GCM. */
final class Seal {
    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;

    private final SecretKeySpec key;
    private final SecureRandom random;

    private Seal(SecretKeySpec key, SecureRandom random) {
        this.key = key;
        this.random = random;
    }

    /**
     * Reads the key, or makes it.
     *
     * @param mayMake false when there is something that an unknown key has sealed: a new one would open nothing
     * @throws IOException when neither can be done; the message says why
     */
    static Seal open(Path file, boolean mayMake, SecureRandom random) throws IOException {
        if (mayMake && !Files.exists(file)) {
            make(file, random);
        }
        byte[] bytes;
        try {
            OwnerOnly.requireClosedToOthers(file);
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new IOException(
                    file + ", the key of the passwords, is not there; bring it back, or remove the file 'passwords' and"
                            + " set them again",
                    e);
        }
        try {
            if (bytes.length != KEY_BYTES) {
                throw new IOException(
                        file + " has " + bytes.length + " bytes; the key of the passwords has " + KEY_BYTES);
            }
            return new Seal(new SecretKeySpec(bytes, "AES"), random);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    byte[] seal(byte[] plain, String purpose) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        try {
            byte[] content = cipher(Cipher.ENCRYPT_MODE, nonce, purpose).doFinal(plain);
            return ByteBuffer.allocate(nonce.length + content.length)
                    .put(nonce)
                    .put(content)
                    .array();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has AES/GCM", e);
        }
    }

    /** To be wiped. */
    byte[] unseal(byte[] content, String purpose) throws IOException {
        if (content.length < NONCE_BYTES) {
            throw new IOException("it is too short");
        }
        try {
            return cipher(Cipher.DECRYPT_MODE, Arrays.copyOf(content, NONCE_BYTES), purpose)
                    .doFinal(content, NONCE_BYTES, content.length - NONCE_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IOException("it was sealed with another key, for somebody else, or has been changed", e);
        }
    }

    private Cipher cipher(int mode, byte[] nonce, String purpose) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(purpose.getBytes(StandardCharsets.UTF_8));
        return cipher;
    }

    private static void make(Path file, SecureRandom random) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null) {
            throw new NoSuchFileException(file.toString(), null, "it has no directory");
        }
        OwnerOnly.createDirectory(directory);
        Path next = directory.resolve(file.getFileName() + ".new");
        Files.deleteIfExists(next);
        byte[] key = new byte[KEY_BYTES];
        random.nextBytes(key);
        try (FileChannel channel = FileChannel.open(
                next, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OwnerOnly.file(directory))) {
            ByteBuffer rest = ByteBuffer.wrap(key);
            while (rest.hasRemaining()) {
                channel.write(rest);
            }
            channel.force(true);
        } finally {
            Arrays.fill(key, (byte) 0);
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        OwnerOnly.forceDirectory(directory);
    }
}
