package org.xtls.tls.bc;

import org.xtls.tls.TlsEngine;

final class BcTlsEngineTest extends TlsEngineContract {
    @Override
    TlsEngine engine() {
        return new BcTlsEngine();
    }
}
