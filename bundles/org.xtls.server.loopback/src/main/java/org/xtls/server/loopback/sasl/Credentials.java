package org.xtls.server.loopback.sasl;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/** What the server keeps of a password. Immutable. */
public final class Credentials {

    private final byte[] salt;
    private final Map<ScramHash, Keys> keys;

    private Credentials(byte[] salt, Map<ScramHash, Keys> keys) {
        this.salt = salt;
        this.keys = keys;
    }

    /** Those of that password, which is not empty. */
    public static Credentials of(String password, SecureRandom random) {
        byte[] salt = new byte[SALT_LENGTH];
        random.nextBytes(salt);
        return of(password, salt);
    }

    static Credentials of(String password, byte[] salt) {
        Map<ScramHash, Keys> keys = new EnumMap<>(ScramHash.class);
        for (ScramHash hash : ScramHash.values()) {
            keys.put(hash, Keys.derive(hash, password, salt));
        }
        return new Credentials(salt, keys);
    }

    /**
     * Some that nobody matches, with a salt that stays the same for a name: a changing one would tell that there is no
     * such account.
     */
    public static Credentials decoy(String username, byte[] secret) {
        Map<ScramHash, Keys> keys = new EnumMap<>(ScramHash.class);
        for (ScramHash hash : ScramHash.values()) {
            byte[] never = hash.hmac(secret, ("key " + username).getBytes(UTF_8));
            keys.put(hash, new Keys(never, never));
        }
        byte[] salt = ScramHash.SHA_256.hmac(secret, ("salt " + username).getBytes(UTF_8));
        return new Credentials(Arrays.copyOf(salt, SALT_LENGTH), keys);
    }

    boolean matches(String password) {
        Keys own = keys(ScramHash.SHA_256);
        return MessageDigest.isEqual(own.stored, Keys.derive(ScramHash.SHA_256, password, salt).stored);
    }

    byte[] salt() {
        return salt.clone();
    }

    Keys keys(ScramHash hash) {
        Keys found = keys.get(hash);
        if (found == null) {
            throw new IllegalStateException("No keys for " + hash);
        }
        return found;
    }

    /** StoredKey and ServerKey of RFC 5802, section 3. */
    static final class Keys {

        private final byte[] stored;
        private final byte[] server;

        Keys(byte[] stored, byte[] server) {
            this.stored = stored;
            this.server = server;
        }

        byte[] stored() {
            return stored.clone();
        }

        byte[] server() {
            return server.clone();
        }

        static Keys derive(ScramHash hash, String password, byte[] salt) {
            // All of SASLprep that matters for the passwords of a demonstration.
            String prepared = Normalizer.normalize(password, Normalizer.Form.NFKC);
            byte[] salted = hash.derive(prepared, salt, ITERATIONS);
            byte[] client = hash.hmac(salted, "Client Key".getBytes(UTF_8));
            return new Keys(hash.hash(client), hash.hmac(salted, "Server Key".getBytes(UTF_8)));
        }
    }

    static final int ITERATIONS = 4096;
    private static final int SALT_LENGTH = 16;
}
