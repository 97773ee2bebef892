package org.xtls.auth.openpgp;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.bouncycastle.bcpg.S2K;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPrivateKey;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPSecretKey;
import org.bouncycastle.openpgp.PGPSecretKeyRing;
import org.bouncycastle.openpgp.operator.PBESecretKeyDecryptor;
import org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator;
import org.bouncycastle.openpgp.operator.bc.BcPBESecretKeyDecryptorBuilderProvider;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyConverter;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.auth.openpgp.Evaluation.AuthenticationKey;
import org.xtls.embedded.files.OwnerOnly;
import org.xtls.embedded.threads.Worker;
import org.xtls.tls.Signer;
import org.xtls.trust.SecretPrompt;
import org.xtls.trust.SecretQuestion;

/** A secret key in a file, as {@code gpg --export-secret-keys} writes it. It is read again when it changes. */
final class ExportedKey implements OwnKeySource {
    private static final int MAX_FILE = 1 << 20;
    private static final int TRIES = 3;

    /** 256 MiB: the RFC's own first recommendation, 2 GiB, is more than a bundle may take from its container. */
    private static final int MOST_ARGON2_MEMORY_EXPONENT = 18;

    private static final int MOST_ARGON2_PASSES = 16;
    private static final int MOST_ARGON2_LANES = 16;

    private final Path file;
    private final String fingerprint;
    private final char[] passphrase;
    private final Supplier<@Nullable SecretPrompt> prompt;
    private final Worker worker;
    private @Nullable Loaded loaded;
    private @Nullable Unlocking unlocking;

    /**
     * A key in a file.
     *
     * @param file the file, binary or armored
     * @param fingerprint of the primary key, or empty for the only key in it
     * @param passphrase what opens it; empty to ask for it, should one be needed
     * @param prompt whom to ask
     */
    ExportedKey(
            Path file, String fingerprint, String passphrase, Supplier<@Nullable SecretPrompt> prompt, Worker worker) {
        this.file = file;
        this.fingerprint = fingerprint;
        this.passphrase = passphrase.toCharArray();
        this.prompt = prompt;
        this.worker = worker;
    }

    @Override
    public Certificate certificate() throws XtlsException {
        return load().certificate;
    }

    @Override
    public CompletionStage<Signer> signer(BareJid account, AuthenticationKey key) {
        return worker.submit(() -> unlock(account, key)).thenCompose(stage -> stage);
    }

    private CompletionStage<Signer> unlock(BareJid account, AuthenticationKey key) throws XtlsException {
        Loaded now = load();
        Unlocking before = unlocking;
        if (before != null
                && before.version.equals(now.version)
                && before.fingerprint.equals(key.fingerprint())
                && !before.signer.isCompletedExceptionally()) {
            // A copy: who gives up waiting does not stop the others.
            return before.signer.copy();
        }
        PGPSecretKey secret = now.secret(key.fingerprint())
                .orElseThrow(() -> unusable("holds no secret part of the authentication key " + key.fingerprint()
                        + "; was it exported without it, or is it on a card?"));
        CompletableFuture<Signer> signer = open(account, key, secret).toCompletableFuture();
        unlocking = new Unlocking(now.version, key.fingerprint(), signer);
        return signer.copy();
    }

    private CompletionStage<Signer> open(BareJid account, AuthenticationKey key, PGPSecretKey secret) {
        try {
            requireBearable(secret.getS2K());
            if (secret.getKeyEncryptionAlgorithm() == 0) {
                return CompletableFuture.completedStage(signer(secret, key, new char[0]));
            }
            if (passphrase.length > 0) {
                return CompletableFuture.completedStage(signer(secret, key, passphrase));
            }
        } catch (XtlsException e) {
            return CompletableFuture.failedStage(e);
        } catch (WrongPassphrase e) {
            return CompletableFuture.failedStage(
                    unusable("does not open with the configured passphrase", "Correct .passphrase."));
        }
        return ask(account, key, secret, "", TRIES);
    }

    private CompletionStage<Signer> ask(
            BareJid account, AuthenticationKey key, PGPSecretKey secret, String before, int tries) {
        SecretPrompt human = prompt.get();
        if (human == null) {
            return CompletableFuture.failedStage(unusable(
                    "needs a passphrase, and there is nobody to ask for it",
                    "Configure .passphrase, or start a bundle with a prompt, such as org.xtls.shell."));
        }
        SecretQuestion question = new SecretQuestion(
                SecretQuestion.Kind.PASSPHRASE,
                account,
                Optional.empty(),
                "the OpenPGP key " + key.fingerprint() + " in " + file.getFileName(),
                before);
        return human.ask(question)
                .exceptionally(failure -> Optional.empty())
                .thenCompose(answer -> answer.isEmpty()
                        ? CompletableFuture.failedStage(
                                unusable("was not opened: no passphrase was given", "Try again and give it."))
                        : worker.submit(() -> tried(account, key, secret, answer.get(), tries))
                                .thenCompose(stage -> stage));
    }

    private CompletionStage<Signer> tried(
            BareJid account, AuthenticationKey key, PGPSecretKey secret, char[] given, int tries) throws XtlsException {
        try {
            return CompletableFuture.completedStage(signer(secret, key, given));
        } catch (WrongPassphrase e) {
            return tries > 1
                    ? ask(account, key, secret, "That passphrase does not open the key.", tries - 1)
                    : CompletableFuture.failedStage(
                            unusable("was not opened: the passphrase was wrong " + TRIES + " times", "Try again."));
        } finally {
            Arrays.fill(given, '\0');
        }
    }

    private Signer signer(PGPSecretKey secret, AuthenticationKey key, char[] passphrase)
            throws XtlsException, WrongPassphrase {
        try {
            PBESecretKeyDecryptor decryptor =
                    new BcPBESecretKeyDecryptorBuilderProvider().provide().build(passphrase);
            PGPPrivateKey opened = secret.extractPrivateKey(secret.getKeyEncryptionAlgorithm() == 0 ? null : decryptor);
            return KeySigner.of(key.key().kind(), new BcPGPKeyConverter().getPrivateKey(opened));
        } catch (PGPException e) {
            throw new WrongPassphrase();
        } catch (GeneralSecurityException | RuntimeException e) {
            throw unusable("holds a secret key that cannot be used");
        }
    }

    /** Against a file that takes the machine down before anybody knows whether its passphrase is right. */
    private void requireBearable(@Nullable S2K s2k) throws XtlsException {
        if (s2k != null
                && s2k.getType() == S2K.ARGON_2
                && (s2k.getMemorySizeExponent() > MOST_ARGON2_MEMORY_EXPONENT
                        || s2k.getPasses() > MOST_ARGON2_PASSES
                        || s2k.getParallelism() > MOST_ARGON2_LANES)) {
            throw unusable(
                    "asks for Argon2 with 2^" + s2k.getMemorySizeExponent() + " KiB of memory, " + s2k.getPasses()
                            + " passes and " + s2k.getParallelism() + " lanes; at most 2^"
                            + MOST_ARGON2_MEMORY_EXPONENT + " KiB, " + MOST_ARGON2_PASSES + " and "
                            + MOST_ARGON2_LANES + " are taken",
                    "Export the key with smaller ones.");
        }
    }

    private Loaded load() throws XtlsException {
        byte[] bytes = new byte[0];
        try {
            FileVersion version = FileVersion.of(file);
            Loaded before = loaded;
            if (before != null && before.version.equals(version)) {
                return before;
            }
            OwnerOnly.requireClosedToOthers(file);
            bytes = FileVersion.read(file, MAX_FILE);
            Loaded read = read(version, bytes);
            loaded = read;
            unlocking = null;
            return read;
        } catch (IOException e) {
            throw unusable("cannot be read: "
                    + (e instanceof BadCertificateException ? "the key " : "")
                    + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage()));
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    private Loaded read(FileVersion version, byte[] bytes) throws IOException, XtlsException {
        List<byte[]> blocks = Armor.isArmor(bytes) ? Armor.blocks(bytes, "PRIVATE KEY BLOCK", false) : List.of(bytes);
        List<Loaded> keys = new ArrayList<>();
        for (byte[] block : blocks) {
            for (List<Packet> packets : secretKeys(Packet.split(block, Bounds.LOCAL.packets()))) {
                Loaded key = read(version, packets);
                if (fingerprint.isEmpty() || fingerprint.equals(key.certificate.fingerprint())) {
                    keys.add(key);
                }
            }
        }
        if (keys.size() != 1) {
            throw unusable(
                    fingerprint.isEmpty()
                            ? "holds " + keys.size() + " secret keys"
                            : "does not hold the secret key " + fingerprint,
                    "Set 'fingerprint' in the configuration " + OpenPgpKeys.PID + ", or export that key only.");
        }
        return keys.get(0);
    }

    private static List<List<Packet>> secretKeys(List<Packet> packets) throws BadCertificateException {
        List<List<Packet>> keys = new ArrayList<>();
        for (Packet packet : packets) {
            if (packet.type() == Packet.SECRET_KEY) {
                keys.add(new ArrayList<>());
            }
            if (keys.isEmpty()) {
                throw new BadCertificateException(Flaw.UNREADABLE, "no secret key");
            }
            keys.get(keys.size() - 1).add(packet);
        }
        return keys;
    }

    private static Loaded read(FileVersion version, List<Packet> packets) throws IOException {
        try {
            PGPSecretKeyRing ring = new PGPSecretKeyRing(
                    new ByteArrayInputStream(Packet.join(packets)), new BcKeyFingerprintCalculator());
            List<PGPPublicKey> keys = new ArrayList<>();
            ring.getPublicKeys().forEachRemaining(keys::add);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            for (PGPPublicKey key : keys) {
                key.encode(out);
            }
            return new Loaded(version, ring, Certificate.read(out.toByteArray(), Bounds.LOCAL));
        } catch (PGPException | RuntimeException e) {
            throw new IOException("the secret key is malformed", e);
        }
    }

    private XtlsException unusable(String what) {
        return unusable(what, "Correct the file or the configuration " + OpenPgpKeys.PID + ".");
    }

    private XtlsException unusable(String what, String advice) {
        return new XtlsException(
                new Failure(Code.LOCAL, Fault.LOCAL, "The own OpenPGP key file " + file + " " + what + ".", advice));
    }

    private record Loaded(FileVersion version, PGPSecretKeyRing ring, Certificate certificate) {
        /** The secret part of one key, unless the export left it out. */
        Optional<PGPSecretKey> secret(String fingerprint) {
            for (PGPSecretKey key : ring) {
                if (Evaluator.fingerprint(key.getPublicKey()).equals(fingerprint) && !key.isPrivateKeyEmpty()) {
                    return Optional.of(key);
                }
            }
            return Optional.empty();
        }
    }

    private record Unlocking(FileVersion version, String fingerprint, CompletableFuture<Signer> signer) {}

    /** The library does not tell a wrong passphrase from a broken key. */
    private static final class WrongPassphrase extends Exception {
        private static final long serialVersionUID = 1L;
    }
}
