package org.xtls.tls.bc;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.List;
import javax.crypto.Cipher;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's own cryptography, by its provider's name: somebody else in the container may have put another provider
 * before it, slower by a factor of ten, or with threads of its own. A JDK without that provider serves what it has.
 */
final class Jdk {
    private Jdk() {}

    static Cipher cipher(String transformation) throws GeneralSecurityException {
        Provider provider = Security.getProvider("SunJCE");
        return provider == null ? Cipher.getInstance(transformation) : Cipher.getInstance(transformation, provider);
    }

    static CertificateFactory certificateFactory() throws CertificateException {
        Provider provider = Security.getProvider("SUN");
        return provider == null
                ? CertificateFactory.getInstance("X.509")
                : CertificateFactory.getInstance("X.509", provider);
    }

    static KeyFactory keyFactory(String algorithm) throws NoSuchAlgorithmException {
        Provider provider = Security.getProvider(algorithm.equals("RSA") ? "SunRsaSign" : "SunEC");
        return provider == null ? KeyFactory.getInstance(algorithm) : KeyFactory.getInstance(algorithm, provider);
    }

    static SecureRandom secureRandom() {
        Provider provider = Security.getProvider("SUN");
        for (String algorithm : List.of("NativePRNG", "DRBG")) {
            SecureRandom random = secureRandom(algorithm, provider);
            if (random != null) {
                return random;
            }
        }
        return new SecureRandom();
    }

    private static @Nullable SecureRandom secureRandom(String algorithm, @Nullable Provider provider) {
        if (provider == null || provider.getService("SecureRandom", algorithm) == null) {
            return null;
        }
        try {
            return SecureRandom.getInstance(algorithm, provider);
        } catch (NoSuchAlgorithmException e) {
            return null;
        }
    }
}
