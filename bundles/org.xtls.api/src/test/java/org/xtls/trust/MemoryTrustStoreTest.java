package org.xtls.trust;

import java.time.Clock;

/** That the contract can be kept. */
class MemoryTrustStoreTest extends TrustStoreContract {
    private final MemoryTrustStore store = new MemoryTrustStore();

    @Override
    protected TrustStore open(Clock clock, TrustListener... listeners) {
        return store.with(clock, listeners);
    }

    @Override
    protected void close(TrustStore closed) {}
}
