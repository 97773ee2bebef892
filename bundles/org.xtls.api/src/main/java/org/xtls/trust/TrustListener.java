package org.xtls.trust;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * What is registered as a service to hear of changes in the trust store. A store that several containers share tells
 * the changes of the others too, some seconds later.
 *
 * <p>The calls come one after the other, in the order of the changes, when they are kept. A listener must not block. An
 * exception from it is logged and changes nothing.
 */
@ConsumerType
public interface TrustListener {
    /**
     * A key has come to another state, or has become known.
     *
     * @param change what has changed
     */
    void changed(TrustChange change);
}
