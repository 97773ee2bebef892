package org.xtls.tls.bc;

import java.io.IOException;
import java.security.MessageDigest;
import java.util.Hashtable;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsExtensionsUtils;
import org.bouncycastle.tls.TlsSRPLoginParameters;
import org.bouncycastle.tls.TlsSRPUtils;
import org.jspecify.annotations.Nullable;

/** The server's choices in a handshake of RFC 5054, which has nothing newer than TLS 1.2. */
@SuppressWarnings({"rawtypes", "JdkObsolete"}) // Bouncy Castle's TLS API speaks raw Hashtable
final class Tls12SrpServer extends Server {
    private final LocalCredential.SrpVerifier credential;

    Tls12SrpServer(LocalCredential.SrpVerifier credential, HandshakeCrypto crypto, HandshakeListener listener) {
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

    @Override
    protected boolean preferLocalCipherSuites() {
        return true;
    }

    @Override
    public int[] getSupportedGroups() {
        return new int[0];
    }

    /** Against the triple handshake, and so that there are exporters (RFC 7627 §5.4). */
    @Override
    public boolean requiresExtendedMasterSecret() {
        return true;
    }

    /** A stranger is told so (RFC 5054 §2.5.1.3): who is expected is known to both sides, there is nothing to hide. */
    @Override
    public int getSelectedCipherSuite() throws IOException {
        int suite = super.getSelectedCipherSuite();
        byte[] userName = TlsSRPUtils.getSRPExtension(clientExtensions);
        if (userName == null || !MessageDigest.isEqual(userName, credential.userName())) {
            throw new Refusal(
                    AlertDescription.unknown_psk_identity, "the peer did not send the user name that was expected");
        }
        return suite;
    }

    /** Nothing else is granted: no shorter fragments, no status, no tickets. */
    @Override
    public Hashtable getServerExtensions() throws IOException {
        if (!encryptThenMACOffered) {
            throw Rfc5054.withoutEncryptThenMac();
        }
        Hashtable extensions = new Hashtable();
        TlsExtensionsUtils.addEncryptThenMACExtension(extensions);
        return extensions;
    }

    /** Pure SRP has no certificates. */
    @Override
    public @Nullable TlsCredentials getCredentials() {
        return null;
    }

    @Override
    public TlsSRPLoginParameters getSRPLoginParameters() {
        return credential.login();
    }
}
