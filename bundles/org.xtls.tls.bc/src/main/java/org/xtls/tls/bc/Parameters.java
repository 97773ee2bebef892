package org.xtls.tls.bc;

import java.util.List;
import org.bouncycastle.tls.CipherSuite;
import org.bouncycastle.tls.NamedGroup;

/**
 * What one engine negotiates.
 *
 * @param groups the key exchange groups, the preferred one first
 * @param keyShares those of them that a client's first flight holds a share for
 * @param suites the cipher suites, the preferred one first
 */
record Parameters(List<Group> groups, List<Group> keyShares, List<Suite> suites) {
    /** Both shares go out at once, so that a peer without ML-KEM costs no further round trip. */
    static final Parameters ALL = new Parameters(
            List.of(Group.X25519MLKEM768, Group.X25519, Group.SECP256R1),
            List.of(Group.X25519MLKEM768, Group.X25519),
            List.of(Suite.values()));

    /** A key exchange group. */
    enum Group {
        X25519MLKEM768("X25519MLKEM768", NamedGroup.X25519MLKEM768),
        X25519("x25519", NamedGroup.x25519),
        SECP256R1("secp256r1", NamedGroup.secp256r1);

        private final String registeredName;
        private final int code;

        Group(String registeredName, int code) {
            this.registeredName = registeredName;
            this.code = code;
        }

        int code() {
            return code;
        }

        static String nameOf(int code) {
            for (Group group : values()) {
                if (group.code == code) {
                    return group.registeredName;
                }
            }
            throw new IllegalArgumentException("group " + code + " was never offered");
        }
    }

    /** A cipher suite. The constants' names are those of the registry. */
    enum Suite {
        TLS_AES_128_GCM_SHA256(CipherSuite.TLS_AES_128_GCM_SHA256),
        TLS_AES_256_GCM_SHA384(CipherSuite.TLS_AES_256_GCM_SHA384),
        TLS_CHACHA20_POLY1305_SHA256(CipherSuite.TLS_CHACHA20_POLY1305_SHA256);

        private final int code;

        Suite(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }

        /** An external PSK is bound to one hash, and without any other word it is SHA-256 (RFC 8446 §4.2.11). */
        boolean takesPsk() {
            return this != TLS_AES_256_GCM_SHA384;
        }

        static String nameOf(int code) {
            for (Suite suite : values()) {
                if (suite.code == code) {
                    return suite.name();
                }
            }
            throw new IllegalArgumentException("suite " + code + " was never offered");
        }
    }

    int[] groupCodes() {
        return groups.stream().mapToInt(Group::code).toArray();
    }

    int[] suiteCodes(LocalCredential credential) {
        return suites.stream()
                .filter(suite -> suite.takesPsk() || !(credential instanceof LocalCredential.Psk))
                .mapToInt(Suite::code)
                .toArray();
    }
}
