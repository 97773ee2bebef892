package org.xtls.tls.bc;

import org.osgi.service.component.annotations.Component;
import org.xtls.tls.Credential;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsRole;
import org.xtls.tls.TlsSession;

/** The engine. It holds nothing but a source of randomness, starts no thread, and touches no security provider list. */
@Component
public final class BcTlsEngine implements TlsEngine {
    private final HandshakeCrypto crypto = new HandshakeCrypto();
    private final Parameters parameters;

    /** With everything that the contract names. */
    public BcTlsEngine() {
        this(Parameters.ALL);
    }

    BcTlsEngine(Parameters parameters) {
        this.parameters = parameters;
    }

    @Override
    public TlsSession open(TlsRole role, Credential credential) throws TlsException {
        return new BcTlsSession(role, LocalCredential.of(role, credential, crypto), parameters, crypto);
    }
}
