package org.xtls.server.loopback.sasl;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** The hashes that SCRAM is used with here, all from the JDK. */
enum ScramHash {
    SHA_1("SCRAM-SHA-1", "SHA-1", "HmacSHA1", "PBKDF2WithHmacSHA1", 160),
    SHA_256("SCRAM-SHA-256", "SHA-256", "HmacSHA256", "PBKDF2WithHmacSHA256", 256);

    private final String mechanism;
    private final String digest;
    private final String mac;
    private final String derivation;
    private final int bits;

    ScramHash(String mechanism, String digest, String mac, String derivation, int bits) {
        this.mechanism = mechanism;
        this.digest = digest;
        this.mac = mac;
        this.derivation = derivation;
        this.bits = bits;
    }

    static Optional<ScramHash> ofMechanism(String name) {
        return Arrays.stream(values())
                .filter(hash -> hash.mechanism.equals(name))
                .findFirst();
    }

    String mechanism() {
        return mechanism;
    }

    int length() {
        return bits / Byte.SIZE;
    }

    byte[] hash(byte[] data) {
        try {
            return MessageDigest.getInstance(digest).digest(data);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This JDK lacks " + digest, e);
        }
    }

    byte[] hmac(byte[] key, byte[] data) {
        try {
            Mac hmac = Mac.getInstance(mac);
            hmac.init(new SecretKeySpec(key, mac));
            return hmac.doFinal(data);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This JDK lacks " + mac, e);
        }
    }

    byte[] derive(String password, byte[] salt, int iterations) {
        PBEKeySpec spec = new PBEKeySpec(password.toCharArray(), salt, iterations, bits);
        try {
            return SecretKeyFactory.getInstance(derivation).generateSecret(spec).getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This JDK lacks " + derivation, e);
        } finally {
            spec.clearPassword();
        }
    }
}
