package org.xtls.auth.srp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.generators.HKDFBytesGenerator;
import org.bouncycastle.crypto.params.HKDFParameters;
import org.xtls.FullJid;
import org.xtls.auth.Role;

/** What is made of S, for two addresses and their roles: nobody authenticates himself to himself (RFC 9257 §4.1). */
record Keys(FullJid initiator, FullJid responder) {
    private static final byte[] LABEL = "urn:x-xtls:1 srp-psk".getBytes(StandardCharsets.US_ASCII);
    private static final int BYTES = 32;

    static Keys of(Role role, FullJid local, FullJid peer) {
        return role == Role.INITIATOR ? new Keys(local, peer) : new Keys(peer, local);
    }

    /** The one PSK identity. */
    static byte[] pskIdentity() {
        return LABEL.clone();
    }

    /** The PSK, to be wiped. The secret is wiped. */
    byte[] psk(byte[] paddedS) {
        return derived(paddedS, "");
    }

    /**
     * One side's proof inside a tunnel.
     *
     * @param verifyKey of {@link #verifyKey}
     * @param prover the role in the tunnel of the side that proves
     * @param exported 32 bytes of the tunnel's exporter
     */
    static byte[] proof(byte[] verifyKey, Role prover, byte[] exported) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(verifyKey, "HmacSHA256"));
            mac.update((prover == Role.INITIATOR ? "initiator" : "responder").getBytes(StandardCharsets.US_ASCII));
            return mac.doFinal(exported);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }

    /** The key of the proofs, to be wiped. The secret is wiped. */
    byte[] verifyKey(byte[] paddedS) {
        return derived(paddedS, "verify");
    }

    private byte[] derived(byte[] paddedS, String purpose) {
        ByteArrayOutputStream info = new ByteArrayOutputStream();
        info.writeBytes(purpose.getBytes(StandardCharsets.US_ASCII));
        writeWithLength(info, initiator);
        writeWithLength(info, responder);
        HKDFBytesGenerator hkdf = new HKDFBytesGenerator(new SHA256Digest());
        try {
            hkdf.init(new HKDFParameters(paddedS, LABEL, info.toByteArray()));
            byte[] key = new byte[BYTES];
            hkdf.generateBytes(key, 0, BYTES);
            return key;
        } finally {
            Arrays.fill(paddedS, (byte) 0);
        }
    }

    /** Two bytes are enough: a full JID has at most 3071. */
    private static void writeWithLength(ByteArrayOutputStream info, FullJid jid) {
        byte[] text = jid.toString().getBytes(StandardCharsets.UTF_8);
        info.write(text.length >>> 8);
        info.write(text.length);
        info.writeBytes(text);
    }
}
