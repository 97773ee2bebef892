package org.xtls.tunnel.keys;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.osgi.framework.ServiceReference;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.KeyTransfer;
import org.xtls.trust.Policy;

/** The methods whose keys can be handed over, as services say; of several for one method the best ranked serves. */
final class Transfers {
    private final Map<ServiceReference<KeyTransfer>, KeyTransfer> bound = new TreeMap<>(Comparator.reverseOrder());

    synchronized void put(ServiceReference<KeyTransfer> reference, KeyTransfer transfer) {
        bound.put(reference, transfer);
    }

    synchronized void remove(ServiceReference<KeyTransfer> reference) {
        bound.remove(reference);
    }

    /** Those of the methods that may be used; a key of any other is of no use. */
    synchronized List<KeyTransfer> allowed(Policy policy) {
        Map<String, KeyTransfer> byMethod = new LinkedHashMap<>();
        bound.forEach((reference, transfer) -> {
            if (reference.getProperty(AuthMethod.METHOD) instanceof String method && policy.allows(method)) {
                byMethod.putIfAbsent(method, transfer);
            }
        });
        return List.copyOf(byMethod.values());
    }
}
