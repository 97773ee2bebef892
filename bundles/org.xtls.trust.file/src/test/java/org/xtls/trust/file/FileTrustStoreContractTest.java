package org.xtls.trust.file;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.trust.TrustListener;
import org.xtls.trust.TrustStore;
import org.xtls.trust.TrustStoreContract;

class FileTrustStoreContractTest extends TrustStoreContract {
    @TempDir
    Path home;

    @Override
    protected TrustStore open(Clock clock, TrustListener... listeners) throws IOException {
        FileTrustStore store = new FileTrustStore(home, 10_000, clock);
        for (TrustListener listener : listeners) {
            store.addListener(listener);
        }
        return store;
    }

    @Override
    protected void close(TrustStore store) {
        ((FileTrustStore) store).close();
    }
}
