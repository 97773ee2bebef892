package org.xtls.auth.x509;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.xtls.XtlsException;
import org.xtls.tls.Credential;
import org.xtls.tls.SignatureScheme;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/** A certificate of this side's own, with its key: checked, and fit for a handshake while it is {@link #current}. */
final class Identity {
    private final Path origin;
    private final List<X509Certificate> chain;
    private final KeySigner signer;
    private final String sha256;
    private final String sha1;

    /**
     * Checks that the key is a good one and belongs to the certificate.
     *
     * @param origin the file it is kept in
     * @throws XtlsException when it cannot be used; the failure names the file
     */
    Identity(Path origin, List<X509Certificate> chain, PrivateKey key) throws XtlsException {
        this.origin = origin;
        this.chain = chain;
        if (chain.isEmpty() || chain.size() > 10) {
            throw UnusableKeyFile.because(
                    origin, "has a chain of " + chain.size() + " certificates; 1 to 10 are wanted");
        }
        X509Certificate own = chain.get(0);
        try {
            signer = new KeySigner(key, KeyKind.of(own.getPublicKey()));
            sha256 = Fingerprint.sha256(own);
            sha1 = Fingerprint.sha1(own);
        } catch (InvalidKeyException e) {
            throw UnusableKeyFile.because(origin, "holds an unsuitable key: " + e.getMessage());
        } catch (CertificateEncodingException e) {
            throw UnusableKeyFile.because(origin, "holds a certificate that cannot be encoded");
        }
        boolean[] keyUsage = own.getKeyUsage();
        if (keyUsage != null && !keyUsage[0]) {
            throw UnusableKeyFile.because(
                    origin, "holds a certificate whose key usage does not allow digitalSignature");
        }
        requireMatch(own);
    }

    String sha256() {
        return sha256;
    }

    X509Certificate certificate() {
        return chain.get(0);
    }

    KeyName name() {
        return new KeyName(X509Method.NAME, sha256);
    }

    /** The SHA-256, and the SHA-1 that is all plain peers know. */
    List<Element> offered() {
        return List.of(OfferedNames.keyinfo(sha256), OfferedNames.keyinfo(sha1));
    }

    Credential credential() {
        return new Credential.CertificateChain(chain, signer);
    }

    boolean current(Clock clock) {
        Instant now = clock.instant();
        return !now.isBefore(certificate().getNotBefore().toInstant())
                && !now.isAfter(certificate().getNotAfter().toInstant());
    }

    private void requireMatch(X509Certificate own) throws XtlsException {
        SignatureScheme scheme = signer.schemes().get(0);
        byte[] content = {'x', 't', 'l', 's'};
        try {
            Signature verifier = KeySigner.signature(scheme);
            verifier.initVerify(own.getPublicKey());
            verifier.update(content);
            if (verifier.verify(signer.sign(scheme, content))) {
                return;
            }
        } catch (GeneralSecurityException e) {
            // Such as a key of another kind than the certificate's: no match either.
        }
        throw UnusableKeyFile.because(origin, "holds a key that does not belong to its certificate");
    }

    /** Where it is kept and what it is called: a key is never shown. */
    @Override
    public String toString() {
        return name() + " in " + origin;
    }
}
