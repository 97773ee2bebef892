package org.xtls.server.loopback.c2s;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xtls.server.loopback.Stanza;

/** A connected resource. Guarded by the router's lock, but for its final fields. */
final class Session {

    final Address address;
    final Connection connection;
    /** Whom it sent directed presence to, as it addressed them. */
    final Set<Address> directed = new LinkedHashSet<>();
    /** Its last available presence, null while it is unavailable. */
    @Nullable
    Stanza presence;

    int priority;

    Session(Address address, Connection connection) {
        this.address = address;
        this.connection = connection;
    }

    boolean isAvailable() {
        return presence != null;
    }
}
