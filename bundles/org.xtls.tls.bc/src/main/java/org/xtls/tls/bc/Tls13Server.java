package org.xtls.tls.bc;

import java.io.IOException;
import java.util.Arrays;
import java.util.Hashtable;
import java.util.Vector;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.CertificateType;
import org.bouncycastle.tls.OfferedPsks;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.PskIdentity;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsExtensionsUtils;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsPSKExternal;
import org.bouncycastle.tls.TlsUtils;
import org.jspecify.annotations.Nullable;

/** The server's choices in a handshake of TLS 1.3. */
@SuppressWarnings({"rawtypes", "unchecked", "JdkObsolete"}) // Bouncy Castle's TLS API speaks raw Vector and Hashtable
final class Tls13Server extends Server {
    private final LocalCredential credential;
    private final Parameters parameters;

    Tls13Server(LocalCredential credential, Parameters parameters, HandshakeCrypto crypto, HandshakeListener listener) {
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
    public int[] getSupportedGroups() {
        return parameters.groupCodes();
    }

    /** ML-KEM is worth a round trip to a client that knows it but sent no share for it. */
    @Override
    public boolean preferLocalSupportedGroups() {
        return true;
    }

    /** With a PSK there is nothing else to prove oneself by, and more than one identity would be more than one guess. */
    @Override
    void check(Hashtable extensions) throws IOException {
        if (!(credential instanceof LocalCredential.Psk psk)) {
            return;
        }
        OfferedPsks offered = TlsExtensionsUtils.getPreSharedKeyClientHello(extensions);
        if (offered == null) {
            throw new Refusal(AlertDescription.handshake_failure, "the peer did not offer the pre-shared key");
        }
        if (offered.getIdentities().size() != 1
                || !Arrays.equals(
                        psk.identity(), ((PskIdentity) offered.getIdentities().elementAt(0)).getIdentity())) {
            throw new Refusal(
                    AlertDescription.unknown_psk_identity, "the peer did not offer the one identity that was agreed");
        }
        ignoreTicketAge(extensions, psk.identity().length);
    }

    /** RFC 8446 §4.2.11.1 has the age of an external PSK ignored; Bouncy Castle finds only those of age 0. */
    private static void ignoreTicketAge(Hashtable extensions, int identityLength) {
        byte[] extension = TlsUtils.getExtensionData(extensions, TlsExtensionsUtils.EXT_pre_shared_key)
                .clone();
        Arrays.fill(extension, 4 + identityLength, 8 + identityLength, (byte) 0);
        extensions.put(TlsExtensionsUtils.EXT_pre_shared_key, extension);
    }

    @Override
    public @Nullable TlsPSKExternal getExternalPSK(Vector identities) {
        return credential instanceof LocalCredential.Psk psk ? psk.external() : null;
    }

    /** Nothing is granted that was not asked for by this engine: no ALPN, no shorter fragments. */
    @Override
    public Hashtable getServerExtensions() throws IOException {
        Hashtable extensions = new Hashtable();
        if (!(credential instanceof LocalCredential.Certified certified)) {
            return extensions;
        }
        checkTaken(certified, TlsExtensionsUtils.getClientCertificateTypeExtensionClient(clientExtensions));
        checkTaken(certified, TlsExtensionsUtils.getServerCertificateTypeExtensionClient(clientExtensions));
        if (certified.type() != CertificateType.X509) {
            TlsExtensionsUtils.addClientCertificateTypeExtensionServer(extensions, certified.type());
            TlsExtensionsUtils.addServerCertificateTypeExtensionServer(extensions, certified.type());
        }
        return extensions;
    }

    private static void checkTaken(LocalCredential.Certified certified, short @Nullable [] offered)
            throws TlsFatalAlert {
        boolean taken = offered == null && certified.type() == CertificateType.X509;
        for (int i = 0; offered != null && i < offered.length; i++) {
            taken |= offered[i] == certified.type();
        }
        if (!taken) {
            throw new Refusal(
                    AlertDescription.unsupported_certificate,
                    "the peer does not authenticate by the kind of key that was agreed");
        }
    }

    @Override
    public CertificateRequest getCertificateRequest() throws IOException {
        if (!(credential instanceof LocalCredential.Certified certified)) {
            throw new Refusal(AlertDescription.handshake_failure, "the peer did not use the pre-shared key");
        }
        return certified.type() == CertificateType.X509
                ? Stapling.inCertificateRequest(SignatureSchemes.forHandshakes(), SignatureSchemes.forCertificates())
                : new CertificateRequest(new byte[0], SignatureSchemes.forHandshakes(), null, null);
    }

    @Override
    public TlsCredentials getCredentials() throws IOException {
        if (!(credential instanceof LocalCredential.Certified certified)) {
            throw new TlsFatalAlert(AlertDescription.internal_error);
        }
        return certified.with(
                context.getSecurityParametersHandshake().getClientSigAlgs(), certificateStatusRequest != null);
    }

    @Override
    public void notifyClientCertificate(Certificate certificate) throws IOException {
        if (certificate.isEmpty()) {
            throw new Refusal(AlertDescription.certificate_required, "the peer presented no certificate");
        }
        listener.presented(PeerProof.of(certificate));
    }
}
