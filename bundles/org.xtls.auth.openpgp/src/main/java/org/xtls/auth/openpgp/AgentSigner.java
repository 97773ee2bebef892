package org.xtls.auth.openpgp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.DERSequence;
import org.xtls.tls.SignatureScheme;
import org.xtls.tls.Signer;

/**
 * A private key that stays with gpg-agent. Each kind of key needs another way to make TLS 1.3's signature, because
 * the agent was made for OpenPGP's:
 *
 * <ul>
 *   <li>ECDSA: {@code SETHASH} and {@code PKSIGN}.
 *   <li>Ed25519: the content itself has to be signed. Later agents inquire for it ({@code SETHASH --inquire}); before,
 *       {@code SETHASH} takes nothing longer than 64 octets, but the agent's other protocol, OpenSSH's, does.
 *   <li>RSA-PSS: the padding is made here. Later agents sign it ({@code SETHASH --pss --inquire}); before, the modular
 *       power comes from {@code PKDECRYPT}, which a smart card refuses.
 * </ul>
 */
final class AgentSigner implements Signer {
    /** How many signatures may wait for one agent, and so for its user. */
    static final int TURNS = 2;

    private static final long TURN_MILLIS = 1_000;
    private static final int SSH_SIGN_REQUEST = 13;
    private static final int SSH_SIGN_RESPONSE = 14;

    private final Path socket;
    private final Path sshSocket;
    private final String keygrip;
    private final KeyKind.Known key;
    private final Duration patience;
    private final Semaphore turns;

    /**
     * A key with an agent.
     *
     * @param socket the agent's own socket
     * @param sshSocket the one for OpenSSH's protocol
     * @param keygrip the agent's name of the key, 40 hex digits
     * @param key the public key
     * @param patience for one signature, a human at a prompt included
     * @param turns the agent's; one for each signature that may wait for it
     */
    AgentSigner(Path socket, Path sshSocket, String keygrip, KeyKind.Known key, Duration patience, Semaphore turns) {
        this.socket = socket;
        this.sshSocket = sshSocket;
        this.keygrip = keygrip.toUpperCase(Locale.ROOT);
        this.key = key;
        this.patience = patience;
        this.turns = turns;
    }

    @Override
    public List<SignatureScheme> schemes() {
        return key.kind().schemes();
    }

    @Override
    public byte[] sign(SignatureScheme scheme, byte[] content) throws GeneralSecurityException {
        if (!schemes().contains(scheme)) {
            throw new GeneralSecurityException("a key of the kind " + key.kind() + " does not sign with " + scheme);
        }
        await();
        byte[] signature;
        try {
            signature = switch (key.kind()) {
                case ED25519 -> ed25519(content);
                case P256, P384 -> ecdsa(scheme, content);
                case RSA -> pss(scheme, content);
            };
        } finally {
            turns.release();
        }
        // An agent that is asked in a way it was not made for may answer with something else than was meant.
        if (!TlsSignatures.verify(scheme, key.toPublicKey(), content, signature)) {
            throw new AgentException(AgentException.Kind.FAILED, "gpg-agent made a signature that does not verify");
        }
        return signature;
    }

    /** Strangers' handshakes, each at a prompt that nobody answers, must not take all threads that tunnels share. */
    private void await() throws AgentException {
        try {
            if (turns.tryAcquire(TURN_MILLIS, TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new AgentException(
                AgentException.Kind.BUSY,
                "gpg-agent is busy with other signatures; answer its prompts or touch the card, and try again");
    }

    private byte[] ecdsa(SignatureScheme scheme, byte[] content) throws GeneralSecurityException {
        String hash = TlsSignatures.hash(scheme);
        byte[] digest = MessageDigest.getInstance(hash).digest(content);
        try (Assuan agent = Assuan.connect(socket, patience)) {
            agent.command("SIGKEY " + keygrip);
            describe(agent);
            agent.command("SETHASH --hash=" + hash.replace("-", "").toLowerCase(Locale.ROOT) + " "
                    + HexFormat.of().withUpperCase().formatHex(digest));
            CanonicalSexp answer = CanonicalSexp.parse(agent.command("PKSIGN"));
            return derSequence(integer(answer, "r"), integer(answer, "s"));
        }
    }

    private byte[] ed25519(byte[] content) throws GeneralSecurityException {
        try (Assuan agent = Assuan.connect(socket, patience)) {
            if (inquires(agent)) {
                agent.command("SIGKEY " + keygrip);
                describe(agent);
                agent.command("SETHASH --inquire", content);
                CanonicalSexp answer = CanonicalSexp.parse(agent.command("PKSIGN"));
                byte[] signature = new byte[64];
                put(value(answer, "r"), signature, 0, 32);
                put(value(answer, "s"), signature, 32, 32);
                return signature;
            }
        }
        return overSsh(content);
    }

    private byte[] pss(SignatureScheme scheme, byte[] content) throws GeneralSecurityException {
        int bits = ((RSAPublicKey) key.toPublicKey()).getModulus().bitLength();
        int octets = (bits + 7) / 8;
        byte[] encoded = PssEncoding.encode(TlsSignatures.hash(scheme), content, bits);
        try (Assuan agent = Assuan.connect(socket, patience)) {
            byte[] power;
            if (inquires(agent)) {
                agent.command("SIGKEY " + keygrip);
                describe(agent);
                agent.command("SETHASH --pss --inquire", encoded);
                power = value(CanonicalSexp.parse(agent.command("PKSIGN")), "s");
            } else {
                agent.command("SETKEY " + keygrip);
                describe(agent);
                power = value(CanonicalSexp.parse(agent.command("PKDECRYPT", encrypted(encoded))), "value");
            }
            byte[] signature = new byte[octets];
            put(power, signature, 0, octets);
            return signature;
        }
    }

    /** {@code (enc-val (flags) (rsa (a …)))} */
    private static byte[] encrypted(byte[] value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("(7:enc-val(5:flags)(3:rsa(1:a".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(CanonicalSexp.atom(value));
        out.writeBytes(")))".getBytes(StandardCharsets.US_ASCII));
        return out.toByteArray();
    }

    private static void describe(Assuan agent) throws AgentException {
        agent.command("SETKEYDESC Sign+in+with+your+OpenPGP+key+to+an+XMPP+peer+(XTLS)");
    }

    /** Whether SETHASH can ask for the content, as its help text says. */
    private static boolean inquires(Assuan agent) throws AgentException {
        return agent.help("SETHASH").contains("--inquire");
    }

    private byte[] overSsh(byte[] content) throws AgentException {
        byte[] type = "ssh-ed25519".getBytes(StandardCharsets.US_ASCII);
        // The last 32 octets of an Ed25519 SubjectPublicKeyInfo are the key.
        byte[] point = Arrays.copyOfRange(key.encoded(), key.encoded().length - 32, key.encoded().length);
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.write(SSH_SIGN_REQUEST);
        ByteArrayOutputStream blob = new ByteArrayOutputStream();
        blob.writeBytes(sshString(type));
        blob.writeBytes(sshString(point));
        request.writeBytes(sshString(blob.toByteArray()));
        request.writeBytes(sshString(content));
        request.writeBytes(new byte[4]);
        try (AgentSocket agent = AgentSocket.connect(sshSocket, patience)) {
            agent.send(sshString(request.toByteArray()));
            byte[] answer = sshRead(agent);
            // type, then string { string "ssh-ed25519", string of 64 octets }
            int length = 1 + 4 + 4 + type.length + 4 + 64;
            if (answer.length == 0 || answer[0] != SSH_SIGN_RESPONSE) {
                // OpenSSH's protocol has no reasons.
                throw new AgentException(
                        AgentException.Kind.CANCELLED,
                        "gpg-agent did not sign: its prompt was cancelled, or it does not have the key");
            }
            if (answer.length != length) {
                throw new AgentException(AgentException.Kind.FAILED, "gpg-agent sent a malformed signature");
            }
            return Arrays.copyOfRange(answer, length - 64, length);
        }
    }

    private static byte[] sshRead(AgentSocket agent) throws AgentException {
        int length = 0;
        for (int i = 0; i < 4; i++) {
            length = length << 8 | agent.read();
        }
        if (length < 0 || length > 4_096) {
            throw new AgentException(AgentException.Kind.FAILED, "gpg-agent sent an answer of " + length + " octets");
        }
        byte[] answer = new byte[length];
        for (int i = 0; i < length; i++) {
            answer[i] = (byte) agent.read();
        }
        return answer;
    }

    private static byte[] sshString(byte[] octets) {
        return ByteBuffer.allocate(4 + octets.length)
                .putInt(octets.length)
                .put(octets)
                .array();
    }

    private static BigInteger integer(CanonicalSexp answer, String name) throws AgentException {
        return new BigInteger(1, value(answer, name));
    }

    private static byte[] value(CanonicalSexp answer, String name) throws AgentException {
        return answer.value(name)
                .orElseThrow(() -> new AgentException(
                        AgentException.Kind.FAILED, "gpg-agent sent a signature without '" + name + "'"));
    }

    /** Right-aligned: the agent leaves zeros in front out, or puts one there. */
    private static void put(byte[] value, byte[] into, int at, int length) throws AgentException {
        int zeros = 0;
        while (zeros < value.length - length) {
            if (value[zeros++] != 0) {
                throw new AgentException(AgentException.Kind.FAILED, "gpg-agent sent too long a number");
            }
        }
        int count = value.length - zeros;
        System.arraycopy(value, zeros, into, at + length - count, count);
    }

    private static byte[] derSequence(BigInteger r, BigInteger s) throws GeneralSecurityException {
        try {
            return new DERSequence(new ASN1Encodable[] {new ASN1Integer(r), new ASN1Integer(s)}).getEncoded();
        } catch (IOException e) {
            throw new GeneralSecurityException("a signature cannot be encoded", e);
        }
    }
}
