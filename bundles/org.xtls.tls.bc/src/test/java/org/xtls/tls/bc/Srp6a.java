package org.xtls.tls.bc;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import org.bouncycastle.tls.crypto.SRP6Group;
import org.bouncycastle.tls.crypto.SRP6StandardGroups;
import org.xtls.tls.Credential;
import org.xtls.tls.SrpGroup;

/** SRP-6a by the formulas of RFC 5054 §2.5 and §2.6, in plain arithmetic. */
record Srp6a(BigInteger n, BigInteger g, SrpGroup group) {
    static Srp6a in(SrpGroup group) {
        SRP6Group standard = switch (group) {
            case RFC5054_2048 -> SRP6StandardGroups.rfc5054_2048;
            case RFC5054_3072 -> SRP6StandardGroups.rfc5054_3072;
            case RFC5054_4096 -> SRP6StandardGroups.rfc5054_4096;
            case RFC5054_6144 -> SRP6StandardGroups.rfc5054_6144;
            case RFC5054_8192 -> SRP6StandardGroups.rfc5054_8192;
        };
        return new Srp6a(standard.getN(), standard.getG(), group);
    }

    /** With a random salt that does not begin with a zero: OpenSSL takes it for a number, and would lose the zero. */
    Credential.SrpServer verifier(String userName, String password) {
        byte[] salt = new byte[16];
        new SecureRandom().nextBytes(salt);
        salt[0] |= 1;
        return verifier(userName, password, salt);
    }

    Credential.SrpServer verifier(String userName, String password, byte[] salt) {
        return new Credential.SrpServer(userName, group, salt, unsigned(g.modPow(x(salt, userName, password), n)));
    }

    BigInteger x(byte[] salt, String userName, String password) {
        byte[] inner = sha1((userName + ":" + password).getBytes(StandardCharsets.UTF_8));
        return new BigInteger(1, sha1(salt, inner));
    }

    BigInteger k() {
        return new BigInteger(1, sha1(padded(n), padded(g)));
    }

    BigInteger u(BigInteger clients, BigInteger servers) {
        return new BigInteger(1, sha1(padded(clients), padded(servers)));
    }

    BigInteger clientsPublic(BigInteger a) {
        return g.modPow(a, n);
    }

    BigInteger serversPublic(BigInteger b, BigInteger verifier) {
        return k().multiply(verifier).add(g.modPow(b, n)).mod(n);
    }

    BigInteger clientsSecret(BigInteger a, BigInteger x, BigInteger servers) {
        BigInteger base = servers.subtract(k().multiply(g.modPow(x, n)));
        return base.modPow(a.add(u(clientsPublic(a), servers).multiply(x)), n);
    }

    byte[] padded(BigInteger value) {
        byte[] unsigned = unsigned(value);
        byte[] padded = new byte[(n.bitLength() + 7) / 8];
        System.arraycopy(unsigned, 0, padded, padded.length - unsigned.length, unsigned.length);
        return padded;
    }

    static byte[] unsigned(BigInteger value) {
        byte[] signed = value.toByteArray();
        return signed[0] == 0 && signed.length > 1 ? java.util.Arrays.copyOfRange(signed, 1, signed.length) : signed;
    }

    private static byte[] sha1(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-1");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
