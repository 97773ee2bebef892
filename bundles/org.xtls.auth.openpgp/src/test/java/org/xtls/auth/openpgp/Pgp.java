package org.xtls.auth.openpgp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.function.Consumer;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyPacket;
import org.bouncycastle.bcpg.PublicSubkeyPacket;
import org.bouncycastle.bcpg.UserIDPacket;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.generators.DSAKeyPairGenerator;
import org.bouncycastle.crypto.generators.DSAParametersGenerator;
import org.bouncycastle.crypto.generators.ECKeyPairGenerator;
import org.bouncycastle.crypto.generators.Ed25519KeyPairGenerator;
import org.bouncycastle.crypto.generators.RSAKeyPairGenerator;
import org.bouncycastle.crypto.generators.X25519KeyPairGenerator;
import org.bouncycastle.crypto.params.DSAKeyGenerationParameters;
import org.bouncycastle.crypto.params.ECKeyGenerationParameters;
import org.bouncycastle.crypto.params.ECNamedDomainParameters;
import org.bouncycastle.crypto.params.Ed25519KeyGenerationParameters;
import org.bouncycastle.crypto.params.RSAKeyGenerationParameters;
import org.bouncycastle.crypto.params.X25519KeyGenerationParameters;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPSecretKey;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureGenerator;
import org.bouncycastle.openpgp.PGPSignatureSubpacketGenerator;
import org.bouncycastle.openpgp.operator.PBESecretKeyEncryptor;
import org.bouncycastle.openpgp.operator.PGPDigestCalculator;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentSignerBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPDigestCalculatorProvider;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyPair;

/** Makes certificates packet by packet, those that no honest program makes too. */
final class Pgp {
    static final Instant MADE = Instant.parse("2026-01-01T00:00:00Z");
    static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");
    static final SecureRandom RANDOM = new SecureRandom();

    private Pgp() {}

    static PGPKeyPair ed25519() {
        return ed25519(4, MADE);
    }

    static PGPKeyPair ed25519(int version, Instant made) {
        return pair(version, PublicKeyAlgorithmTags.Ed25519, edwards(), made);
    }

    /** As GnuPG writes it. */
    static PGPKeyPair legacyEd25519() {
        return pair(4, PublicKeyAlgorithmTags.EDDSA_LEGACY, edwards(), MADE);
    }

    private static AsymmetricCipherKeyPair edwards() {
        Ed25519KeyPairGenerator generator = new Ed25519KeyPairGenerator();
        generator.init(new Ed25519KeyGenerationParameters(RANDOM));
        return generator.generateKeyPair();
    }

    static PGPKeyPair x25519() {
        X25519KeyPairGenerator generator = new X25519KeyPairGenerator();
        generator.init(new X25519KeyGenerationParameters(RANDOM));
        return pair(4, PublicKeyAlgorithmTags.X25519, generator.generateKeyPair(), MADE);
    }

    static PGPKeyPair p256() {
        ECKeyPairGenerator generator = new ECKeyPairGenerator();
        generator.init(
                new ECKeyGenerationParameters(ECNamedDomainParameters.lookup(X9ObjectIdentifiers.prime256v1), RANDOM));
        return pair(4, PublicKeyAlgorithmTags.ECDSA, generator.generateKeyPair(), MADE);
    }

    static PGPKeyPair p521() {
        ECKeyPairGenerator generator = new ECKeyPairGenerator();
        generator.init(
                new ECKeyGenerationParameters(ECNamedDomainParameters.lookup(SECObjectIdentifiers.secp521r1), RANDOM));
        return pair(4, PublicKeyAlgorithmTags.ECDSA, generator.generateKeyPair(), MADE);
    }

    static PGPKeyPair rsa(int bits) {
        RSAKeyPairGenerator generator = new RSAKeyPairGenerator();
        generator.init(new RSAKeyGenerationParameters(BigInteger.valueOf(65_537), RANDOM, bits, 80));
        return pair(4, PublicKeyAlgorithmTags.RSA_GENERAL, generator.generateKeyPair(), MADE);
    }

    static PGPKeyPair dsa() {
        DSAParametersGenerator parameters = new DSAParametersGenerator();
        parameters.init(1024, 20, RANDOM);
        DSAKeyPairGenerator generator = new DSAKeyPairGenerator();
        generator.init(new DSAKeyGenerationParameters(RANDOM, parameters.generateParameters()));
        return pair(4, PublicKeyAlgorithmTags.DSA, generator.generateKeyPair(), MADE);
    }

    private static PGPKeyPair pair(int version, int algorithm, AsymmetricCipherKeyPair pair, Instant made) {
        try {
            return new BcPGPKeyPair(version, algorithm, pair, Date.from(made));
        } catch (PGPException e) {
            throw new AssertionError(e);
        }
    }

    /** The same key material made at another time, and so with another fingerprint. */
    static PGPKeyPair adopted(PGPKeyPair key, Instant made) {
        try {
            PublicKeyPacket packet = key.getPublicKey().getPublicKeyPacket();
            return new PGPKeyPair(
                    new org.bouncycastle.openpgp.PGPPublicKey(
                            new PublicKeyPacket(4, packet.getAlgorithm(), Date.from(made), packet.getKey()),
                            new org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator()),
                    key.getPrivateKey());
        } catch (PGPException e) {
            throw new AssertionError(e);
        }
    }

    static byte[] primary(PGPKeyPair key) {
        return io(() -> key.getPublicKey().getPublicKeyPacket().getEncoded());
    }

    static byte[] subkey(PGPKeyPair key) {
        PublicKeyPacket packet = key.getPublicKey().getPublicKeyPacket();
        return io(() -> new PublicSubkeyPacket(
                        packet.getVersion(), packet.getAlgorithm(), packet.getTime(), packet.getKey())
                .getEncoded());
    }

    static byte[] userId(String text) {
        return io(() -> new UserIDPacket(text).getEncoded());
    }

    /** How one signature is made. */
    static final class How {
        int hash = HashAlgorithmTags.SHA512;
        Instant at = MADE;
        Consumer<PGPSignatureSubpacketGenerator> hashed = subpackets -> {};
        Consumer<PGPSignatureSubpacketGenerator> unhashed = subpackets -> {};

        How hash(int algorithm) {
            hash = algorithm;
            return this;
        }

        How at(Instant time) {
            at = time;
            return this;
        }

        How with(Consumer<PGPSignatureSubpacketGenerator> subpackets) {
            hashed = hashed.andThen(subpackets);
            return this;
        }

        How signedBack(boolean inside, PGPSignature back) {
            Consumer<PGPSignatureSubpacketGenerator> adding = subpackets -> {
                try {
                    subpackets.addEmbeddedSignature(false, back);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            };
            return inside ? with(adding) : unhashed(adding);
        }

        How unhashed(Consumer<PGPSignatureSubpacketGenerator> subpackets) {
            unhashed = unhashed.andThen(subpackets);
            return this;
        }

        How flags(int flags) {
            return with(subpackets -> subpackets.setKeyFlags(true, flags));
        }

        How expires(Duration afterKey) {
            return with(subpackets -> subpackets.setKeyExpirationTime(true, afterKey.toSeconds()));
        }

        How notation(boolean critical, String name) {
            return with(subpackets -> subpackets.addNotationData(critical, true, name, "yes"));
        }

        How reason(int code) {
            return with(subpackets -> subpackets.setRevocationReason(false, (byte) code, ""));
        }
    }

    static How how() {
        return new How();
    }

    static How certifying() {
        return how().flags(KeyFlags.CERTIFY_OTHER | KeyFlags.SIGN_DATA);
    }

    static How authenticating() {
        return how().flags(KeyFlags.AUTHENTICATION);
    }

    private static PGPSignatureGenerator generator(int type, PGPKeyPair by, How how) throws PGPException {
        PGPSignatureGenerator generator = new PGPSignatureGenerator(
                new BcPGPContentSignerBuilder(by.getPublicKey().getAlgorithm(), how.hash), by.getPublicKey());
        generator.init(type, by.getPrivateKey());
        PGPSignatureSubpacketGenerator hashed = new PGPSignatureSubpacketGenerator();
        hashed.setSignatureCreationTime(true, Date.from(how.at));
        hashed.setIssuerFingerprint(false, by.getPublicKey());
        how.hashed.accept(hashed);
        generator.setHashedSubpackets(hashed.generate());
        PGPSignatureSubpacketGenerator unhashed = new PGPSignatureSubpacketGenerator();
        how.unhashed.accept(unhashed);
        generator.setUnhashedSubpackets(unhashed.generate());
        return generator;
    }

    /** On a User ID. */
    static byte[] certification(int type, PGPKeyPair by, PGPKeyPair on, String userId, How how) {
        return io(() -> generator(type, by, how)
                .generateCertification(userId, on.getPublicKey())
                .getEncoded());
    }

    static byte[] selfSignature(PGPKeyPair key, String userId, How how) {
        return certification(PGPSignature.POSITIVE_CERTIFICATION, key, key, userId, how);
    }

    /** On a primary key. */
    static byte[] direct(int type, PGPKeyPair by, How how) {
        return io(() -> generator(type, by, how)
                .generateCertification(by.getPublicKey())
                .getEncoded());
    }

    /** On a subkey. */
    static byte[] binding(int type, PGPKeyPair by, PGPKeyPair subkey, How how) {
        return io(() -> generator(type, by, how)
                .generateCertification(by.getPublicKey(), subkey.getPublicKey())
                .getEncoded());
    }

    static byte[] binding(PGPKeyPair by, PGPKeyPair subkey, How how) {
        return binding(PGPSignature.SUBKEY_BINDING, by, subkey, how);
    }

    static PGPSignature backSignature(PGPKeyPair primary, PGPKeyPair subkey) {
        try {
            return generator(PGPSignature.PRIMARYKEY_BINDING, subkey, how())
                    .generateCertification(primary.getPublicKey(), subkey.getPublicKey());
        } catch (PGPException e) {
            throw new AssertionError(e);
        }
    }

    static byte[] cat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    /** A packet with the header of RFC 9580. */
    static byte[] packet(int type, byte[] body) {
        return cat(
                new byte[] {
                    (byte) (0xc0 | type),
                    (byte) 255,
                    (byte) (body.length >>> 24),
                    (byte) (body.length >>> 16),
                    (byte) (body.length >>> 8),
                    (byte) body.length
                },
                body);
    }

    /** A sound certificate with an authentication subkey. */
    static byte[] sound(PGPKeyPair primary, PGPKeyPair subkey, String userId) {
        return cat(
                primary(primary),
                userId(userId),
                selfSignature(primary, userId, certifying()),
                subkey(subkey),
                binding(primary, subkey, authenticating()));
    }

    /** The same with the secret parts, in a file for its owner only. */
    static Path secretFile(Path directory, PGPKeyPair primary, PGPKeyPair subkey, String userId) {
        return secretFile(
                directory,
                cat(
                        secret(primary, true, null),
                        userId(userId),
                        selfSignature(primary, userId, certifying()),
                        secret(subkey, false, null),
                        binding(primary, subkey, authenticating())));
    }

    static Path secretFile(Path directory, byte[] bytes) {
        try {
            Path file = Files.createTempFile(directory, "secret", ".pgp");
            Files.write(file, bytes);
            return file;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static byte[] secret(PGPKeyPair key, boolean master, PBESecretKeyEncryptor encryptor) {
        return io(() -> {
            PGPDigestCalculator sha1 = new BcPGPDigestCalculatorProvider().get(HashAlgorithmTags.SHA1);
            return new PGPSecretKey(key.getPrivateKey(), key.getPublicKey(), sha1, master, encryptor).getEncoded();
        });
    }

    static Certificate read(byte[] bytes) {
        try {
            return Certificate.read(bytes, Bounds.SENT);
        } catch (BadCertificateException e) {
            throw new AssertionError(e);
        }
    }

    private interface Making {
        byte[] make() throws IOException, PGPException;
    }

    private static byte[] io(Making making) {
        try {
            return making.make();
        } catch (IOException | PGPException e) {
            throw new AssertionError(e);
        }
    }
}
