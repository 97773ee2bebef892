package org.xtls.auth.x509;

import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Map;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.oiw.OIWObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSASSAPSSparams;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/** The signature algorithms by which a CA's word counts, in certificates, CRLs and OCSP responses. */
final class SignatureAlgorithm {
    /** With the names that {@link Signature} knows them by. */
    private static final Map<ASN1ObjectIdentifier, String> SOUND = Map.of(
            EdECObjectIdentifiers.id_Ed25519, "Ed25519",
            EdECObjectIdentifiers.id_Ed448, "Ed448",
            X9ObjectIdentifiers.ecdsa_with_SHA256, "SHA256withECDSA",
            X9ObjectIdentifiers.ecdsa_with_SHA384, "SHA384withECDSA",
            X9ObjectIdentifiers.ecdsa_with_SHA512, "SHA512withECDSA",
            PKCSObjectIdentifiers.sha256WithRSAEncryption, "SHA256withRSA",
            PKCSObjectIdentifiers.sha384WithRSAEncryption, "SHA384withRSA",
            PKCSObjectIdentifiers.sha512WithRSAEncryption, "SHA512withRSA");

    private static final Map<ASN1ObjectIdentifier, String> SOUND_HASHES = Map.of(
            NISTObjectIdentifiers.id_sha256, "SHA-256",
            NISTObjectIdentifiers.id_sha384, "SHA-384",
            NISTObjectIdentifiers.id_sha512, "SHA-512");

    /** Collisions in these have been used to forge certificates. */
    private static final Map<ASN1ObjectIdentifier, String> BROKEN = Map.of(
            PKCSObjectIdentifiers.md2WithRSAEncryption, "MD2",
            PKCSObjectIdentifiers.md4WithRSAEncryption, "MD4",
            PKCSObjectIdentifiers.md5WithRSAEncryption, "MD5",
            PKCSObjectIdentifiers.sha1WithRSAEncryption, "SHA-1",
            OIWObjectIdentifiers.sha1WithRSA, "SHA-1",
            X9ObjectIdentifiers.ecdsa_with_SHA1, "SHA-1",
            X9ObjectIdentifiers.id_dsa_with_sha1, "SHA-1");

    private SignatureAlgorithm() {}

    static void requireSound(AlgorithmIdentifier algorithm) throws CertificateRefusal {
        ASN1ObjectIdentifier type = algorithm.getAlgorithm();
        if (SOUND.containsKey(type)) {
            return;
        }
        if (type.equals(PKCSObjectIdentifiers.id_RSASSA_PSS)) {
            requireSoundPss(algorithm);
            return;
        }
        String broken = BROKEN.get(type);
        throw CertificateRefusal.unsuitable(
                broken == null
                        ? "is signed by an algorithm that is not taken: " + type
                        : "is signed with " + broken + ", which can be forged");
    }

    /** Whether a signature is a key's, by a {@linkplain #requireSound sound} algorithm. */
    static boolean verifies(AlgorithmIdentifier algorithm, PublicKey key, byte[] content, byte[] signature) {
        try {
            Signature verifier;
            if (algorithm.getAlgorithm().equals(PKCSObjectIdentifiers.id_RSASSA_PSS)) {
                verifier = Signature.getInstance("RSASSA-PSS");
                verifier.setParameter(pss(algorithm));
            } else {
                verifier = Signature.getInstance(String.valueOf(SOUND.get(algorithm.getAlgorithm())));
            }
            verifier.initVerify(key);
            verifier.update(content);
            return verifier.verify(signature);
        } catch (GeneralSecurityException | RuntimeException e) {
            return false;
        }
    }

    private static void requireSoundPss(AlgorithmIdentifier algorithm) throws CertificateRefusal {
        try {
            pss(algorithm);
        } catch (RuntimeException e) {
            // Its defaults are SHA-1.
            throw CertificateRefusal.unsuitable("is signed by RSASSA-PSS without SHA-2");
        }
    }

    private static PSSParameterSpec pss(AlgorithmIdentifier algorithm) {
        RSASSAPSSparams given = RSASSAPSSparams.getInstance(algorithm.getParameters());
        String hash = hash(given.getHashAlgorithm());
        String mask =
                hash(AlgorithmIdentifier.getInstance(given.getMaskGenAlgorithm().getParameters()));
        return new PSSParameterSpec(
                hash,
                "MGF1",
                new MGF1ParameterSpec(mask),
                given.getSaltLength().intValueExact(),
                PSSParameterSpec.TRAILER_FIELD_BC);
    }

    private static String hash(AlgorithmIdentifier algorithm) {
        String name = SOUND_HASHES.get(algorithm.getAlgorithm());
        if (name == null) {
            throw new IllegalArgumentException(algorithm.getAlgorithm() + " is none of SHA-2");
        }
        return name;
    }
}
