package org.xtls.connection.smack;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jivesoftware.smack.java7.XmppHostnameVerifier;
import org.jspecify.annotations.Nullable;
import org.xtls.transport.ServerTls;

/** Judges the certificate of the own server, and remembers what it was, to tell the user. */
final class ServerTrust extends X509ExtendedTrustManager implements HostnameVerifier {
    private final @Nullable String pin;
    private final X509ExtendedTrustManager platform;
    private volatile @Nullable String presented;

    private ServerTrust(@Nullable String pin, X509ExtendedTrustManager platform) {
        this.pin = pin;
        this.platform = platform;
    }

    static ServerTrust of(ServerTls tls) {
        return new ServerTrust(tls instanceof ServerTls.Pinned pinned ? pinned.sha256() : null, platform());
    }

    /** SHA-256 of the certificate that the server presented last. */
    Optional<String> presented() {
        return Optional.ofNullable(presented);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        if (!pinned(chain)) {
            platform.checkServerTrusted(chain, authType);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        if (!pinned(chain)) {
            platform.checkServerTrusted(chain, authType, socket);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        if (!pinned(chain)) {
            platform.checkServerTrusted(chain, authType, engine);
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("this is no server");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("this is no server");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw new CertificateException("this is no server");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return pin == null ? platform.getAcceptedIssuers() : new X509Certificate[0];
    }

    /** A pinned certificate stands for the server whatever name is in it; any other must be made out to the domain. */
    @Override
    public boolean verify(String domain, SSLSession session) {
        if (pin == null) {
            return new XmppHostnameVerifier().verify(domain, session);
        }
        try {
            Certificate[] chain = session.getPeerCertificates();
            return chain.length > 0 && chain[0] instanceof X509Certificate leaf && pin.equals(sha256(leaf));
        } catch (SSLPeerUnverifiedException | CertificateException e) {
            return false;
        }
    }

    /** True when the pin settles it; an exception when it is broken; false when there is none. */
    private boolean pinned(X509Certificate[] chain) throws CertificateException {
        String sha256 = sha256(chain[0]);
        presented = sha256;
        if (pin == null) {
            return false;
        }
        if (!pin.equals(sha256)) {
            throw new CertificateException("it is not the pinned one");
        }
        return true;
    }

    private static String sha256(X509Certificate certificate) throws CertificateException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static X509ExtendedTrustManager platform() {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init((KeyStore) null);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509ExtendedTrustManager x509) {
                    return x509;
                }
            }
            throw new IllegalStateException(
                    "the JDK has no trust manager for X.509: " + Arrays.toString(factory.getTrustManagers()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK's trust store cannot be read: " + e.getMessage(), e);
        }
    }
}
