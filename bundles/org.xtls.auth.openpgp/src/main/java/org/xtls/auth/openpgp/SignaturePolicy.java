package org.xtls.auth.openpgp;

import java.util.Date;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyAlgorithmTags;
import org.bouncycastle.openpgp.api.OpenPGPDefaultPolicy;

/**
 * Which algorithms may hold a certificate together. The library's default takes SHA-1 in signatures that say they are old
 * enough; whoever can forge one can say so too.
 */
final class SignaturePolicy extends OpenPGPDefaultPolicy {
    @SuppressWarnings("deprecation") // two kinds of RSA key that nobody should make, and some have
    SignaturePolicy() {
        rejectHashAlgorithm(HashAlgorithmTags.MD5);
        rejectHashAlgorithm(HashAlgorithmTags.SHA1);
        rejectHashAlgorithm(HashAlgorithmTags.RIPEMD160);
        rejectHashAlgorithm(HashAlgorithmTags.SHA224);
        acceptPublicKeyAlgorithmWithMinimalStrength(PublicKeyAlgorithmTags.RSA_GENERAL, KeyKind.LEAST_RSA_BITS);
        acceptPublicKeyAlgorithmWithMinimalStrength(PublicKeyAlgorithmTags.RSA_SIGN, KeyKind.LEAST_RSA_BITS);
        rejectPublicKeyAlgorithm(PublicKeyAlgorithmTags.RSA_ENCRYPT);
        rejectPublicKeyAlgorithm(PublicKeyAlgorithmTags.DSA);
    }

    /** A forged revocation costs a tunnel, one that is not believed costs everything. */
    @Override
    public boolean isAcceptableRevocationSignatureHashAlgorithm(int hashAlgorithmId, Date signatureCreationTime) {
        return hashAlgorithmId == HashAlgorithmTags.SHA1
                || super.isAcceptableRevocationSignatureHashAlgorithm(hashAlgorithmId, signatureCreationTime);
    }
}
