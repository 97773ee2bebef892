package org.xtls.tls.bc;

import org.bouncycastle.tls.TlsContext;
import org.bouncycastle.tls.TlsFatalAlert;
import org.xtls.tls.Proof;

/** What a session hears of its handshake. */
interface HandshakeListener {
    /** The peer's certificate or key has come and is taken; whether its owner signed is seen only later. */
    void presented(Proof proof);

    /** The handshake is complete, its secrets still there. */
    void established(TlsContext context) throws TlsFatalAlert;

    /** A fatal alert goes out. */
    void raised(short alert);
}
