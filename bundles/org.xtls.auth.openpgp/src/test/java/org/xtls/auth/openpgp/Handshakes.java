package org.xtls.auth.openpgp;

import org.xtls.tls.Credential;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession;
import org.xtls.tls.bc.BcTlsEngine;

/** A real handshake of two credentials, without a network. */
final class Handshakes {
    /**
     * Both ends, established.
     *
     * @param client the initiator's
     * @param server the responder's
     */
    record Ends(TlsSession client, TlsSession server) {}

    private Handshakes() {}

    static Ends handshake(Credential client, Credential server) throws TlsException {
        BcTlsEngine engine = new BcTlsEngine();
        Ends ends = new Ends(engine.open(TlsRole.CLIENT, client), engine.open(TlsRole.SERVER, server));
        ends.client.begin();
        ends.server.begin();
        boolean moved = true;
        while (moved) {
            moved = false;
            for (byte[] records : ends.client.takeRecords()) {
                ends.server.receive(records);
                moved = true;
            }
            for (byte[] records : ends.server.takeRecords()) {
                ends.client.receive(records);
                moved = true;
            }
        }
        return ends;
    }
}
