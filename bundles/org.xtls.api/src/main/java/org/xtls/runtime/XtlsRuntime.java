package org.xtls.runtime;

import org.osgi.annotation.versioning.ProviderType;

/**
 * A service that describes tunnels, methods and links. Its service property {@code service.changecount} (a long) grows
 * with every change of what is described, so that an observer need not poll. It may be used from any thread.
 */
@ProviderType
public interface XtlsRuntime {
    /**
     * The present state.
     *
     * @return a snapshot, the caller's to keep
     */
    RuntimeDTO runtime();
}
