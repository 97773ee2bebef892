package org.xtls.tls.bc;

import java.io.IOException;
import java.util.Hashtable;
import java.util.Vector;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.CertificateStatusRequest;
import org.bouncycastle.tls.CertificateType;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.SecurityParameters;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsPSK;
import org.bouncycastle.tls.TlsServerCertificate;
import org.jspecify.annotations.Nullable;

/** The client's choices in a handshake of TLS 1.3. */
@SuppressWarnings({"rawtypes", "JdkObsolete"}) // Bouncy Castle's TLS API speaks raw Vector and Hashtable
final class Tls13Client extends Client implements TlsAuthentication {
    private final LocalCredential credential;
    private final Parameters parameters;
    private boolean statusAsked;

    Tls13Client(LocalCredential credential, Parameters parameters, HandshakeCrypto crypto, HandshakeListener listener) {
        super(crypto, listener);
        this.credential = credential;
        this.parameters = parameters;
    }

    @Override
    protected ProtocolVersion[] getSupportedVersions() {
        return ProtocolVersion.TLSv13.only();
    }

    @Override
    protected int[] getSupportedCipherSuites() {
        return parameters.suiteCodes(credential);
    }

    @Override
    protected Vector getSupportedGroups(Vector roles) {
        Vector<Integer> groups = new Vector<>();
        parameters.groups().forEach(group -> groups.addElement(group.code()));
        return groups;
    }

    @Override
    public Vector getEarlyKeyShareGroups() {
        Vector<Integer> groups = new Vector<>();
        parameters.keyShares().forEach(group -> groups.addElement(group.code()));
        return groups;
    }

    /** Compatibility is with middleboxes that look into TCP (RFC 8446 §D.4); in a tunnel there are none. */
    @Override
    public boolean shouldUseCompatibilityMode() {
        return false;
    }

    /** With a PSK no signature is asked for: a server can then do nothing but select the PSK. */
    @Override
    protected @Nullable Vector getSupportedSignatureAlgorithms() {
        return credential instanceof LocalCredential.Psk ? null : SignatureSchemes.forHandshakes();
    }

    @Override
    protected @Nullable Vector getSupportedSignatureAlgorithmsCert() {
        return isChain() ? SignatureSchemes.forCertificates() : null;
    }

    @Override
    protected @Nullable CertificateStatusRequest getCertificateStatusRequest() {
        return isChain() ? Stapling.inClientHello() : null;
    }

    @Override
    protected short @Nullable [] getAllowedClientCertificateTypes() {
        return credential instanceof LocalCredential.Certified certified ? new short[] {certified.type()} : null;
    }

    @Override
    protected short @Nullable [] getAllowedServerCertificateTypes() {
        return getAllowedClientCertificateTypes();
    }

    @Override
    public @Nullable Vector getExternalPSKs() {
        if (!(credential instanceof LocalCredential.Psk psk)) {
            return null;
        }
        Vector<Object> psks = new Vector<>();
        psks.addElement(psk.external());
        return psks;
    }

    /** A server in the middle would otherwise leave the PSK out and prove nothing. */
    @Override
    public void notifySelectedPSK(@Nullable TlsPSK selected) throws IOException {
        if (credential instanceof LocalCredential.Psk && selected == null) {
            throw new Refusal(AlertDescription.handshake_failure, "the peer did not use the pre-shared key");
        }
    }

    @Override
    public void processServerExtensions(Hashtable extensions) throws IOException {
        super.processServerExtensions(extensions);
        SecurityParameters negotiated = context.getSecurityParametersHandshake();
        if (credential instanceof LocalCredential.Certified certified
                && (negotiated.getClientCertificateType() != certified.type()
                        || negotiated.getServerCertificateType() != certified.type())) {
            throw new Refusal(
                    AlertDescription.unsupported_certificate,
                    "the peer does not authenticate by the kind of key that was agreed");
        }
    }

    @Override
    public TlsAuthentication getAuthentication() throws IOException {
        if (credential instanceof LocalCredential.Psk) {
            throw new TlsFatalAlert(AlertDescription.unexpected_message);
        }
        return this;
    }

    @Override
    public void notifyServerCertificate(TlsServerCertificate certificate) throws IOException {
        listener.presented(PeerProof.of(certificate.getCertificate()));
    }

    @Override
    public TlsCredentials getClientCredentials(CertificateRequest request) throws IOException {
        if (!(credential instanceof LocalCredential.Certified certified)) {
            throw new TlsFatalAlert(AlertDescription.unexpected_message);
        }
        return certified.with(request.getSupportedSignatureAlgorithms(), statusAsked);
    }

    @Override
    void askedForCertificate(Hashtable extensions) throws IOException {
        statusAsked = Stapling.isAskedInCertificateRequest(extensions);
    }

    @Override
    void notAskedForCertificate() throws IOException {
        if (credential instanceof LocalCredential.Certified) {
            throw new Refusal(AlertDescription.handshake_failure, "the peer did not ask for a certificate");
        }
    }

    private boolean isChain() {
        return credential instanceof LocalCredential.Certified certified && certified.type() == CertificateType.X509;
    }
}
