package org.xtls.auth.x509;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xtls.XtlsException;
import org.xtls.tls.Credential;
import org.xtls.tls.OcspResponse;
import org.xtls.tls.SignatureScheme;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/** A certificate of this side's own, with its key: checked, and fit for a handshake while it is {@link #current}. */
final class Identity {
    private final String origin;
    private final List<X509Certificate> chain;
    private final KeySigner signer;
    private final String sha256;
    private final String sha1;
    private final @Nullable OcspResponse ocsp;

    /**
     * Checks that the key is a good one and belongs to the certificate.
     *
     * @param origin what it is kept in, for people
     * @throws XtlsException when it cannot be used; the failure names the origin
     */
    Identity(String origin, List<X509Certificate> chain, PrivateKey key) throws XtlsException {
        this(origin, chain, key, null);
        requireMatch();
    }

    private Identity(String origin, List<X509Certificate> chain, PrivateKey key, KeySigner.@Nullable Token token)
            throws XtlsException {
        this.origin = origin;
        this.chain = List.copyOf(chain);
        this.ocsp = null;
        if (chain.isEmpty() || chain.size() > 10) {
            throw UnusableKey.because(origin, "has a chain of " + chain.size() + " certificates; 1 to 10 are wanted");
        }
        X509Certificate own = chain.get(0);
        try {
            signer = new KeySigner(key, KeyKind.of(own.getPublicKey()), token);
            sha256 = Fingerprint.sha256(own);
            sha1 = Fingerprint.sha1(own);
        } catch (InvalidKeyException e) {
            throw UnusableKey.because(origin, "holds an unsuitable key: " + e.getMessage());
        } catch (CertificateEncodingException e) {
            throw UnusableKey.because(origin, "holds a certificate that cannot be encoded");
        }
        boolean[] keyUsage = own.getKeyUsage();
        if (keyUsage != null && !keyUsage[0]) {
            throw UnusableKey.because(origin, "holds a certificate whose key usage does not allow digitalSignature");
        }
    }

    private Identity(Identity same, KeySigner signer, @Nullable OcspResponse ocsp) {
        this.origin = same.origin;
        this.chain = same.chain;
        this.signer = signer;
        this.sha256 = same.sha256;
        this.sha1 = same.sha1;
        this.ocsp = ocsp;
    }

    /**
     * The same checks for a key that only its token's provider can use.
     *
     * @throws XtlsException as the constructor
     */
    static Identity onToken(String origin, List<X509Certificate> chain, PrivateKey key, KeySigner.Token token)
            throws XtlsException {
        Identity identity = new Identity(origin, chain, key, token);
        identity.requireMatch();
        return identity;
    }

    /** The same certificate with the key as the token gives it out now. A test of it would cost a signature. */
    Identity again(PrivateKey key, KeySigner.Token token) throws XtlsException {
        return new Identity(origin, chain, key, token);
    }

    /** The same with the CA's word on it. */
    Identity stapled(@Nullable OcspResponse response) {
        return new Identity(this, signer, response);
    }

    String sha256() {
        return sha256;
    }

    String sha1() {
        return sha1;
    }

    X509Certificate certificate() {
        return chain.get(0);
    }

    KeySigner signer() {
        return signer;
    }

    KeyName name() {
        return new KeyName(X509Method.NAME, sha256);
    }

    /** The SHA-256, and the SHA-1 that is all plain peers know. */
    List<Element> offered() {
        return List.of(OfferedNames.keyinfo(sha256), OfferedNames.keyinfo(sha1));
    }

    Credential credential() {
        return new Credential.CertificateChain(chain, signer, ocsp);
    }

    Instant from() {
        return certificate().getNotBefore().toInstant();
    }

    Instant until() {
        return certificate().getNotAfter().toInstant();
    }

    boolean current(Clock clock) {
        return currentAt(clock.instant());
    }

    boolean currentAt(Instant now) {
        return !now.isBefore(from()) && !now.isAfter(until());
    }

    /** The failure of one that is not current. */
    XtlsException notNow(String advice) {
        return UnusableKey.because(
                origin, "holds a certificate that is valid from " + from() + " to " + until() + ", not now", advice);
    }

    /** Whether nobody but itself vouches for it, so that it can be renewed here. */
    boolean selfSigned() {
        return SelfSigned.is(certificate());
    }

    private void requireMatch() throws XtlsException {
        SignatureScheme scheme = signer.schemes().get(0);
        byte[] content = {'x', 't', 'l', 's'};
        GeneralSecurityException failure = null;
        try {
            byte[] signature = signer.sign(scheme, content);
            Signature verifier = KeySigner.signature(scheme);
            verifier.initVerify(certificate().getPublicKey());
            verifier.update(content);
            if (verifier.verify(signature)) {
                return;
            }
        } catch (GeneralSecurityException e) {
            // A key of another kind than the certificate's is no match either.
            failure = e;
        }
        throw UnusableKey.because(
                origin,
                "holds a key that does not belong to its certificate"
                        + (failure == null ? "" : " (" + failure.getMessage() + ")"));
    }

    /** Where it is kept and what it is called: a key is never shown. */
    @Override
    public String toString() {
        return name() + " in " + origin;
    }
}
