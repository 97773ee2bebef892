package org.xtls.tls.bc;

import java.util.List;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.bc.Parameters.Group;
import org.xtls.tls.bc.Parameters.Suite;

/** The engine with less to choose from, so that a benchmark says what is negotiated. */
public final class NarrowedEngine {
    private NarrowedEngine() {}

    /**
     * An engine that takes one cipher suite.
     *
     * @param suite the suite by its IANA name
     */
    public static TlsEngine withSuite(String suite) {
        return new BcTlsEngine(
                new Parameters(Parameters.ALL.groups(), Parameters.ALL.keyShares(), List.of(Suite.valueOf(suite))));
    }

    /** An engine without ML-KEM. */
    public static TlsEngine withX25519Only() {
        return new BcTlsEngine(new Parameters(List.of(Group.X25519), List.of(Group.X25519), List.of(Suite.values())));
    }
}
