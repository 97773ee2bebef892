package org.example.plain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jivesoftware.smack.XMPPConnection;
import org.xtls.TunnelListener;
import org.xtls.Xtls;
import org.xtls.auth.OwnKeys;
import org.xtls.auth.x509.Identities;
import org.xtls.auth.x509.X509Method;
import org.xtls.tls.bc.BcTlsEngine;
import org.xtls.transport.smack.SmackTransport;
import org.xtls.trust.TrustStore;
import org.xtls.trust.file.FileTrustStore;
import org.xtls.tunnel.service.PlainTunnels;

/** One side: what a framework would wire, wired by hand. */
public final class PlainPeer implements AutoCloseable {
    private final FileTrustStore trust;
    private final Identities identities;
    private final PlainTunnels tunnels;
    private final SmackTransport transport;

    public PlainPeer(Path home, XMPPConnection connection, TunnelListener listener) throws IOException {
        trust = new FileTrustStore(home.resolve("trust"));
        identities = new Identities(home.resolve("identity"));
        tunnels = new PlainTunnels(new BcTlsEngine(), trust, Map.of("first-use", "reject"));
        tunnels.add("x509", 100, () -> new X509Method(identities, trust));
        tunnels.add(listener);
        transport = new SmackTransport(tunnels::add, tunnels::remove);
        transport.add(connection);
    }

    public Xtls xtls() {
        return tunnels.xtls();
    }

    public TrustStore trust() {
        return trust;
    }

    public OwnKeys keys() {
        return identities;
    }

    /** In the order in which each still has what it needs for a goodbye; the connection is whoever's made it. */
    @Override
    public void close() {
        tunnels.close();
        transport.close();
        identities.close();
        trust.close();
    }
}
