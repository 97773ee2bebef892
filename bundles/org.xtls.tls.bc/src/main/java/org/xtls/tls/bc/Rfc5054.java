package org.xtls.tls.bc;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.CipherSuite;
import org.bouncycastle.tls.crypto.SRP6Group;
import org.bouncycastle.tls.crypto.SRP6StandardGroups;
import org.bouncycastle.tls.crypto.TlsSRPConfig;
import org.xtls.tls.SrpGroup;

/** What is negotiated in a handshake of RFC 5054. */
final class Rfc5054 {
    private Rfc5054() {}

    /** A cipher suite, the preferred one first: pure SRP, whose server proves the verifier and has no certificate. */
    enum Suite {
        TLS_SRP_SHA_WITH_AES_256_CBC_SHA(CipherSuite.TLS_SRP_SHA_WITH_AES_256_CBC_SHA),
        TLS_SRP_SHA_WITH_AES_128_CBC_SHA(CipherSuite.TLS_SRP_SHA_WITH_AES_128_CBC_SHA);

        private final int code;

        Suite(int code) {
            this.code = code;
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

    static int[] suiteCodes() {
        return Arrays.stream(Suite.values()).mapToInt(suite -> suite.code).toArray();
    }

    /** Without it the records' CBC is MAC-then-encrypt, and open to Lucky Thirteen and padding oracles (RFC 7366). */
    static Refusal withoutEncryptThenMac() {
        return new Refusal(AlertDescription.handshake_failure, "the peer does not encrypt before it computes the MAC");
    }

    static TlsSRPConfig config(SrpGroup group) {
        SRP6Group standard = standard(group);
        TlsSRPConfig config = new TlsSRPConfig();
        config.setExplicitNG(new BigInteger[] {standard.getN(), standard.getG()});
        return config;
    }

    /** The group that a server sent; empty for any other, whose N might not be a safe prime. */
    static Optional<SrpGroup> groupOf(TlsSRPConfig config) {
        BigInteger[] sent = config.getExplicitNG();
        for (SrpGroup group : SrpGroup.values()) {
            SRP6Group standard = standard(group);
            if (standard.getN().equals(sent[0]) && standard.getG().equals(sent[1])) {
                return Optional.of(group);
            }
        }
        return Optional.empty();
    }

    private static SRP6Group standard(SrpGroup group) {
        return switch (group) {
            case RFC5054_2048 -> SRP6StandardGroups.rfc5054_2048;
            case RFC5054_3072 -> SRP6StandardGroups.rfc5054_3072;
            case RFC5054_4096 -> SRP6StandardGroups.rfc5054_4096;
            case RFC5054_6144 -> SRP6StandardGroups.rfc5054_6144;
            case RFC5054_8192 -> SRP6StandardGroups.rfc5054_8192;
        };
    }
}
