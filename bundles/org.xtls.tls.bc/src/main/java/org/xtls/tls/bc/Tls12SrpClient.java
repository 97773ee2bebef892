package org.xtls.tls.bc;

import java.io.IOException;
import java.util.Hashtable;
import java.util.Vector;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.CertificateStatusRequest;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsSRPConfigVerifier;
import org.bouncycastle.tls.TlsSRPIdentity;
import org.bouncycastle.tls.TlsSRPUtils;
import org.jspecify.annotations.Nullable;

/** The client's choices in a handshake of RFC 5054, which has nothing newer than TLS 1.2. */
@SuppressWarnings({"rawtypes", "JdkObsolete"}) // Bouncy Castle's TLS API speaks raw Vector and Hashtable
final class Tls12SrpClient extends Client {
    private final LocalCredential.SrpPassword credential;

    Tls12SrpClient(LocalCredential.SrpPassword credential, HandshakeCrypto crypto, HandshakeListener listener) {
        super(crypto, listener);
        this.credential = credential;
    }

    @Override
    protected ProtocolVersion[] getSupportedVersions() {
        return ProtocolVersion.TLSv12.only();
    }

    @Override
    protected int[] getSupportedCipherSuites() {
        return Rfc5054.suiteCodes();
    }

    /** Neither groups nor signatures are used: not to offer them leaves a peer nothing to choose. */
    @Override
    protected Vector getNamedGroupRoles() {
        return new Vector();
    }

    @Override
    protected @Nullable Vector getSupportedGroups(Vector roles) {
        return null;
    }

    @Override
    protected @Nullable Vector getSupportedSignatureAlgorithms() {
        return null;
    }

    @Override
    protected @Nullable CertificateStatusRequest getCertificateStatusRequest() {
        return null;
    }

    @Override
    public Hashtable getClientExtensions() throws IOException {
        Hashtable extensions = super.getClientExtensions();
        TlsSRPUtils.addSRPExtension(extensions, credential.getSRPIdentity());
        return extensions;
    }

    /** Against the triple handshake, and so that there are exporters (RFC 7627 §5.4). */
    @Override
    public boolean requiresExtendedMasterSecret() {
        return true;
    }

    @Override
    public void processServerExtensions(@Nullable Hashtable extensions) throws IOException {
        super.processServerExtensions(extensions);
        if (!context.getSecurityParametersHandshake().isEncryptThenMAC()) {
            throw Rfc5054.withoutEncryptThenMac();
        }
    }

    @Override
    public TlsSRPIdentity getSRPIdentity() {
        return credential;
    }

    @Override
    public TlsSRPConfigVerifier getSRPConfigVerifier() {
        return credential;
    }

    /** Pure SRP has no certificates. */
    @Override
    public TlsAuthentication getAuthentication() throws IOException {
        throw new TlsFatalAlert(AlertDescription.unexpected_message);
    }
}
